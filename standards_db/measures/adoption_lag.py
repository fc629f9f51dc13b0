"""Adoption lag: the Kaplan-Meier median of the years between a work of ISO or IEC and its first adoption."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from standards_db.measures.model import Settings
from standards_db.survival import medians

label = "Adoption lag"
question = "How many years pass before a sphere takes over a work of ISO or IEC?"
formula = (
    "Median of the Kaplan-Meier curve over the works of ISO and IEC in the topic: years from the first edition "
    "held to the first adoption (IDT or MOD) by the sphere. A work not yet adopted is censored on the day asked about."
)
reading = "The time after which half of the works are adopted. Numerator: works adopted; denominator: works watched."
limits = (
    "Blank when fewer than half are adopted: there is then no median, not a long one. A register that drops withdrawn "
    "documents hides early adoptions and makes the lag look longer. Works published "
    "before the first adoption of the sphere on record, or adopted more than a year before their publication, are left "
    "out and listed in adoption_lags with the reason."
)
unit = "years"
grid = "sphere"
higher_means = "apart"
interval = "own"
numerator = (
    "adoption_lags?topic={topic}&sphere={a}&is_iso_iec=1&is_used=1&first_year__lte={year}&adopted_year__lte={year}"
)
denominator = "adoption_lags?topic={topic}&sphere={a}&is_iso_iec=1&is_used=1&first_year__lte={year}"
empty = "fewer than half of the works are adopted: no median yet"


def rows(connection: sqlite3.Connection, settings: Settings) -> Iterator[dict[str, Any]]:
    return medians(connection, "adoption_lag", settings.minimum_documents, settings.confidence, only_iso_iec=True)
