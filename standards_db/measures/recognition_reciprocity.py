"""Reciprocity: of the pairs of countries that recognise certificates, how many do so in both directions?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from standards_db.measures.model import Settings

label = "Reciprocity of recognition"
question = "Where certificates cross between two spheres, do they cross in both directions?"
formula = (
    "Pairs of countries, one of each sphere, that recognise each other's certificates / pairs in which at least one "
    "recognises the other's, over all arrangements of the curated table."
)
reading = "1: every recognition is answered. Blank: no recognition between the two spheres is on record."
limits = (
    "A role without a date counts from the member's first year on record; `low` counts dated roles only. Members that "
    "joined before the arrangement of 2014 are dated 2014 where no earlier source was seen."
)
unit = "share"
grid = "free"
higher_means = "common ground"
interval = "own"
denominator = "recognition_pairs?sphere_a={a}&sphere_b={b}&first_year__lte={year}&last_year__gte={year}"
numerator = denominator + "&reciprocal_year__lte={year}"
COUNTS = """
select count(*), coalesce(sum(reciprocal_year <= $year), 0), coalesce(sum(dated_year <= $year), 0),
    count(distinct country_a), count(distinct country_b)
from recognition_pairs
where sphere_a = $a and sphere_b = $b and first_year <= $year and last_year >= $year
"""


def rows(connection: sqlite3.Connection, settings: Settings) -> Iterator[dict[str, Any]]:
    """One row per pair of spheres and year."""
    years = [year for (year,) in connection.execute("select year from figure_years order by year")]
    for a, b in settings.pairs:
        for year in years:
            found = connection.execute(COUNTS, {"a": a, "b": b, "year": year}).fetchone()
            total, both, dated, n_a, n_b = found
            row = {"sphere_a": a, "sphere_b": b, "year": year, "numerator": both, "denominator": total,
                   "n_a": n_a, "n_b": n_b}  # fmt: skip
            if total == 0:
                yield row | {"note": "no recognition between the two spheres is on record"}
            elif total < settings.minimum_documents:
                yield row | {"note": "not enough pairs of countries"}
            else:
                yield row | {"value": both / total, "low": dated / total, "high": both / total}
