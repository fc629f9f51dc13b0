"""What publishing prepares so that no page counts a million rows: counts as tables, indexes in the order of pages."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from small_snapshot import build_snapshot

from crawler.launcher import datasette_on
from crawler.serving import METADATA
from standards_db.datasette_plugin import front
from standards_db.datasette_plugin.pages import pair, topic

# count table, column that counts, table that is counted, columns by which the two are compared
COUNTED = (
    ("document_counts", "document_count", "documents", "body, sphere, kind, status, year, is_in_force"),
    ("adoption_counts", "adoption_count", "adoptions", "sphere, body, work_body, is_counted, is_stale"),
    ("certificate_counts", "certificate_count", "certificates", "scheme, sphere, country, level, status, year, source"),
    ("topic_bodies", "in_force_count + other_count", "topic_documents", "topic, body, sphere"),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_snapshot(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="module")
def snapshot(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path)
    yield connection
    connection.close()


@pytest.mark.parametrize(("counts", "column", "table", "by"), COUNTED)
def test_counts_are_those_of_the_rows(
    snapshot: sqlite3.Connection, counts: str, column: str, table: str, by: str
) -> None:
    """Group by group, and nothing counted twice."""
    prepared = snapshot.execute(f"select {by}, sum({column}) from {counts} group by {by} order by {by}").fetchall()
    live = snapshot.execute(f"select {by}, count(*) from {table} group by {by} order by {by}").fetchall()
    assert prepared == live and live


def test_fields_of_a_source(snapshot: sqlite3.Connection) -> None:
    """Shares of filled fields are those of the documents and certificates shown from the source."""
    for table, holds, field, column in (
        ("documents", "documents", "published", "published"),
        ("documents", "documents", "title", "coalesce(title, title_zh)"),
        ("certificates", "certificates", "vendor", "vendor_key"),
    ):
        prepared = snapshot.execute(
            "select source, record_count, filled_count from source_fields where holds = ? and field = ? order by 1",
            [holds, field],
        ).fetchall()
        sql = f"select source, count(*), count({column}) from {table} group by 1 order by 1"
        assert prepared == snapshot.execute(sql).fetchall() != []


def test_rows_of_every_table_are_told(path: Path, snapshot: sqlite3.Connection) -> None:
    """The server takes the numbers of rows and the hash from the snapshot: it reads no file to its end."""
    told = json.loads(snapshot.execute("select table_rows from snapshot").fetchone()[0])
    tables = [
        row[0]
        for row in snapshot.execute("select name from sqlite_master where type = 'table'")
        if "_fts" not in row[0] and not row[0].startswith("sqlite_")
    ]
    assert told == {table: snapshot.execute(f"select count(*) from {table}").fetchone()[0] for table in tables}
    served = datasette_on(path, {}).get_database("standards")
    assert served.hash == snapshot.execute("select sha256 from snapshot").fetchone()[0]
    assert asyncio.run(served.table_counts()) == told


def test_a_snapshot_without_these_numbers_is_served(tmp_path: Path) -> None:
    """One that an older version built has no `table_rows`: Datasette counts itself."""
    old = tmp_path / "standards.db"
    connection = sqlite3.connect(old)
    connection.execute("create table snapshot (sha256 text)")
    connection.commit()
    connection.close()
    assert datasette_on(old, {}).inspect_data is None


@pytest.mark.parametrize("sql", [front.CHANGES, topic.HOME_GROWN, topic.WORKS, pair.SHARED])
def test_first_rows_come_in_the_order_of_an_index(snapshot: sqlite3.Connection, sql: str) -> None:
    """What a page shows first is read from an index; nothing is sorted to find it."""
    known = {"key": "isms", "sphere": "cn", "shown": 8, "a": "cn", "b": "eu"}
    plan = [row[3] for row in snapshot.execute(f"explain query plan {sql}", known)]
    assert not [step for step in plan if "ORDER BY" in step], plan


def test_table_permission_is_read_once_and_holds(path: Path) -> None:
    """Descriptions are not copied for each question, and a table that they close stays closed."""
    served = datasette_on(path, {})

    async def ask() -> list[int]:
        await served.invoke_startup()
        served._metadata_local["databases"]["standards"]["tables"]["works"]["allow"] = False
        pages = ("/standards/works", "/standards/works", "/standards/documents", "/standards/works.json")
        return [(await served.client.get(page)).status_code for page in pages]

    assert asyncio.run(ask()) == [403, 403, 200, 403]
    assert served._table_permission_allows.cache_info().hits > 0


def test_designed_rows_count_no_references(path: Path) -> None:
    """The page of a body is answered without looking for what points to it; its JSON still can."""
    served = datasette_on(path, {})
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    assert "bodies" in metadata["databases"]["standards"]["tables"]
    asked: list[str] = []

    async def ask() -> list[int]:
        await served.invoke_startup()
        database = served.get_database("standards")
        execute = database.execute

        async def noted(sql: str, *given: object, **named: object) -> object:
            asked.append(sql)
            return await execute(sql, *given, **named)

        database.execute = noted
        pages = ("/standards/bodies/sac", "/standards/bodies/nobody", "/standards/bodies/sac.json?_shape=array")
        return [(await served.client.get(page)).status_code for page in pages]

    assert asyncio.run(ask()) == [200, 404, 200]
    assert not [sql for sql in asked if sql.count("(select count(*) from") > 3]
