"""What a piece of work took: wall seconds, and CPU seconds of this process and of the children it waited for."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.peer_scripts import common

KIB = 1 if sys.platform != "darwin" else 1024  # ru_maxrss counts KiB, on macOS bytes
BOTH = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


@dataclass
class Spent:
    """Seconds: `wall` on the clock, `cpu` as user and system time."""

    wall: float = 0.0
    cpu: float = 0.0

    def add(self, other: Spent) -> None:
        self.wall += other.wall
        self.cpu += other.cpu


@contextmanager
def spent() -> Iterator[Spent]:
    """The seconds that the block takes, known when it has ended."""
    took = Spent()
    wall, cpu = time.perf_counter(), cpu_seconds()
    yield took
    took.wall, took.cpu = time.perf_counter() - wall, cpu_seconds() - cpu


def cpu_seconds() -> float:
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, BOTH))


def peak_mb() -> float:
    """The largest memory that this process, or one of its children, has held.

    Of this process as Linux counts it since the program began: ru_maxrss includes what the parent held before that.
    """
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / KIB / 1024
    try:
        return max(children, common.peak_mb())
    except OSError:
        return max(children, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB / 1024)
