"""The toy site and the toy source of the tests, for benchmarks: crawled in a forked process, so that a try is cheap."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import toy_live
from toy_live import list_page
from toy_server import Reply, ToyServer, serving
from toy_site import NO_RULES, tagged

__all__ = ["Reply", "Site", "ToyServer", "fork_crawl", "list_page", "replace", "run_crawl", "serving", "tagged"]


class Site:
    """A list of items with titles, `together` of them on a page; each change to one gives the site's next state."""

    def __init__(self, size: int, filler: int = 0, together: int = 1) -> None:
        self.together = together
        self.titles = {number: f"Guide {number}" for number in range(11, 11 + size)}
        row = '<tr class="row"><td>part</td><td><a href="#part">clause of a page as registers print them</a></td></tr>'
        self.filler = f"<table>{row * (filler // len(row))}</table>"
        self.version = 0

    def change(self, share: float) -> None:
        """Give another title to so large a share of the items, at least one."""
        self.version += 1
        numbers = list(self.titles)
        count = max(1, round(share * len(numbers)))
        for place in range(count):
            number = numbers[(self.version * count + place) % len(numbers)]
            self.titles[number] = f"Guide {number}, version {self.version}"

    def replies(self) -> dict[str, list[Reply]]:
        """What the server answers in this state, each page with its ETag."""
        page_of = {number: number - (number - 11) % self.together for number in self.titles}
        rows = "".join(
            f'<li><a href="/item/{page_of[n]}">SP 800-{n}</a><span>{t}</span></li>' for n, t in self.titles.items()
        )
        items: dict[int, str] = {}
        for number, title in self.titles.items():
            items[page_of[number]] = items.get(page_of[number], "") + f"<h1>SP 800-{number}</h1><p>{title}</p>"
        pages = {"/list": f"<html><body><ul>{rows}</ul></body></html>"}
        pages |= {f"/item/{n}": f"<html><body>{item}{self.filler}</body></html>" for n, item in items.items()}
        return tagged({"/robots.txt": [NO_RULES], **{path: [Reply(body)] for path, body in pages.items()}})

    def state(self) -> dict[str, str]:
        """Title by identifier, as the database should have it."""
        return {f"NIST SP 800-{number}": title for number, title in self.titles.items()}


def fork_crawl(server: ToyServer, db: Path, limits: Any = None, **order: Any) -> int:
    """Start a live crawl of the server in a forked process; its id. `limits` is called in it first."""
    child = os.fork()
    if child:
        return child
    try:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        if limits:
            limits()
        full = {"base": server.base, "db": str(db), "delay": 0.0, "record_to": None, "settings": {}, **order}
        code = toy_live.main(full)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        code = 70
    os._exit(code)


class Ended(NamedTuple):
    """How a crawl's process ended: exit code, CPU seconds, the most memory it held."""

    code: int
    cpu: float
    peak_mb: float


def run_crawl(server: ToyServer, db: Path, limits: Any = None, **order: Any) -> Ended:
    """Crawl to the end in a process of its own."""
    child = fork_crawl(server, db, limits, **order)
    _, status, usage = os.wait4(child, 0)
    peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return Ended(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, peak)


@contextlib.contextmanager
def clock() -> Iterator[list[float]]:
    """Seconds that the block took, in a list of one."""
    taken = [0.0]
    began = time.monotonic()
    try:
        yield taken
    finally:
        taken[0] = time.monotonic() - began
