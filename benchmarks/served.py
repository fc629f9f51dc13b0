"""`python -m benchmarks.served [--pages N] [--rounds N]`: a crawl of a local nginx beside Scrapy alone and a bare loop.

All three fetch the same pages from the same nginx (Debian's) on 127.0.0.1 and run the same callbacks. The crawl runs
without the pause that it keeps at real sites. Read the ratios: all of a line come from the same rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tabulate import tabulate

from benchmarks.toy import Site, toy_live
from standards_db.schema import open_db

HEADERS = ("way", "pages", "CPU s", "pages per CPU s", "CPU, crawl = 1", "wall, crawl = 1")
LONGEST = 30
CONFIGURATION = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; default_type text/html; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;
  fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {folder}/site; }}
}}
"""


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as scratch, nginx(Path(scratch), Site(options.pages, options.bytes)) as base:
        lines = compared(base, Path(scratch), options)
    print(tabulate(lines, headers=HEADERS, tablefmt="github", floatfmt=".2f"))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.served", description=__doc__)
    parser.add_argument("--pages", type=int, default=400, help="item pages of the toy site (default %(default)s)")
    parser.add_argument("--bytes", type=int, default=30_000, help="size of an item page (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="the fastest of so many counts (default %(default)s)")
    options = parser.parse_args()
    if not shutil.which("nginx", path=search_path()):
        sys.exit("error: nginx is not installed (apt-get install nginx)")
    return options


def search_path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


@contextlib.contextmanager
def nginx(folder: Path, site: Site) -> Iterator[str]:
    """The site's pages as files behind an nginx of our own; its address."""
    for path, (reply,) in site.replies().items():
        file = folder / "site" / path.strip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(reply.body, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port), encoding="utf-8")
    command = [shutil.which("nginx", path=search_path()), "-p", folder, "-c", folder / "nginx.conf"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(LONGEST)


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("nginx does not answer")


def compared(base: str, folder: Path, options: argparse.Namespace) -> list[list[Any]]:
    """One line per way: the round with the least CPU of each."""
    best: dict[str, tuple[float, float]] = {}
    wanted = options.pages + 1
    for turn in range(options.rounds):
        for name, way in WAYS.items():
            found = forked(partial(way, base, folder / f"{turn}.db"), folder / "count", wanted)
            best[name] = min(best.get(name, found), found)
    cpu, wall = next(iter(best.values()))
    return [[name, wanted, one[0], round(wanted / one[0]), one[0] / cpu, one[1] / wall] for name, one in best.items()]


def forked(work: Callable[[], int], result: Path, wanted: int) -> tuple[float, float]:
    """CPU and wall seconds of `work` in a forked process. Raises RuntimeError when it did not read `wanted` pages."""
    result.write_text("nothing", encoding="utf-8")
    began = time.monotonic()
    child = os.fork()
    if not child:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        try:
            result.write_text(str(work()), encoding="utf-8")
        except BaseException:
            result.write_text(traceback.format_exc()[-2000:], encoding="utf-8")
        os._exit(0)
    _, _, usage = os.wait4(child, 0)
    wall = time.monotonic() - began
    if (found := result.read_text(encoding="utf-8")) != str(wanted):
        raise RuntimeError(f"a way read {found} instead of {wanted} pages")
    return usage.ru_utime + usage.ru_stime, wall


def full_crawl(base: str, db: Path) -> int:
    """The crawl as operators run it, without its pause: how many pages it stored."""
    toy_live.main({"base": base, "db": str(db), "delay": 0.0, "large": True})
    opened = open_db(db)
    (count,) = opened.execute("select response_count from runs").fetchone()
    opened.close()
    return int(count)


def scrapy_alone(base: str, _: Path) -> int:
    """The same spider in Scrapy's own engine at its defaults; the records are thrown away."""
    from scrapy import Spider
    from scrapy.crawler import CrawlerProcess

    toy = toy_live.LiveToy(name="toy")
    seen = []

    class Plain(Spider):
        name = "plain"
        start_urls = (f"{base}/list",)

        def parse(self, response: Any) -> Iterator[Any]:
            seen.append(response.url)
            read(toy.parse_list(response))
            for link in response.css("li a::attr(href)").getall():
                yield response.follow(link, self.item)

        def item(self, response: Any) -> None:
            seen.append(response.url)
            read(toy.parse_item(response))

    process = CrawlerProcess({"LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "ROBOTSTXT_OBEY": True})
    process.crawl(Plain)
    process.start()
    return len(seen)


def read(items: Iterator[Any]) -> None:
    for _ in items:
        pass


def bare_loop(base: str, _: Path) -> int:
    """One kept connection of the standard library, the response built, the callbacks run, the records thrown away."""
    from scrapy.http import HtmlResponse

    toy = toy_live.LiveToy(name="toy")
    connection = http.client.HTTPConnection(urlsplit(base).netloc)

    def fetch(path: str) -> HtmlResponse:
        connection.request("GET", path)
        answer = connection.getresponse()
        return HtmlResponse(f"{base}{path}", status=answer.status, body=answer.read(), encoding="utf-8")

    first = fetch("/list")
    links = first.css("li a::attr(href)").getall()
    read(toy.parse_list(first))
    for link in links:
        read(toy.parse_item(fetch(link)))
    return 1 + len(links)


WAYS: dict[str, Callable[[str, Path], int]] = {
    "crawl, stored": full_crawl,
    "Scrapy alone, same callbacks": scrapy_alone,
    "bare loop, same callbacks": bare_loop,
}

if __name__ == "__main__":
    main()
