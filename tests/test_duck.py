"""The published figures computed again by DuckDB from the exported Parquet: the same rows, and a difference is seen."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
import yaml
from click.testing import CliRunner
from served import METADATA
from small_snapshot import build_snapshot

from crawler.cli import main
from standards_db.duck import Compared, PackageError, compare
from standards_db.export import export
from standards_db.measures.registry import discover
from standards_db.questions import questions


def packaged(snapshot: Path, folder: Path, *, partitioned: bool) -> Path:
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    export(snapshot, folder, metadata, ("parquet",), partitioned=partitioned)
    return folder


@pytest.fixture(scope="module")
def package(sample_snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packaged(sample_snapshot, tmp_path_factory.mktemp("duck") / "package", partitioned=True)


def test_every_view_and_measure_gives_the_same_rows(sample_snapshot: Path, package: Path) -> None:
    """Over the embedded sample no row of any view, measure, curve or pivot differs, and none is left out."""
    result = CliRunner().invoke(main, ["measure", "--parquet", str(package), "--json"])
    found = [Compared(**row) for row in json.loads(result.stdout)]

    assert [one for one in found if not one.is_equal] == []
    assert result.exit_code == 0
    wanted = {one.name for one in questions()} | {one.key for one in discover()}
    assert {one.name for one in found} == wanted | {"adoption_lag_curve", "divergence_pairs"}
    connection = sqlite3.connect(sample_snapshot)
    figures = connection.execute("select count(*) from figures").fetchone()[0]
    assert sum(one.rows for one in found if one.kind == "measure") == figures > 10_000
    with_value = connection.execute("select count(distinct measure) from figures where value is not null").fetchone()
    assert with_value[0] > 10
    connection.close()


def test_a_package_in_single_files_is_read_too(tmp_path: Path) -> None:
    """Without partitions the same tables are compared."""
    found = list(compare(packaged(build_snapshot(tmp_path), tmp_path / "flat", partitioned=False)))

    assert len(found) > 50 and all(one.is_equal for one in found)


def test_a_figure_that_differs_is_shown(package: Path, tmp_path: Path) -> None:
    """One published figure of another value: the command names its measure, shows both rows and ends with 1."""
    folder = tmp_path / "package"
    shutil.copytree(package, folder)
    figures = pyarrow.parquet.read_table(folder / "figures.parquet").to_pylist()
    changed = next(row for row in figures if row["measure"] == "uptake" and row["value"])
    changed["value"] += 0.25
    schema = pyarrow.parquet.read_schema(folder / "figures.parquet")
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(figures, schema), folder / "figures.parquet")

    result = CliRunner().invoke(main, ["measure", "--parquet", str(folder), "--json"])

    (one,) = [row for row in json.loads(result.stdout) if row["missing"] or row["extra"]]
    assert (result.exit_code, one["name"], one["missing"], one["extra"]) == (1, "uptake", 1, 1)
    assert str(changed["value"]) in one["example"] and "DuckDB" in one["example"]


def test_a_folder_that_is_no_package_is_refused(tmp_path: Path) -> None:
    """A folder without Parquet, or with some of it damaged, is named with the reason."""
    with pytest.raises(PackageError, match=r"holds no Parquet of .*; `spheres export` writes it"):
        list(compare(tmp_path))
    result = CliRunner().invoke(main, ["measure", "--parquet", str(tmp_path)])
    assert (result.exit_code, "holds no Parquet" in result.stderr) == (2, True)


def test_a_damaged_file_is_named(package: Path, tmp_path: Path) -> None:
    """A file that is not Parquet is named in one line."""
    folder = tmp_path / "package"
    shutil.copytree(package, folder)
    (folder / "topics.parquet").write_bytes(b"not Parquet")

    with pytest.raises(PackageError, match=r"topics\.parquet"):
        list(compare(folder))
