"""`python -m benchmarks.faults [--kills N]`: each fault tried for real on a local toy site; what was lost or doubled.

Every try is a crawl (or an opening) in a process of its own against a server on 127.0.0.1. After each the database must
hold exactly the state of the site as of the last accepted run: a row that is missing or stale counts as lost, one too
many as a duplicate. Bounded in time and size. Exit code 1 when anything was lost.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tabulate import tabulate

from benchmarks import fault_cases
from benchmarks.toy import Site, ToyServer, fork_crawl, run_crawl, serving
from standards_db import checks
from standards_db.resolve import is_due, resolve
from standards_db.schema import open_db

ITEMS = 30
SEED = 20261128


@dataclass
class Result:
    """One line of the table."""

    fault: str
    tries: int = 0
    lost: int = 0
    doubled: int = 0
    broken: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    note: str = ""

    def row(self) -> list[object]:
        outcomes = ", ".join(f"{count} {name}" for name, count in self.outcomes.most_common())
        remarks = "; ".join(dict.fromkeys(filter(None, [*self.broken, self.note])))
        return [self.fault, self.tries, self.lost, self.doubled, outcomes, remarks]

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.doubled or self.broken)


class World:
    """A site, its server, and a database that has taken the site's first state."""

    def __init__(self, folder: Path, server: ToyServer) -> None:
        self.db, self.server, self.site = folder / "live.db", server, Site(ITEMS)
        self.serve()
        self.crawl()
        self.accepted = self.site.state()
        self.broken_before = self.broken_rules()

    def serve(self) -> None:
        self.server.replies = self.site.replies()

    def crawl(self, **order: object) -> int:
        return run_crawl(self.server, self.db, settings={"BACK_OFF_SECONDS": ["0.1"]}, **order).code  # type: ignore[arg-type]

    def last_run(self) -> tuple[int, str, str]:
        db = open_db(self.db)
        row = db.execute("select id, verdict, coalesce(why, '') from runs order by id desc limit 1").fetchone()
        db.close()
        return row[0], row[1], row[2]

    def broken_rules(self) -> set[str]:
        """Rules of the whole database that do not hold; rows staged by a killed run wait for the next one to drop."""
        db = open_db(self.db)
        found = {fault.rule for fault in checks.invariants(db) if "staged" not in fault.rule}
        db.close()
        return found

    def judge(self, result: Result, before: int) -> None:
        """Compare the database with the state that the last accepted run brought, and check every invariant."""
        run, verdict, why = self.last_run()
        if run > before and verdict == "accepted":
            self.accepted = self.site.state()
        db = open_db(self.db)
        if is_due(db):
            resolve(db)
        sql = "select id, coalesce(title, '') as title from documents where vanished_at is null"
        rows = [(row["id"], row["title"]) for row in db.query(sql)]
        result.tries += 1
        result.lost += sum((name, title) not in rows for name, title in self.accepted.items())
        result.doubled += len(rows) - len({name for name, _ in rows})
        result.doubled += sum(name not in self.accepted for name, _ in rows)
        db.close()
        result.broken += [f"broken: {rule}" for rule in sorted(self.broken_rules() - self.broken_before)]
        said = why.partition(":")[0][:60] if run > before else "no run began"
        result.outcomes[f"{verdict}{f' ({said})' if said else ''}" if run > before else said] += 1


def kill_at_random_moments(world: World, tries: int) -> Result:
    """kill -9 at any moment of a crawl that brings changes; the next crawl goes on as if nothing had been."""
    result = Result("kill -9 at a random moment of a crawl")
    chance = random.Random(SEED)
    world.site.change(0.2)
    world.serve()
    first = len(world.server.asked)
    world.crawl()
    world.accepted = world.site.state()
    typical = time.monotonic() - world.server.asked[first].at  # from its first request to its end
    for _ in range(tries):
        world.site.change(0.2)
        world.serve()
        before = world.last_run()[0]
        asked = len(world.server.asked)
        child = fork_crawl(world.server, world.db)
        at_start = chance.random() < 0.05  # most tries are killed while they talk, store or resolve
        while not at_start and len(world.server.asked) == asked and not ended(child):
            time.sleep(0.02)
        time.sleep(chance.uniform(0, typical))
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)
        world.judge(result, before)
        if result.tries % 20 == 0:
            print(f"{result.tries} killed", file=sys.stderr, flush=True)
    code = world.crawl()
    world.accepted = world.site.state()
    world.judge(result, 10**9)
    result.tries -= 1
    result.outcomes["no run began"] -= 1
    result.outcomes += Counter()
    if code:
        result.broken.append("the crawl after it failed")
    result.note = "the crawl after the last kill brought the site's state"
    return result


def ended(child: int) -> bool:
    """Whether a child process has ended by itself; it stays a zombie until it is waited for."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def one_fault(world: World, case: fault_cases.Case) -> Result:
    """Run one case of `fault_cases` as often as it says."""
    result = Result(case.fault)
    for number in range(case.tries):
        world.site.change(0.1)
        world.serve()
        before = world.last_run()[0]
        result.note = case.run(world, number) or result.note
        if case.brings_nothing and world.last_run()[1] == "accepted" and world.last_run()[0] > before:
            result.broken.append("was accepted")
        world.judge(result, before)
        if case.settle:
            case.settle(world)
    return result


@contextmanager
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder, serving({}) as server:
        yield World(Path(folder), server)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="crawls to kill (default %(default)s)")
    parser.add_argument("--only", help="only faults whose name holds this text")
    options = parser.parse_args()
    works: list[tuple[str, Callable[[World], Result]]] = [
        ("kill -9 at a random moment of a crawl", lambda w: kill_at_random_moments(w, options.kills)),
        *((case.fault, lambda w, case=case: one_fault(w, case)) for case in fault_cases.CASES),  # type: ignore[misc]
    ]
    results = []
    for name, work in works:
        if options.only and options.only not in name:
            continue
        with world() as one:
            results.append(work(one))
        print(f"{name}: {'ok' if results[-1].is_good else 'LOSS'}", file=sys.stderr, flush=True)
    headers = ("fault", "tries", "lost rows", "duplicates", "outcome", "remark")
    print(tabulate([result.row() for result in results], headers=headers, tablefmt="github"))
    return 0 if all(result.is_good for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
