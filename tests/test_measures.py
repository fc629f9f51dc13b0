"""The measures: every figure of a small world by hand, its links recounted, and the properties each must hold."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from measured import figure, figures, measured, published, rows, some
from small_world import World, rows_at, small_world

from standards_db.measures import registry

SHARES = {m.key for m in registry.discover() if m.unit == "share"}
TODAY = 2026
CURATED = {"crypto_overlap", "recognition_reciprocity"}  # their spheres come from curated tables, not from the world


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(small_world(), tmp_path_factory.mktemp("measures"))


def test_international_share(path: Path) -> None:
    """IDT and MOD count, NEQ and unstated degrees stand beside, drafts, amendments and superseded ones are out."""
    row = figure(path, "international_share", "isms", "cn")
    assert some(row, "numerator", "denominator", "value") == (2, 6, pytest.approx(1 / 3))
    parts = ("identical_share", "modified_share", "not_equivalent_share", "home_grown_share")
    assert [figure(path, part, "isms", "cn")["numerator"] for part in parts] == [1, 1, 1, 4]
    assert some(figure(path, "international_share", "isms", "eu"), "numerator", "denominator") == (4, 5)
    assert figure(path, "international_share", "pki", "cn")["value"] == 1


def test_shares_of_one_sphere_sum_to_one(path: Path) -> None:
    """International and home-grown share are 1 together, and so are identical, modified and home-grown."""
    for row in figures(path, "international_share"):
        if row["value"] is not None:
            key = some(row, "topic", "sphere_a", "sphere_b", "year")
            home, same, changed = (
                figure(path, f"{m}_share", *key)["value"] for m in ("home_grown", "identical", "modified")
            )
            assert row["value"] + home == pytest.approx(1)
            assert same + changed + home == pytest.approx(1)


def test_uptake(path: Path) -> None:
    """The works of a topic are those held in force and those adopted, ISO and IEC counted apart."""
    row = figure(path, "uptake", "isms", "cn")
    assert some(row, "numerator", "denominator", "value") == (2, 7, pytest.approx(2 / 7))
    row = figure(path, "uptake_iso_iec", "isms", "cn")
    assert some(row, "numerator", "denominator", "value") == (2, 6, pytest.approx(1 / 3))
    assert figure(path, "uptake", "isms", "eu")["value"] == pytest.approx(4 / 7)
    assert some(figure(path, "uptake", "isms", "us"), "numerator", "value") == (1, None)


def test_shared_base(path: Path) -> None:
    """J counts the works that both adopt among those that either adopts."""
    row = figure(path, "shared_base", "isms", "cn", "eu")
    assert some(row, "numerator", "denominator", "value", "note") == (2, 4, 0.5, None)


def test_edition_skew(path: Path) -> None:
    """One of two shared works is adopted in another edition, nine years apart."""
    row = figure(path, "edition_skew", "isms", "cn", "eu")
    assert some(row, "numerator", "denominator", "value") == (1, 2, 0.5)
    row = figure(path, "edition_gap", "isms", "cn", "eu")
    assert some(row, "value", "numerator", "denominator") == (9, 1, 1)


def test_stale_share(path: Path) -> None:
    """Of six adoptions one has an edition that nobody can compare; two of the other five are stale."""
    row = figure(path, "stale_share", "pki", "cn")
    assert some(row, "numerator", "denominator", "value") == (2, 5, pytest.approx(0.4))


def test_all_topics_together_count_a_document_once(path: Path, tmp_path: Path) -> None:
    """The row `all` holds each document once, however many topics it is in."""
    assert some(figure(path, "international_share", "all", "cn"), "numerator", "denominator") == (8, 12)
    world = small_world()
    topics = [row[0] for row in world_topics(path) if row[0] not in ("all", "isms")][:10]
    world.document("C 50-2020", "cn", topics)
    other = published(world, tmp_path)
    assert some(figure(other, "international_share", "all", "cn"), "numerator", "denominator") == (8, 13)
    assert [figure(other, "international_share", t, "cn")["denominator"] for t in topics] == [
        figure(path, "international_share", t, "cn")["denominator"] + 1 for t in topics
    ]


def world_topics(path: Path) -> list[tuple[str]]:
    return [(row["key"],) for row in rows(path, "select key from topics order by key")]


def test_too_few_documents(path: Path) -> None:
    """With fewer than five documents a figure is NULL and says so; with five it is a figure."""
    for measure, *key in (
        ("international_share", "isms", "us"),
        ("uptake", "isms", "us"),
        ("stale_share", "isms", "cn"),
        ("shared_base", "isms", "cn", "us"),
        ("edition_skew", "isms", "eu", "us"),
        ("shared_base", "pki", "cn", "eu"),
    ):
        row = figure(path, measure, *key)
        assert row["value"] is None and row["note"].startswith("not enough documents"), (measure, key)
    assert figure(path, "international_share", "isms", "eu")["value"] == pytest.approx(0.8)


def test_nothing_adopted_is_no_zero(tmp_path: Path) -> None:
    """Two spheres that adopt nothing have no shared base: NULL with a note, neither 0 nor 1."""
    world = World()
    for n in range(5):
        world.document(f"C {n}", "cn", ["isms"])
        world.document(f"E {n}", "eu", ["isms"])
    row = figure(published(world, tmp_path), "shared_base", "isms", "cn", "eu")
    assert some(row, "value", "note") == (None, "neither side adopts an international work")


def test_a_figure_is_null_exactly_when_a_note_says_why(path: Path) -> None:
    """No figure is blank without a reason, none has one and a reason against it, and shares lie in their intervals."""
    for row in figures(path):
        assert (row["value"] is None) == (row["note"] is not None), row
        assert row["coverage"] and row["numerator_link"] and row["denominator_link"], row
        if row["measure"] in SHARES and row["value"] is not None:
            assert 0 <= row["low"] <= row["value"] <= row["high"] <= 1, row


def test_median_gap(tmp_path: Path) -> None:
    """The median of gaps of 2, 4 and 9 years is 4; of 2 and 4 it is 3; equal editions do not enter."""
    for gaps, median in (((2, 4, 9, 0), 4), ((2, 4, 0), 3)):
        world = World()
        for n in range(5):
            world.document(f"C {n}", "cn", ["isms"])
            world.document(f"E {n}", "eu", ["isms"])
        for n, gap in enumerate(gaps):
            world.work(f"ISO 900{n}")
            world.adopts(f"C {n}", f"ISO 900{n}", "IDT", "2010")
            world.adopts(f"E {n}", f"ISO 900{n}", "IDT", str(2010 + gap))
        row = figure(published(world, tmp_path, f"gaps{median}"), "edition_gap", "isms", "cn", "eu")
        assert some(row, "value", "numerator") == (median, len(gaps) - 1)


def test_a_side_stands_for_its_newest_edition(tmp_path: Path) -> None:
    """A sphere that adopts an old and a new edition of a work is compared by the new one."""
    world = World()
    world.work("ISO 9001")
    for document, sphere, year in (("C 1", "cn", "2010"), ("C 2", "cn", "2022"), ("E 1", "eu", "2022")):
        world.document(document, sphere, ["isms"])
        world.adopts(document, "ISO 9001", "IDT", year)
    (row,) = rows(
        published(world, tmp_path),
        "select * from pair_works where sphere_a = 'cn' and sphere_b = 'eu' and topic = 'isms'",
    )
    assert some(row, "edition_a", "edition_b", "is_shared", "is_comparable", "is_different") == (
        *("ISO 9001:2022", "ISO 9001:2022"),
        *(1, 1, 0),
    )


def test_the_pivot_repeats_the_figures(path: Path) -> None:
    """The table of the front page holds the figures of the current year."""
    found = rows(path, "select * from divergence_pairs")
    assert len(found) == len([row for row in figures(path, "shared_base") if row["year"] == TODAY])
    for row in found:
        pair = some(row, "topic", "sphere_a", "sphere_b")
        base = figure(path, "shared_base", *pair)
        assert some(row, "shared_base", "numerator", "note") == some(base, "value", "numerator", "note")
        skew = figure(path, "edition_skew", *pair)
        assert some(row, "skew", "skew_note") == some(skew, "value", "note")
        for side in "ab":
            one = (row["topic"], row[f"sphere_{side}"])
            assert row[f"share_{side}"] == figure(path, "international_share", *one)["value"]
            assert row[f"uptake_{side}"] == figure(path, "uptake", *one)["value"]
            assert row[f"stale_{side}"] == figure(path, "stale_share", *one)["value"]


def test_datasette_shows_exactly_the_rows_counted(path: Path) -> None:
    """Datasette shows at each link of today's figures as many rows as the figure says."""
    wanted: dict[str, int] = {}
    counted = {measure.key for measure in registry.discover() if not measure.counts}
    for row in figures(path):
        if row["topic"] in ("isms", "pki", "all") and row["year"] == TODAY and row["measure"] in counted:
            for name in ("numerator", "denominator"):
                assert wanted.setdefault(row[f"{name}_link"], row[name]) == row[name], f"two figures for {row}"
    assert sum(wanted.values()) > 60
    assert rows_at(path, wanted) == wanted


