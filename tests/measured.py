"""Publishing a small world and reading its figures, for the tests of the measures."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from small_world import World

from standards_db.measures.compute import compute
from standards_db.measures.model import read_settings
from standards_db.measuring import answer_all, copy_tables, needed_by_measures
from standards_db.snapshot import publish


def published(world: World, folder: Path, name: str = "standards") -> Path:
    target = folder / f"{name}.db"
    publish(world.write(folder / f"ingest-{name}.db"), target)
    return target


def rows(path: Path, sql: str, *values: Any) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(sql, values)]


def figures(path: Path, measure: str = "") -> list[dict[str, Any]]:
    """All figures, or those of one measure, in the order of their key."""
    sql = "select * from figures where measure = ? or ? = '' order by measure, topic, sphere_a, sphere_b, year"
    return rows(path, sql, measure, measure)


def figure(path: Path, measure: str, topic: str, a: str, b: str = "", year: int | None = None) -> dict[str, Any]:
    """One figure; of the current year when none is given."""
    sql = (
        "select * from figures where measure = ? and topic = ? and sphere_a = ? and sphere_b = ?"
        " and year = coalesce(?, (select year from as_of))"
    )
    (row,) = rows(path, sql, measure, topic, a, b, year)
    return row


def some(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


@contextmanager
def measuring(world: World, *, first_year: int, topics: tuple[str, ...]) -> Iterator[sqlite3.Connection]:
    """A temporary database with every measure of a world, for these topics (and `all`) and years only."""
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect("", uri=True, isolation_level=None)) as made:
        copy_tables(made, world.write(Path(folder) / "ingest.db"))
        marks = ", ".join("?" * len(topics))
        made.execute(f"delete from topics where key <> 'all' and key not in ({marks})", topics)
        answer_all(made, needed_by_measures(), str)
        compute(made, settings=replace(read_settings(), first_year=first_year))
        made.row_factory = sqlite3.Row
        yield made


def measured(world: World, *, first_year: int, topics: tuple[str, ...]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The figures of such a database by measure, topic, spheres and year."""
    with measuring(world, first_year=first_year, topics=topics) as made:
        found = [dict(row) for row in made.execute("select * from figures")]
    return {some(row, "measure", "topic", "sphere_a", "sphere_b", "year"): row for row in found}
