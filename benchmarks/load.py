"""`python -m benchmarks.load [--documents N] [--certificates N] [--snapshot PATH] [--write]`: how fast every page is.

`spheres serve --public` and a Datasette without this plugin serve one snapshot one after the other; both are asked for
the same pages. Each phase has a new server process, so that a first visit is a first visit; the file is in the memory
of the system. Without --snapshot one is made of made-up records, and filling and publishing are measured too.
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from random import Random

import yaml
from tabulate import tabulate

from benchmarks import bulk_db
from benchmarks.__main__ import cpu
from benchmarks.clock import KIB
from benchmarks.load_pages import P95_MS, Kind, kinds
from crawler.serving import METADATA

RESULTS = Path(__file__).parent / "LOAD.md"
ROOT = Path(__file__).parent.parent
LONGEST, START_SECONDS = 120, 600
STOCK = "Datasette alone"
TICKS = os.sysconf("SC_CLK_TCK")
HEADERS = (
    "page",
    "addresses",
    "first visit: median ms",
    "p95",
    "CPU ms",
    "again: median",
    "{clients} clients: median",
    "p95",
    f"{STOCK}: median",
    "p95",
    "not 200",
    "goal",
    "met",
)


@dataclass
class Times:
    """The answers of one kind of page in one phase: milliseconds of each, CPU seconds of all, and those not 200."""

    wall: list[float] = field(default_factory=list)
    cpu: float = 0.0
    failed: int = 0

    @property
    def median(self) -> float | None:
        return statistics.median(self.wall) if self.wall else None

    @property
    def p95(self) -> float | None:
        return sorted(self.wall)[max(0, -(-len(self.wall) * 95 // 100) - 1)] if self.wall else None


Phase = dict[str, Times]


class Server:
    """A server on the snapshot: its port, its processes, and how long it took to the first answer."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port
        began = time.monotonic()
        while not self.answers():
            if process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise SystemExit(f"the server did not start: {process.args!r}")
            time.sleep(0.1)
        self.start_seconds = time.monotonic() - began

    def answers(self) -> bool:
        try:
            return ask(http.client.HTTPConnection("127.0.0.1", self.port, timeout=1), "/-/versions.json") == 200
        except OSError:
            return False

    def cpu_seconds(self) -> float:
        """User and system time of the server and of its children, 0 where the system does not tell."""
        return sum(map(cpu_seconds, family(self.process.pid)))


def family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in family(int(child)))]


def cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(snapshot: Path, *, stock: bool) -> Iterator[Server]:
    """Our public host, or a Datasette with default settings that loads no plugin."""
    port, environment = free_port(), dict(os.environ)
    if stock:
        command = ["datasette", "serve", "--immutable", str(snapshot), "--port", str(port)]
        environment["DATASETTE_LOAD_PLUGINS"] = ""
    else:
        ports = ["--port", str(port), "--sql-port", str(free_port())]
        command = ["crawler.cli", "serve", "--public", "--snapshot", str(snapshot), *ports]
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Server(process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(LONGEST)


def ask(connection: http.client.HTTPConnection, address: str) -> int:
    connection.request("GET", address)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def asked_again(connection: http.client.HTTPConnection, address: str) -> int:
    """The status of an answer, 0 where none came; a connection that the server closed meanwhile is opened again."""
    for _ in range(2):
        try:
            return ask(connection, address)
        except (OSError, http.client.HTTPException):
            connection.close()
    return 0


def visit(server: Server, pages: list[tuple[str, str]], clients: int) -> Phase:
    """Ask for (kind, address) in this order, so many at a time; CPU time is told for one client only."""
    waiting, found, lock = iter(pages), {name: Times() for name, _ in pages}, threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LONGEST)
        while True:
            with lock:
                name, address = next(waiting, ("", ""))
            if not name:
                return
            cpu_before, began = server.cpu_seconds() if clients == 1 else 0.0, time.perf_counter()
            status = asked_again(connection, address)
            wall = 1000 * (time.perf_counter() - began)
            with lock:
                found[name].wall.append(wall)
                found[name].failed += status != 200
                found[name].cpu += server.cpu_seconds() - cpu_before if clients == 1 else 0.0

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def in_turns(asked: list[Kind], seed: int, *, stock: bool) -> list[tuple[str, str]]:
    """Every address of every kind, mixed, as visitors mix them."""
    pages = [(kind.name, address) for kind in asked for address in (kind.stock if stock else kind.ours)]
    Random(seed).shuffle(pages)
    return pages


def measure(snapshot: Path, asked: list[Kind], clients: int, seed: int) -> tuple[dict[str, Phase], dict[str, float]]:
    """Phases by name, and seconds to the first answer of either server."""
    ours, theirs = (in_turns(asked, seed, stock=stock) for stock in (False, True))
    phases, starts = {}, {}
    with serving(snapshot, stock=False) as server:
        phases["first"], phases["again"] = visit(server, ours, 1), visit(server, ours, 1)
        starts["ours"] = server.start_seconds
    with serving(snapshot, stock=True) as server:
        phases["stock"] = visit(server, theirs, 1)
        starts["stock"] = server.start_seconds
    with serving(snapshot, stock=False) as server:
        phases["many"] = visit(server, ours, clients)
    return phases, starts


