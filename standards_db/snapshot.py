"""Publish: build the file that Datasette serves from the ingest database, whole or not at all.

The snapshot is a new file: code and data tables are copied in one read transaction, every view of `views/*.sql`
becomes a table of the same name (so no reader waits for a join), the measures are computed from these tables, then come
indexes, search and statistics. It takes the place of the old file only when it is complete and checked.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from standards_db import findings, search
from standards_db.measures.compute import Account
from standards_db.measures.model import MeasureError
from standards_db.measuring import copy_tables, measure, measure_mappings, order_by
from standards_db.questions import QuestionError, create_indexes
from standards_db.snapshot_tables import CODE_TABLES, DATA_TABLES, FTS, FTS_TABLE, SNAPSHOT, SOURCE_RECORDS


class SnapshotError(Exception):
    """The snapshot could not be published: says which file and why. The published file is as it was."""


@dataclass
class Report:
    """What was published: rows per table, size in bytes, seconds taken, SHA-256 over all rows, and oddities."""

    path: Path
    rows: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    seconds: float = 0.0
    sha256: str = ""
    warnings: list[str] = field(default_factory=list)
    measures: list[Account] = field(default_factory=list)

    def __str__(self) -> str:
        shown = {"documents": "documents", "certificates": "certificates", "adoptions": "adoption edges of any degree"}
        counts = ", ".join(f"{self.rows.get(table, 0):,} {label}" for table, label in shown.items())
        warnings = "".join(f"\nwarning: {warning}" for warning in self.warnings)
        return f"{counts}; {self.bytes / 1e6:.1f} MB in {self.seconds:.1f} s{warnings}"


Progress = Callable[[str], None]


def publish(ingest_path: str | Path, out_path: str | Path, *, progress: Progress | None = None) -> Report:
    """Build the snapshot of the ingest database at `ingest_path` and put it in the place of `out_path`.

    `progress` is called with a line of text before each step. Raises SnapshotError (file and reason) when the ingest
    database is missing or unusable, the disk is full, or another process is publishing the same file.
    """
    ingest, out = Path(ingest_path), Path(out_path)
    if not ingest.is_file():
        raise SnapshotError(f"{ingest}: no such database")
    if not out.parent.is_dir():
        raise SnapshotError(f"{out}: the folder {out.parent} does not exist")
    if out.exists() and out.samefile(ingest):
        raise SnapshotError(f"{out}: is the ingest database itself")
    report = Report(out)
    started = time.monotonic()
    with building(out) as unfinished:
        try:
            with closing(sqlite3.connect(uri(unfinished), uri=True, isolation_level=None)) as connection:
                build(connection, ingest, report, progress or (lambda line: None))
            report.bytes = unfinished.stat().st_size
            sync(unfinished)
            unfinished.replace(out)
            sync(out.parent)
        except (sqlite3.Error, MeasureError, QuestionError) as error:
            raise SnapshotError(f"{out}: not published from {ingest}: {error}") from error
        except OSError as error:
            raise SnapshotError(f"{out}: not published: {error.strerror or error}") from error
    report.seconds = time.monotonic() - started
    return report


@contextmanager
def building(out: Path) -> Iterator[Path]:
    """An empty file beside `out`, locked while it is built and removed when that fails."""
    unfinished = out.with_name(out.name + ".tmp")
    try:
        handle = os.open(unfinished, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise SnapshotError(f"{unfinished}: cannot be written: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = os.path.samestat(os.fstat(handle), unfinished.stat())
        except OSError:
            is_ours = False
        if not is_ours:  # locked by another process, or moved to its place between our open and our lock
            raise SnapshotError(f"{unfinished}: another process is publishing this file")
        os.ftruncate(handle, 0)
        try:
            yield unfinished
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    finally:
        os.close(handle)


def build(connection: sqlite3.Connection, ingest: Path, report: Report, progress: Progress) -> None:
    """Fill the empty database of `connection` and check it."""
    search.register(connection)
    connection.execute("pragma journal_mode=off")
    connection.execute("pragma synchronous=off")
    connection.execute("pragma cache_size=-200000")
    progress(f"copying {ingest.name}")
    copy_tables(connection, ingest, and_then=copy_records)
    connection.execute("analyze")
    report.measures = measure(connection, progress)
    measure_mappings(connection, progress)
    progress("saying findings")
    findings.build(connection)
    progress("indexing")
    for table in (*CODE_TABLES, *DATA_TABLES, "source_records"):
        create_indexes(connection, table)
    connection.execute("vacuum")  # before the search index, which holds row numbers that VACUUM may change
    for table, (columns, select) in FTS.items():
        create_search(connection, table, columns, select)
    progress("checking")
    describe(connection, ingest, report)
    connection.execute("analyze")
    connection.execute("pragma journal_mode=delete")
    verdict = connection.execute("pragma integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"the new file is damaged: {verdict}")
    note_oddities(connection, report)


def copy_records(connection: sqlite3.Connection) -> None:
    """Copy what each source says, as it was read."""
    connection.execute(SOURCE_RECORDS)
    names = ", ".join(columns_of(connection, "source_records"))
    connection.execute(f"insert into source_records ({names}) select {names} from ingest.records order by source, key")


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"pragma table_info({table})")]


def create_search(connection: sqlite3.Connection, table: str, columns: tuple[str, ...], select: str) -> None:
    connection.execute("begin")
    connection.execute(FTS_TABLE.format(table=table, columns=", ".join(columns)))
    connection.execute(f"insert into {table}_fts (rowid, {', '.join(columns)}) {select}")
    connection.execute(f"insert into {table}_fts ({table}_fts) values ('optimize')")
    connection.execute("commit")


def describe(connection: sqlite3.Connection, ingest: Path, report: Report) -> None:
    """Count and hash what was built, and write the one row of `snapshot`."""
    tables = [
        row[0]
        for row in connection.execute("select name from sqlite_master where type = 'table' order by name")
        if "_fts" not in row[0] and not row[0].startswith("sqlite_")
    ]
    digest = hashlib.sha256()
    for table in tables:
        digest.update(f"{table}\n".encode())
        report.rows[table] = 0
        for row in connection.execute(f"select * from {table}{order_by(connection, table)}"):
            digest.update(repr(row).encode())
            report.rows[table] += 1
    report.sha256 = digest.hexdigest()
    connection.execute(SNAPSHOT)
    connection.execute(
        "insert into snapshot values (1, (select day from as_of), ?, ?, ?, ?, ?,"
        " (select count(*) from adoptions where is_counted = 1), ?, ?)",
        [
            datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            ingest.name,
            own_version(),
            report.rows["documents"],
            report.rows["certificates"],
            report.sha256,
            json.dumps({**report.rows, "snapshot": 1}),
        ],
    )
    report.rows["snapshot"] = 1


def note_oddities(connection: sqlite3.Connection, report: Report) -> None:
    """Warn of what the figures cannot see: edges to works of no known body, and keys that no code table explains."""
    lost = connection.execute(
        "select count(*) from relations where type = 'adopts' and target_work not in (select id from works)"
    ).fetchone()[0]
    if lost:
        report.warnings.append(f"{lost} adoptions point to works that are in no table and are not counted")
    dangling: dict[tuple[str, str], int] = {}
    for table, _, target, _ in connection.execute("pragma foreign_key_check"):
        dangling[table, target] = dangling.get((table, target), 0) + 1
    copied = {*CODE_TABLES, *DATA_TABLES}
    known = {target for table, target in dangling if table in copied}  # a table made from them repeats their keys
    report.warnings += [
        f"{n} rows of {table} point to no row of {target}"
        for (table, target), n in sorted(dangling.items())
        if table in copied or target not in known
    ]


def own_version() -> str:
    try:
        return version("cyber-spheres")
    except PackageNotFoundError:
        return "not installed"


def uri(path: Path) -> str:
    return path.absolute().as_uri()


def sync(path: Path) -> None:
    """Make sure that a file (or the names in a folder) is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
