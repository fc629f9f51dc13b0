"""The ingest database: schema, code tables, views. Opened in one place: `open_db`.

Views are re-created at every open from `views/*.sql`. A database written by newer code is refused, not guessed at.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from standards_db import facts, taxonomy
from standards_db.facts import load
from standards_db.facts.mentions import mentions
from standards_db.migrations import migrations

VIEWS_DIR = Path(__file__).parent / "views"
BUSY_SECONDS = 30
RECOGNITION = (
    "arrangement",
    "member",
    "country",
    "role",
    "from_date",
    "to_date",
    "max_level",
    "scope",
    "source_url",
    "confidence",
)
MIGRATION_NAMES = [migration.name for migration in migrations.pending(Database(memory=True))]


class DatabaseError(Exception):
    """The database cannot be used as it is: says which file and why."""


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
        db = connect(path)
        refuse_newer(db, path)
        migrations.apply(db)
        fill_code_tables(db)
        create_views(db)
    except sqlite3.DatabaseError as error:
        raise DatabaseError(f"{path}: {error}") from error
    return db


def connect(path: str | Path, *, patience: float = BUSY_SECONDS) -> Database:
    """The ingest database as it is, for one that `open_db` has brought up to date. Writes wait `patience` seconds for
    others. Raises sqlite3.DatabaseError.
    """
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=normal")
    connection.execute("pragma foreign_keys=off")
    return Database(connection)


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
    wanted: dict[str, list[tuple[Any, ...]]] = {
        "spheres": [(s.key, s.label, s.description) for s in taxonomy.SPHERES.values()],
        "bodies": [
            (b.key, b.name, b.name_native, b.sphere, b.reason, b.since, b.until, b.country, b.kind, b.url, b.source_url)
            for b in taxonomy.BODIES.values()
        ],
        "topics": [(t.key, t.label, t.label_zh, t.description) for t in taxonomy.TOPICS.values()],
        "statuses": [(s.key, s.label, int(s.in_force), s.description) for s in taxonomy.STATUSES.values()],
        "countries": [(c.key, c.name, c.sphere, c.reason) for c in taxonomy.COUNTRIES.values()],
        "schemes": [
            (
                s.key,
                s.title,
                s.body,
                taxonomy.scheme_sphere(s),
                s.country,
                s.kind,
                s.since,
                s.until,
                s.url,
                s.source_url,
            )
            for s in taxonomy.SCHEMES.values()
        ],
        "recognition": [
            (number, *(row[name] or None for name in RECOGNITION), taking_part(row))
            for number, row in enumerate(load("recognition"), 1)
        ],
        "instrument_topics": [
            (
                topic,
                row["id"],
                row["sphere"],
                row["kind"],
                row["title"],
                row["in_force_date"] or row["adopted_date"] or None,
                row["source_url"],
            )
            for row in load("instruments")
            for topic in row["topics"].split(";")
            if topic
        ],
        "degrees": [(d.key, d.label, int(d.is_adoption), d.description) for d in taxonomy.DEGREES.values()],
        **{name: facts.stored_rows(name) for name in facts.STORED},
        "fact_mentions": list(mentions()),
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


def taking_part(row: dict[str, str]) -> str | None:
    """The scheme with which a member takes part; None where it has none, several, or signed for no scheme."""
    if row["member"].startswith("(") or row["role"] == "none":
        return None
    scheme = taxonomy.scheme_in(row["arrangement"], row["country"] or None)
    return scheme.key if scheme else None


def create_views(db: Database) -> None:
    for path in sorted(VIEWS_DIR.glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        db.create_view(path.stem, sql.strip().rstrip(";"), replace=True)
