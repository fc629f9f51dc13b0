"""Table `sources`: what the sources declare of themselves, lists that people bring, and registers nobody may read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from standards_db.store import transaction

IMPORTED = "import_"


def register_sources(db: Database, rows: Iterable[dict[str, Any]]) -> None:
    """Mirror the declared sources; a declared one that is gone stays, switched off. Imported lists are left alone."""
    rows = list(rows)
    with transaction(db) as connection:
        connection.executemany(upsert(rows[0]), rows)
        connection.execute(
            "update sources set is_on=0, why_off='no longer among the sources'"
            " where key not in (select value from json_each(?)) and substr(key, 1, ?) <> ?",
            [json.dumps([row["key"] for row in rows]), len(IMPORTED), IMPORTED],
        )


def register_source(db: Database, row: dict[str, Any]) -> None:
    """Add or renew one source: a list that a person brings."""
    with transaction(db) as connection:
        connection.execute(upsert(row), row)


def upsert(row: dict[str, Any]) -> str:
    names = ",".join(row)
    marks = ",".join(f":{name}" for name in row)
    sets = ",".join(f"{name}=excluded.{name}" for name in row if name != "key")
    return f"insert into sources ({names}) values ({marks}) on conflict(key) do update set {sets}"
