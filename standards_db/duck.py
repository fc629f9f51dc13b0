"""The figures computed again by another engine: DuckDB over the Parquet of `spheres export`, beside those of SQLite.

Every view, measure and pivot is run from the files that SQLite runs; none is translated. Where the two engines read
the same SQL differently, `LIKE_SQLITE` sets DuckDB to SQLite's reading. What a Python measure computes beyond its SQL
(Kaplan-Meier, Jensen-Shannon, Wilson intervals) is the same code over DuckDB's rows. Needs duckdb.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from standards_db.measures import compute, registry
from standards_db.measures.model import COLUMNS, KINDS, PIVOTS_DIR, Settings
from standards_db.questions import Question, questions
from standards_db.schema import VIEWS_DIR
from standards_db.snapshot_tables import kind_of

if TYPE_CHECKING:
    import duckdb

LIKE_SQLITE = (
    "set default_null_order = 'sqlite'",  # nulls come first
    "set integer_division = true",  # 5 / 2 is 2
    "set threads = 1",  # group_concat takes rows in the order in which a subquery gives them
    "create macro julianday(day) as julian(cast(day as timestamp)) - 0.5",
)
TYPES = {"integer": "bigint", "real": "double", "text": "varchar"}
CURVE = "adoption_lag_curve"
STATE = "create view state as select 'as_of' as key, as_of as value from package.snapshot"
Progress = Callable[[str], None]


class PackageError(Exception):
    """The package cannot be read: names the folder and the reason."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One table or measure computed again. `rows` are those in the package; `missing` of them came out differently or
    not at all, `extra` are the rows that came out instead; `example` is one of them."""

    name: str
    kind: str  # view, measure, curve or pivot
    rows: int
    missing: int
    extra: int
    example: str = ""

    @property
    def is_equal(self) -> bool:
        return not (self.missing or self.extra)


class Engine:
    """DuckDB behind those calls of a sqlite3 connection that views and measures make."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.duck = connection

    def execute(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Answer:
        done = self.duck.execute(sql, parameters or None)
        return Answer(done.description or [], done.fetchall())

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        if found := [list(row) for row in rows]:
            self.duck.executemany(sql, found)


class Answer:
    """The rows of a statement, as a sqlite3 cursor gives them."""

    def __init__(self, description: Sequence[Any], rows: list[tuple[Any, ...]]) -> None:
        self.description, self.rows = description, iter(rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self.rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(self.rows, None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self.rows)


def compare(folder: Path, progress: Progress = lambda line: None) -> Iterator[Compared]:
    """Compute every view, measure, curve and pivot of the package in `folder` again and compare all rows.

    Raises PackageError when DuckDB is not installed or the folder holds no package with Parquet.
    """
    if find_spec("duckdb") is None:
        raise PackageError("this needs duckdb: install cyber-spheres[duckdb]")
    import duckdb  # an optional extra

    with closing(duckdb.connect()) as connection:
        engine = Engine(connection)
        for statement in LIKE_SQLITE:
            engine.execute(statement)
        asked, pivots = questions(VIEWS_DIR), questions(PIVOTS_DIR)
        derived = {one.name for one in (*asked, *pivots)} | {CURVE}
        try:
            open_package(engine, folder, derived)
            yield from compare_all(engine, asked, pivots, progress)
        except duckdb.Error as error:
            raise PackageError(f"{folder}: {str(error).splitlines()[0]}") from error


def open_package(engine: Engine, folder: Path, derived: set[str]) -> None:
    """Every table of the package in schema `package`, and in `main` those that nothing is computed for."""
    found = {path.stem if path.is_file() else path.name: path for path in sorted(folder.glob("*"))}
    tables = {name: path for name, path in found.items() if path.is_dir() or path.suffix == ".parquet"}
    needed = {"snapshot", "figures", "figure_years", "measure_settings", CURVE, *derived}
    if missing := needed - tables.keys():
        raise PackageError(
            f"{folder}: holds no Parquet of {', '.join(sorted(missing)[:3])}; `spheres export` writes it"
        )
    engine.execute("create schema package")
    for name, path in tables.items():
        files = f"{path}/**/*.parquet" if path.is_dir() else str(path)
        quoted = files.replace("'", "''")
        engine.execute(
            f"create view package.{name} as select * from"
            f" read_parquet('{quoted}', hive_partitioning = {path.is_dir()}, hive_types_autocast = false)"
        )
        if name not in derived:
            engine.execute(f"create view {name} as select * from package.{name}")
    engine.execute(STATE)


def compare_all(
    engine: Engine, asked: list[Question], pivots: list[Question], progress: Progress
) -> Iterator[Compared]:
    for one in asked:
        progress(f"computing {one.name}")
        yield answer(engine, one, "view")
    engine.execute(f"create table {CURVE} as select * from package.{CURVE} limit 0")
    connection = cast(sqlite3.Connection, engine)
    frame = compute.read_frame(connection, settings_of(engine))
    for measure in registry.discover():
        progress(f"measuring {measure.key}")
        found = {tuple(row[name] for name in COLUMNS) for row in compute.computed(connection, measure, frame)}
        sql = f"select {', '.join(COLUMNS)} from package.figures where measure = ?"
        kept = set(engine.execute(sql, [measure.key]))
        yield compared(measure.key, "measure", len(kept), kept - found, found - kept)
    yield against_package(engine, CURVE, "curve")
    for one in pivots:
        yield answer(engine, one, "pivot")


def answer(engine: Engine, one: Question, kind: str) -> Compared:
    """Make the table of a question, with the types that SQLite gives its columns, and compare it."""
    names = [column[0] for column in engine.execute(f"select * from ({one.sql}\n) limit 0").description]
    columns = ", ".join(f"{name} {TYPES[kind_of(name)]}" for name in names)
    engine.execute(f"create table {one.name} ({columns})")
    engine.execute(f"insert into {one.name} select * from ({one.sql}\n)")
    return against_package(engine, one.name, kind)


def against_package(engine: Engine, name: str, kind: str) -> Compared:
    """Compare a table with that of the package, row by row; rows that stand twice count twice."""
    names = ", ".join(column[0] for column in engine.execute(f"select * from {name} limit 0").description)
    here, there = f"select {names} from {name}", f"select {names} from package.{name}"
    rows = engine.execute(f"select count(*) from package.{name}").fetchall()[0][0]
    missing = engine.execute(f"{there} except all {here}").fetchall()
    return compared(name, kind, rows, missing, engine.execute(f"{here} except all {there}").fetchall())


def compared(name: str, kind: str, rows: int, missing: Iterable[Any], extra: Iterable[Any]) -> Compared:
    lost, new = sorted(missing, key=repr), sorted(extra, key=repr)
    example = " | ".join([*(f"package: {row}" for row in lost[:1]), *(f"DuckDB: {row}" for row in new[:1])])
    return Compared(name, kind, rows, len(lost), len(new), example)


def settings_of(engine: Engine) -> Settings:
    """The settings that the figures of the package were computed with."""
    given = dict(engine.execute("select key, value from measure_settings").fetchall())
    values = {key: given[key].split() if kind is list else kind(given[key]) for key, kind in KINDS.items()}
    return Settings(**{**values, "spheres": tuple(values["spheres"])})
