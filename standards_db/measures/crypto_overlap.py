"""Overlap of approved cryptography: the Jaccard index of two spheres' sets of approved algorithms."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from standards_db.measures.model import Settings

label = "Overlap of approved cryptography"
question = "Do two spheres approve the same cryptographic algorithms?"
formula = (
    "Algorithms approved by both / algorithms approved by either, among those on which both make a statement. `low` "
    "adds those of which only one side speaks as not shared, `high` as shared."
)
reading = "1: the same set. 0: whatever one approves, the other leaves out, restricts or forbids."
limits = (
    "A curated table with a source per row, not a register: an algorithm without a statement was not seen, which "
    "is not absence. As of today only, because the dates in it are those of the evidence and not of the first approval."
)
unit = "share"
grid = "free"
years = "current"
higher_means = "common ground"
interval = "own"
numerator = "crypto_pairs?sphere_a={a}&sphere_b={b}&is_compared=1&is_shared=1"
denominator = "crypto_pairs?sphere_a={a}&sphere_b={b}&is_compared=1"
COUNTS = """
select sum(is_compared), sum(is_shared), sum(1 - is_compared),
    sum(coalesce(standing_a, '') = 'approved'), sum(coalesce(standing_b, '') = 'approved')
from crypto_pairs where sphere_a = ? and sphere_b = ?
"""


def rows(connection: sqlite3.Connection, settings: Settings) -> Iterator[dict[str, Any]]:
    """One row per pair of spheres, the international bodies among them, as of the snapshot's day."""
    current = connection.execute("select max(year) from figure_years").fetchone()[0]
    if current is None:
        return
    for a, b in combinations(sorted((*settings.spheres, "intl")), 2):
        counted = connection.execute(COUNTS, [a, b]).fetchone()
        compared, shared, unseen, n_a, n_b = (number or 0 for number in counted)
        row = {"sphere_a": a, "sphere_b": b, "year": current, "numerator": shared, "denominator": compared,
               "n_a": n_a, "n_b": n_b}  # fmt: skip
        if compared < settings.minimum_documents:
            yield row | {"note": "not enough algorithms of which both sides speak"}
        else:
            total = compared + unseen
            yield row | {"value": shared / compared, "low": shared / total, "high": (shared + unseen) / total}