def test_alignment(path: Path) -> None:
    """One row per adopted work tells each sphere's document, degree, edition and whether that is stale."""
    found = {row["work"]: row for row in rows(path, "select * from alignment")}
    assert set(found) == {f"ISO 900{n}" for n in (1, 2, 3, 6)} | {f"ISO 80{n}" for n in range(1, 7)}
    first = found["ISO 9001"]
    assert some(first, "cn", "eu") == ("C 1-2020 IDT 2013 (stale)", "E 1-2023 IDT 2022")
    assert some(first, "cn_count", "eu_count", "us_count", "sphere_count", "newest_edition") == (
        *(1, 1, 1, 3),
        "ISO 9001:2022",
    )
    third = found["ISO 9003"]
    assert some(third, "cn", "cn_count", "sphere_count") == ("C 3-2020 NEQ 2022", 0, 1)
    assert found["ISO 9006"]["eu"] == "E 4-2023 IDT"


def test_works_that_nobody_adopts_are_listed(path: Path) -> None:
    """A topic lists the works that no sphere adopts; drafts, amendments, NEQ and unstated edges adopt nothing."""
    found = rows(
        path,
        "select work from alignment_topics where topic = 'isms' and sphere_count = 0 and is_current = 1 order by work",
    )
    assert [row["work"] for row in found] == ["ISO 9004", "ISO 9005", "RFC 9999"]


