"""Runs pieces of work in processes of their own, in turns, and keeps the best time of each."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cases import BY_WALL, GROUPS
from benchmarks.clock import peak_mb
from benchmarks.inputs import Input

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 900


@dataclass(frozen=True)
class Result:
    """The best round of one piece of work; `ratio` is the time per row of the first of its group over its own.

    What counts is CPU time, which a busy machine hardly changes; in the groups of BY_WALL it is the time on the clock.
    """

    group: str
    name: str
    units: dict[str, int]
    wall: float
    cpu: float
    peak_mb: float
    ratio: float = 1.0

    def rate(self, unit: str) -> float | None:
        seconds = self.wall if self.group in BY_WALL else self.cpu
        return self.units[unit] / seconds if unit in self.units and seconds else None


def measure_here(group: str, name: str, given: Input) -> dict[str, Any]:
    """Do one piece of work in this process."""
    units, took = GROUPS[group][name](given)
    return {"units": units, "wall": took.wall, "cpu": took.cpu, "peak_mb": peak_mb()}


def measure_apart(group: str, name: str, given: Input) -> dict[str, Any]:
    """Do one piece of work in a new process, so that its peak memory is its own. Raises RuntimeError when it fails."""
    command = [sys.executable, "-m", "benchmarks", "--one", group, name]
    command += ["--archive", str(given.archive.resolve())] if given.archive else []
    command += ["--quick"] if given.quick else []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False)
    if done.returncode:
        raise RuntimeError(f"{group}, {name}: {done.stderr.strip()[-500:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure_all(given: Input, repeats: int) -> list[Result]:
    """Every group, its pieces in turns so that a busy machine slows all of them; the fastest of `repeats` counts."""
    results = []
    for group, works in GROUPS.items():
        judged = "wall" if group in BY_WALL else "cpu"
        best: dict[str, dict[str, Any]] = {}
        for _ in range(repeats):
            for name in works:
                found = measure_apart(group, name, given)
                if name not in best or found[judged] < best[name][judged]:
                    best[name] = found
        first = next(iter(best.values()))
        for name, found in best.items():
            ratio = per_row(first, judged) / per_row(found, judged)
            results.append(Result(group, name, **found, ratio=ratio))
    return results


def per_row(found: dict[str, Any], judged: str) -> float:
    """Seconds per row."""
    return float(found[judged] / max(found["units"]["rows"], 1))
