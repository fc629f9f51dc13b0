"""The data package: what is written is what the snapshot holds, described, hashed, and valid for a foreign tool."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
import yaml
from click.testing import CliRunner
from frictionless import Package
from served import METADATA
from small_snapshot import build_snapshot

from crawler.cli import main
from standards_db.export import LEFT_OUT, ExportError, export


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
