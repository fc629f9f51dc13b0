"""What runs leave beside their rows: what was rejected, what nobody read, what was asked of each host."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from standards_db.store import transaction


def note_rejects(db: Database, rows: list[dict[str, Any]]) -> None:
    """Keep rejected rows and pages with their reason; they stay even when the run is rejected."""
    columns = (
        "key",
        "level",
        "reason",
        "text",
        "source",
        "page_url",
        "page_sha256",
        "retrieved_at",
        "archive_ref",
        "run",
    )
    marks = ",".join("?" * len(columns))
    with transaction(db) as connection:
        connection.executemany(
            f"insert into rejects ({','.join(columns)}) values ({marks})",
            [[row.get(c) for c in columns] for row in rows],
        )


def note_hosts(db: Database, run: int, rows: list[dict[str, Any]]) -> None:
    """Keep what a run asked of each host, whatever its verdict."""
    with transaction(db):
        for row in rows:
            db.table("host_reports").upsert({"run": run, **row}, pk=("run", "host"))


def replace_unread(db: Database, run: int | None, input_name: str, rows: list[tuple[str, str, str]]) -> None:
    """What an archive holds and no source reads: (url, reason, body), replacing what was noted for that archive."""
    with transaction(db) as connection:
        connection.execute("delete from unread where input=?", [input_name])
        connection.executemany(
            "insert into unread (run, input, url, reason, body) values (?,?,?,?,?)",
            [(run, input_name, *row) for row in rows],
        )
