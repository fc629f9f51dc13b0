"""`python -m benchmarks.workers [--archive DIR] [--kills N]`: the same rows from workers that are killed as from one
machine?

An archive (without --archive the embedded sample) is read by one process, and by two workers over a Redis of this
script's own; so is a local site, live. While they work, one of the two is killed with -9 and started again, N times,
at random moments. Then their folders are loaded, and the two databases are compared table by table, without run numbers
and times. Needs Debian's redis-server. Exit code 1 when a row is missing or too many.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tabulate import tabulate

from benchmarks.toy import Site, serving
from crawler.archive import read_sample
from crawler.queue import connect, key

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import toy_redis
from contents import contents, differences
from toy_live import CONTACT, list_page
from toy_server import Reply

SEED = 20261128
TESTS = Path(__file__).resolve().parent.parent / "tests"
LIVE_ITEMS = 60
HEADERS = ("work", "jobs", "kills", "jobs begun again", "folders", "rows lost", "rows too many", "rows", "CPU s")


@dataclass
class Work:
    """One line of the table. `command` starts `spheres` (or the toys' one) with arguments; `alone` and `shared` are
    the arguments that fill a database on one machine and that give the work out; `between` are the shortest and the
    longest time from kill to kill; `order` is what the toys are told."""

    name: str
    folder: Path
    url: str
    command: list[str]
    worker: list[str]
    alone: list[list[str]]
    shared: list[list[str]]
    between: tuple[float, float]
    order: dict[str, object] = field(default_factory=dict)

    def call(self, db: Path, arguments: list[str]) -> None:
        arguments = [*arguments, "--db", str(db)]
        if self.order:
            arguments = [json.dumps({**self.order, "cli": arguments})]  # the toys' command is told in one argument
        done = subprocess.run([*self.command, *arguments], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):  # 1: a source was rejected, in both databases alike
            raise SystemExit(f"{' '.join(arguments)}: {done.stderr}")

    def start(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join([str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")])
        return subprocess.Popen(
            [*self.worker, "--redis", self.url, "--runs", str(self.folder / "runs"), "--contact", CONTACT],
            env={**os.environ, "TOY_ORDER": json.dumps(self.order), "PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, kills: int) -> list[object]:
        one, other = self.folder / "alone.db", self.folder / "shared.db"
        for arguments in self.alone:
            self.call(one, arguments)
        before = cpu()
        for arguments in self.shared:
            self.call(other, [*arguments, "--redis", self.url])
        client = connect(self.url)
        jobs = len(client.keys(key("order", "*")))
        again, killed = self.work_and_kill(client, kills)
        self.call(other, ["load", str(self.folder / "runs")])
        self.call(other, ["load", str(self.folder / "runs")])  # a second time: nothing may come of it
        spent = cpu() - before
        found = differences(one, other)
        for table, (lost, more) in found.items():
            print(f"{self.name}: {table}: {lost} rows lost, {more} too many", file=sys.stderr)
        folders = len([path for path in (self.folder / "runs").iterdir() if not path.name.startswith(".")])
        lost, more = (sum(pair[side] for pair in found.values()) for side in (0, 1))
        return [self.name, jobs, killed, again, folders, lost, more, rows_in(other), round(spent)]

    def work_and_kill(self, client: Any, kills: int) -> tuple[int, int]:
        """Keep two workers going until no job is left, killing now and then the one that has worked longest, while jobs
        are being done; jobs that were begun more than once, and kills."""
        chance, killed = random.Random(SEED), 0
        begun: dict[bytes, int] = {}
        workers = [self.start(), self.start()]
        under_way_since: float | None = None
        wait = chance.uniform(*self.between)
        while client.keys(key("order", "*")):
            for name in client.keys(key("starts", "*")):
                begun[name] = max(begun.get(name, 0), int(client.get(name) or 0))
            is_busy = bool(client.keys(key("lane", "*")))
            under_way_since = (under_way_since or time.monotonic()) if is_busy else None
            if killed < kills and under_way_since and time.monotonic() > under_way_since + wait:
                oldest = workers.pop(0)
                oldest.kill()
                oldest.wait()
                workers.append(self.start())
                killed += 1
                under_way_since, wait = None, chance.uniform(*self.between)
            time.sleep(0.05)
        for worker in workers:
            worker.terminate()
            worker.wait()
        return sum(count > 1 for count in begun.values()), killed


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def rows_in(db: Path) -> int:
    return sum(len(rows) for rows in contents(db).values())


def sample_as_archive(folder: Path) -> Path:
    """The embedded sample in the form of kept responses."""
    folder.mkdir()
    with (folder / "index.jsonl").open("w", encoding="utf-8") as index:
        for number, entry in enumerate(read_sample()):
            (folder / f"{number}.body").write_bytes(entry.load())  # type: ignore[union-attr]
            row = {name: getattr(entry, name) for name in ("url", "method", "status", "recorded_at")}
            kind = entry.headers.get("Content-Type", "")  # type: ignore[union-attr]
            index.write(json.dumps({**row, "body": f"{number}.body", "content_type": kind}) + "\n")
    return folder


def read_archive(folder: Path, url: str, archive: Path | None) -> Work:
    name = "an archive of kept responses" if archive else "the embedded sample, as an archive"
    read = ["--from-archive", str(archive or sample_as_archive(folder / "sample"))]
    spheres = [sys.executable, "-m", "crawler.cli"]
    crawl, enqueue = [["crawl", "--all", *read]], [["enqueue", *read]]
    return Work(name, folder, url, spheres, [*spheres, "worker"], crawl, enqueue, (0, 4))


def crawl_site(folder: Path, url: str, base: str) -> Work:
    order = {"base": base, "twin": True, "large": True, "settings": {"HOST_DELAY": 0.05}}
    toys = [sys.executable, str(TESTS / "toy_live.py")]
    worker = [sys.executable, str(TESTS / "toy_worker.py")]
    crawl = [["crawl", name, "--contact", CONTACT, "--archive", str(folder / "pages")] for name in ("toy", "twin")]
    name = f"a local site, live: two sources of {LIVE_ITEMS} pages at one host"
    return Work(name, folder, url, toys, worker, crawl, [["enqueue", "toy", "twin"]], (0, 4), order)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workers", description=__doc__)
    parser.add_argument("--archive", type=Path, help="a folder of kept responses")
    parser.add_argument("--kills", type=int, default=3, help="workers to kill in each work (default %(default)s)")
    options = parser.parse_args()
    if not toy_redis.IS_HERE:
        parser.error(toy_redis.WHY_NOT)
    site = Site(LIVE_ITEMS)
    pages = site.replies() | {"/twin": [Reply(list_page(list(site.titles)))]}
    lines = []
    for make in (lambda f, u, b: read_archive(f, u, options.archive), crawl_site):
        with tempfile.TemporaryDirectory() as folder, serving(pages) as server, toy_redis.serving(Path(folder)) as url:
            lines.append(make(Path(folder), url, server.base).run(options.kills))
    print(tabulate(lines, headers=HEADERS, tablefmt="github"))
    return 1 if any(line[5] or line[6] for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
