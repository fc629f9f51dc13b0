"""The measures by year: small histories worked out by hand, and what bad input does to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from measured import figure, measured, measuring, published, rows, some
from scipy.stats import binomtest
from small_world import World, rows_at

from standards_db.measures.compute import interval

OPEN = "9999-12-31"


def history() -> World:
    """One topic, cn and eu, five documents each from 2010 on.

    C 1 adopts ISO 1 IDT (edition 2008) and is withdrawn on 2016-06-30; C 6 takes its place the day after, with edition
    2015. C 2, which adopts ISO 2 MOD, comes in 2018. C 3, C 4, C 5, C 7 adopt nothing. E 1 adopts ISO 1 (2008),
    E 2 adopts ISO 3.
    """
    world = World()
    world.add("state", key="as_of", value="2026-03-02")
    for work in ("ISO 1", "ISO 2", "ISO 3"):
        world.work(work)
    for year, until in (("2008", "2015-10-01"), ("2015", OPEN)):
        world.document(
            f"ISO 1:{year}", "intl", ["pki"], work="ISO 1", edition_key=year.zfill(6), year=int(year),
            published=f"{year}-10-01", valid_from=f"{year}-10-01", valid_until=until, is_in_force=int(until == OPEN),
        )  # fmt: skip
    dated = {"valid_until": OPEN, "implemented": "2010-05-01", "valid_from": "2010-05-01"}
    ended = {**dated, "valid_until": "2016-06-30", "is_in_force": 0, "status": "superseded"}
    world.document("C 1", "cn", ["pki"], **ended)
    for n in (3, 4, 5):
        world.document(f"C {n}", "cn", ["pki"], **dated)
    world.document("C 2", "cn", ["pki"], **{**dated, "valid_from": "2018-01-01"})
    world.document("C 6", "cn", ["pki"], **{**dated, "valid_from": "2016-07-01"})
    world.document("C 7", "cn", ["pki"], **dated)
    for n in range(1, 6):
        world.document(f"E {n}", "eu", ["pki"], **dated)
    world.adopts("C 1", "ISO 1", "IDT", "2008", target_document="ISO 1:2008", is_stale=1)
    world.adopts("C 6", "ISO 1", "IDT", "2015", target_document="ISO 1:2015", is_stale=0)
    world.adopts("C 2", "ISO 2", "MOD", "2011", is_stale=0)
    world.adopts("E 1", "ISO 1", "IDT", "2008", target_document="ISO 1:2008", is_stale=1)
    world.adopts("E 2", "ISO 3", "IDT")
    return world


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(history(), tmp_path_factory.mktemp("years"))


BY_YEAR: list[tuple[str, tuple[str, ...], dict[int, tuple[int, int]]]] = [
    # C 1, C 3, C 4, C 5, C 7 until 2016; C 6 for C 1 from 2016; C 2 from 2018.
    ("international_share", ("cn",), {2009: (0, 0), 2010: (1, 5), 2015: (1, 5), 2016: (1, 5), 2018: (2, 6)}),
    ("home_grown_share", ("cn",), {2010: (4, 5), 2018: (4, 6), 2026: (4, 6)}),
    ("identical_share", ("cn",), {2010: (1, 5), 2018: (1, 6)}),
    ("modified_share", ("cn",), {2010: (0, 5), 2018: (1, 6)}),
    ("not_equivalent_share", ("cn",), {2010: (0, 5), 2018: (0, 6)}),
    # ISO 1 is held from 2008, ISO 3 is adopted by eu from 2010, ISO 2 by cn from 2018.
    ("uptake", ("cn",), {2009: (0, 1), 2010: (1, 2), 2017: (1, 2), 2018: (2, 3), 2026: (2, 3)}),
    ("uptake", ("eu",), {2009: (0, 1), 2010: (2, 2), 2018: (2, 3)}),
    ("uptake_iso_iec", ("eu",), {2010: (2, 2), 2018: (2, 3)}),
    ("shared_base", ("cn", "eu"), {2009: (0, 0), 2010: (1, 2), 2017: (1, 2), 2018: (1, 3), 2026: (1, 3)}),
    # Both follow edition 2008 until C 6 brings edition 2015 to cn in 2016.
    ("edition_skew", ("cn", "eu"), {2010: (0, 1), 2015: (0, 1), 2016: (1, 1), 2026: (1, 1)}),
    ("edition_gap", ("cn", "eu"), {2010: (0, 0), 2016: (1, 1), 2026: (1, 1)}),
    # Edition 2015 appears in October 2015: from then on an adoption of edition 2008 is stale.
    ("stale_share", ("cn",), {2014: (0, 1), 2015: (1, 1), 2016: (0, 1), 2018: (0, 2)}),
    ("stale_share", ("eu",), {2014: (0, 1), 2015: (1, 1), 2026: (1, 1)}),
    # Both write voluntary standards and nothing else.
    ("regulatory_distance", ("cn", "eu"), {2010: (0, 1), 2018: (0, 1)}),
    ("regulatory_count_distance", ("cn", "eu"), {2010: (0, 1), 2018: (1, 1)}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "spheres", "years"), BY_YEAR, ids=[f"{row[0]} {'-'.join(row[1])}" for row in BY_YEAR]
)
def test_figures_of_a_history_by_hand(
    path: Path, measure: str, spheres: tuple[str, ...], years: dict[int, tuple[int, int]]
) -> None:
    """Numerator and denominator of each year are those counted by hand from the dates."""
    found = {year: figure(path, measure, "pki", *spheres, year=year) for year in years}
    assert {year: some(row, "numerator", "denominator") for year, row in found.items()} == years


def test_the_gap_and_the_counts_of_a_history(path: Path) -> None:
    """Edition 2015 beside edition 2008 is a gap of seven years; six documents beside five differ by one."""
    assert figure(path, "edition_gap", "pki", "cn", "eu", 2016)["value"] == 7
    assert figure(path, "edition_gap", "pki", "cn", "eu", 2015)["value"] is None
    assert figure(path, "regulatory_count_distance", "pki", "cn", "eu", 2018)["value"] == 1
    assert figure(path, "regulatory_distance", "pki", "cn", "eu", 2018)["value"] == 0


def test_links_of_a_year_open_its_rows(path: Path) -> None:
    """The links of every figure of three years open as many rows on Datasette's page as the figure says."""
    wanted: dict[str, int] = {}
    for row in rows(path, "select * from figures where topic = 'pki' and year in (2012, 2016, 2026)"):
        if row["measure"] != "regulatory_count_distance":
            wanted |= {row[f"{name}_link"]: row[name] for name in ("numerator", "denominator")}
    assert len(wanted) > 60 and sum(wanted.values()) > 100
    assert rows_at(path, wanted) == wanted


