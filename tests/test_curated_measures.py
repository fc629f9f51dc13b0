"""Adoption lag, references, recognition, vendors and cryptography: small examples by hand, links recounted."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from measured import figure, figures, published, rows, some
from small_world import World

from standards_db import facts, survival
from standards_db.measures import evidence

MINE = (
    "adoption_lag",
    "adoption_lag_any",
    "cross_reference_ei",
    "cross_reference_share",
    "crypto_overlap",
    "recognition_reciprocity",
    "vendor_cross_certification",
    "vendor_exclusion",
)
TODAY = 2026


def world_of_lags() -> World:
    """Twelve works of ISO published on 1 January 2010. China adopts six, after 1, 2, ... 6 years; one of the others is
    adopted by a text without a date, one before its publication, one three years before it."""
    world = World()
    for n in range(1, 13):
        work = f"ISO 90{n:02}"
        world.work(work)
        published = "2015-01-01" if n in (8, 9) else "2010-01-01"
        world.document(f"{work}:2010", "intl", ["isms"], work=work, edition_key="002010", published=published,
                       valid_from=published, valid_until="9999-12-31", year=int(published[:4]))  # fmt: skip
    # The register of China begins with a text that adopts a work published long before.
    world.work("ISO 8000")
    world.document("ISO 8000:2000", "intl", ["isms"], work="ISO 8000", published="2000-01-01",
                   valid_from="2000-01-01", valid_until="9999-12-31", year=2000)  # fmt: skip
    taken = {**{f"ISO 90{n:02}": f"{2010 + n}-01-01" for n in range(1, 7)}, "ISO 8000": "2009-06-01"}
    taken |= {"ISO 9007": None, "ISO 9008": "2014-06-01", "ISO 9009": "2012-01-01"}
    for number, (work, day) in enumerate(taken.items(), 1):
        world.document(f"C {number}", "cn", ["isms"], published=day, valid_from=day, valid_until="9999-12-31")
        world.adopts(f"C {number}", work, "IDT")
    world.document("C 99", "cn", ["isms"], published="2010-02-01", valid_from="2010-02-01", valid_until="9999-12-31")
    world.adopts("C 99", "ISO 9012", "NEQ")
    return world


@pytest.fixture(scope="module")
def lags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(world_of_lags(), tmp_path_factory.mktemp("lags"))


def test_lags_are_rows_with_a_reason_when_left_out(lags: Path) -> None:
    """The clock runs from publication to adoption or to the snapshot; NEQ stops no clock, and oddities are named."""
    found = {row["work"]: row for row in rows(lags, "select * from adoption_lags where topic = 'isms'")}
    assert {row["sphere"] for row in found.values()} == {"cn"}, "a sphere that adopts nothing is not watched"
    assert some(found["ISO 9003"], "is_observed", "document", "lag_years", "is_used") == (1, "C 3", 3.001, 1)
    assert some(found["ISO 9012"], "is_observed", "document", "is_used") == (0, None, 1)
    assert some(found["ISO 9008"], "lag_years", "is_used", "reason") == (0, 1, None)
    assert found["ISO 9007"]["reason"] == "an adopting document has no date"
    assert found["ISO 9009"]["reason"].startswith("adopted more than a year before publication")
    assert found["ISO 8000"]["reason"] == "published before the first adoption of the sphere on record"


def test_the_median_lag_is_that_of_the_curve(lags: Path) -> None:
    """Of ten works seven were adopted, after 0, 1, ... 6 years: the fifth of them, after 4 years, brings it to half."""
    row = figure(lags, "adoption_lag", "isms", "cn")
    assert some(row, "numerator", "denominator", "n_a") == (7, 10, 10)
    assert row["value"] == pytest.approx(4, abs=0.01)
    curve = rows(
        lags, "select * from adoption_lag_curve where topic = 'isms' and measure = 'adoption_lag' order by years"
    )
    assert [round(point["survival"], 3) for point in curve[:4]] == [0.9, 0.8, 0.7, 0.6]
    assert [point["at_risk"] for point in curve[:4]] == [10, 9, 8, 7]
    assert all(a["survival"] >= b["survival"] for a, b in pairwise(curve))


def test_the_lag_of_an_earlier_year_knows_no_later_adoption(lags: Path) -> None:
    """At the end of 2013 three works were adopted of the nine published by then and dated: too few for a median."""
    row = figure(lags, "adoption_lag", "isms", "cn", year=2013)
    assert some(row, "numerator", "denominator", "value", "note") == (3, 9, None, "not enough adoptions")


def test_a_median_needs_works_still_watched() -> None:
    """A curve that crosses one half with one work left gives a note, and one that never does gives None."""
    few = survival.fitted(np.array([1.0, 1.5, 2.0, 9.0]), np.array([False, False, True, True]), 0.95)
    assert survival.median(few, 5) == {"note": "not enough works still watched at the median (2)"}
    none = survival.fitted(np.array([1.0, 2.0, 3.0]), np.array([True, False, False]), 0.95)
    assert survival.median(none, 1)["value"] is None


def test_half_adopted_is_half() -> None:
    """Four of eight works are adopted after two years: that is the median, whatever the rounding of a product."""
    years = np.array([1.0, 1.2, 1.4, 2.0, 5.0, 5.0, 5.0, 5.0])
    curve = survival.fitted(years, np.array([True] * 4 + [False] * 4), 0.95)
    assert survival.median(curve, 1)["value"] == 2.0


@pytest.mark.parametrize("size", [2, 3, 8, 40, 300])
def test_curves_are_those_of_lifelines(size: int) -> None:
    """Another library gives the same steps, band and works at risk; its band runs from 1 and ends on the curve."""
    chance = random.Random(size)
    for _ in range(20):
        years = [round(chance.choice([0.0, chance.random() * 5, float(chance.randrange(5))]), 2) for _ in range(size)]
        observed = [chance.random() < 0.6 for _ in range(size)]
        other = KaplanMeierFitter(alpha=0.05).fit(years, observed)
        ours = list(survival.points(survival.fitted(np.array(years), np.array(observed), 0.95)))
        band = other.confidence_interval_
        for (time, share, low, high, at_risk), (index, row) in zip(ours, other.event_table.iterrows(), strict=True):
            assert (time, at_risk) == (index, row["at_risk"])
            assert share == pytest.approx(other.survival_function_.loc[time].iloc[0])
            assert (low, high) == pytest.approx(tuple(band.loc[time]))


def world_of_references() -> World:
    world = World()
    world.work("ISO 9001")
    world.work("NIST SP 1", sphere="us", body="nist")
    dated = {"published": "2015-01-01", "valid_from": "2015-01-01", "valid_until": "9999-12-31", "year": 2015}
    for n in range(1, 6):
        world.document(f"U {n}", "us", ["isms"], **dated)
        target = "ISO 9001" if n <= 2 else "NIST SP 1"
        world.adopts(f"U {n}", target, None, type="references")
    world.adopts("U 1", "ISO 9001", None, type="references", target_text="ISO 9001 again")
    return world


def test_cross_references(tmp_path: Path) -> None:
    """Two of five references leave the sphere: E-I = (2 - 3) / 5; a text cited twice by one document counts once."""
    path = published(world_of_references(), tmp_path)
    row = figure(path, "cross_reference_ei", "isms", "us")
    assert some(row, "numerator", "denominator", "value") == (2, 5, pytest.approx(-0.2))
    assert not [r for r in figures(path, "cross_reference_ei") if r["year"] < 2015 and r["denominator"]]
    shares = {r["sphere_b"]: r["value"] for r in figures(path, "cross_reference_share")
              if r["topic"] == "isms" and r["year"] == TODAY}  # fmt: skip
    assert shares == {"cn": 0, "eu": 0, "intl": pytest.approx(0.4)}


@pytest.fixture(scope="module")
def curated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot without documents: the curated tables alone, and vendors of three countries."""
    world = World()
    for number, country in enumerate(("CN", "CN", "CN", "CN", "CN", "US")):
        key = f"vendor {number}"
        world.add("vendors", key=key, name=key, country=country)
        world.certificate(f"E{number}", vendor_key=key, year=2010 + number, sphere="eu")
    world.certificate("U0", vendor_key="vendor 0", year=2014, sphere="us")
    world.certificate("K1", vendor_key="vendor 1", year=2014, sphere="other")
    world.certificate("X2", vendor_key="vendor 2", year=None, sphere="us")
    world.add("exclusions", id="x:1", list="FCC Covered List", sphere="us", subject="gear", vendor_key="vendor 0",
              included="2021-03-12", source="register_us", page_url="https://a.example", page_sha256="0" * 64,
              retrieved_at="2026-03-01T10:00:00Z", run=1)  # fmt: skip
    world.document("C 1", "cn", ["isms"])
    return published(world, tmp_path_factory.mktemp("curated"))


