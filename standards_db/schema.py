"""The ingest database: tables, migrations, code tables, views. Opened in one place: `open_db`.

Migrations are append-only named functions, each applied once in its own transaction (sqlite-utils `Migrations`).
Views are re-created at every open from `views/*.sql`. A database written by newer code is refused, not guessed at.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import sqlite_utils
from sqlite_utils import Database, Migrations

from standards_db import taxonomy

VIEWS_DIR = Path(__file__).parent / "views"
BUSY_SECONDS = 30
PROVENANCE = {
    "source": str,
    "page_url": str,
    "page_sha256": str,
    "retrieved_at": str,
    "archive_ref": str,
    "run": int,
}


class DatabaseError(Exception):
    """The database cannot be used as it is: says which file and why."""


migrations = Migrations("standards_db")


@migrations()
def m001_code_tables(db: Database) -> None:
    db.table("spheres").create({"key": str, "label": str, "description": str}, pk="key", not_null={"label"})
    db.table("bodies").create(
        {
            "key": str,
            "name": str,
            "name_native": str,
            "sphere": str,
            "reason": str,
            "since": str,
            "until": str,
            "country": str,
            "kind": str,
            "url": str,
            "source_url": str,
        },
        pk="key",
        not_null={"name", "sphere", "reason"},
        foreign_keys=[("sphere", "spheres", "key")],
    )
    db.table("topics").create(
        {"key": str, "label": str, "label_zh": str, "description": str}, pk="key", not_null={"label"}
    )
    db.table("statuses").create(
        {"key": str, "label": str, "is_in_force": int, "description": str}, pk="key", not_null={"label"}
    )
    db.table("degrees").create(
        {"key": str, "label": str, "is_adoption": int, "description": str}, pk="key", not_null={"label"}
    )
    db.table("sources").create(
        {
            "key": str,
            "title": str,
            "sphere": str,
            "body": str,
            "holds": str,
            "tier": str,
            "rank": int,
            "homepage": str,
            "licence": str,
            "expected_min": int,
            "expected_max": int,
            "interval_days": int,
            "is_on": int,
            "why_off": str,
            "description": str,
        },
        pk="key",
        not_null={"title", "sphere", "body", "holds", "tier"},
        foreign_keys=[("sphere", "spheres", "key"), ("body", "bodies", "key")],
    )


@migrations()
def m002_runs(db: Database) -> None:
    db.table("runs").create(
        {
            "id": int,
            "source": str,
            "mode": str,
            "input": str,
            "started_at": str,
            "finished_at": str,
            "verdict": str,
            "why": str,
            "warnings": str,
            "finish_reason": str,
            "response_count": int,
            "refused_count": int,
            "unread_count": int,
            "link_count": int,
            "row_count": int,
            "document_count": int,
            "certificate_count": int,
            "relation_count": int,
            "reject_count": int,
            "unknown_count": int,
            "unknown_identifier_count": int,
            "error_count": int,
            "new_count": int,
            "changed_count": int,
            "vanished_count": int,
            "catalogue_rows": int,
            "seconds": float,
            "version": str,
        },
        pk="id",
        not_null={"source", "mode", "started_at", "verdict"},
        foreign_keys=[("source", "sources", "key")],
    )
    run = [("run", "runs", "id")]
    db.table("staged").create(
        {
            "id": int,
            "run": int,
            "key": str,
            "kind": str,
            "entity": str,
            "payload": str,
            "unknowns": str,
            "page_url": str,
            "page_sha256": str,
            "retrieved_at": str,
            "archive_ref": str,
            "as_of": str,
            "catalogue": str,
        },
        pk="id",
        not_null={"run", "key", "kind", "entity", "payload"},
        foreign_keys=run,
    ).create_index(["run", "key"])
    db.table("rejects").create(
        {"id": int, "key": str, "level": str, "reason": str, "text": str, **PROVENANCE},
        pk="id",
        not_null={"source", "run", "reason"},
        foreign_keys=run,
    ).create_index(["run"])
    db.table("unread").create(
        {"id": int, "run": int, "input": str, "url": str, "reason": str, "body": str}, pk="id", not_null={"reason"}
    )


@migrations()
def m003_records(db: Database) -> None:
    db.table("records").create(
        {
            "source": str,
            "key": str,
            "kind": str,
            "entity": str,
            "payload": str,
            "unknowns": str,
            "page_url": str,
            "page_sha256": str,
            "retrieved_at": str,
            "archive_ref": str,
            "run": int,
            "first_seen": str,
            "last_seen": str,
            "last_run": int,
            "vanished_at": str,
            "catalogue": str,
        },
        pk=("source", "key"),
        not_null={"kind", "entity", "payload", "run", "first_seen", "last_seen"},
        foreign_keys=[("source", "sources", "key"), ("run", "runs", "id")],
    ).create_index(["entity"])
    db.table("changes").create(
        {
            "source": str,
            "key": str,
            "entity": str,
            "kind": str,
            "field": str,
            "old": str,
            "new": str,
            "observed_at": str,
            "run": int,
            "page_url": str,
        },
        pk=("source", "key", "kind", "field", "observed_at"),
        not_null={"entity", "run"},
        foreign_keys=[("run", "runs", "id")],
    ).create_index(["run"])
    db.table("conflicts").create(
        {
            "entity": str,
            "field": str,
            "kept_source": str,
            "kept": str,
            "other_source": str,
            "other": str,
            "other_page_url": str,
            "other_retrieved_at": str,
            "run": int,
        },
        pk=("entity", "field", "kept_source", "other_source", "other"),
    )
    db.table("unknowns").create(
        {"source": str, "field": str, "text": str, "row_count": int, "example": str}, pk=("source", "field", "text")
    )
    db.table("coverage").create(
        {
            "source": str,
            "scope": str,
            "state": str,
            "reason": str,
            "loaded": int,
            "expected": int,
            "share": float,
            "as_of": str,
        },
        pk=("source", "scope"),
        not_null={"state"},
    )


@migrations()
def m004_documents(db: Database) -> None:
    db.table("works").create(
        {
            "id": str,
            "family": str,
            "body": str,
            "sphere": str,
            "title": str,
            "title_zh": str,
            "edition_count": int,
            "newest": str,
            "newest_in_force": str,
        },
        pk="id",
        foreign_keys=[("body", "bodies", "key"), ("sphere", "spheres", "key")],
    )
    db.table("documents").create(
        {
            "id": str,
            "identifier": str,
            "identifier_text": str,
            "work": str,
            "family": str,
            "body": str,
            "sphere": str,
            "kind": str,
            "kind_text": str,
            "force": str,
            "edition": str,
            "edition_key": str,
            "stage": str,
            "title": str,
            "title_zh": str,
            "status": str,
            "status_text": str,
            "published": str,
            "published_precision": str,
            "published_text": str,
            "implemented": str,
            "implemented_text": str,
            "withdrawn": str,
            "withdrawn_text": str,
            "updated": str,
            "updated_text": str,
            "year": int,
            "ics": str,
            "ccs": str,
            "committee": str,
            "issuer_text": str,
            "owner_text": str,
            "url": str,
            "tier": str,
            "other_sources": str,
            "first_seen": str,
            "last_seen": str,
            "vanished_at": str,
            "is_in_force": int,
            "in_force_basis": str,
            "is_newest": int,
            **PROVENANCE,
        },
        pk="id",
        not_null={"sphere", "source", "run"},
        foreign_keys=[
            ("work", "works", "id"),
            ("body", "bodies", "key"),
            ("sphere", "spheres", "key"),
            ("status", "statuses", "key"),
            ("source", "sources", "key"),
            ("run", "runs", "id"),
        ],
    ).create_index(["work"])
    db.table("document_texts").create(
        {"document": str, "keywords": str, "abstract": str},
        pk="document",
        foreign_keys=[("document", "documents", "id")],
    )
    db.table("document_topics").create(
        {"document": str, "topic": str, "rule": str, "matched": str},
        pk=("document", "topic"),
        not_null={"rule"},
        foreign_keys=[("document", "documents", "id"), ("topic", "topics", "key")],
    ).create_index(["topic"])
    db.table("relations").create(
        {
            "id": int,
            "document": str,
            "type": str,
            "degree": str,
            "degree_text": str,
            "target_text": str,
            "target_identifier": str,
            "target_work": str,
            "target_edition_key": str,
            "target_document": str,
            "resolution": str,
            "method": str,
            "confidence": str,
            "is_stale": int,
            "is_orphan": int,
            "evidence": str,
            **PROVENANCE,
        },
        pk="id",
        not_null={"document", "type", "target_text", "method", "confidence"},
        foreign_keys=[
            ("document", "documents", "id"),
            ("degree", "degrees", "key"),
            ("target_document", "documents", "id"),
            ("run", "runs", "id"),
        ],
    )
    db.table("relations").create_index(["document"])
    db.table("relations").create_index(["target_work"])
    db.table("relations").create_index(["target_document"])


@migrations()
def m005_certificates(db: Database) -> None:
    db.table("certificates").create(
        {
            "id": str,
            "number": str,
            "scheme": str,
            "scheme_text": str,
            "body": str,
            "sphere": str,
            "vendor": str,
            "vendor_key": str,
            "vendor_text": str,
            "country": str,
            "country_text": str,
            "country_role": str,
            "product": str,
            "category": str,
            "level": str,
            "status": str,
            "status_text": str,
            "issued": str,
            "issued_text": str,
            "expires": str,
            "expires_text": str,
            "year": int,
            "lab_text": str,
            "maintenance": str,
            "url": str,
            "tier": str,
            "first_seen": str,
            "last_seen": str,
            "vanished_at": str,
            **PROVENANCE,
        },
        pk="id",
        not_null={"scheme", "sphere", "source", "run"},
        foreign_keys=[
            ("body", "bodies", "key"),
            ("sphere", "spheres", "key"),
            ("status", "statuses", "key"),
            ("source", "sources", "key"),
            ("run", "runs", "id"),
        ],
    )
    db.table("certificate_standards").create(
        {
            "certificate": str,
            "type": str,
            "target_text": str,
            "target_identifier": str,
            "target_work": str,
            "target_document": str,
        },
        pk=("certificate", "type", "target_text"),
        foreign_keys=[("certificate", "certificates", "id"), ("target_document", "documents", "id")],
    )
    db.table("memberships").create(
        {
            "id": str,
            "committee": str,
            "committee_title": str,
            "member": str,
            "country": str,
            "country_text": str,
            "sphere": str,
            "role": str,
            "url": str,
            "first_seen": str,
            "last_seen": str,
            "vanished_at": str,
            **PROVENANCE,
        },
        pk="id",
        not_null={"committee", "member", "role", "source", "run"},
        foreign_keys=[("sphere", "spheres", "key"), ("source", "sources", "key"), ("run", "runs", "id")],
    )


@migrations()
def m006_state(db: Database) -> None:
    db.table("state").create({"key": str, "value": str}, pk="key")


MIGRATION_NAMES = [migration.name for migration in migrations.pending(sqlite_utils.Database(memory=True))]


def open_db(path: str | Path, *, create: bool = True) -> Database:
    """The ingest database at `path`, brought to this code's schema, with code tables and views filled.

    Raises DatabaseError when the file is missing (and `create` is false), not a database, or from newer code.
    """
    path = Path(path)
    if not create and not path.exists():
        raise DatabaseError(f"{path}: no such database; `spheres crawl` or `spheres demo` makes one")
    if not path.parent.is_dir():
        raise DatabaseError(f"{path}: the folder {path.parent} does not exist")
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=normal")
        connection.execute("pragma foreign_keys=off")
        db = Database(connection)
        refuse_newer(db, path)
        migrations.apply(db)
        fill_code_tables(db)
        create_views(db)
    except sqlite3.DatabaseError as error:
        raise DatabaseError(f"{path}: {error}") from error
    return db


def refuse_newer(db: Database, path: Path) -> None:
    if "_sqlite_migrations" not in db.table_names():
        if db.table_names():
            raise DatabaseError(f"{path}: is a database of something else (tables: {', '.join(db.table_names()[:5])})")
        return
    applied = {row["name"] for row in db.query("select name from _sqlite_migrations")}
    if newer := sorted(applied - set(MIGRATION_NAMES)):
        raise DatabaseError(
            f"{path}: written by a newer version (migration {newer[0]} is unknown here); update the program"
        )


def fill_code_tables(db: Database) -> None:
    """Code tables mirror the taxonomy files; rows are compared first so that an unchanged open writes nothing."""
    wanted = {
        "spheres": [(s.key, s.label, s.description) for s in taxonomy.SPHERES.values()],
        "bodies": [
            (b.key, b.name, b.name_native, b.sphere, b.reason, b.since, b.until, b.country, b.kind, b.url, b.source_url)
            for b in taxonomy.BODIES.values()
        ],
        "topics": [(t.key, t.label, t.label_zh, t.description) for t in taxonomy.TOPICS.values()],
        "statuses": [(s.key, s.label, int(s.in_force), s.description) for s in taxonomy.STATUSES.values()],
        "degrees": [(d.key, d.label, int(d.is_adoption), d.description) for d in taxonomy.DEGREES.values()],
    }
    with db.conn:
        for table, rows in wanted.items():
            stored = {tuple(row) for row in db.execute(f"select * from {table}")}
            if stored == set(rows):
                continue
            marks = ",".join("?" * len(rows[0]))
            db.conn.execute("begin immediate")
            db.conn.execute(f"delete from {table}")
            db.conn.executemany(f"insert into {table} values ({marks})", rows)
            db.conn.execute("commit")


def create_views(db: Database) -> None:
    for path in sorted(VIEWS_DIR.glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        db.create_view(path.stem, sql.strip().rstrip(";"), replace=True)
