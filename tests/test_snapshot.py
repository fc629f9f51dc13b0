"""Publishing: whole or not at all, the same every time, and shaped so that Datasette finds keys, labels and search."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from datasette import hookimpl
from datasette.app import Datasette
from datasette.plugins import pm
from small_world import PAGE, World, small_world

from standards_db import measuring, questions, schema, search, snapshot, snapshot_tables
from standards_db.measures.model import PIVOTS_DIR
from standards_db.questions import QuestionError
from standards_db.snapshot import SnapshotError, publish

OWN = (
    "snapshot", "measure_sql", "source_records", "state", "measures", "measure_settings", "figure_years", "figures",
    "divergence_pairs", "findings", "adoption_lag_curve", "mappings", "mapping_bodies", "figures_by_mapping",
)  # fmt: skip
KINDS = {"INTEGER": ("integer", "null"), "REAL": ("real", "null"), "FLOAT": ("real", "null"), "TEXT": ("text", "null")}


def query(path: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        search.register(connection)
        return connection.execute(sql, values).fetchall()


def full_world() -> World:
    """The small world with a row in the tables that measures do not read."""
    world = small_world()
    world.document("GB/T 22239-2019", "cn", ["mlps"], title_zh="信息安全技术 网络安全等级保护基本要求", title=None)
    world.add("document_texts", document="GB/T 22239-2019", keywords="等级保护; 5G", abstract="long text")
    world.certificate("EUCC-1", vendor="Müller AG", product="Kartenleser 5G")
    record = {"source": "register_cn", "kind": "document", "last_run": 1, "first_seen": "a", "last_seen": "b", **PAGE}
    world.add("records", key="1", entity="GB/T 22239-2019", payload=json.dumps({"title": "t"}), **record)
    world.add("staged", run=1, key="1", kind="document", entity="not judged yet", payload="{}")
    world.add("state", key="as_of", value="2026-03-02")
    world.add("state", key="resolve", value="done")
    return world


@pytest.fixture
def ingest(tmp_path: Path) -> Path:
    return full_world().write(tmp_path / "ingest.db")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    publish(full_world().write(folder / "ingest.db"), folder / "standards.db")
    return folder / "standards.db"


def tables(path: Path) -> list[str]:
    return [
        name
        for (name,) in query(path, "select name from sqlite_master where type = 'table' order by name")
        if "_fts" not in name and not name.startswith("sqlite_")
    ]


def test_every_view_and_data_table_is_a_table(published: Path) -> None:
    """Readers find tables only: code and data tables, one per view, and what tells of the snapshot itself."""
    views = [measure.name for measure in questions.questions()]
    assert set(tables(published)) == {*snapshot_tables.CODE_TABLES, *snapshot_tables.DATA_TABLES, *views, *OWN}
    assert query(published, "select count(*) from sqlite_master where type in ('view', 'trigger')") == [(0,)]


def test_nothing_staged_and_no_other_state_is_published(published: Path) -> None:
    """Staged rows and the program's own marks stay in the ingest database."""
    assert b"not judged yet" not in published.read_bytes()
    assert query(published, "select key, value from state") == [("as_of", "2026-03-02")]
    assert query(published, "select source, key, entity, payload from source_records") == [
        ("register_cn", "1", "GB/T 22239-2019", '{"title": "t"}')
    ]


def test_every_value_has_its_declared_type(published: Path) -> None:
    """A column made from a view holds what its name promises: a flag is an integer, a share a number, a link text."""
    for table in tables(published):
        for _, name, declared, *_ in query(published, f"pragma table_info({table})"):
            found = {kind for (kind,) in query(published, f"select distinct typeof([{name}]) from {table}")}
            assert found <= set(KINDS[declared.upper()]), f"{table}.{name} is {declared} and holds {found}"


def test_keys_of_made_tables_lead_to_labelled_tables(published: Path) -> None:
    """Tables made from views have primary keys and foreign keys, and every key is explained by its code table."""
    for measure in questions.questions():
        columns = query(published, f"pragma table_info({measure.name})")
        key = {row[1] for row in columns if row[5]}
        assert key == set(snapshot_tables.PRIMARY_KEYS.get(measure.name, ())), measure.name
        targets = {row[3]: row[2] for row in query(published, f"pragma foreign_key_list({measure.name})")}
        for code, table in (("topic", "topics"), ("sphere", "spheres"), ("sphere_a", "spheres"), ("degree", "degrees")):
            assert targets.get(code) == (table if code in {row[1] for row in columns} else None)
    assert query(published, "pragma foreign_key_check") == []
    assert query(published, "select label from degrees where key = 'unstated'") == [("degree not stated",)]


