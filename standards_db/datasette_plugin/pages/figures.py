"""Figures as charts: a measure over the years for every sphere or pair, each point with its numerator and its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from datasette.database import Database

from standards_db.datasette_plugin.cells import percent
from standards_db.datasette_plugin.charts import Chart, Point, Series, lines
from standards_db.datasette_plugin.links import rows_url
from standards_db.datasette_plugin.pages.frame import Row, rows
from standards_db.datasette_plugin.words import named, say

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

ALL_TOPICS = "all"
LEAST_POINTS = 2
SHARE = "share"
LEADING = ("shared_base", "international_share", "uptake", "edition_skew", "stale_share")

FIGURES = """
select m.label, m.question, m.reading, m.unit, m.is_pair, m.is_by_year, m.higher_means, m.counts, f.*
from figures f join measures m on m.key = f.measure
where {where} order by m.rowid, f.sphere_a, f.sphere_b, f.year
"""


async def of_topic(db: Database, topic: str) -> list[Row]:
    """Every figure of a topic, the measures that lead first."""
    found = await rows(db, FIGURES.format(where="f.topic = :topic"), {"topic": topic})
    return sorted(found, key=lambda figure: place_of(figure["measure"]))


def place_of(measure: str) -> int:
    """Where a measure stands in a list: those that lead first, the rest as they come."""
    return LEADING.index(measure) if measure in LEADING else len(LEADING)


async def of_pair(db: Database, measure: str, a: str, b: str) -> list[Row]:
    """Every figure of a measure for two spheres, whatever the topic."""
    where = "f.measure = :measure and f.sphere_a = :a and f.sphere_b = :b"
    return await rows(db, FIGURES.format(where=where), {"measure": measure, "a": a, "b": b})


def counts_by_year(counted: list[Row], link: Callable[[int], str]) -> tuple[Point, ...]:
    """Points for rows with `year` and `held`, from the first year to the last: a year without a row is a zero."""
    held = {row["year"]: row["held"] for row in counted}
    return tuple(
        Point(year, held.get(year, 0), f"{held.get(year, 0):,}", url=link(year))
        for year in range(min(held), max(held) + 1)
    )


def by_key(figures: list[Row], key: str) -> dict[str, list[Row]]:
    """Figures in groups by one column, in the order in which they come."""
    groups: dict[str, list[Row]] = {}
    for figure in figures:
        groups.setdefault(figure[key], []).append(figure)
    return groups


def printed(unit: str) -> Callable[[float], str]:
    """How a value of this unit is written: shares in percent, all else as a number with its unit."""
    if unit == SHARE:
        return percent
    if unit in ("years", "months"):
        return lambda value: say(f"measure.{unit}", value=f"{value:,.1f}".removesuffix(".0"))
    return lambda value: f"{value:,.2f}"


def in_words(figure: Row) -> str:
    """The figure with what it rests on, or why there is none."""
    if figure["value"] is None:
        return named("note", figure["note"]) or "–"
    text = printed(figure["unit"])(figure["value"])
    if figure["numerator"] is None or figure["denominator"] is None:
        return text
    key = "measure.sum_over" if figure["counts"] else "measure.share_of"  # a sum over the rows is no part of them
    return say(key, figure=text, numerator=figure["numerator"], denominator=figure["denominator"])


def series_of(datasette: Datasette, figures: list[Row]) -> list[Series]:
    """One series per sphere or pair that has at least two figures."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for figure in figures:
        groups.setdefault((figure["sphere_a"], figure["sphere_b"]), []).append(figure)
    found = []
    for (a, b), group in groups.items():
        if sum(figure["value"] is not None for figure in group) < LEAST_POINTS:
            continue
        found.append(Series(f"{a}-{b}" if b else a, name_of(group[0]), tuple(point(datasette, one) for one in group)))
    return found


def point(datasette: Datasette, figure: Row) -> Point:
    return Point(
        figure["year"],
        figure["value"],
        in_words(figure),
        figure["low"],
        figure["high"],
        rows_url(datasette, figure["numerator_link"] or figure["denominator_link"]),
    )


def name_of(figure: Row) -> str:
    """The sphere or pair of a figure by its short name."""
    return " / ".join(say(f"sphere.{key}") for key in (figure["sphere_a"], figure["sphere_b"]) if key)


def chart(datasette: Datasette, name: str, figures: list[Row], title: str | None = None) -> Chart | None:
    """The figures of one measure and topic over the years; None when no sphere or pair has two of them."""
    found = series_of(datasette, figures)
    if not found:
        return None
    first = min(point.x for one in found for point in one.points if point.y is not None)
    trimmed = [Series(one.key, one.label, tuple(p for p in one.points if p.x >= first)) for one in found]
    about = figures[0]
    description = f"{about['question']} {about['reading']}"
    unit = about["unit"]
    return lines(
        name,
        title or named("measure", about["measure"], about["label"]),
        description,
        trimmed,
        as_text=percent if unit == SHARE else lambda value: f"{value:g}",
        y_range=(0.0, 1.0) if unit == SHARE else None,
    )


def multiples(datasette: Datasette, figures: list[Row], *, pairs: bool) -> list[Chart]:
    """A small chart per measure by year, of spheres or of pairs."""
    drawn = []
    for measure, group in by_key(figures, "measure").items():
        if bool(group[0]["sphere_b"]) is pairs and group[0]["is_by_year"]:
            drawn.append(chart(datasette, f"m-{measure}", group))
    return [one for one in drawn if one]
