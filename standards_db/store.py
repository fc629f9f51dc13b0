"""The only writer of the ingest database: begin a run, stage rows, accept or reject them.

Staged rows are invisible. `accept` makes them visible in one transaction together with the changes and conflicts they
bring; `reject` drops them and keeps the reason. Either way nothing stored before is lost.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import Any

from sqlite_utils import Database

from standards_db.entities import rebuild
from standards_db.interpret import Row
from standards_db.merge import Difference, Seen, compare, merge
from standards_db.pages import Visit, remember, see_again, spared
from standards_db.records import Provenance
from standards_db.wire import Shipped

COMPLETE_MODES = ("live",)
TAKEN_TOGETHER = 500  # records read and written with one statement


@dataclass
class Tally:
    """What a run met, in counts; names are those of the columns of `runs`."""

    response_count: int = 0
    unchanged_count: int = 0
    refused_count: int = 0
    unread_count: int = 0
    link_count: int = 0
    row_count: int = 0
    document_count: int = 0
    certificate_count: int = 0
    relation_count: int = 0
    reject_count: int = 0
    unknown_count: int = 0
    unknown_identifier_count: int = 0
    error_count: int = 0
    new_count: int = 0
    changed_count: int = 0
    vanished_count: int = 0
    catalogue_rows: int = 0
    seconds: float = 0.0
    fault_count: int = 0  # rows that failed a check; a row the source itself excludes is a reject and no fault
    filled: dict[str, tuple[int, int]] = field(default_factory=dict)  # per field: rows filled, rows that have it

    def columns(self) -> dict[str, Any]:
        values = asdict(self)
        del values["filled"], values["fault_count"]
        return values


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def transaction(db: Database) -> Iterator[sqlite3.Connection]:
    """One write transaction that takes the lock at once: committed when the block ends, undone when it raises."""
    db.conn.execute("begin immediate")
    try:
        yield db.conn
    except BaseException:
        if db.conn.in_transaction:
            db.conn.execute("rollback")
        raise
    db.conn.execute("commit")


def begin_run(
    db: Database, source: str, mode: str, input_name: str | None, version: str, shipped: Shipped | None = None
) -> int:
    """A new run's id. Runs that never ended are marked as abandoned and their staged rows dropped."""
    came = shipped or Shipped(started_at=now())
    with transaction(db) as connection:
        give_up(connection, source)
        cursor = connection.execute(
            "insert into runs (source, mode, input, started_at, verdict, version, job, shipment)"
            " values (?,?,?,?,'running',?,?,?)",
            [source, mode, input_name, came.started_at, version, came.job, came.digest],
        )
        return int(cursor.lastrowid or 0)


def give_up(connection: sqlite3.Connection, source: str) -> None:
    """Mark a source's runs that never ended, and drop their staged rows."""
    for (run,) in connection.execute("select id from runs where source=? and verdict='running'", [source]).fetchall():
        connection.execute("delete from staged where run=?", [run])
        connection.execute(
            "update runs set verdict='abandoned', why='the process ended before the run did' where id=?", [run]
        )


def abandon(db: Database, source: str) -> None:
    """Say of a source's runs that they will not end: their process is known to be gone."""
    with transaction(db) as connection:
        give_up(connection, source)


def stage(db: Database, run: int, batch: list[tuple[Row, Provenance, str | None]]) -> None:
    """Stage rows with their provenance and the catalogue they are listed in (None for a page that is not one)."""
    with transaction(db) as connection:
        connection.executemany(
            "insert into staged (run, key, kind, entity, payload, unknowns, page_url, page_sha256, retrieved_at,"
            " archive_ref, as_of, catalogue) values (?,?,?,?,?,?,?,?,?,?,?,?)",
            [
                (
                    run,
                    row.key,
                    row.kind,
                    row.entity,
                    staged_text(row.payload),
                    dump(row.unknowns) if row.unknowns else None,
                    origin.page_url,
                    origin.page_sha256,
                    origin.retrieved_at,
                    origin.archive_ref,
                    row.as_of,
                    catalogue,
                )
                for row, origin, catalogue in batch
            ],
        )