def test_one_adoption_per_document_and_work(tmp_path: Path) -> None:
    """Of several statements about one pair the surest is shown, with all degrees that were printed."""
    world = World()
    world.work("ISO 9001")
    for document in ("C 1", "C 2"):
        world.document(document, "cn", ["isms"])
        world.adopts(document, "ISO 9001", "IDT", "2022", confidence="medium", method="source text")
        world.adopts(document, "ISO 9001", None, "2022")
    world.adopts("C 1", "ISO 9001", "MOD", "2013")
    world.adopts("C 1", "ISO 9001", "NEQ", "2022", confidence="suggestion", method="title similarity")
    first, second = rows(published(world, tmp_path), "select * from adoptions order by document")
    assert some(first, "degree", "degrees_stated", "edge_count", "is_counted") == ("MOD", "IDT, MOD", 3, 1)
    assert some(first, "target_edition", "target_year") == ("ISO 9001:2013", 2013)
    assert some(second, "degree", "degrees_stated", "edge_count", "is_counted") == ("unstated", "IDT", 2, 0)


def test_only_adoptions_of_international_works(tmp_path: Path) -> None:
    """A national text that takes over a regional one, or an international one another, is no adoption here."""
    world = World()
    world.work("EN 1", body="cen", sphere="eu")
    world.work("ISO 1")
    world.document("C 1", "cn", ["isms"])
    world.document("ISO 2:2020", "intl", ["isms"])
    world.adopts("C 1", "EN 1", "IDT")
    world.adopts("ISO 2:2020", "ISO 1", "IDT")
    assert rows(published(world, tmp_path), "select * from adoptions") == []


def test_coverage_names_what_is_missing(tmp_path: Path) -> None:
    """Every figure says which sources it rests on; sources of certificates are no part of it."""
    world = small_world()
    for source, state in (("register_cn", "loaded"), ("register_us", "partly loaded"), ("register_intl", "loaded")):
        world.add("coverage", source=source, scope="live", state=state)
    for key, holds in (("blocked_cn", "documents"), ("schemes_cn", "certificates")):
        world.add("sources", key=key, title=key, sphere="cn", body="sac", holds=holds, tier="primary")
    world.add("state", key="as_of", value="2026-03-02")
    path = published(world, tmp_path)
    cn = "cn: 1 of 2 sources loaded; not loaded: blocked_cn"
    intl = "intl: 1 of 1 sources loaded"
    row = figure(path, "international_share", "isms", "cn")
    assert some(row, "coverage", "note") == (f"{cn} | {intl}", None)
    us = "us: 0 of 1 sources loaded; partly loaded: register_us"
    assert figure(path, "shared_base", "isms", "cn", "us")["coverage"] == f"{cn} | {us} | {intl}"
    assert figure(path, "uptake", "isms", "cn")["coverage"] == f"{cn} | {intl}"


def relabelled(path: Path, mapping: dict[str, str]) -> set[tuple[Any, ...]]:
    """The figures with the spheres renamed, a pair in either order being one pair."""
    return {
        (frozenset(mapping.get(s, s) for s in some(row, "sphere_a", "sphere_b")),
         *some(row, "measure", "topic", "year", "value", "low", "high", "note"))
        for row in figures(path)
        if row["measure"] not in CURATED
    }  # fmt: skip


