"""What a measure is made of: its facts, its settings, and the tables that figures are written to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
PIVOTS_DIR = FOLDER / "pivots"
ALL_TOPICS = "all"
Rows = Callable[[sqlite3.Connection, "Settings"], Iterable[Mapping[str, Any]]]

# `topic` is 'all' for all topics together (a document in three of them counts once), `sphere_b` is '' for one sphere.
# There is no key on sphere_b because of that; every other code leads to its label.
TABLES = """
create table measures (
    key text primary key, label text not null, question text not null, formula text not null, reading text not null,
    limits text not null, unit text not null, is_pair integer not null, is_by_year integer not null,
    higher_means text not null, interval text not null, counts text, sql text not null, figure_count integer,
    blank_count integer);
create table measure_settings (key text primary key, value text not null, description text not null);
create table figure_years (year integer primary key, day text not null, is_current integer not null);
create table figures (
    measure text not null references measures(key), topic text not null references topics(key),
    sphere_a text not null references spheres(key), sphere_b text not null, year integer not null,
    value real, low real, high real, numerator integer, denominator integer, n_a integer, n_b integer, note text,
    numerator_link text, denominator_link text, coverage text,
    primary key (measure, topic, sphere_a, sphere_b, year));
create table adoption_lag_curve (
    measure text not null references measures(key), topic text not null references topics(key),
    sphere text not null references spheres(key), years real not null, survival real not null, low real, high real,
    at_risk integer not null, primary key (measure, topic, sphere, years))
"""
COLUMNS = (
    "measure", "topic", "sphere_a", "sphere_b", "year", "value", "low", "high", "numerator", "denominator", "n_a",
    "n_b", "note", "numerator_link", "denominator_link", "coverage",
)  # fmt: skip


class MeasureError(Exception):
    """A measure, its settings or a mapping is not what it must be: names the file, the place and the reason."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What every measure takes as given; see settings.yml."""

    minimum_documents: int
    first_year: int
    confidence: float
    spheres: tuple[str, ...]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every unordered pair, each in alphabetical order."""
        return list(combinations(sorted(self.spheres), 2))


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: facts as the package's docstring lists them, `source` (its text), `rows` (how it is computed)."""

    key: str
    label: str
    question: str
    formula: str
    reading: str
    limits: str
    unit: str
    grid: str
    higher_means: str
    source: str
    rows: Rows
    years: str = "every"
    interval: str = "none"
    numerator: str = ""
    denominator: str = ""
    counts: str = ""
    empty: str = "nothing to compare"
    rests_on: str = ""
    needs: tuple[str, ...] = ()

    @property
    def is_pair(self) -> bool:
        return self.grid == "pair"


ALLOWED = {
    "unit": {"share", "years", "months", "distance", "count"},
    "grid": {"sphere", "pair", "free"},
    "higher_means": {"common ground", "apart", "neither"},
    "years": {"every", "current"},
    "interval": {"wilson", "own", "none"},
    "rests_on": {"adoptions"},
}
KINDS: dict[str, type] = {
    "minimum_documents": int,
    "first_year": int,
    "confidence": float,
    "spheres": list,
}


def given_settings(path: Path = FOLDER / "settings.yml") -> dict[str, dict[str, Any]]:
    """The file of settings, checked: value and description by key. Raises MeasureError (file, key, reason)."""
    given = read_yaml(path)
    if set(given) != set(KINDS):
        raise MeasureError(f"{path}: keys are {', '.join(sorted(given))} instead of {', '.join(sorted(KINDS))}")
    for key, kind in KINDS.items():
        row = given[key]
        if not isinstance(row, dict) or set(row) != {"value", "description"} or type(row["value"]) is not kind:
            raise MeasureError(f"{path}: {key}: not a value of the right kind with its description: {row!r}")
    if not 0 < given["confidence"]["value"] < 1 or given["minimum_documents"]["value"] < 1:
        raise MeasureError(f"{path}: confidence lies between 0 and 1, minimum_documents is at least 1")
    return given


def read_settings(path: Path = FOLDER / "settings.yml") -> Settings:
    values = {key: row["value"] for key, row in given_settings(path).items()}
    return Settings(**{**values, "spheres": tuple(values["spheres"])})


def shown_settings(settings: Settings) -> list[tuple[str, str, str]]:
    """Settings as rows of key, value and description."""
    values = {key: getattr(settings, key) for key in KINDS}
    return [
        (key, " ".join(values[key]) if key == "spheres" else str(values[key]), row["description"])
        for key, row in given_settings().items()
    ]


def read_yaml(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MeasureError(f"{path}: {error}") from error
    if not isinstance(found, dict):
        raise MeasureError(f"{path}: not a mapping of keys to values")
    return found