def staged_text(payload: dict[str, Any]) -> str:
    """The payload as `merge` leaves a single observation, so that such a one is stored without being read again."""
    return dump({**payload, "topics": sorted(payload["topics"])} if payload.get("topics") else payload)


dump = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def reject(db: Database, run: int, why: str, finish_reason: str, tally: Tally, warnings: list[str]) -> None:
    """End a run without making anything of it visible."""
    with transaction(db) as connection:
        connection.execute("delete from staged where run=?", [run])
        end_run(connection, run, "rejected", why, finish_reason, tally, warnings)


def end_run(
    connection: sqlite3.Connection,
    run: int,
    verdict: str,
    why: str | None,
    finish_reason: str,
    tally: Tally,
    warnings: list[str],
    at: str | None = None,
) -> None:
    values = {
        **tally.columns(),
        "verdict": verdict,
        "why": why,
        "finish_reason": finish_reason,
        "finished_at": at or now(),
        "warnings": "; ".join(warnings) or None,
    }
    sets = ",".join(f"{name}=:{name}" for name in values)
    connection.execute(f"update runs set {sets} where id=:run", {**values, "run": run})


def accept(
    db: Database,
    run: int,
    finish_reason: str,
    tally: Tally,
    warnings: list[str],
    visit: Visit | None = None,
    shipped: Shipped | None = None,
) -> None:
    """Make a run's staged rows what the source says now, in one transaction, with the pages of a live run.

    Raises sqlite3.IntegrityError when the run was given up meanwhile: another process has begun one of this source.
    """
    began = time.monotonic()
    visit = visit or Visit()
    with transaction(db) as connection:
        source, mode, verdict = next(connection.execute("select source, mode, verdict from runs where id=?", [run]))
        if verdict != "running":
            raise sqlite3.IntegrityError(f"run {run} of {source} is {verdict}: another process began one meanwhile")
        keeper = Keeper(connection, run, source, mode, visit, shipped.seen_at if shipped else None)
        keeper.take_staged()
        keeper.keep_unchanged()
        keeper.mark_vanished()
        rebuild(connection, keeper.touched, run)
        tally.new_count, tally.changed_count, tally.vanished_count = keeper.new, keeper.changed, keeper.vanished
        connection.execute("delete from staged where run=?", [run])
        if mode in COMPLETE_MODES:
            remember(connection, source, run, keeper.time, visit)
        if keeper.touched:
            connection.execute("insert or replace into state values ('resolve', 'due')")
        tally.seconds = round(tally.seconds + time.monotonic() - began, 2)
        end_run(connection, run, "accepted", None, finish_reason, tally, warnings, shipped.seen_at if shipped else None)


