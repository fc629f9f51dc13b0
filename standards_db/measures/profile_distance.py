"""Measure 8: how differently two spheres spread their documents over the topics."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.spatial.distance import jensenshannon

from standards_db.measures.model import ALL_TOPICS, Settings

label = "Profile distance"
question = "How differently do two spheres spread their documents over the topics?"
formula = (
    "Jensen-Shannon distance, base 2, between the topic shares of A and of B: square root of the mean of the two "
    "Kullback-Leibler divergences from the mean profile, over documents in force at the end of the year"
)
reading = (
    "0 = the same mix of topics, 1 = no topic in common. It compares what is worked on, not whose texts are used. The "
    "numerator counts the rows of A's profile and the denominator those of B's; the distance is not their quotient."
)
limits = (
    "A register of one field (a telecom body's, say) makes a profile lopsided when it is loaded and others are not. A "
    "document in three topics stands in the profile three times."
)
unit = "distance"
grid = "free"
higher_means = "apart"
numerator = "topic_documents?topic__not=all&sphere={a}&first_year__lte={year}&last_year__gte={year}"
denominator = "topic_documents?topic__not=all&sphere={b}&first_year__lte={year}&last_year__gte={year}"

COUNTS = """
select year, sphere, topic, documents
from topic_counts join figure_years on year between first_year and last_year
where documents > 0
"""


def rows(connection: sqlite3.Connection, settings: Settings) -> Iterator[dict[str, Any]]:
    """One row per pair and year, for all topics together."""
    counts = {(year, sphere, topic): n for year, sphere, topic, n in connection.execute(COUNTS)}
    topics = sorted({topic for _, _, topic in counts} - {ALL_TOPICS})
    for (year,) in connection.execute("select year from figure_years order by year").fetchall():
        for a, b in settings.pairs:
            profiles = [np.array([counts.get((year, sphere, topic), 0) for topic in topics]) for sphere in (a, b)]
            sizes = [counts.get((year, sphere, ALL_TOPICS), 0) for sphere in (a, b)]
            enough = min(sizes) >= settings.minimum_documents
            yield {
                "topic": ALL_TOPICS,
                "sphere_a": a,
                "sphere_b": b,
                "year": year,
                "value": float(jensenshannon(*profiles, base=2)) if enough else None,
                "note": None if enough else "not enough documents",
                "numerator": int(profiles[0].sum()),
                "denominator": int(profiles[1].sum()),
            }