def table(asked: list[Kind], phases: dict[str, Phase]) -> list[list[object]]:
    lines: list[list[object]] = []
    for kind in asked:
        first, again, many = (phases[name][kind.name] for name in ("first", "again", "many"))
        stock = phases["stock"].get(kind.name, Times())
        met = [
            (times.median or 0) < kind.median_ms and (times.p95 or 0) < P95_MS and not times.failed
            for times in (first, many)
        ]
        failed = f"{first.failed + again.failed + many.failed}, {STOCK} {stock.failed}"
        lines.append(
            [
                kind.name,
                len(first.wall),
                first.median,
                first.p95,
                1000 * first.cpu / len(first.wall),
                again.median,
                many.median,
                many.p95,
                stock.median,
                stock.p95,
                failed,
                f"{kind.median_ms} / {P95_MS}",
                "yes" if all(met) else "one client" if met[0] else "no",
            ]
        )
    return lines


def build(folder: Path, options: argparse.Namespace) -> tuple[Path, list[list[object]]]:
    """Fill and publish in processes of their own: the snapshot, and what each step took."""
    ingest = folder / "ingest.db"
    counts = ["--documents", str(options.documents), "--certificates", str(options.certificates)]
    steps = {
        "fill with made-up records": ["benchmarks.bulk_db", str(ingest), *counts, "--seed", str(options.seed)],
        "publish": ["crawler.cli", "publish", "--db", str(ingest)],
    }
    lines: list[list[object]] = []
    for name, command in steps.items():
        began = time.monotonic()
        process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{name} failed")
        made = ingest if name != "publish" else folder / "published" / "standards.db"
        spent = usage.ru_utime + usage.ru_stime
        lines.append([name, time.monotonic() - began, spent, usage.ru_maxrss / KIB / 1024, made.stat().st_size / 1e6])
    return folder / "published" / "standards.db", lines


def page(text: str, steps: str, starts: dict[str, float], counts: tuple[int, int], options: argparse.Namespace) -> str:
    """LOAD.md: what was measured on what, the table and how to read it."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("datasette", "uvicorn", "jinja2"))
    return f"""# Load
Written by `python -m benchmarks.load --write` on {datetime.now(UTC):%Y-%m-%d}: {cpu()}, {os.cpu_count()} cores,
{platform.system()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}.
A snapshot of {counts[0]:,} made-up documents and {counts[1]:,} made-up certificates.

{steps}

From start to the first answer: `spheres serve --public` {starts["ours"]:.1f} s, {STOCK} {starts["stock"]:.1f} s.

{text}

How to read it: times are those of the client, in milliseconds, over different addresses of each kind, mixed. "First
visit" asks each address once with one client, "again" the same addresses a second time, "{options.clients} clients"
asks all of them anew at a new server. CPU is that of the server per page of the first visit. {STOCK} runs with its
default settings, no plugin and no metadata on the same file; it is asked for the same rows and, on table pages, for the
same facets, which it gives up after 200 ms. The goal is the median and the 95th percentile; "one client" means that
one client met it and {options.clients} did not.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    bulk_db.add_sizes(parser)
    parser.add_argument("--snapshot", type=Path, help="measure this file, named standards.db, and make none")
    parser.add_argument("--addresses", type=int, default=20, help="different ones per kind (default %(default)s)")
    parser.add_argument("--clients", type=int, default=4, help="askers at a time in the last phase (default 4)")
    parser.add_argument("--write", action="store_true", help=f"also write benchmarks/{RESULTS.name}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        steps: list[list[object]] = []
        snapshot = options.snapshot
        if snapshot is None:
            snapshot, steps = build(Path(folder), options)
        questions = yaml.safe_load(METADATA.read_text(encoding="utf-8"))["databases"]["standards"]["queries"]
        asked = kinds(snapshot, questions, options.addresses, options.seed)
        phases, starts = measure(snapshot.resolve(), asked, options.clients, options.seed)
        with sqlite3.connect(snapshot) as connection:
            counts = connection.execute("select documents, certificates from snapshot").fetchone()
    headers = [header.format(clients=options.clients) for header in HEADERS]
    text = tabulate(table(asked, phases), headers=headers, tablefmt="github", floatfmt=".0f")
    headings = ("step", "s", "CPU s", "peak MB", "file MB")
    made = tabulate(steps, headers=headings, tablefmt="github", floatfmt=".0f") if steps else "It was there already."
    written = page(text, made, starts, counts, options)
    print(written)
    if options.write:
        RESULTS.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