def test_vendor_cross_certification(curated: Path) -> None:
    """One of five Chinese vendors is certified by schemes of two spheres, since 2014; a scheme of another state and a
    certificate without a date do not count; with one vendor there is no share."""
    row = figure(curated, "vendor_cross_certification", "all", "cn")
    assert some(row, "numerator", "denominator", "value") == (1, 5, pytest.approx(0.2))
    assert figure(curated, "vendor_cross_certification", "all", "cn", year=2013)["numerator"] == 0
    assert some(figure(curated, "vendor_cross_certification", "all", "us"), "value", "note") == (
        None,
        "not enough vendors",
    )
    assert figure(curated, "vendor_exclusion", "all", "cn", year=2020)["numerator"] == 0
    assert figure(curated, "vendor_exclusion", "all", "cn", year=2021)["numerator"] == 1
    (country,) = rows(curated, "select * from vendor_countries where country = 'CN'")
    assert some(country, "vendor_count", "cross_certified_count", "excluded_cross_count") == (5, 1, 1)


def test_recognition(curated: Path) -> None:
    """Every role is understood; China takes part nowhere; what is reciprocal is accepted on both sides."""
    understood = {None, "authorizing", "authorizing (qualified)", "authorizing and consuming", "joined", "none",
                  "intent", "signatory", "signatory (authorizing)", "joint validation authority"}  # fmt: skip
    roles = {row["role"] for row in rows(curated, "select role from recognition where country is not null")}
    assert {role for role in roles - understood if not role.startswith(("consuming", "designating"))} == set()
    assert figure(curated, "recognition_reciprocity", "all", "cn", "us")["note"].startswith("no recognition between")
    row = figure(curated, "recognition_reciprocity", "all", "eu", "us")
    pairs = rows(curated, "select * from recognition_pairs where sphere_a = 'eu' and sphere_b = 'us'")
    assert row["denominator"] == len(pairs)
    assert row["numerator"] == sum(pair["a_accepts_b"] and pair["b_accepts_a"] for pair in pairs)
    assert row["low"] <= row["value"] == row["high"]
    assert {pair["country_b"] for pair in pairs} == {"US"} and {"FR", "DE"} <= {pair["country_a"] for pair in pairs}
    assert not rows(curated, "select 1 from recognition_members where country = 'CN'")


