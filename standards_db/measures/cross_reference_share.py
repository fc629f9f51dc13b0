"""Cross-reference share: of what a sphere refers to, how much belongs to one given other sphere."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from standards_db.measures.model import Settings

label = "Share of references that cross to another sphere"
question = "How much of what a sphere's documents refer to belongs to one given other sphere?"
formula = "References of the first sphere's documents to works of the second / all its references that are understood."
reading = (
    "The direction matters: the first sphere refers, the second is referred to. The international bodies are a target."
)
limits = "Few sources print their references; a sphere without any has no figure."
unit = "share"
grid = "free"
higher_means = "common ground"
interval = "wilson"
numerator = "cross_references?topic={topic}&sphere={a}&target_sphere={b}&first_year__lte={year}&last_year__gte={year}"
denominator = "cross_references?topic={topic}&sphere={a}&first_year__lte={year}&last_year__gte={year}"
SHARES = """
with counted as materialized (
    select topic, sphere, target_sphere, year, count(*) as n
    from cross_references join figure_years on year between first_year and last_year
    where sphere in ('cn', 'eu', 'us')
    group by topic, sphere, target_sphere, year
), totals as (
    select topic, sphere, year, sum(n) as total from counted group by topic, sphere, year
)
select t.topic, t.sphere, s.key, t.year, coalesce(c.n, 0), t.total
from totals t
join spheres s on s.key in ('cn', 'eu', 'us', 'intl') and s.key <> t.sphere
left join counted c on c.topic = t.topic and c.sphere = t.sphere and c.year = t.year and c.target_sphere = s.key
"""


def rows(connection: sqlite3.Connection, settings: Settings) -> Iterator[dict[str, Any]]:
    """One row per topic, ordered pair of spheres and year in which the first sphere has any reference."""
    for topic, a, b, year, crossing, total in connection.execute(SHARES).fetchall():
        row = {"topic": topic, "sphere_a": a, "sphere_b": b, "year": year, "numerator": crossing,
               "denominator": total, "n_a": total, "n_b": None}  # fmt: skip
        yield row | ({"note": "not enough references"} if total < settings.minimum_documents else {})
