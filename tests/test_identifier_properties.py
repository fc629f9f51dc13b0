"""Designations, held to properties: round trips, spelling noise and random text of every family."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standards_db.identifiers import Identifier, find, parse, series

TABLE = Path(__file__).parent / "data" / "identifiers.tsv"
with TABLE.open(encoding="utf-8") as lines:
    REAL = [r for r in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if r["identifier"] != "-"]


year = st.integers(1990, 2049).map(str)
part = st.lists(st.integers(1, 99), max_size=2).map(lambda p: "".join(f"-{n}" for n in p))
dots = st.lists(st.integers(1, 40), max_size=2).map(lambda p: "".join(f".{n}" for n in p))
small = st.integers(1, 9)
number = st.integers(100, 59999)
version = st.tuples(st.integers(1, 20), st.integers(0, 30), st.integers(0, 9)).map(lambda v: "V{}.{}.{}".format(*v))
word = st.text("abcdefghijklmnop", min_size=2, max_size=8)
pick = st.sampled_from

GENERATED = {
    "gb": st.builds(
        "{} {}{}-{}".format, pick(["GB", "GB/T", "GB/Z", "YD/T", "GM/T", "DB11/T", "T/TAF"]), number, dots, year
    ),
    "nist": st.one_of(
        st.builds(
            "NIST SP 800-{}{}{}{}".format,
            st.integers(1, 299),
            pick(["", "A", "B"]),
            pick(["", " Rev. 1", "-2"]),
            pick(["", " ipd", " 2pd", " fpd", " upd1"]),
        ),
        st.builds("NIST FIPS {}{}".format, st.integers(1, 250), pick(["", "-1", "-5"])),
        st.builds("NIST IR {}{}{}".format, st.integers(4000, 9000), pick(["", "A"]), pick(["", " Rev. 2", " ipd"])),
    ),
    "ietf": st.one_of(
        st.builds("{} {}".format, pick(["RFC", "BCP", "STD", "FYI"]), st.integers(1, 9999)),
        st.builds("draft-{}-{}-{:02}".format, word, word, st.integers(0, 99)),
    ),
    "etsi": st.builds(
        "ETSI {} {:03} {:03}{} {}".format,
        pick(["EN", "TS", "TR", "ES", "EG", "SR"]),
        st.integers(100, 399),
        st.integers(1, 999),
        part,
        version,
    ),
    "3gpp": st.builds(
        "3GPP {} {}.{} {}".format, pick(["TS", "TR"]), st.integers(21, 55), st.integers(100, 999), version
    ),
    "cen": st.builds(
        "{} {}{}:{}{}".format,
        pick(["EN", "EN ISO", "EN ISO/IEC", "EN IEC", "CEN/TS", "CLC/TS", "CEN/CLC/TR", "prEN", "CWA"]),
        st.integers(100, 59999),
        part,
        year,
        pick(["", "/A1:2021", "/AC:2025", "+A11:2020"]),
    ),
    "iso": st.builds(
        "{} {}{}:{}{}".format,
        pick(["ISO", "IEC", "ISO/IEC", "ISO/IEC/IEEE", "ISO/TS", "ISO/IEC TR", "IEC TS", "ISO/IEC DIS", "ISO/FDIS"]),
        st.integers(100, 59999),
        part,
        year,
        pick(["", "/Amd 1:2024", "/Cor 2:2014", "/DAM 1"]),
    ),
    "itu": st.builds(
        "ITU-T {}.{}{} ({:02}/{})".format, pick(["X", "Y", "H"]), st.integers(1, 4999), dots, st.integers(1, 12), year
    ),
    "ieee": st.builds("IEEE {}.{}{}-{}".format, st.integers(802, 3000), small, pick(["", "X", "be"]), year),
    "ansi": st.one_of(
        st.builds("INCITS {}-{}".format, st.integers(100, 600), year),
        st.builds("ANSI X9.{}-{}".format, st.integers(1, 150), year),
        st.builds("UL 2900-{}".format, small),
    ),
    "nerc": st.builds("NERC {}-{:03}-{}".format, pick(["CIP", "BAL"]), st.integers(1, 20), pick(["1", "5.1a", "2b"])),
    "oasis": st.builds("OASIS {}-v{}.{}{}".format, word.map(str.upper), small, small, pick(["", "-CS01", "-CS02-Pt3"])),
    "w3c": st.builds("W3C {}-{}".format, word, small),
    "bsi": st.builds("BSI TR-0{}-{}".format, st.integers(1000, 9999), small),
    "pci": st.builds("PCI DSS v{}.{}".format, small, small),
    "cc": st.builds("Common Criteria v{}.{} R{}".format, small, small, small),
    "owasp": st.builds("OWASP ASVS {}.{}".format, small, small),
    "anssi": st.builds("ANSSI-PG-{:03}".format, st.integers(1, 99)),
    "national": st.one_of(
        st.builds("JIS {} {}{}:{}".format, pick("QXRZ"), st.integers(1000, 99999), pick(["", "-1", "-12"]), year),
        st.builds("KS X {} {}:{}".format, pick(["ISO", "ISO/IEC", "ISO/IEC TS", "IEC"]), number, year),
    ),
    "certificate": st.one_of(
        st.builds("BSI-DSZ-CC-{:04}{}-{}".format, st.integers(1, 1300), pick(["", "-V3"]), year),
        st.builds("ANSSI-CC-{}/{:02}{}".format, year, st.integers(1, 99), pick(["", "-R01"])),
        st.builds("EUCC-3090-{}-{:010}-{:05}".format, year, st.integers(1, 999), st.integers(0, 9)),
        st.builds("CMVP {}".format, st.integers(1, 6000)),
    ),
}


def test_every_family_is_generated() -> None:
    """No family is left out of the round-trip property."""
    assert set(GENERATED) == series.FAMILIES


@pytest.mark.parametrize("family", sorted(GENERATED))
def test_round_trip(family: str) -> None:
    """Canonical spellings parse to themselves, and works to undated identifiers of the same work."""

    @settings(max_examples=120, deadline=None)
    @given(GENERATED[family])
    def holds(text: str) -> None:
        found = parse(text)
        assert found is not None and found.family == family and str(found) == text
        assert parse(str(found)) == found
        work = parse(found.undated)
        assert isinstance(work, Identifier) and work.undated == found.undated and not work.is_dated

    holds()


def wide(text: str) -> str:
    """The text in full-width forms."""
    return "".join("\u3000" if c == " " else chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(REAL), st.sampled_from("—–−‐‑－"), st.sampled_from(["  ", "\u00a0", " \u3000"]))
def test_folding_changes_nothing(row: dict[str, str], dash: str, blank: str) -> None:
    """Other dashes, odd blanks and full-width forms give the same identifier."""
    plain = row["identifier"]
    expected = parse(plain)
    assert parse(plain.replace("-", dash)) == expected
    assert parse(f" {plain.replace(' ', blank)} ") == expected
    assert parse(wide(plain)) == expected


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=60), st.text("GBTISOECN/ .-:0123456789()rpA", max_size=40)))
def test_random_text_never_raises(text: str) -> None:
    """Any text gives an identifier or None, and what is found survives the round trip."""
    found = parse(text)
    assert found is None or parse(str(found)) == found
    assert all(isinstance(i, Identifier) for i in find(text))