def test_crypto_overlap_is_the_jaccard_index_of_what_both_speak_of(curated: Path) -> None:
    """Recomputed from the curated file: sets of approved algorithms, drafts aside, blanks neither shared nor absent."""
    approved: dict[str, set[str]] = {}
    spoken: dict[str, set[str]] = {}
    for row in facts.load("crypto_suites"):
        if row["status"] != "draft" and "(draft)" not in row["authority"]:
            keys = {key for key in row["keys"].split(";") if key}
            spoken.setdefault(row["sphere"], set()).update(keys)
            if row["status"] == "approved":
                approved.setdefault(row["sphere"], set()).update(keys)
    for row in figures(curated, "crypto_overlap"):
        a, b = row["sphere_a"], row["sphere_b"]
        both = (approved[a] | approved[b]) & spoken[a] & spoken[b]
        shared = approved[a] & approved[b]
        unseen = (approved[a] | approved[b]) - both
        assert some(row, "numerator", "denominator") == (len(shared), len(both)), (a, b)
        if row["value"] is not None:
            assert row["value"] == pytest.approx(len(shared) / len(both))
            assert row["low"] == pytest.approx(len(shared) / len(both | unseen))
            assert row["low"] <= row["value"] <= row["high"] <= 1
    assert figure(curated, "crypto_overlap", "all", "cn", "us")["value"] == 0


def test_the_crypto_matrix_never_says_absent_without_evidence(curated: Path) -> None:
    """An absent cell rests on a list that is complete; a pair of which nobody speaks has no cell."""
    absent = rows(curated, "select * from crypto_matrix where standing = 'absent'")
    assert absent and all(row["evidence_id"] and row["source_url"] for row in absent)
    assert not rows(curated, "select 1 from crypto_matrix where algorithm = 'Ascon' and sphere = 'cn'")
    (rsa,) = rows(curated, "select * from crypto_matrix where algorithm = 'RSA' and sphere = 'us'")
    assert some(rsa, "standing", "is_contradicted") == ("approved", 1) and "NSA CNSA 2.0: legacy" in rsa["statements"]
    (sm4,) = rows(curated, "select * from crypto_matrix where algorithm = 'SM4' and sphere = 'us'")
    assert sm4["standing"] == "draft", "a draft decides nothing"


@pytest.fixture(scope="module", params=["lags", "curated"])
def any_path(request: pytest.FixtureRequest) -> Iterator[Path]:
    yield request.getfixturevalue(request.param)


def test_figures_recount_through_their_links(any_path: Path) -> None:
    """A random draw of figures of these measures: numerator and denominator are the rows that their links open."""
    found = [row for name in MINE for row in figures(any_path, name)]
    drawn: list[dict[str, Any]] = random.Random(6).sample(found, 200)
    drawn += [row for row in found if row["numerator"]]
    with closing(sqlite3.connect(any_path)) as connection:
        for row in drawn:
            for part in ("numerator", "denominator"):
                if row[f"{part}_link"] and row[part] is not None:
                    assert evidence.count(connection, row[f"{part}_link"]) == row[part], row
