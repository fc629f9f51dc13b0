"""`python -m benchmarks.growth [--sizes N ...] [--keep DIR]`: how the cost of all measures grows with the documents.

Each size is a database of made-up records (`benchmarks.bulk_db`), measured in a process of its own. The growth that
counts is beside n log n: 1 means that ten times the documents cost ten times as much and the share of the logarithm.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tabulate import tabulate

from benchmarks import bulk_db
from benchmarks.measure import ROOT
from benchmarks.peer_scripts.common import peak_mb
from standards_db import measuring
from standards_db.schema import open_db

SIZES = (10_000, 100_000, 1_000_000)
CERTIFICATES = 0.3  # for each document
LONGEST = 3600
COUNTED = ("documents", "relations", "certificates")
HEADERS = ("documents", "relations", "certificates", "figures", "CPU s", "s per 10,000", "growth / n log n", "peak MB")


def main() -> None:
    options = arguments()
    if options.one:
        print(json.dumps(measured(options.one)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        found = [in_process(made(folder, size)) for size in sorted(options.sizes)]
    print(tabulate(lines(found), headers=HEADERS, tablefmt="github", floatfmt=".2f"))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="documents of each database")
    parser.add_argument("--keep", type=Path, help="keep the databases here and use those that are there")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def made(folder: Path, size: int) -> Path:
    """The database of so many documents, filled when it is not there."""
    path = folder / f"made-up-{size}.db"
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        bulk_db.fill(part, size, int(size * CERTIFICATES))
        part.rename(path)
    return path


def in_process(path: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.growth", "--one", str(path.resolve())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False)
    if done.returncode:
        raise RuntimeError(f"{path.name}: {done.stderr.strip()[-500:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(path: Path) -> dict[str, Any]:
    """Compute every measure of the database in this process."""
    db = open_db(path)
    counts = {name: db.execute(f"select count(*) from {name}").fetchone()[0] for name in COUNTED}
    db.close()
    start = time.process_time()
    accounts, _ = measuring.figures_of(path)
    used = time.process_time() - start
    return {**counts, "figures": sum(one.figures for one in accounts), "cpu": used, "peak_mb": peak_mb()}


def lines(found: list[dict[str, Any]]) -> list[list[Any]]:
    made = []
    for at, one in enumerate(found):
        growth = None
        if at:
            before = found[at - 1]
            growth = (one["cpu"] / before["cpu"]) / (n_log_n(one) / n_log_n(before))
        per = one["cpu"] / one["documents"] * 10_000
        made.append([*(one[n] for n in COUNTED), one["figures"], one["cpu"], per, growth, round(one["peak_mb"])])
    return made


def n_log_n(found: dict[str, Any]) -> float:
    return float(found["documents"] * math.log(found["documents"]))


if __name__ == "__main__":
    main()
