"""A refresh with nobody watching: which sources are due, one refresh at a time, and an account of what came of it.

A source is due when its last accepted live run is older than its interval. Nothing needs to be told after a crash: what
was accepted is not due, what was not is asked for again, and unchanged pages cost next to nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from crawler.base import SourceSpider
from crawler.runs import Outcome
from standards_db import jobs
from standards_db.store import now, transaction

BLOCKED = ("the crawl ended with 'blocked'", "the crawl ended with 'asked to wait too long'")
LONGEST_REST = timedelta(days=30)
CLOCK_SLACK = timedelta(hours=1)


class Held(Exception):
    """Another refresh holds the lock: names the file and who holds it."""


@dataclass(frozen=True)
class Plan:
    """One source in the plan of a refresh. `state` is "due", "fresh", "queued" (workers have it), "resting" (it blocked
    us) or "off"."""

    source: str
    state: str
    last_good_run: str | None
    due_since: str | None
    why: str


@contextmanager
def locked(db_path: Path) -> Iterator[None]:
    """The one refresh (or live crawl) of this database. Raises Held. The system frees the lock when a process dies."""
    path = db_path.with_name(f"{db_path.name}.lock")
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise Held(f"{path}: held by process {file.read().strip() or 'unknown'}; try again later") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def plan(db: Database, sources: dict[str, type[SourceSpider]], at: datetime | None = None) -> list[Plan]:
    """What a refresh at this moment (default: now) would do with each source."""
    moment = at or datetime.now(UTC)
    return [plan_one(db, source, moment) for source in sources.values()]


def plan_one(db: Database, source: type[SourceSpider], moment: datetime) -> Plan:
    sql = "select max(finished_at) from runs where source=? and mode='live' and verdict='accepted'"
    good = db.execute(sql, [source.name]).fetchone()[0]
    if not source.enabled:
        return Plan(source.name, "off", good, None, source.why_off)
    if since := jobs.open_since(db, source.name, "live"):
        return Plan(source.name, "queued", good, None, f"given to workers at {since}")
    interval = timedelta(days=source.interval_days)
    blocks = blocks_since(db, source.name, good)
    if blocks:
        rest = min(timedelta(days=2 ** (len(blocks) - 1)), LONGEST_REST)
        until = time_of(blocks[0]) + rest
        if moment < until <= moment + LONGEST_REST:
            why = f"blocked {len(blocks)} times in a row; left alone until {iso(until)}"
            return Plan(source.name, "resting", good, None, why)
    if good is None:
        return Plan(source.name, "due", None, None, "never crawled")
    if time_of(good) > moment + CLOCK_SLACK:
        return Plan(source.name, "due", good, None, "the last good run lies in the future: the clock was set back")
    due = time_of(good) + interval
    state = "due" if due <= moment else "fresh"
    return Plan(source.name, state, good, iso(due), f"every {source.interval_days} days")


def blocks_since(db: Database, source: str, good: str | None) -> list[str]:
    """When the runs ended in which the site blocked us, newest first, without any other run between them."""
    ended = []
    for row in db.query(
        "select finished_at, why from runs where source=? and mode='live' and verdict='rejected'"
        " and finished_at > ? order by id desc",
        [source, good or ""],
    ):
        if row["why"] not in BLOCKED:
            break
        ended.append(row["finished_at"])
    return ended


def begin(db: Database, due: int) -> int:
    """A new refresh; those that never ended are marked as abandoned."""
    with transaction(db) as connection:
        connection.execute("update refreshes set verdict='abandoned' where verdict='running'")
        cursor = connection.execute(
            "insert into refreshes (started_at, verdict, due_count) values (?, 'running', ?)", [now(), due]
        )
        return int(cursor.lastrowid or 0)


def end(db: Database, refresh: int, plans: list[Plan], outcomes: list[Outcome]) -> dict[str, Any]:
    """Store and return the account of a refresh: what was planned, how each source ended, what hosts were asked."""
    accepted = sum(outcome.verdict == "accepted" for outcome in outcomes)
    missed = {one.source for one in plans if one.state in ("due", "resting")}
    missed |= {outcome.source for outcome in outcomes}
    missed -= {outcome.source for outcome in outcomes if outcome.verdict == "accepted"}
    runs = [outcome.run for outcome in outcomes if outcome.run is not None]
    hosts = db.query(
        "select r.source, h.* from host_reports h join runs r on r.id=h.run"
        " where h.run in (select value from json_each(?)) order by h.host, r.source",
        [json.dumps(runs)],
    )
    report = {
        "refresh": refresh,
        "verdict": "incomplete" if missed else "accepted",
        "missed": sorted(missed),
        "plan": [asdict(one) for one in plans],
        "sources": [
            {"source": o.source, "verdict": o.verdict, "why": o.why, "warnings": o.warnings, **o.tally.columns()}
            for o in outcomes
        ],
        "hosts": list(hosts),
    }
    with transaction(db) as connection:
        connection.execute(
            "update refreshes set finished_at=?, verdict=?, accepted_count=?, report=? where id=?",
            [now(), report["verdict"], accepted, json.dumps(report, ensure_ascii=False), refresh],
        )
    return report


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
