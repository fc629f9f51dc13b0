"""Another reading of which body belongs to which sphere: a YAML file, checked, and applied to a copy of the tables.

label: IEEE counted as US
description: Why one may read it so.
bodies:
  ieee: {sphere: us, reason: A corporation of the State of New York.}
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from standards_db import taxonomy
from standards_db.measures.model import MeasureError, read_yaml

FOLDER = Path(taxonomy.__file__).parent / "mappings"
TABLES = """
create table mappings (key text primary key, label text not null, description text not null);
create table mapping_bodies (
    mapping text not null references mappings(key), body text not null references bodies(key),
    sphere text not null references spheres(key), reason text not null, primary key (mapping, body));
create table figures_by_mapping (
    mapping text not null references mappings(key), measure text not null references measures(key),
    topic text not null references topics(key), sphere_a text not null references spheres(key),
    sphere_b text not null, year integer not null, value real, numerator integer, denominator integer, note text,
    primary key (mapping, measure, topic, sphere_a, sphere_b, year))
"""
CURRENT = """
select measure, topic, sphere_a, sphere_b, figures.year, value, numerator, denominator, note
from figures join figure_years on figure_years.year = figures.year
where is_current = 1 order by measure, topic, sphere_a, sphere_b
"""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Bodies with the sphere that they get, each with its reason."""

    key: str
    label: str
    description: str
    bodies: dict[str, tuple[str, str]]


def shipped() -> list[Mapping]:
    """The mappings of the project, one file each."""
    return [read(path) for path in sorted(FOLDER.glob("*.yml"))]


def read(path: Path) -> Mapping:
    """Raises MeasureError that names the file, the body and the reason."""
    given = read_yaml(path)
    if set(given) != {"label", "description", "bodies"} or not isinstance(given["bodies"], dict):
        raise MeasureError(f"{path}: holds {', '.join(map(str, given))} instead of label, description, bodies")
    bodies: dict[str, tuple[str, str]] = {}
    for body, row in given["bodies"].items():
        if body not in taxonomy.BODIES:
            raise MeasureError(f"{path}: {body}: no such body")
        if not isinstance(row, dict) or row.get("sphere") not in taxonomy.SPHERES:
            raise MeasureError(f"{path}: {body}: sphere is none of {', '.join(taxonomy.SPHERES)}")
        if not str(row.get("reason") or "").strip():
            raise MeasureError(f"{path}: {body}: states no reason")
        bodies[body] = (row["sphere"], " ".join(str(row["reason"]).split()))
    if not bodies:
        raise MeasureError(f"{path}: moves no body")
    return Mapping(path.stem, str(given["label"]), " ".join(str(given["description"]).split()), bodies)


def apply(connection: sqlite3.Connection, mapping: Mapping) -> None:
    """Give the rows of every table that has a body and a sphere the sphere of their body under the mapping."""
    rows = [(sphere, body) for body, (sphere, _) in mapping.bodies.items()]
    tables = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
    for (table,) in tables:
        columns = {row[1] for row in connection.execute(f"pragma table_info({table})")}
        if {"body", "sphere"} <= columns:
            connection.executemany(f"update {table} set sphere = ? where body = ?", rows)
    connection.executemany("update bodies set sphere = ? where key = ?", rows)


def write(connection: sqlite3.Connection, mapping: Mapping, figures: Sequence[tuple[object, ...]]) -> None:
    """Keep the current figures under a mapping beside those of the default one."""
    connection.execute("begin")
    connection.execute("insert into mappings values (?,?,?)", [mapping.key, mapping.label, mapping.description])
    connection.executemany(
        "insert into mapping_bodies values (?,?,?,?)",
        [(mapping.key, body, *row) for body, row in sorted(mapping.bodies.items())],
    )
    connection.executemany(
        f"insert into figures_by_mapping values ({','.join('?' * 10)})", [(mapping.key, *row) for row in figures]
    )
    connection.execute("commit")
