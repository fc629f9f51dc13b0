"""The data package: what is written is what the snapshot holds, described, hashed, and valid for a foreign tool."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset
import pyarrow.parquet
import pytest
import yaml
from click.testing import CliRunner
from frictionless import Package
from served import METADATA
from small_snapshot import build_snapshot

from crawler.cli import main
from standards_db import parquet
from standards_db.export import LEFT_OUT, ExportError, export
from standards_db.parquet import MONTHS


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_snapshot(tmp_path_factory.mktemp("snapshot"))


@pytest.fixture(scope="module")
def folder(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An export made by the command."""
    out = tmp_path_factory.mktemp("export") / "package"
    result = CliRunner().invoke(main, ["export", "--snapshot", str(snapshot), "--out", str(out)])
    assert result.exit_code == 0, result.output
    yield out


def package(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))


def test_every_table_is_there_with_all_its_rows_in_every_format(snapshot: Path, folder: Path) -> None:
    """CSV, JSON lines and Parquet of a table hold as many rows as the table, for every described one."""
    tables = set(yaml.safe_load(METADATA.read_text(encoding="utf-8"))["databases"]["standards"]["tables"]) - set(
        LEFT_OUT
    )
    connection = sqlite3.connect(snapshot)
    for table in sorted(tables):
        expected = connection.execute(f"select count(*) from {table}").fetchone()[0]
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            assert sum(1 for _ in csv.reader(file)) - 1 == expected, table
        assert len((folder / f"{table}.jsonl").read_text(encoding="utf-8").splitlines()) == expected, table
        assert pyarrow.parquet.read_metadata(folder / f"{table}.parquet").num_rows == expected, table
    connection.close()


def test_a_foreign_tool_finds_the_package_valid(folder: Path) -> None:
    """Frictionless accepts descriptor, types, keys and rows of the tables that carry a schema."""
    described = Package(package(folder), basepath=str(folder))
    for name in [one.name for one in described.resources if one.format != "csv"]:
        described.remove_resource(name)
    report = described.validate()

    assert report.valid, report.flatten(["title", "message"])[:5]
    assert len(described.resources) > 30


