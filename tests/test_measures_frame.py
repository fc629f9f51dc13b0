"""The frame: what a measure, a setting or a mapping must be, distances by hand, and the effect of another mapping."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from measured import figure, measured, measuring, published, rows, some
from small_world import World

from standards_db import taxonomy
from standards_db.measures import compute, mapping, model, registry
from standards_db.measures.model import MeasureError, Settings
from standards_db.measuring import figures_of
from standards_db.resolve import resolve
from standards_db.schema import open_db
from standards_db.snapshot import publish

HEADER = {
    "label": "Test",
    "question": "Is it so?",
    "formula": "a / b",
    "reading": "as it is",
    "limits": "many",
    "unit": "share",
    "grid": "sphere",
    "higher_means": "apart",
}


def sql(**facts: str) -> str:
    return "\n".join([*(f"-- {key}: {text}" for key, text in {**HEADER, **facts}.items() if text), "select 1"])


def test_a_measure_is_found_with_its_facts(tmp_path: Path) -> None:
    """A file is a measure by lying in the folder; a comment line without a fact continues the one above it."""
    (tmp_path / "one.sql").write_text(sql(reading="first line\n--   and second", needs="two"), encoding="utf-8")
    facts = "\n".join(f"{key} = {text!r}" for key, text in HEADER.items())
    (tmp_path / "two.py").write_text(f"{facts}\ndef rows(connection, settings):\n    return []\n", encoding="utf-8")
    (tmp_path / "helper.py").write_text("x = 1\n", encoding="utf-8")
    two, one = registry.discover(tmp_path)
    assert (one.key, one.reading, one.needs, one.unit) == ("one", "first line and second", ("two",), "share")
    assert two.key == "two" and list(two.rows(sqlite3.connect(":memory:"), model.read_settings())) == []


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"a.sql": sql(label="")}, "a.sql: states no label"),
        ({"a.sql": sql(unit="furlongs")}, "a.sql: unit is 'furlongs'"),
        ({"a.sql": sql(needs="b"), "b.sql": sql(needs="a")}, "need each other: a, b"),
        ({"a.sql": sql(needs="nothing")}, "no measure: nothing"),
        ({"a.py": "question = 'Is it?'"}, "a.py: states the facts of a measure and has no function rows"),
    ],
)
def test_a_file_that_is_no_measure_says_why(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    """The error names the file and what is wrong with it."""
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(MeasureError, match=re.escape(reason)):
        registry.discover(tmp_path)


def test_every_measure_of_the_project_says_what_it_is() -> None:
    """Each asks a question and links its rows, or brings its own links."""
    for measure in registry.discover():
        assert measure.question.endswith("?") and len(measure.limits) > 30, measure.key
        for link in (measure.numerator, measure.denominator):
            assert not link or "{year}" in link or measure.years == "current", measure.key


@pytest.mark.parametrize("given", [[{"sphere_a": "cn", "year": 2026}] * 2, [{"sphere_a": "intl", "year": 2026}]])
def test_figures_outside_of_the_grid_are_an_error(given: list[dict[str, Any]]) -> None:
    """Two figures for one key, or one for a sphere that is not compared, stop the computation."""
    measure = next(m for m in registry.discover() if m.key == "uptake")
    frame = compute.Frame(Settings(5, 2020, 0.95, ("cn", "eu")), [2026], {"all": 2026}, {}, {}, {})
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(MeasureError, match=r"two figures for|outside of its grid"),
    ):
        compute.write(connection, replace(measure, rows=lambda connection, settings: given), frame)


@pytest.mark.parametrize(
    ("key", "row"),
    [
        ("confidence", {"value": 1.5, "description": "x"}),
        ("minimum_documents", {"value": "five", "description": "x"}),
        ("minimum_documents", {"value": 0, "description": "x"}),
        ("spheres", {"value": ["cn"]}),
        ("colour", {"value": 1, "description": "x"}),
    ],
)
def test_bad_settings_are_refused(tmp_path: Path, key: str, row: dict[str, Any]) -> None:
    """A setting of the wrong kind, an unknown one and one without description are errors that name the file."""
    path = tmp_path / "settings.yml"
    path.write_text(model.yaml.safe_dump({**model.given_settings(), key: row}), encoding="utf-8")
    with pytest.raises(MeasureError, match=re.escape(str(path))):
        model.read_settings(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[", "while parsing"),
        ("- a", "not a mapping"),
        ("label: x", "instead of label, description, bodies"),
        ("{label: x, description: y, bodies: {}}", "moves no body"),
        ("{label: x, description: y, bodies: {nobody: {sphere: us, reason: z}}}", "nobody: no such body"),
        ("{label: x, description: y, bodies: {ietf: {sphere: moon, reason: z}}}", "ietf: sphere is none of"),
        ("{label: x, description: y, bodies: {ietf: {sphere: us}}}", "ietf: states no reason"),
    ],
)
def test_a_bad_mapping_says_what_is_wrong(tmp_path: Path, text: str, reason: str) -> None:
    """The error names the file, the body and the reason."""
    path = tmp_path / "mine.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MeasureError, match=re.escape(reason)):
        mapping.read(path)


def test_another_mapping_moves_what_it_says_and_nothing_else(tmp_path: Path) -> None:
    """Under "IEEE counted as us" adoptions of IEEE works are no longer international; ISO ones stay."""
    world = World()
    world.work("IEEE 1", body="ieee-sa")
    world.work("ISO 1")
    world.document("IEEE 1:2020", "intl", ["isms"], body="ieee-sa", work="IEEE 1")
    for n in range(5):
        world.document(f"C {n}", "cn", ["isms"])
        world.document(f"U {n}", "us", ["isms"])
    world.adopts("C 0", "IEEE 1", "IDT")
    world.adopts("C 1", "ISO 1", "IDT")
    path = published(world, tmp_path)
    assert figure(path, "international_share", "isms", "cn")["numerator"] == 2
    where = "measure = 'international_share' and topic = 'isms'"
    moved = rows(path, f"select * from figures_by_mapping where mapping = 'ieee_ietf_us' and {where}")
    assert {r["sphere_a"]: some(r, "numerator", "denominator") for r in moved} == {
        "cn": (1, 5),
        "eu": (0, 0),
        "us": (0, 6),
    }
    count = "select count(*) as n from figures f join figure_years y on y.year = f.year where is_current = 1"
    assert rows(path, "select count(*) as n from figures_by_mapping") == rows(path, count)
    reasons = rows(path, "select body, sphere, reason from mapping_bodies order by body")
    assert [(r["body"], r["sphere"]) for r in reasons] == [("ieee-sa", "us"), ("ietf", "us")]
    assert all(len(r["reason"]) > 20 for r in reasons)
    assert set(taxonomy.BODIES) > {"ieee-sa", "ietf"}
    assert figures_of(path)[1] == figures_of(tmp_path / "ingest-standards.db")[1], "a snapshot measures like its source"


def instruments_world(*, swapped: bool = False) -> World:
    """cn: mandatory and voluntary standards and a scheme in pki; eu: voluntary standards, and a law of unknown date."""
    cn, eu = ("eu", "cn") if swapped else ("cn", "eu")
    world = World()
    world.add("state", key="as_of", value="2026-03-02")
    dated = {"valid_from": "2010-01-01", "valid_until": "9999-12-31"}
    for n in range(6):
        world.document(f"A {n}", cn, ["pki"], force="mandatory" if n < 2 else None, **dated)
        world.document(f"B {n}", eu, ["pki"], **dated)
    law = {"title": "t", "source_url": "https://law.example/"}
    world.add(
        "instrument_topics", topic="pki", instrument="s", sphere=cn, kind="certification scheme", since="2012", **law
    )
    world.add("instrument_topics", topic="pki", instrument="l", sphere=eu, kind="technical regulation", **law)
    world.add("instruments", id="x", title="t", sphere=eu, kind="exclusion list", in_force="2012", basis="curated")
    return world


def test_regulatory_distance_by_hand() -> None:
    """Kinds that one side alone has, over the kinds that either has; the same either way round."""
    found = measured(instruments_world(), first_year=2010, topics=("pki",))
    by_year = {year: found["regulatory_distance", "pki", "cn", "eu", year] for year in (2011, 2012, 2026)}
    # 2011: mandatory differs, voluntary not. 2012: the scheme too. 2026: the law of unknown date too.
    assert {y: some(r, "numerator", "denominator") for y, r in by_year.items()} == {
        2011: (1, 2),
        2012: (2, 3),
        2026: (3, 4),
    }
    assert by_year[2011]["value"] == 0.5
    counts = found["regulatory_count_distance", "pki", "cn", "eu", 2012]
    assert some(counts, "numerator", "denominator", "value") == (2 + 2 + 1, 3, pytest.approx(5 / 3))
    together = found["regulatory_distance", "all", "cn", "eu", 2012]
    assert some(together, "numerator", "denominator") == (3, 4), "the list without a topic is a cell of its own"
    swapped = measured(instruments_world(swapped=True), first_year=2010, topics=("pki",))
    for key, row in found.items():
        if key[0].startswith("regulatory") and key[2:4] == ("cn", "eu"):
            assert some(swapped[key], "value", "numerator", "denominator") == some(
                row, "value", "numerator", "denominator"
            )


@pytest.mark.parametrize(
    ("cn", "eu", "distance"),
    [((3, 3), (0, 6), 0.5579230452841438), ((2, 4), (3, 6), 0.0), ((6, 0), (0, 6), 1.0), ((4, 0), (0, 6), None)],
)
def test_profile_distance_by_hand(cn: tuple[int, int], eu: tuple[int, int], distance: float | None) -> None:
    """Half and half beside all in one: sqrt((0.2075 + 0.4150) / 2); the same mix is 0, no topic in common 1."""
    world = World()
    for sphere, counts in (("cn", cn), ("eu", eu)):
        for topic, count in zip(("isms", "pki"), counts, strict=True):
            for n in range(count):
                world.document(f"{sphere} {topic} {n}", sphere, [topic])
    found = measured(world, first_year=2025, topics=("isms", "pki"))
    row = found["profile_distance", "all", "cn", "eu", 2026]
    assert row["value"] == (distance if distance is None else pytest.approx(distance))
    assert some(row, "numerator", "denominator") == (sum(cn), sum(eu))
    assert found["profile_distance", "all", "cn", "eu", 2025]["note"] == "not enough documents"


def test_a_circle_of_successors_leaves_its_newest_member(tmp_path: Path) -> None:
    """Two documents that each claim to replace the other: the older ends when the newer begins, and is counted so."""
    world = World()
    dated = {"status": "superseded", "family": None}
    world.document("C 1", "cn", ["pki"], published="2010-01-01", **dated)
    world.document("C 2", "cn", ["pki"], published="2015-06-01", **{**dated, "status": "in_force"})
    for one, other in (("C 1", "C 2"), ("C 2", "C 1")):
        edge = {"type": "superseded by", "target_text": other, "target_identifier": other, "target_edition_key": "1"}
        world.adopts(one, "", None, **{**edge, "target_work": None})
    path = world.write(tmp_path / "ingest.db")
    with closing((db := open_db(path)).conn):
        resolve(db, today="2026-03-02")
    figures = published_figures(path, tmp_path)
    counted = {
        year: figures["international_share", "pki", "cn", "", year]["denominator"] for year in (2010, 2014, 2015, 2026)
    }
    assert counted == {2010: 1, 2014: 1, 2015: 1, 2026: 1}


def published_figures(ingest: Path, folder: Path) -> dict[tuple[Any, ...], dict[str, Any]]:
    publish(ingest, folder / "standards.db")
    found = rows(folder / "standards.db", "select * from figures")
    return {some(row, "measure", "topic", "sphere_a", "sphere_b", "year"): row for row in found}


def test_every_query_of_a_year_uses_an_index() -> None:
    """The slices of a year that links ask for are read through an index of the table, not row by row."""
    with measuring(instruments_world(), first_year=2024, topics=("pki",)) as made:
        for table, filters in (
            ("topic_documents", "topic = 'pki' and sphere = 'cn'"),
            ("adoption_topics", "topic = 'pki' and sphere = 'cn'"),
            ("alignment_topics", "topic = 'pki'"),
            ("pair_works", "topic = 'pki' and sphere_a = 'cn' and sphere_b = 'eu'"),
            ("pair_instruments", "topic = 'pki'"),
            ("figures", "measure = 'uptake' and topic = 'pki'"),
            ("figures", "year = 2026"),
        ):
            plan = made.execute(f"explain query plan select count(*) from {table} where {filters}").fetchall()
            assert all("SEARCH" in row[3] for row in plan), (table, [tuple(row) for row in plan])


@pytest.mark.parametrize(("is_collected", "adopts"), [(False, False), (False, True), (True, False)])
def test_adoptions_that_are_not_collected_are_not_zero(tmp_path: Path, is_collected: bool, adopts: bool) -> None:
    """A sphere without a held adoption, whose register of them is not collected, has a blank with its rows."""
    world = World()
    world.work("ISO 9001")
    for n in range(1, 6):
        world.document(f"E {n}-2023", "eu", ["isms"])
        world.document(f"U {n}-2021", "us", ["isms"])
        world.document(f"ISO 700{n}:2020", "intl", ["isms"], work=f"ISO 700{n}", edition="2020")
        world.work(f"ISO 700{n}")
    world.adopts("E 1-2023", "ISO 9001", "IDT", "2013")
    if adopts:
        world.adopts("U 1-2021", "ISO 9001", "NEQ", "2013")
    if not is_collected:
        world.add("coverage", source="incits", scope="adoptions", state="not collected", loaded=0)
    path = published(world, tmp_path)
    base, uptake = figure(path, "shared_base", "isms", "eu", "us"), figure(path, "uptake", "isms", "us")
    share, own = (figure(path, f"{name}_share", "isms", "us") for name in ("international", "home_grown"))
    assert some(base, "numerator", "denominator") == (0, 1) and some(share, "numerator", "denominator") == (0, 5)
    if is_collected or adopts:
        assert [row["value"] for row in (base, uptake, share, own)] == [0, 0, 0, 1]
    else:
        assert {row["value"] for row in (base, uptake, share, own)} == {None}
        assert {row["note"] for row in (uptake, share, own)} == {base["note"]}
        assert base["note"].startswith("adoptions are not collected: American national standards")