def test_relabelling_the_spheres_permutes_the_results(path: Path, tmp_path: Path) -> None:
    """The measures treat the three spheres alike: who plays which part changes names and nothing else."""
    for roles in (("eu", "us", "cn"), ("us", "eu", "cn")):
        other = published(small_world(roles), tmp_path, "-".join(roles))
        assert relabelled(other, {}) == relabelled(path, dict(zip(("cn", "eu", "us"), roles, strict=True)))


def test_an_irrelevant_document_changes_nothing(path: Path, tmp_path: Path) -> None:
    """A document of another topic, one of another sphere, and one without topic leave a topic's figures alone."""
    world = small_world()
    world.document("C 99-2020", "cn", ["cloud"])
    world.document("C 98-2020", "cn")
    world.document("X 1", "us", ["isms"])
    world.rows["documents"][-1]["sphere"] = "other"
    other = published(world, tmp_path)
    mine, theirs = ([r for r in figures(p) if r["topic"] not in ("cloud", "all")] for p in (path, other))
    assert mine == theirs
    assert figure(other, "international_share", "cloud", "cn")["denominator"] == 1


def test_each_view_gives_the_same_rows_in_both_databases(path: Path) -> None:
    """A view read live from the ingest database holds what its table in the snapshot holds."""
    ingest = path.with_name("ingest-standards.db")
    for (table,) in [(row["name"],) for row in rows(ingest, "select name from sqlite_master where type = 'view'")]:
        live = {tuple(row.values()) for row in rows(ingest, f"select * from {table}")}
        assert live == {tuple(row.values()) for row in rows(path, f"select * from {table}")}, table


DEGREES = ("IDT", "MOD", "NEQ", None)
edges = st.tuples(
    st.sampled_from(("cn", "eu", "us")),
    st.integers(0, 6),  # document
    st.integers(0, 5),  # work
    st.sampled_from(DEGREES),
    st.sampled_from(("2010", "2015", "2022", None)),
    st.sampled_from((0, 1, None)),
)


FEW = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a world takes too long to be shrunk
    suppress_health_check=[HealthCheck.too_slow],
)


@FEW
@given(st.lists(edges, max_size=25, unique_by=lambda e: e[:3]), st.lists(st.integers(0, 7), min_size=3, max_size=3))
def test_figures_equal_those_of_sets(drawn: list[tuple[Any, ...]], sizes: list[int]) -> None:
    """Random small worlds: SQL gives what plain sets give, J lies in [0, 1], and a figure below five is NULL."""
    world = World()
    world.add("state", key="as_of", value=f"{TODAY}-03-02")
    documents = {(s, n) for s, size in zip(("cn", "eu", "us"), sizes, strict=True) for n in range(size)}
    kept = [edge for edge in drawn if (edge[0], edge[1]) in documents]
    for n in range(6):
        world.work(f"ISO 900{n}")
    for sphere, n in sorted(documents):
        world.document(f"{sphere} {n}", sphere, ["isms"])
    for sphere, n, work, degree, edition, is_stale in kept:
        world.adopts(f"{sphere} {n}", f"ISO 900{work}", degree, edition, is_stale=is_stale)
    found = measured(world, first_year=TODAY, topics=("isms",))
    counted = [edge for edge in kept if edge[3] in ("IDT", "MOD")]
    for sphere, size in zip(("cn", "eu", "us"), sizes, strict=True):
        mine = [edge for edge in counted if edge[0] == sphere]
        row = found["international_share", "isms", sphere, "", TODAY]
        assert some(row, "numerator", "denominator") == (len({edge[1] for edge in mine}), size)
        assert (row["value"] is None) == (size < 5)
        judged = [edge[5] for edge in mine if edge[5] is not None]
        row = found["stale_share", "isms", sphere, "", TODAY]
        assert some(row, "numerator", "denominator") == (sum(judged), len(judged))
    for a, b in combinations(("cn", "eu", "us"), 2):
        works_a, works_b = ({e[2] for e in counted if e[0] == s} for s in (a, b))
        row = found["shared_base", "isms", a, b, TODAY]
        assert some(row, "numerator", "denominator") == (len(works_a & works_b), len(works_a | works_b))
        assert row["value"] is None or 0 <= row["value"] <= 1
        newest = [
            {w: max(e[4] for e in counted if e[0] == s and e[2] == w and e[4]) for w in works}
            for s, works in ((s, {e[2] for e in counted if e[0] == s and e[4]}) for s in (a, b))
        ]
        both = newest[0].keys() & newest[1].keys()
        row = found["edition_skew", "isms", a, b, TODAY]
        different = sum(newest[0][w] != newest[1][w] for w in both)
        assert some(row, "numerator", "denominator") == (different, len(both))
