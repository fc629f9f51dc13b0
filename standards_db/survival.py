"""Waiting times: Kaplan-Meier curves of the years until a sphere adopts an international work (lifelines)."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from typing import Any

import pandas as pd
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times

CURVE = """
create table if not exists adoption_lag_curve (
    measure text not null references measures(key), topic text not null references topics(key),
    sphere text not null references spheres(key), years real not null, survival real not null, low real, high real,
    at_risk integer not null, primary key (measure, topic, sphere, years))
"""
LAGS = """
select topic, sphere, start_day, end_day, is_observed, lag_years, first_year, adopted_year
from adoption_lags where is_used = 1 and is_iso_iec >= ? order by topic, sphere, work
"""


def medians(
    connection: sqlite3.Connection, measure: str, minimum: int, confidence: float, *, only_iso_iec: bool
) -> Iterator[dict[str, Any]]:
    """One row per topic, sphere and year in which any work is watched; the curves of today go to adoption_lag_curve.

    `value`, `low` and `high` are years, absent where there is no median yet. The sample is a list of works, so that
    `n_a` = `denominator` = works watched and `numerator` = those adopted by then.
    """
    connection.execute(CURVE)
    days = connection.execute("select year, day, is_current from figure_years order by year").fetchall()
    lags = pd.read_sql_query(LAGS, connection, params=[int(only_iso_iec)], parse_dates=["start_day"])
    for (topic, sphere), works in lags.groupby(["topic", "sphere"], sort=True):
        first, ended = works["first_year"].to_numpy(), pd.to_numeric(works["adopted_year"]).fillna(9999).to_numpy()
        for year, day, is_current in days:
            count, adopted = int((first <= year).sum()), int(((first <= year) & (ended <= year)).sum())
            if count == 0:
                continue
            row: dict[str, Any] = {"topic": topic, "sphere_a": sphere, "year": year, "n_a": count,
                                   "numerator": adopted, "denominator": count}  # fmt: skip
            if adopted < minimum:
                row["note"] = "not enough adoptions"
            else:
                fitter = fitted(as_of(works, year, day), confidence)
                row |= median(fitter, minimum)
                if is_current:
                    connection.executemany(
                        "insert into adoption_lag_curve values (?,?,?,?,?,?,?,?)",
                        [(measure, topic, sphere, *point) for point in curve(fitter)],
                    )
            yield row


def as_of(works: pd.DataFrame, year: int, day: str) -> pd.DataFrame:
    """What was known at the end of a year: works watched by then, later adoptions not yet seen."""
    known = works[works["first_year"] <= year].copy()
    known["observed"] = (known["is_observed"] == 1) & (known["adopted_year"] <= year)
    waited = (pd.Timestamp(day) - known["start_day"]).dt.days / 365.25
    known["duration"] = known["lag_years"].where(known["observed"], waited)
    known["duration"] = known["duration"].clip(lower=0)
    return known


def fitted(watched: pd.DataFrame, confidence: float) -> KaplanMeierFitter:
    return KaplanMeierFitter(alpha=1 - confidence).fit(watched["duration"], watched["observed"])


def median(fitter: KaplanMeierFitter, minimum: int) -> dict[str, Any]:
    """Value, low and high in years, None where the curve or its band does not come down to one half; a note instead of
    them where so few works are still watched at the median that one more would move it."""
    value = finite(fitter.median_survival_time_)
    if (
        value is not None
        and (at_risk := int(fitter.event_table.loc[fitter.median_survival_time_, "at_risk"])) < minimum
    ):
        return {"note": f"not enough works still watched at the median ({at_risk})"}
    limits = median_survival_times(fitter.confidence_interval_).iloc[0]
    return {"value": value, "low": finite(limits.iloc[0]), "high": finite(limits.iloc[1])}


def finite(value: float) -> float | None:
    return round(float(value), 2) if math.isfinite(value) else None


def curve(fitter: KaplanMeierFitter) -> Iterator[tuple[float, float, float | None, float | None, int]]:
    """(years, survival, low, high, works at risk) at each step of the curve, from 0 years on."""
    band = fitter.confidence_interval_
    for years, table in fitter.event_table.iterrows():
        low, high = (finite_share(x) for x in band.loc[years])
        yield float(years), float(fitter.survival_function_.loc[years].iloc[0]), low, high, int(table["at_risk"])


def finite_share(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
