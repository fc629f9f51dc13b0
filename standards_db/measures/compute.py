"""The frame: runs every measure over the evidence tables of a database and writes what they give to `figures`.

Here, and nowhere else, stand the rules of honesty: a figure over too few documents is blank and says so, every figure
has its links, its coverage and, where there is an error to speak of, its interval.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from standards_db import taxonomy
from standards_db.measures import model, registry
from standards_db.measures.model import COLUMNS, TABLES, Measure, MeasureError, Settings

TOO_FEW = "not enough documents"
FIRST_YEARS = """
select key, coalesce(min(first_year), (select year from as_of))
from topics left join topic_counts on topic = key and documents > 0 group by key order by key
"""
# Spheres of which no adoption at all is held; `coverage` tells for which of them that is for want of the register.
WITHOUT_ADOPTIONS = "select key from spheres where key not in (select sphere from adoptions)"
CLOSED_REGISTERS = "select source from coverage where scope = 'adoptions' and state = 'not collected'"
Key = tuple[str, str, str, int]  # topic, sphere_a, sphere_b, year


@dataclass(frozen=True, slots=True)
class Frame:
    """What all measures share: the cells of the grid, the size of each, and what each sphere rests on."""

    settings: Settings
    years: list[int]
    topics: Mapping[str, int]  # each with the first year in which a document of it counted
    sizes: Mapping[tuple[str, str, int], tuple[int, int]]  # counted documents, those that may have counted too
    coverage: Mapping[str, str]
    unheld: Mapping[str, str]  # note for each sphere whose adoptions are not collected

    def cells(self, measure: Measure) -> Iterator[Key]:
        """Every figure that a measure owes, blank ones included: from the first year of a topic on."""
        years = self.years if measure.years == "every" else self.years[-1:]
        return (
            (t, a, b, y)
            for t, start in self.topics.items()
            for a, b in self.sides(measure)
            for y in years
            if y >= start
        )

    def sides(self, measure: Measure) -> list[tuple[str, str]]:
        if measure.grid == "free":
            return []
        return self.settings.pairs if measure.is_pair else [(s, "") for s in self.settings.spheres]

    def knows(self, measure: Measure, key: Key) -> bool:
        """Whether a measure may give a figure for this key: topic and year are known, and so are its sides."""
        topic, a, b, year = key
        return topic in self.topics and year in self.years and (measure.grid == "free" or (a, b) in self.sides(measure))


@dataclass(frozen=True, slots=True)
class Account:
    """What one measure gave: figures, blanks by note, seconds."""

    measure: str
    figures: int
    blank: dict[str, int]
    seconds: float


def compute(
    connection: sqlite3.Connection,
    progress: Callable[[str], None] = lambda line: None,
    settings: Settings | None = None,
) -> list[Account]:
    """Create and fill the tables of measures from the evidence tables of `connection`; by default with settings.yml.

    Raises MeasureError.
    """
    settings = settings or model.read_settings()
    measures = registry.discover()
    for statement in TABLES.split(";"):
        connection.execute(statement)
    connection.executemany("insert into measure_settings values (?,?,?)", model.shown_settings(settings))
    write_years(connection, settings)
    frame = read_frame(connection, settings)
    accounts = []
    for measure in measures:
        progress(f"measuring {measure.key}")
        connection.execute("begin")  # one transaction a measure: a thousand times fewer than one a figure
        accounts.append(write(connection, measure, frame))
        connection.execute("commit")
    connection.execute("create index idx_figures_facet_topic on figures (topic, sphere_a, year, measure)")
    connection.execute("create index idx_figures_facet_sphere_a on figures (sphere_a, year, measure, topic)")
    connection.execute("create index idx_figures_facet_year on figures (year, measure, topic, sphere_a)")
    return accounts


def write_years(connection: sqlite3.Connection, settings: Settings) -> None:
    """31 December of each year from the first on, and the day of the snapshot for the current year."""
    today, year = connection.execute("select day, year from as_of").fetchone()
    if today is None:  # nothing was ever collected: no day, no year, no figure
        return
    days = [(y, f"{y}-12-31", 0) for y in range(settings.first_year, year)]
    connection.executemany("insert into figure_years values (?,?,?)", [*days, (year, today, 1)])


def read_frame(connection: sqlite3.Connection, settings: Settings) -> Frame:
    sizes = connection.execute(
        "select topic, sphere, year, documents, possible_documents"
        " from topic_counts join figure_years on year between first_year and last_year"
    )
    return Frame(
        settings,
        [year for (year,) in connection.execute("select year from figure_years order by year")],
        dict(connection.execute(FIRST_YEARS)),
        {(topic, sphere, year): (n, possible) for topic, sphere, year, n, possible in sizes},
        dict(connection.execute("select sphere, coverage from sphere_coverage")),
        unheld_adoptions(connection),
    )


def unheld_adoptions(connection: sqlite3.Connection) -> dict[str, str]:
    """Sphere -> note, for spheres whose register of adoptions is not collected and of which no source states one."""
    closed: dict[str, list[str]] = {}
    for (source,) in connection.execute(CLOSED_REGISTERS):
        register = taxonomy.CLOSED_SOURCES[source]
        closed.setdefault(register["sphere"], []).append(register["title"])
    return {
        sphere: f"adoptions are not collected: {', '.join(closed[sphere])}"
        for (sphere,) in connection.execute(WITHOUT_ADOPTIONS)
        if sphere in closed
    }


def write(connection: sqlite3.Connection, measure: Measure, frame: Frame) -> Account:
    started = time.monotonic()
    figures = computed(connection, measure, frame)
    blank: dict[str, int] = {}
    for row in figures:
        if row["value"] is None:
            blank[row["note"]] = blank.get(row["note"], 0) + 1
    connection.execute(
        f"insert into measures values ({','.join('?' * 15)})",
        [measure.key, measure.label, measure.question, measure.formula, measure.reading, measure.limits, measure.unit,
         measure.is_pair, measure.years == "every", measure.higher_means, measure.interval, measure.counts or None,
         measure.source, len(figures), sum(blank.values())],
    )  # fmt: skip
    marks = ", ".join(f":{name}" for name in COLUMNS)
    connection.executemany(f"insert into figures ({', '.join(COLUMNS)}) values ({marks})", figures)
    return Account(measure.key, len(figures), blank, time.monotonic() - started)


def computed(connection: sqlite3.Connection, measure: Measure, frame: Frame) -> list[dict[str, Any]]:
    """Every figure of a measure as rows of `figures`. Raises MeasureError."""
    given: dict[Key, Mapping[str, Any]] = {}
    for row in measure.rows(connection, frame.settings):
        key = (row.get("topic", "all"), row["sphere_a"], row.get("sphere_b") or "", row["year"])
        if key in given:
            raise MeasureError(f"{measure.key}: gives two figures for {key}")
        given[key] = row
    if strangers := [key for key in given if not frame.knows(measure, key)]:
        raise MeasureError(f"{measure.key}: gives figures outside of its grid, one for {min(strangers)}")
    cells = sorted({*frame.cells(measure), *given})
    return [figure(measure, frame, key, given.get(key, {})) for key in cells]


def figure(measure: Measure, frame: Frame, key: Key, row: Mapping[str, Any]) -> dict[str, Any]:
    """One row of `figures`: what the measure gave, completed and judged."""
    topic, a, b, year = key
    sides = [frame.sizes.get((topic, sphere, year), (0, 0)) for sphere in (a, b) if sphere]
    n_a = row.get("n_a", sides[0][0])
    n_b = row.get("n_b", sides[1][0] if b else None)
    is_counted = "value" not in row and measure.interval != "own"
    nothing = 0 if is_counted or (not row and measure.numerator) else None  # a cell without a row has links to no rows
    numerator = row.get("numerator", nothing)
    denominator = row.get("denominator", nothing)
    found = {
        **dict.fromkeys(COLUMNS),
        **{"measure": measure.key, "topic": topic, "sphere_a": a, "sphere_b": b, "year": year},
        **{"numerator": numerator, "denominator": denominator, "n_a": n_a, "n_b": n_b},
        "numerator_link": row.get("numerator_link", measure.numerator.format(topic=topic, a=a, b=b, year=year) or None),
        "denominator_link": row.get(
            "denominator_link", measure.denominator.format(topic=topic, a=a, b=b, year=year) or None
        ),
        "coverage": row.get("coverage") or coverage(frame, key),
    }
    unheld = [frame.unheld[s] for s in (a, b) if s in frame.unheld] if measure.rests_on == "adoptions" else []
    note = row.get("note") or "; ".join(unheld) or too_few(measure, frame.settings, found)
    value = row.get("value", numerator / denominator if is_counted and denominator else None)
    if note or value is None:
        return {**found, "note": note or measure.empty}
    found["value"] = value
    if measure.interval == "own":
        found |= {"low": row.get("low"), "high": row.get("high")}
    elif measure.interval == "wilson":
        found["low"], found["high"] = interval(
            numerator, denominator, row.get("possible_numerator", 0), row.get("possible_rest", 0),
            frame.settings.confidence,
        )  # fmt: skip
    return found


def too_few(measure: Measure, settings: Settings, found: Mapping[str, Any]) -> str | None:
    """The note of a figure that rests on too little, else None. Measures of their own rows judge for themselves."""
    if measure.grid == "free":
        return None
    if min(n for n in (found["n_a"], found["n_b"]) if n is not None) < settings.minimum_documents:
        return TOO_FEW
    if measure.unit == "share" and measure.grid == "sphere" and found["denominator"] < settings.minimum_documents:
        return f"{TOO_FEW} in the denominator"
    return None


def interval(k: int, n: int, possible_k: int, possible_rest: int, confidence: float) -> tuple[float, float]:
    """The Wilson interval of k out of n, from the lowest to the highest share that documents of unknown state allow.

    `possible_k` of them would enter numerator and denominator, `possible_rest` the denominator alone.
    """
    low = wilson(k, n + possible_rest, confidence)[0]
    high = wilson(k + possible_k, n + possible_k, confidence)[1]
    return low, high


@lru_cache(maxsize=100_000)
def wilson(k: int, n: int, confidence: float) -> tuple[float, float]:
    from scipy.stats import binomtest  # takes a second to load, which every other command would wait for

    found = binomtest(k, n).proportion_ci(confidence, method="wilson")
    return float(found.low), float(found.high)


def coverage(frame: Frame, key: Key) -> str:
    """What a figure rests on: the sources of its spheres and of the baseline, and the withdrawal dates it misses."""
    topic, a, b, year = key
    spheres = [s for s in (a, b) if s]
    texts = [frame.coverage.get(sphere, f"{sphere}: no source") for sphere in dict.fromkeys([*spheres, "intl"])]
    for sphere in spheres:
        possible = frame.sizes.get((topic, sphere, year), (0, 0))[1]
        if possible:
            texts.append(f"{sphere}: {possible} withdrawn documents of unknown date may have been in force too")
    return " | ".join(texts)


def summary(accounts: Iterable[Account]) -> list[dict[str, Any]]:
    """One row per measure for people: figures, those with a value, blanks with their notes."""
    return [
        {
            "measure": account.measure,
            "figures": account.figures,
            "with a value": account.figures - sum(account.blank.values()),
            "blank": "; ".join(f"{count} {note}" for note, count in sorted(account.blank.items())),
            "seconds": round(account.seconds, 2),
        }
        for account in accounts
    ]
