"""Waiting times: Kaplan-Meier curves of the years until a sphere adopts an international work (scipy.stats.ecdf)."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LAGS = """
select topic, sphere, julianday(start_day), is_observed, lag_years, first_year, adopted_year
from adoption_lags where is_used = 1 and is_iso_iec >= ? order by topic, sphere, work
"""
ROUNDING = 1e-9  # a product of shares that is one half may come out above it
NEVER = 9999  # the year of an adoption that is not seen
JULIAN_DAY_0 = date(2000, 1, 1).toordinal() - 2451544.5  # what julianday() adds to the ordinal of a date


@dataclass(frozen=True)
class Works:
    """The watched works of one topic and sphere, one place each: `start` is a Julian day, `lag` in years."""

    start: Floats
    observed: Bools
    lag: Floats
    first: Floats
    adopted: Floats

    def as_of(self, year: int, day: str) -> tuple[Floats, Bools]:
        """(years waited, whether adopted) of the works watched by the end of a year; later adoptions not yet seen."""
        known = self.first <= year
        seen = self.observed & (self.adopted <= year)
        waited = (date.fromisoformat(day).toordinal() - JULIAN_DAY_0 - self.start) / 365.25
        years = np.clip(np.where(seen, self.lag, waited), 0, None)
        return years[known], seen[known]


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve with its band (exponential Greenwood): one place per distinct time, in years from 0 on."""

    years: Floats
    survival: Floats
    low: Floats
    high: Floats
    at_risk: npt.NDArray[np.intp]


def medians(
    connection: sqlite3.Connection, measure: str, minimum: int, confidence: float, *, only_iso_iec: bool
) -> Iterator[dict[str, Any]]:
    """One row per topic, sphere and year in which any work is watched; the curves of today go to adoption_lag_curve.

    `value`, `low` and `high` are years, absent where there is no median yet. The sample is a list of works, so that
    `n_a` = `denominator` = works watched and `numerator` = those adopted by then.
    """
    days = connection.execute("select year, day, is_current from figure_years order by year").fetchall()
    for (topic, sphere), works in read_works(connection, only_iso_iec):
        for year, day, is_current in days:
            count = int((works.first <= year).sum())
            adopted = int(((works.first <= year) & (works.adopted <= year)).sum())
            if count == 0:
                continue
            row: dict[str, Any] = {"topic": topic, "sphere_a": sphere, "year": year, "n_a": count,
                                   "numerator": adopted, "denominator": count}  # fmt: skip
            if adopted < minimum:
                row["note"] = "not enough adoptions"
            else:
                curve = fitted(*works.as_of(year, day), confidence)
                row |= median(curve, minimum)
                if is_current:
                    connection.executemany(
                        "insert into adoption_lag_curve values (?,?,?,?,?,?,?,?)",
                        [(measure, topic, sphere, *point) for point in points(curve)],
                    )
            yield row


def read_works(connection: sqlite3.Connection, only_iso_iec: bool) -> Iterator[tuple[tuple[str, str], Works]]:
    """The works of each topic and sphere, one group after the other."""
    lags = connection.execute(LAGS, [int(only_iso_iec)]).fetchall()
    for key, rows in groupby(lags, key=lambda row: row[:2]):
        start, observed, lag, first, adopted = zip(*(row[2:] for row in rows), strict=True)
        yield (
            key,
            Works(
                np.array(start, dtype=float),
                np.array(observed) == 1,
                np.array(lag, dtype=float),  # None becomes nan
                np.array(first, dtype=float),
                np.array([NEVER if year is None else year for year in adopted], dtype=float),
            ),
        )


def fitted(years: Floats, observed: Bools, confidence: float) -> Curve:
    """The curve of so many years waited, each ended by an adoption or not."""
    from scipy.stats import CensoredData, ecdf  # takes a second to load, which every other command would wait for

    found = ecdf(CensoredData.right_censored(years, ~observed)).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the band is undefined where nobody or everybody waits
        band = found.confidence_interval(confidence, method="log-log")
    share = found.probabilities
    low, high = (np.where(np.isnan(x.probabilities), share, x.probabilities) for x in (band.low, band.high))
    times = found.quantiles
    if times[0] > 0:
        times = np.insert(times, 0, 0.0)
        share, low, high = (np.insert(x, 0, 1.0) for x in (share, low, high))
    at_risk = len(years) - np.searchsorted(np.sort(years), times, side="left")
    return Curve(times, share, low, high, at_risk)


def median(curve: Curve, minimum: int) -> dict[str, Any]:
    """Value, low and high in years, None where the curve or its band does not come down to one half; a note instead of
    them where so few works are still watched at the median that one more would move it."""
    place = half(curve.survival)
    if place is not None and (at_risk := int(curve.at_risk[place])) < minimum:
        return {"note": f"not enough works still watched at the median ({at_risk})"}
    places = {"value": place, "low": half(curve.low), "high": half(curve.high)}
    return {name: None if at is None else round(float(curve.years[at]), 2) for name, at in places.items()}


def half(shares: Floats) -> int | None:
    """The first place at which shares are one half or less."""
    below = np.flatnonzero(shares <= 0.5 + ROUNDING)
    return int(below[0]) if len(below) else None


def points(curve: Curve) -> Iterator[tuple[float, float, float, float, int]]:
    """(years, survival, low, high, works at risk) at each step of the curve, from 0 years on."""
    for years, share, low, high, at_risk in zip(
        curve.years, curve.survival, curve.low, curve.high, curve.at_risk, strict=True
    ):
        yield float(years), float(share), float(low), float(high), int(at_risk)