def test_a_reader_can_run_each_measure_again(published: Path) -> None:
    """The text kept in measure_sql gives, run in the snapshot, the rows of the table of that name."""
    kept = query(published, "select name, question, sql, row_count from measure_sql")
    assert len(kept) == len(list(schema.VIEWS_DIR.glob("*.sql"))) + len(list(PIVOTS_DIR.glob("*.sql")))
    for name, question, sql, row_count in kept:
        assert question.endswith("?"), f"{name}: the first line asks no question: {question}"
        again = query(published, sql)
        assert set(again) == set(query(published, f"select * from {name}"))
        assert len(again) == row_count


def test_the_snapshot_tells_what_it_is(published: Path) -> None:
    """One row names date, ingest file without its folder, version, counts and hash."""
    (row,) = query(published, "select as_of, ingest, documents, certificates, adoptions, length(sha256) from snapshot")
    counts = [query(published, f"select count(*) from {t}")[0][0] for t in ("documents", "certificates")]
    adoptions = query(published, "select count(*) from adoptions where is_counted = 1")[0][0]
    assert row == ("2026-03-02", "ingest.db", *counts, adoptions, 64)


def test_same_ingest_same_snapshot(ingest: Path, tmp_path: Path) -> None:
    """Publishing twice gives the same rows in the same order; only the time of building differs."""
    first, second = publish(ingest, tmp_path / "a.db"), publish(ingest, tmp_path / "b.db")
    assert first.sha256 == second.sha256
    dumps = []
    for name in ("a.db", "b.db"):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            dumps.append([line for line in connection.iterdump() if 'INTO "snapshot"' not in line])
    assert dumps[0] == dumps[1]


def test_another_row_gives_another_hash(ingest: Path, tmp_path: Path) -> None:
    """The hash covers the rows."""
    before = publish(ingest, tmp_path / "a.db").sha256
    with closing(sqlite3.connect(ingest)) as connection:
        connection.execute("update documents set title = 'another' where id = 'C 1-2020'")
        connection.commit()
    assert publish(ingest, tmp_path / "a.db").sha256 != before


def test_the_file_is_served_as_it_lies(published: Path) -> None:
    """No write-ahead log: a server that opens the file as immutable sees all of it."""
    assert published.read_bytes()[18:20] == b"\x01\x01"
    assert sorted(p.name for p in published.parent.glob("standards.db*")) == ["standards.db"]


def test_the_ingest_database_is_only_read(ingest: Path, tmp_path: Path) -> None:
    """Publishing leaves the ingest file byte for byte as it was."""
    before = hashlib.sha256(ingest.read_bytes()).digest()
    publish(ingest, tmp_path / "standards.db")
    assert hashlib.sha256(ingest.read_bytes()).digest() == before