class Keeper:
    """Moves the staged rows of one run into `records`, noting what is new, changed, gone and contradictory."""

    def __init__(
        self, connection: sqlite3.Connection, run: int, source: str, mode: str, visit: Visit, seen_at: str | None
    ) -> None:
        self.connection, self.visit = connection, visit
        self.run, self.source, self.mode = run, source, mode
        self.clock = now()
        self.time = seen_at or self.clock
        self.touched: set[str] = set()
        self.records: list[list[Any]] = []
        self.changes: list[list[Any]] = []
        self.new = self.changed = self.vanished = 0

    def take_staged(self) -> None:
        cursor = self.connection.execute(
            "select key, kind, entity, payload, unknowns, page_url, page_sha256, retrieved_at, archive_ref, catalogue"
            " from staged where run=? order by key, retrieved_at, as_of, id",
            [self.run],
        )
        groups = ((key, list(group)) for key, group in groupby(cursor, key=lambda row: row[0]))
        while batch := dict(islice(groups, TAKEN_TOGETHER)):
            found = self.connection.execute(
                "select key, payload, retrieved_at, page_url, entity, vanished_at, catalogue from records"
                " where source=? and key in (select value from json_each(?))",
                [self.source, dump(list(batch))],
            )
            stored = {key: row for key, *row in found}
            for key, rows in batch.items():
                self.take(key, rows, stored.get(key))
            self.write_taken()

    def take(self, key: str, rows: list[tuple[Any, ...]], stored: list[Any] | None) -> None:
        newest = rows[-1]
        text: str = newest[3]
        differences: list[Difference] = []
        if len(rows) > 1:
            payload, differences = merge(Seen(json.loads(row[3]), row[7], row[5]) for row in rows)
            text = dump(payload)
        catalogue = next((row[9] for row in reversed(rows) if row[9]), None)
        entity = newest[2]
        is_future = stored is not None and stored[1] > self.clock  # the clock was set back: its times prove nothing
        if stored is not None and stored[1] > newest[7] and not is_future:  # an older page read later fills blanks only
            current = Seen(json.loads(stored[0]), stored[1], stored[2])
            payload, _ = merge([Seen(json.loads(text), newest[7], newest[5]), current])
            self.connection.execute(
                "update records set payload=?, last_seen=?, last_run=? where source=? and key=?",
                [dump(payload), self.time, self.run, self.source, key],
            )
        else:
            if stored is None:
                self.note_change(key, entity, "new", "", None, None, newest[7], newest[5])
                self.new += 1
            else:
                if stored[1] < newest[7] or is_future:  # a newer page may print less: what it leaves blank is kept
                    older = Seen(json.loads(stored[0]), stored[1], stored[2])
                    text = dump(merge([older, Seen(json.loads(text), newest[7], newest[5])])[0])
                self.note_update(key, entity, stored, text, newest)
            still_gone = stored[4] if stored and stored[4] and stored[4] > newest[7] else None
            listed_in = catalogue or (stored[5] if stored else None)
            self.write(key, newest, text, catalogue=listed_in, vanished_at=still_gone)
            if stored and stored[3] != entity:
                self.touched.add(stored[3])
        self.note_differences(key, entity, differences)
        self.touched.add(entity)

    def note_update(self, key: str, entity: str, stored: list[Any], text: str, newest: tuple[Any, ...]) -> None:
        page_url, retrieved_at = newest[5], newest[7]
        is_back = stored[4] is not None and stored[4] <= retrieved_at
        if is_back:
            self.note_change(key, entity, "returned", "", stored[4], None, retrieved_at, page_url)
        found = []
        if stored[0] != text:
            seen = Seen(json.loads(text), retrieved_at, page_url)
            found = compare(json.loads(stored[0]), seen, same_day=False, blanks=True)
        for difference in found:
            kind = "status" if difference.field == "status" else "changed"
            self.note_change(
                key, entity, kind, difference.field, difference.old, difference.new, retrieved_at, page_url
            )
        self.changed += bool(found or is_back)

    def note_differences(self, key: str, entity: str, differences: list[Difference]) -> None:
        """Differences between pages of one run: history when the days differ, a contradiction when they do not."""
        for d in differences:
            if not d.same_day:
                kind = "status" if d.field == "status" else "changed"
                self.note_change(key, entity, kind, d.field, d.old, d.new, d.observed_at, d.page_url)
            else:
                self.connection.execute(
                    "insert or replace into conflicts values (?,?,?,?,?,?,?,?,?)",
                    [entity, d.field, self.source, d.new, self.source, d.old, d.page_url, d.observed_at, self.run],
                )

    def note_change(
        self, key: str, entity: str, kind: str, name: str, old: str | None, new: str | None, at: str, page_url: str
    ) -> None:
        self.changes.append([self.source, key, entity, kind, name, old, new, at, self.run, page_url])

    def write(
        self, key: str, newest: tuple[Any, ...], text: str, *, catalogue: str | None, vanished_at: str | None
    ) -> None:
        kind, entity, unknowns, *origin = newest[1], newest[2], newest[4], *newest[5:9]
        seen = (self.run, self.time, self.time, self.run)
        self.records.append([self.source, key, kind, entity, text, unknowns, *origin, *seen, catalogue, vanished_at])

    def write_taken(self) -> None:
        """Write what has been taken since the last call."""
        records, self.records = self.records, []
        changes, self.changes = self.changes, []
        self.connection.executemany("insert or ignore into changes values (?,?,?,?,?,?,?,?,?,?)", changes)
        self.connection.executemany(
            "insert into records (source, key, kind, entity, payload, unknowns, page_url, page_sha256, retrieved_at,"
            " archive_ref, run, first_seen, last_seen, last_run, catalogue, vanished_at)"
            " values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
            " on conflict(source, key) do update set kind=excluded.kind, entity=excluded.entity,"
            " payload=excluded.payload, unknowns=excluded.unknowns, page_url=excluded.page_url,"
            " page_sha256=excluded.page_sha256, retrieved_at=excluded.retrieved_at, archive_ref=excluded.archive_ref,"
            " run=excluded.run, last_seen=excluded.last_seen, last_run=excluded.last_run,"
            " vanished_at=excluded.vanished_at,"
            " catalogue=excluded.catalogue",
            records,
        )

    def keep_unchanged(self) -> None:
        """Records of pages that are the same stay seen."""
        for key, entity, gone, page_url in see_again(self.connection, self.source, self.run, self.time, self.visit):
            self.note_change(key, entity, "returned", "", gone, None, self.time, page_url)
            self.changed += 1
            self.touched.add(entity)

    def mark_vanished(self) -> None:
        """Records that a newer whole catalogue (or a whole live crawl) no longer holds. Vanished is not withdrawn."""
        newest = dict(
            self.connection.execute(
                "select catalogue, max(retrieved_at) from staged where run=? and catalogue is not null group by 1",
                [self.run],
            )
        )
        gone: dict[str, tuple[str, str]] = {}
        for catalogue, day in newest.items():
            rows = self.connection.execute(
                "select key, entity from records where source=? and catalogue=? and vanished_at is null"
                " and retrieved_at < ?",
                [self.source, catalogue, day],
            )
            gone.update({key: (entity, day) for key, entity in rows})
        if self.mode in COMPLETE_MODES:
            rows = self.connection.execute(
                "select r.key, r.entity from records r join runs on runs.id=r.last_run where r.source=?"
                " and r.last_run<>? and r.vanished_at is null and runs.mode=?",
                [self.source, self.run, self.mode],
            )
            gone.update({key: (entity, self.time) for key, entity in rows})
        for key in spared(self.connection, self.source, self.visit):
            gone.pop(key, None)
        for key, (entity, day) in gone.items():
            self.connection.execute(
                "update records set vanished_at=? where source=? and key=?", [day, self.source, key]
            )
            self.note_change(key, entity, "vanished", "", None, None, day, "")
            self.touched.add(entity)
        self.write_taken()
        self.vanished = len(gone)


