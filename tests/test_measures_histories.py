"""Random histories: every year's figures equal those that plain sets give, whatever the dates."""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from measured import measured, some
from small_world import World

NOW = 2026
SPHERES = ("cn", "eu", "us")
CURATED = {"crypto_overlap", "recognition_reciprocity"}  # their spheres come from curated tables, not from the world
FEW = settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a world takes too long to be shrunk
    suppress_health_check=[HealthCheck.too_slow],
)


class Text(NamedTuple):
    """A document: years in force (end None: still in force, 0: ended, nobody knows when), work and edition adopted."""

    sphere: str
    start: int
    length: int | None
    work: int | None
    edition: int | None

    def holds(self, year: int) -> bool:
        if self.length is None:
            return self.start <= year
        return self.start <= year < self.start + max(self.length, 1)


texts = st.builds(
    Text,
    st.sampled_from(SPHERES),
    st.integers(2016, 2024),
    st.one_of(st.none(), st.just(0), st.integers(1, 2)),
    st.one_of(st.none(), st.integers(0, 3)),
    st.one_of(st.none(), st.sampled_from((2005, 2010, 2015))),
)


def world_of(drawn: list[Text], spheres: dict[str, str] | None = None) -> World:
    world = World()
    world.add("state", key="as_of", value=f"{NOW}-03-02")
    for n in range(4):
        world.work(f"ISO {n}")
    for n, text in enumerate(drawn):
        if text.length is None:
            until: dict[str, Any] = {"valid_until": "9999-12-31"}
        elif text.length == 0:
            until = {"valid_until": None, "is_in_force": 0, "status": "withdrawn"}
        else:
            until = {"valid_until": f"{text.start + text.length}-01-15", "is_in_force": 0, "status": "withdrawn"}
        sphere = (spheres or {}).get(text.sphere, text.sphere)
        world.document(f"D {n}", sphere, ["pki"], valid_from=f"{text.start}-02-01", **until)
        if text.work is not None:
            world.adopts(f"D {n}", f"ISO {text.work}", "IDT", text.edition and str(text.edition))
    return world


@FEW
@given(st.lists(texts, max_size=40))
def test_every_year_equals_plain_sets(drawn: list[Text]) -> None:
    """Share, uptake, shared base and edition skew of each year are those of the documents in force at its end."""
    found = measured(world_of(drawn), first_year=2016, topics=("pki",))
    first = min((text.start for text in drawn), default=NOW)
    for year in range(first, NOW + 1):
        held = [text for text in drawn if text.holds(year)]
        works = {s: {t.work for t in held if t.sphere == s and t.work is not None} for s in SPHERES}
        newest: dict[tuple[str, int], int] = {}
        for text in held:
            if text.work is not None and text.edition is not None:
                key = (text.sphere, text.work)
                newest[key] = max(newest.get(key, 0), text.edition)
        for sphere in SPHERES:
            mine = [text for text in held if text.sphere == sphere]
            row = found["international_share", "pki", sphere, "", year]
            assert some(row, "numerator", "denominator") == (sum(t.work is not None for t in mine), len(mine)), year
            row = found["uptake", "pki", sphere, "", year]
            assert some(row, "numerator", "denominator") == (len(works[sphere]), len(set().union(*works.values()))), (
                year
            )
        for a, b in combinations(SPHERES, 2):
            row = found["shared_base", "pki", a, b, year]
            assert some(row, "numerator", "denominator") == (len(works[a] & works[b]), len(works[a] | works[b])), year
            both = [w for w in works[a] & works[b] if (a, w) in newest and (b, w) in newest]
            different = sum(newest[a, w] != newest[b, w] for w in both)
            row = found["edition_skew", "pki", a, b, year]
            assert some(row, "numerator", "denominator") == (different, len(both)), year


@FEW
@given(st.lists(texts, min_size=10, max_size=40))
def test_invariants_of_every_figure(drawn: list[Text]) -> None:
    """Shares and distances lie in [0, 1], intervals hold their share, and swapping two spheres swaps the results."""
    found = measured(world_of(drawn), first_year=2016, topics=("pki",))
    swapped = measured(world_of(drawn, {"cn": "eu", "eu": "cn"}), first_year=2016, topics=("pki",))
    swap = {"cn": "eu", "eu": "cn"}
    for (measure, topic, a, b, year), row in found.items():
        assert (row["value"] is None) == (row["note"] is not None)
        if row["value"] is not None and measure not in ("edition_gap", "regulatory_count_distance"):
            assert 0 <= row["value"] <= 1 + 1e-9, row
        if row["low"] is not None:
            assert 0 <= row["low"] <= row["value"] <= row["high"] <= 1, row
        if measure in CURATED:
            continue
        sides = [swap.get(a, a), swap.get(b, b)]
        other = swapped[measure, topic, *(sorted(sides) if b else sides), year]
        assert some(other, "value", "low", "high", "note") == some(row, "value", "low", "high", "note")
