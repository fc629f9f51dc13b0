"""Jobs that were given to workers on other machines, and what has come of them.

A job is open until a run of it has been judged. It may be done more than once, by workers that were thought dead; one
run of it is accepted, which an index of table `runs` guarantees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlite_utils import Database

from standards_db.store import now, transaction

LIFE = timedelta(days=3)


@dataclass(frozen=True)
class Job:
    """One errand: a source, read live or from the archive `input`."""

    id: str
    source: str
    mode: str
    input: str | None
    queued_at: str


def add(db: Database, job: str, source: str, mode: str, input_name: str | None) -> None:
    """Note a job before it is given out, so that its folder will be known when it comes back."""
    with transaction(db) as connection:
        connection.execute("insert into jobs values (?,?,?,?,?)", [job, source, mode, input_name, now()])


def withdraw(db: Database, job: str) -> None:
    """Forget a job that could not be given out."""
    with transaction(db) as connection:
        connection.execute("delete from jobs where id=?", [job])


def find(db: Database, job: str) -> Job | None:
    row = db.execute("select id, source, mode, input, queued_at from jobs where id=?", [job]).fetchone()
    return Job(*row) if row else None


def open_since(db: Database, source: str, mode: str, input_name: str | None = None) -> str | None:
    """When the newest job of this source (live, or from the archive `input_name`) was given out that nothing has come
    of yet; older than `LIFE`, a job counts as lost."""
    since = (datetime.now(UTC) - LIFE).strftime("%Y-%m-%dT%H:%M:%SZ")
    row = db.execute(
        "select max(queued_at) from jobs where source=? and mode=? and input is ? and queued_at > ? and queued_at <= ?"
        " and not exists (select 1 from runs where job=jobs.id and verdict in ('accepted', 'rejected'))",
        [source, mode, input_name, since, now()],
    ).fetchone()
    return str(row[0]) if row[0] else None


def judged(db: Database, job: str, shipment: str) -> tuple[int, str] | None:
    """(run, verdict) when there is nothing left to do with this shipment: another run of the job is accepted, or this
    very shipment was judged before."""
    row = db.execute(
        "select id, verdict from runs where job=? and (verdict='accepted' or (verdict='rejected' and shipment=?))"
        " order by verdict='accepted' desc limit 1",
        [job, shipment],
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else None


def accepted_since(db: Database, source: str, moment: str) -> list[str]:
    """Modes of the runs of this source that were accepted after a moment, those of the future left out."""
    rows = db.execute(
        "select distinct mode from runs where source=? and verdict='accepted' and finished_at > ? and finished_at <= ?",
        [source, moment, now()],
    )
    return [str(row[0]) for row in rows]
