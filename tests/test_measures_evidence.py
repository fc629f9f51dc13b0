"""Evidence: every figure opens exactly its rows, in SQL and on Datasette's own page, and a link is never SQL itself."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from small_world import rows_at

from standards_db.measures import registry
from standards_db.measures.evidence import EvidenceError, count, query

SEED = 20261128
COUNTS = {measure.key: measure.counts for measure in registry.discover()}


@pytest.fixture(scope="module")
def sample(sample_snapshot: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(sample_snapshot)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def drawn(sample: sqlite3.Connection, size: int) -> list[dict[str, Any]]:
    """Figures drawn at random from each measure, half of them with something to count."""
    chosen: list[dict[str, Any]] = []
    dice = random.Random(SEED)
    for measure in COUNTS:
        for condition in ("coalesce(denominator, 0) > 0", "1"):
            found = sample.execute(f"select * from figures where measure = ? and {condition}", [measure]).fetchall()
            chosen += [dict(row) for row in dice.sample(found, min(size, len(found)))]
    return chosen


def test_random_figures_are_recounted_from_their_rows(sample: sqlite3.Connection) -> None:
    """Numerator and denominator are the numbers of rows that their links open, for all measures, topics and years."""
    figures = drawn(sample, 60)
    print(f"seed {SEED}: {len(figures)} figures")
    assert {row["measure"] for row in figures} == set(COUNTS)
    for row in figures:
        for name in ("numerator", "denominator"):
            if row[f"{name}_link"] is not None:
                column = COUNTS[row["measure"]] if name == "numerator" else ""
                assert count(sample, row[f"{name}_link"], column) == row[name], row
            else:
                assert row[name] is None, row
    assert len({row["year"] for row in figures if row["numerator"]}) > 5


def test_every_figure_with_a_value_opens_rows(sample: sqlite3.Connection) -> None:
    """What has a value has links, and its value follows from them where it is a share."""
    units = {measure.key: measure.unit for measure in registry.discover()}
    found = sample.execute("select * from figures where value is not null").fetchall()
    assert found
    for row in found:
        assert row["numerator_link"] and row["denominator_link"], dict(row)
        if units[row["measure"]] == "share" and row["denominator"]:
            assert row["value"] == pytest.approx(row["numerator"] / row["denominator"]), dict(row)


def test_datasette_opens_the_same_rows(sample: sqlite3.Connection, sample_snapshot: Path) -> None:
    """Datasette's table page shows for a link what the translation to SQL counts."""
    links = {row[f"{name}_link"] for row in drawn(sample, 3) for name in ("numerator", "denominator")} - {None}
    wanted = {link: count(sample, link) for link in links}
    assert len(wanted) > 30 and sum(wanted.values()) > 30
    assert rows_at(sample_snapshot, wanted) == wanted


@pytest.mark.parametrize(
    ("link", "rows"),
    [
        ("t", 4),
        ("t?a=1", 2),
        ("t?a=1&b=x", 1),
        ("t?a__not=1", 1),
        ("t?a__gte=2", 1),
        ("t?a__gt=1", 1),
        ("t?a__lte=1", 2),
        ("t?a__lt=1", 0),
        ("t?a__isnull=1", 1),
        ("t?a__notnull=1", 3),
        ("t?b=", 1),
        ("t?b=%26%27+or+1%3D1", 0),
    ],
)
def test_filters_mean_what_they_mean_in_datasette(tmp_path: Path, link: str, rows: int) -> None:
    """Each filter keeps the same rows in SQL and on the page; NULL passes no comparison."""
    path = tmp_path / "small.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (a integer, b text)")
        connection.executemany("insert into t values (?, ?)", [(1, "x"), (1, "y"), (2, ""), (None, None)])
        connection.commit()
        assert count(connection, link) == rows
    assert rows_at(path, [link]) == {link: rows}


def test_a_sum_over_rows() -> None:
    """A numerator that adds up a column is the sum of it over the rows of its link, 0 where there is none."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create table t (a integer, b integer)")
        connection.executemany("insert into t values (?, ?)", [(1, 4), (1, 5), (2, 6)])
        assert [count(connection, f"t?a={a}", "b") for a in (1, 2, 3)] == [9, 6, 0]
        with pytest.raises(EvidenceError, match="is no column"):
            count(connection, "t?a=1", "b) from t; drop table t; --")


@pytest.mark.parametrize("link", ["", "t; drop table t", "t?a__like=1", "t?_sort=a", "t?a]=1", "documents?x__y__z=1"])
def test_what_is_no_filtered_table_is_refused(link: str) -> None:
    """A link that is anything else is an error that names it; values never become SQL."""
    with pytest.raises(EvidenceError):
        query(link)
    assert query("t?a=1;drop")[1] == ["1;drop"]
