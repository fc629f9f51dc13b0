"""`python -m benchmarks [--archive DIR] [--quick] [--write]`: what each step costs beside the cheapest equivalent."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tabulate import tabulate

from benchmarks.cases import BY_WALL
from benchmarks.inputs import Input
from benchmarks.measure import Result, measure_all, measure_here

RESULTS = Path(__file__).parent / "RESULTS.md"
TRIED = Path(__file__).parent / "TRIED.md"
REPEATS = 3
HEADERS = (
    *("work", "way", "pages", "pages/s", "rows", "rows/s", "wall s", "CPU s"),
    *("the first of the group takes", "peak MB"),
)


def main() -> None:
    options = arguments()
    given = Input(options.archive, options.quick)
    if options.one:
        print(json.dumps(measure_here(*options.one, given)))
        return
    results = measure_all(given, 1 if options.quick else options.repeats)
    text = tabulate(table(results), headers=HEADERS, tablefmt="github", floatfmt=".2f")
    print(text)
    if options.write:
        RESULTS.write_text(page(text, results, given, options.repeats), encoding="utf-8")
        print(f"written: {RESULTS.name}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--archive", type=Path, help="a folder of kept responses; without it the embedded sample")
    parser.add_argument("--quick", action="store_true", help="little work and one round: shows that it runs")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="rounds; the fastest counts (default %(default)s)")
    parser.add_argument("--write", action="store_true", help="also write benchmarks/RESULTS.md")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.archive and not options.archive.exists():
        parser.error(f"{options.archive}: no such folder")
    return options


def table(results: list[Result]) -> list[list[str | float | None]]:
    lines: list[list[str | float | None]] = []
    for r in results:
        pages, rows = (rate and round(rate) for rate in (r.rate("pages"), r.rate("rows")))
        counts = (r.units.get("pages"), r.units["rows"])
        took = [round(r.wall, 2), round(r.cpu, 2), f"{r.ratio:.2f} ×"]
        lines.append([r.group, r.name, counts[0], pages, counts[1], rows, *took, round(r.peak_mb)])
    return lines


def page(text: str, results: list[Result], given: Input, repeats: int) -> str:
    """RESULTS.md: the table, what it was measured on and how to read it."""
    source = "an archive of kept responses" if given.archive else f"the embedded sample, read {given.times} times"
    packages = ", ".join(f"{name} {version(name)}" for name in ("scrapy", "parsel", "lxml", "pyyaml", "sqlite-utils"))
    by_wall = " and ".join(f'"{group}" seconds on the clock' for group in sorted(BY_WALL))
    return f"""# Results
Written by `python -m benchmarks --write` on {datetime.now(UTC):%Y-%m-%d}: {cpu()}, {os.cpu_count()} cores,
{platform.system()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}.
Input: {source}. Each piece of work ran in a process of its own, the pieces of a group in turns, {repeats} rounds;
the fastest round counts. Start-up and preparation are not timed.

{text}

How to read it: within a group the first line is the project's way and the others do only the core of the work, so
"2.00 ×" says that the project's way takes twice the time per row that the core alone takes. Times compared, and rates,
are CPU seconds of the process, which other work on the machine hardly changes{", in " + by_wall if by_wall else ""}.
"full path" is replayed fetch, callback, interpretation, check, staging, verdict, accept and resolve; "bare loop" reads
the same files, runs the same callbacks and throws the records away. The lines under "interpretation" are parts of its
first one, with nothing remembered beforehand; the last one is the parse that printed the same records.

{TRIED.read_text(encoding="utf-8")}"""


def cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