def test_one_moment_is_copied(ingest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows written while the copy runs are wholly absent, never half present."""
    real = snapshot.order_by
    seen: set[str] = set()

    def write_meanwhile(connection: sqlite3.Connection, table: str) -> str:
        if table == "documents" and not seen:
            seen.add(table)
            with closing(sqlite3.connect(ingest)) as other:
                other.execute("insert into document_topics values ('C 1-2020', 'cloud', 'late', null)")
                other.commit()
        return real(connection, table)

    monkeypatch.setattr(snapshot, "order_by", write_meanwhile)
    publish(ingest, tmp_path / "standards.db")
    assert query(tmp_path / "standards.db", "select count(*) from document_topics where rule = 'late'") == [(0,)]
    assert query(ingest, "select count(*) from document_topics where rule = 'late'") == [(1,)]


def assert_untouched(out: Path) -> None:
    assert out.read_bytes() == b"the old one"
    assert not out.with_name(f"{out.name}.tmp").exists()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "standards.db"
    path.write_bytes(b"the old one")
    return path


def test_a_missing_or_foreign_ingest_leaves_the_old_file(tmp_path: Path, old: Path) -> None:
    """No ingest database, a file that is none, and a database of something else are named in the error."""
    (tmp_path / "text.db").write_text("this is no database, whatever its name may say" * 50)
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("create table t (a)")
    for name, reason in (("none.db", "no such"), ("text.db", "not a database"), ("other.db", "no table spheres")):
        with pytest.raises(SnapshotError, match=reason) as caught:
            publish(tmp_path / name, old)
        assert name in str(caught.value)
        assert_untouched(old)


def test_the_ingest_database_is_never_overwritten(ingest: Path) -> None:
    """Publishing onto the ingest database itself is refused."""
    with pytest.raises(SnapshotError, match="is the ingest database itself"):
        publish(ingest, ingest)


def test_a_folder_that_is_not_there(ingest: Path, tmp_path: Path) -> None:
    """The error names the folder that is missing."""
    with pytest.raises(SnapshotError, match="nowhere does not exist"):
        publish(ingest, tmp_path / "nowhere" / "standards.db")


def test_a_full_disk_leaves_the_old_file(ingest: Path, old: Path) -> None:
    """When no more can be written the error names the file, the old one stays, and no half file is left."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000));"
        "from standards_db.snapshot import publish, SnapshotError\n"
        "try: publish(sys.argv[1], sys.argv[2])\n"
        "except SnapshotError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, ingest, old], capture_output=True, text=True, check=True)
    assert str(old) in done.stdout, done.stderr
    assert "disk" in done.stdout
    assert_untouched(old)


def test_a_broken_measure_leaves_the_old_file(ingest: Path, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that does not run stops publishing."""
    broken = [*questions.questions(), questions.Question("bad", "What?", "", "select 1 from nowhere")]
    monkeypatch.setattr(measuring, "questions", lambda folder: broken)
    with pytest.raises(SnapshotError, match="nowhere"):
        publish(ingest, old)
    assert_untouched(old)


def test_two_at_once(ingest: Path, old: Path) -> None:
    """While one process publishes a file another is refused and takes nothing away."""
    unfinished = old.with_name("standards.db.tmp")
    handle = os.open(unfinished, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(SnapshotError, match="another process"):
        publish(ingest, old)
    assert unfinished.exists()
    os.close(handle)
    assert publish(ingest, old).rows["documents"] > 0


def test_a_leftover_is_written_over(ingest: Path, old: Path) -> None:
    """What a killed process left behind does not end up in the snapshot."""
    old.with_name("standards.db.tmp").write_bytes(b"rubbish" * 100_000)
    publish(ingest, old)
    assert query(old, "pragma integrity_check") == [("ok",)]


def test_adoptions_that_cannot_be_counted_are_reported(tmp_path: Path) -> None:
    """An edge to a work that is in no table, and a key that no code table explains, are warnings."""
    world = small_world()
    world.adopts("C 5-2020", "ISO 77", "IDT")
    world.document("C 50-2020", "cn", body="nobody_knows")
    report = publish(world.write(tmp_path / "i.db"), tmp_path / "standards.db")
    assert str(report).startswith("32 documents, 0 certificates, 18 adoption edges of any degree; ")
    assert str(report).count("\nwarning: ") == 2
    assert report.warnings == [
        "1 adoptions point to works that are in no table and are not counted",
        "1 rows of documents point to no row of bodies",
    ]


def test_views_that_need_each_other(tmp_path: Path) -> None:
    """A circle of views is named, and so is a view that asks no question."""
    (tmp_path / "a.sql").write_text("-- A?\nselect * from b")
    (tmp_path / "b.sql").write_text("-- B?\nselect * from a")
    with pytest.raises(QuestionError, match="a, b"):
        questions.questions(tmp_path)
    (tmp_path / "b.sql").write_text("select 1 as one")
    with pytest.raises(QuestionError, match=r"b\.sql"):
        questions.questions(tmp_path)


def test_facet_counts_come_from_an_index_alone(published: Path) -> None:
    """Counting a facet column under a filter on another reads no table row."""
    for table, columns in snapshot_tables.ROTATIONS.items():
        for facet in columns:
            sql = f"explain query plan select {facet}, count(*) from {table} where {columns[0]} = 'x' group by {facet}"
            plan = " ".join(row[3] for row in query(published, sql))
            assert "COVERING INDEX" in plan, f"{table}.{facet}: {plan}"


class Search:
    """The part of the plugin that search needs."""

    __name__ = "search_for_test"

    @hookimpl(trylast=True)
    def prepare_connection(self, conn: sqlite3.Connection) -> None:
        search.register(conn)


@pytest.mark.parametrize(
    ("table", "text", "expected"),
    [
        ("documents", "等级保护", ["GB/T 22239-2019"]),
        ("documents", "级", ["GB/T 22239-2019"]),
        ("documents", "22239", ["GB/T 22239-2019"]),
        ("documents", "２２２３９", ["GB/T 22239-2019"]),
        ("documents", "GB/T 22239", ["GB/T 22239-2019"]),
        ("documents", "5g", ["GB/T 22239-2019"]),
        ("documents", "级等", []),
        ("documents", '"', []),
        ("documents", '等级"', ["GB/T 22239-2019"]),
        ("documents", "AND (", []),
        ("certificates", "muller", ["EUCC-1"]),
        ("certificates", "eucc 5G", ["EUCC-1"]),
    ],
)
def test_search_in_datasette(published: Path, table: str, text: str, expected: list[str]) -> None:
    """Datasette's own search box finds Chinese, digits and folded letters, and a lone quote is no error."""

    async def ids() -> list[str]:
        datasette = Datasette([], immutables=[str(published)])
        params = {"_search": text, "_shape": "objects"}
        response = await datasette.client.get(f"/standards/{table}.json", params=params)
        assert response.status_code == 200, response.text
        return [row["id"] for row in response.json()["rows"]]

    plugin = Search()
    pm.register(plugin)
    try:
        assert asyncio.run(ids()) == expected
    finally:
        pm.unregister(plugin)