def drop_staged_page(db: Database, run: int, page_sha256: str, retrieved_at: str) -> Provenance | None:
    """Take back the staged rows of one page; returns where it was read."""
    row = db.execute(
        "select page_url, archive_ref from staged where run=? and page_sha256=? and retrieved_at=? limit 1",
        [run, page_sha256, retrieved_at],
    ).fetchone()
    if row is None:
        return None
    with transaction(db) as connection:
        connection.execute(
            "delete from staged where run=? and page_sha256=? and retrieved_at=?", [run, page_sha256, retrieved_at]
        )
    return Provenance(page_url=row[0], page_sha256=page_sha256, retrieved_at=retrieved_at, archive_ref=row[1], route="")


def rows_before(db: Database, source: str, mode: str, has_catalogue: bool) -> int | None:
    """Rows of the last accepted run that this one may be compared with: a whole catalogue with a whole catalogue,
    a live crawl with a live crawl; None when there is none. The sample is never compared with."""
    column, condition = ("catalogue_rows", "catalogue_rows > 0") if has_catalogue else ("row_count", "mode='live'")
    if not has_catalogue and mode != "live":
        return None
    row = db.execute(
        f"select {column} from runs where source=? and verdict='accepted' and mode<>'sample' and {condition}"
        " order by id desc limit 1",
        [source],
    ).fetchone()
    return int(row[0]) if row else None
