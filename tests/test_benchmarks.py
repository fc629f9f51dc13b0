"""The benchmarks run and give ratios. Nothing here looks at how fast anything is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from benchmarks.cases import GROUPS

ROOT = Path(__file__).parent.parent


def test_quick_round_on_the_sample() -> None:
    """`python -m benchmarks --quick` measures every way of every group on the sample and relates it to the first."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[2:]]
    ratios = {(line[0], line[1]): float(line[8].removesuffix(" ×")) for line in lines}
    assert list(ratios) == [(group, name) for group, works in GROUPS.items() for name in works]
    assert all(ratio > 0 for ratio in ratios.values())
    assert [ratios[group, next(iter(works))] for group, works in GROUPS.items()] == [1.0] * len(GROUPS)
    assert all(re.fullmatch(r"\d+", line[4]) and int(line[4]) > 0 and int(line[9]) > 0 for line in lines)


def test_full_path_and_bare_loop_read_the_same() -> None:
    """The two ways that are compared see the same pages and give the same number of rows, refused ones included."""
    from benchmarks.inputs import PAGE_KINDS, Input, pages, parsed, spiders

    shelf, sources = Input(quick=True).shelf(PAGE_KINDS, times=1)
    made = spiders(sources)
    found: dict[str, int] = {}
    for source, page in pages(shelf, sources):  # a list of links alone gives no row
        found[source.name] = found.get(source.name, 0) + len(list(parsed(made[source.name], page)))

    assert len(found) >= 3
    assert all(found.values()), found


def test_an_archive_that_is_not_there() -> None:
    """A wrong folder ends with the usage and exit code 2."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--archive", "no/such/folder"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert "no/such/folder: no such folder" in done.stderr
