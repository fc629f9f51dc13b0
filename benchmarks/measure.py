"""Runs pieces of work in processes of their own, in turns, and keeps the best time of each."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cases import GROUPS
from benchmarks.inputs import Input

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 900
KIB = 1 if sys.platform != "darwin" else 1024  # ru_maxrss counts KiB, on macOS bytes


@dataclass(frozen=True)
class Result:
    """The best round of one piece of work; `ratio` is its time per row over that of the first of its group."""

    group: str
    name: str
    units: dict[str, int]
    seconds: float
    peak_mb: float
    ratio: float = 1.0

    def rate(self, unit: str) -> float | None:
        return self.units[unit] / self.seconds if unit in self.units and self.seconds else None


def measure_here(group: str, name: str, given: Input) -> dict[str, Any]:
    """Do one piece of work in this process."""
    units, seconds = GROUPS[group][name](given)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB / 1024
    return {"units": units, "seconds": seconds, "peak_mb": peak}


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
        best: dict[str, dict[str, Any]] = {}
        for _ in range(repeats):
            for name in works:
                found = measure_apart(group, name, given)
                if name not in best or found["seconds"] < best[name]["seconds"]:
                    best[name] = found
        first = next(iter(best.values()))
        for name, found in best.items():
            ratio = per_row(found) / per_row(first)
            results.append(Result(group, name, found["units"], found["seconds"], found["peak_mb"], ratio))
    return results


def per_row(found: dict[str, Any]) -> float:
    """Seconds per row."""
    return float(found["seconds"] / max(found["units"]["rows"], 1))
