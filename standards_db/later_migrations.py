"""The migrations after those of `migrations`, in order: add the next at the end. Who opens a database imports this."""

from __future__ import annotations

from sqlite_utils import Database

from standards_db.migrations import migrations, text

__all__ = ["migrations"]


@migrations()
def m012_instrument_topics(db: Database) -> None:
    db.table("instrument_topics").create(
        text("topic instrument sphere kind title since source_url"),
        pk=("topic", "instrument"),
        not_null={"sphere", "kind", "title", "source_url"},
        foreign_keys=[("sphere", "spheres", "key"), ("topic", "topics", "key")],
    )


@migrations()
def m014_refresh(db: Database) -> None:
    db.table("runs").add_column("unchanged_count", int, not_null_default=0)
    db.table("pages").create(
        {
            **text("source url etag last_modified sha256 side_sha256 reader keys links counts"),
            "run": int,
            **text("read_at checked_at"),
        },
        pk=("source", "url"),
        not_null={"sha256", "reader", "keys", "links", "counts", "run", "read_at"},
        foreign_keys=[("source", "sources", "key"), ("run", "runs", "id")],
    )
    db.table("host_reports").create(
        {
            "run": int,
            "host": str,
            "request_count": int,
            "unchanged_count": int,
            "retry_count": int,
            "failure_count": int,
            "byte_count": int,
            "statuses": str,
            "crawl_delay": float,
            "waited_seconds": float,
        },
        pk=("run", "host"),
        not_null={"request_count", "byte_count"},
        foreign_keys=[("run", "runs", "id")],
    )
    db.table("refreshes").create(
        {
            "id": int,
            **text("started_at finished_at verdict"),
            "due_count": int,
            "accepted_count": int,
            "report": str,
        },
        pk="id",
        not_null={"started_at", "verdict", "due_count"},
    )
