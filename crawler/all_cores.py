"""Reading an archive on several cores: each source is a draft of its own, so each is read by a process of its own.

The largest come first. Staging and acceptance are single transactions of one database, so they queue at its write lock,
and what the tables hold does not depend on the order of acceptance. A process that dies takes its own source with it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from crawler.base import SourceSpider
from crawler.job import Progress
from crawler.runs import Outcome, Shelf, run_source
from standards_db import store
from standards_db.schema import connect
from standards_db.store import Tally

PATIENCE = 3600  # seconds that a write may wait for another process to accept a run
# Forked: a source inherits the shelf and all that is imported. No database is open then and no thread runs.
_FORK: Any = multiprocessing.get_context("fork")


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_jobs() -> int:
    """One more than the cores, for one process often waits for the write lock: about a tenth of the time."""
    return cores() + 1 if cores() > 1 else 1


class Wire:
    """Progress of a source, sent to the parent: row counts, then None."""

    def __init__(self, end: Connection) -> None:
        self.end = end

    def rows(self, count: int) -> None:
        self.end.send(count)

    def close(self) -> None: ...


class Worker:
    """One source being read in a process of its own, seen from the parent."""

    def __init__(self, name: str, progress: Progress, read: Callable[[Connection], None], others: Iterable[Connection]):
        self.name, self.progress = name, progress
        self.outcome: Outcome | None = None
        self.end, theirs = _FORK.Pipe(duplex=False)
        self.process: BaseProcess = _FORK.Process(target=self.work, args=(read, theirs, [self.end, *others]))
        self.process.start()
        theirs.close()

    @staticmethod
    def work(read: Callable[[Connection], None], end: Connection, parents: list[Connection]) -> None:
        """What the process does. The parent's ends are closed, so that a message to a parent that is gone fails."""
        for one in parents:
            one.close()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
        read(end)

    def listen(self) -> bool:
        """Take one message; whether the process has said its last."""
        try:
            message = self.end.recv()
        except (EOFError, OSError):  # OSError: it died in the middle of a message
            return True
        if isinstance(message, Outcome):
            self.outcome = message
        else:
            self.progress.rows(message)
        return False

    def close(self) -> Outcome:
        self.process.join()
        self.end.close()
        self.progress.close()
        code = self.process.exitcode or 0
        how = f"signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"exit code {code}"
        return self.outcome or Outcome(self.name, "rejected", f"its process ended with {how}", [], Tally())


def replay(
    db_path: Path,
    shelf: Shelf,
    sources: dict[str, type[SourceSpider]],
    mode: str,
    jobs: int,
    progress_of: Callable[[str], Progress],
    done: Callable[[Outcome], None],
) -> list[Outcome]:
    """`runs.replay` on up to `jobs` processes at once; the database at `db_path` is ready and not open here.

    The outcomes are in the order of `sources`. When this process is interrupted, the others end with it and their runs
    are given up.
    """

    def read(source: type[SourceSpider], end: Connection) -> None:
        db = connect(db_path, patience=PATIENCE)
        end.send(run_source(db, shelf, source, mode, partial(Wire, end)))
        db.close()

    sizes = {name: sum(one.size for one in shelf.by_source[name]) for name in sources if shelf.by_source.get(name)}
    waiting = sorted(sizes, key=lambda name: sizes[name])
    running: dict[Connection, Worker] = {}
    outcomes: dict[str, Outcome] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                name = waiting.pop()
                worker = Worker(name, progress_of(name), partial(read, sources[name]), running)
                running[worker.end] = worker
            for end in wait(list(running)):
                if running[end].listen():  # type: ignore[index]
                    worker = running.pop(end)  # type: ignore[arg-type]
                    outcomes[worker.name] = worker.close()
                    done(outcomes[worker.name])
    finally:
        for worker in running.values():
            worker.process.terminate()
            worker.close()
        give_up(db_path, [name for name in sizes if name not in outcomes or outcomes[name].run is None])
    return [outcomes[name] for name in sources if name in outcomes]


def give_up(db_path: Path, names: list[str]) -> None:
    """Mark the runs that died with their process, and drop what they had staged."""
    if names:
        db = connect(db_path)
        for name in names:
            store.abandon(db, name)
        db.close()