def test_years_end_today_and_begin_with_the_first_document(path: Path) -> None:
    """A topic has figures from the first year in which any document of it counted to the current one."""
    found = rows(path, "select distinct year from figures where topic = 'pki' and measure = 'uptake' order by year")
    assert [row["year"] for row in found] == list(range(2008, 2027))
    assert rows(path, "select day from figure_years where is_current = 1") == [{"day": "2026-03-02"}]


def dated(world: World, id_: str, start: str | None, until: str | None, *, in_force: bool = False, **over: Any) -> None:
    world.document(id_, "cn", ["pki"], valid_from=start, valid_until=until, is_in_force=int(in_force), **over)


CASES: dict[str, tuple[dict[str, Any], tuple[int | None, int | None, int | None, str]]] = {
    "open": ({"start": "2010-05-01", "until": OPEN, "in_force": True}, (2010, 2026, 2026, "in force")),
    "ended": ({"start": "2010-05-01", "until": "2016-06-30"}, (2010, 2015, 2015, "withdrawal date known")),
    "ended on the last day of a year": (
        {"start": "2010-05-01", "until": "2016-12-31"}, (2010, 2015, 2015, "withdrawal date known")),
    "ended this year": ({"start": "2010", "until": "2026-02-01"}, (2010, 2025, 2025, "withdrawal date known")),
    "to end": ({"start": "2010-05", "until": "2027-01-01", "in_force": True}, (2010, 2026, 2026, "in force")),
    "end not known": ({"start": "2010-05-01", "until": None}, (2010, 2010, 2025, "withdrawal date missing")),
    "new and ended, end not known": (
        {"start": "2026-01-01", "until": None}, (None, None, None, "withdrawal date missing")),
    "came and went in one year": (
        {"start": "2010-02-01", "until": "2010-11-01"}, (None, None, None, "withdrawal date known")),
    "ended before it began": (
        {"start": "2016-01-01", "until": "2010-01-01"}, (None, None, None, "dates contradict each other")),
    "unknown year, in force": (
        {"start": None, "until": OPEN, "in_force": True}, (2026, 2026, 2026, "in force, start not known")),
    "unknown year, ended": (
        {"start": None, "until": "2016-01-01"}, (None, None, None, "not in force, start not known")),
    "to come": ({"start": "2027-01-01", "until": OPEN}, (None, None, None, "published later")),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_years_of_a_document(case: str) -> None:
    """Every combination of dates, contradicting and missing ones included, gives defined years and says why."""
    world = World()
    world.add("state", key="as_of", value="2026-03-02")
    given, wanted = CASES[case]
    dated(world, "C 1", **given)
    with measuring(world, first_year=2020, topics=("pki",)) as made:
        (row,) = made.execute("select first_year, last_year, possible_last_year, basis from document_years").fetchall()
    assert tuple(row) == wanted


def test_missing_withdrawal_dates_widen_the_interval() -> None:
    """Two withdrawn documents without a date may or may not have been in force: the bounds hold both extremes.

    In 2015, 2 of 6 adopt for sure. With the adopting one it would be 3 of 7, with the other 2 of 7.
    """
    world = World()
    world.add("state", key="as_of", value="2026-03-02")
    world.work("ISO 1")
    for n in range(6):
        dated(world, f"C {n}", "2010-01-01", OPEN, in_force=True)
    for n in (6, 7):
        dated(world, f"C {n}", "2012-01-01", None)
    for n in (0, 1, 7):
        world.adopts(f"C {n}", "ISO 1", "IDT")
    found = measured(world, first_year=2010, topics=("pki",))
    row = found["international_share", "pki", "cn", "", 2015]
    assert some(row, "numerator", "denominator") == (2, 6)
    low, high = (binomtest(k, 7).proportion_ci(0.95, method="wilson") for k in (2, 3))
    assert some(row, "low", "high") == (pytest.approx(low.low), pytest.approx(high.high))
    assert "cn: 2 withdrawn documents of unknown date may have been in force too" in row["coverage"]
    sure = found["international_share", "pki", "cn", "", 2026]
    assert "unknown date" not in sure["coverage"]
    assert row["low"] < sure["low"] and row["high"] > sure["high"]
    in_2012 = found["international_share", "pki", "cn", "", 2012]
    assert some(in_2012, "numerator", "denominator") == (3, 8), "at the end of the year they appeared in, both count"


def test_bounds_enclose_every_choice() -> None:
    """Whatever subset of the unknown documents was in force, its share and interval lie in the bounds."""
    for k, n, yes, no in ((2, 6, 3, 2), (0, 5, 1, 4), (5, 5, 0, 3)):
        low, high = interval(k, n, yes, no, 0.95)
        for i in range(yes + 1):
            for j in range(no + 1):
                inner = interval(k + i, n + i + j, 0, 0, 0.95)
                assert low - 1e-12 <= inner[0] <= inner[1] <= high + 1e-12


def test_an_edition_that_adopts_itself_adopts_nothing() -> None:
    """An edge from a document to itself, or to the work it is an edition of, is no adoption."""
    world = World()
    world.add("state", key="as_of", value="2026-03-02")
    world.work("ISO 1")
    for n in range(5):
        dated(world, f"C {n}", "2010-01-01", OPEN, in_force=True, work="ISO 1" if n == 0 else None)
    world.adopts("C 0", "ISO 1", "IDT")
    world.adopts("C 1", "ISO 1", "IDT", target_document="C 1")
    row = measured(world, first_year=2020, topics=("pki",))["international_share", "pki", "cn", "", 2026]
    assert some(row, "numerator", "denominator") == (0, 5)


def test_a_work_with_no_edition_in_force_counts_only_while_it_is_adopted() -> None:
    """Uptake does not ask for works that are gone, unless a sphere still follows one."""
    world = World()
    world.add("state", key="as_of", value="2026-03-02")
    ended = {"valid_from": "2005-01-01", "valid_until": "2012-01-01", "is_in_force": 0}
    for n in range(8):
        world.work(f"ISO {n}")
        world.document(f"ISO {n}:2005", "intl", ["pki"], work=f"ISO {n}", **ended)
    for n in range(5):
        dated(world, f"C {n}", "2010-01-01", OPEN, in_force=True)
        world.adopts(f"C {n}", f"ISO {n}", "IDT")
    found = measured(world, first_year=2010, topics=("pki",))
    assert some(found["uptake", "pki", "cn", "", 2011], "numerator", "denominator") == (5, 8)
    assert some(found["uptake", "pki", "cn", "", 2012], "numerator", "denominator") == (5, 5)