def test_package_names_snapshot_sources_and_licences(snapshot: Path, folder: Path) -> None:
    """The package carries the hash and day of the snapshot, and each source with the terms of its facts."""
    sha256, as_of = sqlite3.connect(snapshot).execute("select sha256, as_of from snapshot").fetchone()
    described = package(folder)

    assert (described["id"], described["version"]) == (f"sha256:{sha256}", as_of)
    assert {source["name"] for source in described["sources"]} >= {"iso_test", "samr_test"}
    for entry in described["resources"]:
        content = (folder / entry["path"]).read_bytes()
        assert entry["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}" and entry["bytes"] == len(content)
        assert entry["title"]


def test_csv_is_safe_for_spreadsheets_and_the_rest_exact(folder: Path) -> None:
    """A cell like a formula has an apostrophe in CSV and is as printed in JSON and Parquet."""
    formula = '=HYPERLINK("http://evil.example","x")'
    with (folder / "certificates.csv").open(encoding="utf-8", newline="") as file:
        cells = {row["id"]: row["vendor"] for row in csv.DictReader(file)}
    lines = [json.loads(line) for line in (folder / "certificates.jsonl").read_text(encoding="utf-8").splitlines()]
    columns = pyarrow.parquet.read_table(folder / "certificates.parquet", columns=["vendor"]).to_pydict()

    assert cells["cert_test:2"] == f"'{formula}"
    assert formula in [line["vendor"] for line in lines] and formula in columns["vendor"]


@pytest.mark.parametrize(("found", "reason"), [("nothing", "no such snapshot"), ("full", "is not empty")])
def test_a_bad_call_says_what_is_wrong(snapshot: Path, tmp_path: Path, found: str, reason: str) -> None:
    """A missing snapshot and a folder that holds something are refused with the path and the reason."""
    (tmp_path / "kept.txt").write_text("x", encoding="utf-8")
    path = snapshot if found == "full" else tmp_path / "none.db"
    out = tmp_path if found == "full" else tmp_path / "out"
    with pytest.raises(ExportError, match=reason):
        export(path, out, yaml.safe_load(METADATA.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def partitioned(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A snapshot with documents of three months and one of none, and its partitioned export."""
    folder = tmp_path_factory.mktemp("partitioned")
    changed = folder / "standards.db"
    shutil.copy(snapshot, changed)
    with closing(sqlite3.connect(changed)) as connection, connection:
        connection.execute("update documents set first_seen = '2026-0' || (1 + rowid % 3) || '-15T00:00:00Z'")
        connection.execute("update documents set first_seen = null where identifier = 'GB/T 22239-2019'")
        connection.execute("update certificates set first_seen = '2026-10-01'")
        connection.execute("update documents set source = 'a/b=c d' where identifier = 'EN 17740:2023'")
    result = CliRunner().invoke(
        main,
        ["export", "--snapshot", str(changed), "--out", str(folder / "out"), "--format", "parquet", "--partitioned"],
    )
    assert result.exit_code == 0, result.output
    return changed, folder / "out"


COUNTS = "select source, substr({month}, 1, 7), count(*) from {table} group by 1, 2 order by 1, 2"


@pytest.mark.parametrize("table", sorted(MONTHS))
def test_partitions_are_read_by_duckdb_and_pyarrow(partitioned: tuple[Path, Path], table: str) -> None:
    """DuckDB and pyarrow find every row of a partitioned table, with the source and the month of its folder."""
    changed, folder = partitioned
    with closing(sqlite3.connect(changed)) as connection:
        expected = connection.execute(COUNTS.format(table=table, month=MONTHS[table])).fetchall()
        columns = {row[1] for row in connection.execute(f"pragma table_info({table})")}
    if not expected:
        assert (folder / f"{table}.parquet").exists() and not (folder / table).exists()
        return

    by_duckdb = duckdb.sql(
        f"select source, month, count(*) from read_parquet('{folder}/{table}/**/*.parquet', hive_partitioning = true)"
        " group by all order by source, month nulls first"
    ).fetchall()
    dataset = pyarrow.dataset.dataset(folder / table, partitioning="hive")
    by_pyarrow = Counter((row["source"], row["month"]) for row in dataset.to_table().to_pylist())

    assert by_duckdb == expected
    assert by_pyarrow == {(source, month): count for source, month, count in expected}
    assert set(dataset.schema.names) == columns | {"month"}


def test_a_reader_of_one_month_opens_its_files_only(partitioned: tuple[Path, Path]) -> None:
    """The rows of one source and month are those of its folder, exactly as they are in the snapshot."""
    changed, folder = partitioned
    with closing(sqlite3.connect(changed)) as connection:
        sql = (
            "select id, title_zh from documents where source = 'samr_test' and first_seen like '2026-02-%' order by id"
        )
        expected = connection.execute(sql).fetchall()
    place = folder / "documents" / "source=samr_test" / "month=2026-02"
    rows = pyarrow.parquet.ParquetFile(place / "part-0.parquet").read().to_pylist()

    assert [(row["id"], row["title_zh"]) for row in rows] == expected != []
    assert "source" not in rows[0]


def test_every_part_is_described(partitioned: tuple[Path, Path]) -> None:
    """The package lists the files of a partitioned table with size and hash, and no file besides."""
    _, folder = partitioned
    entries = package(folder)["resources"]
    parts = [part for entry in entries for part in entry.get("parts", [entry])]
    for part in parts:
        content = (folder / part["path"]).read_bytes()
        assert part["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}" and part["bytes"] == len(content)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
    assert {part["path"] for part in parts} == found
    assert len(found) > len(entries)


def test_partitions_belong_to_parquet(snapshot: Path, tmp_path: Path) -> None:
    """Asking for partitions of CSV is a wrong command."""
    arguments = [
        "export",
        "--snapshot",
        str(snapshot),
        "--out",
        str(tmp_path / "o"),
        "--format",
        "csv",
        "--partitioned",
    ]
    result = CliRunner().invoke(main, arguments)

    assert (result.exit_code, "add --format parquet" in result.stderr) == (2, True)


def test_a_partition_is_written_batch_by_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows a partition has, one batch at a time is held: each is a row group of one file."""
    monkeypatch.setattr(parquet, "BATCH", 100)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create table exclusions (id integer primary key, source text, first_seen text)")
        rows = [(n, "fcc", "2026-01-05" if n < 950 else "2026-02-05") for n in range(1, 1001)]
        connection.executemany("insert into exclusions values (?,?,?)", rows)
        columns = {"id": "integer", "source": "string", "first_seen": "string"}
        count = parquet.write_partitions(connection, "exclusions", columns, ["id"], tmp_path)

    found = {path.parent.name: pyarrow.parquet.read_metadata(path) for path in tmp_path.rglob("*.parquet")}
    assert count == 1000
    assert {month: (one.num_rows, one.num_row_groups) for month, one in found.items()} == {
        "month=2026-01": (949, 10),
        "month=2026-02": (51, 1),
    }
