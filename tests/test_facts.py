"""Curated facts: every file loads, refers to what exists, and says where it is damaged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from standards_db import facts, taxonomy
from standards_db.facts import FactError, Table


@pytest.mark.parametrize("name", sorted(facts.TABLES))
def test_every_facts_file_loads(name: str) -> None:
    """Header, width, enumerations and sources of each file are right, and callers get rows of their own."""
    rows = facts.load(name)
    assert rows
    assert not any("quote" in column for column in rows[0])
    rows[0].clear()
    assert facts.load(name)[0]


def test_facts_refer_to_what_exists() -> None:
    """Topics of instruments and countries of recognition are keys of the taxonomy."""
    assert {t for row in facts.load("instruments") for t in row["topics"].split(";") if t} <= set(taxonomy.TOPICS)
    assert {row["country"] for row in facts.load("recognition")} - {""} <= set(taxonomy.COUNTRIES)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a\tb\n", "row 1: header"),
        ("", "row 1: header"),
        ("item\tkind\tsource_url\nx\tred\n", "row 2: 2 cells instead of 3"),
        ("item\tkind\tsource_url\nx\tred\thttps://a.b\n\tred\thttps://a.b\n", "row 3: item is blank"),
        ("item\tkind\tsource_url\nx\tgreen\thttps://a.b\n", "row 2: kind 'green' is none of blue, red"),
        ("item\tkind\tsource_url\nx\tred\ta book\n", "row 2: source_url 'a' is no address"),
    ],
)
def test_a_damaged_facts_file_says_where_and_why(tmp_path: Path, text: str, reason: str) -> None:
    """The error names the file, the row and the reason."""
    path = tmp_path / "things.tsv"
    path.write_text(text, encoding="utf-8")
    table = Table(("item", "kind", "source_url"), ("item", "source_url"), {"kind": frozenset({"red", "blue"})})
    with pytest.raises(FactError, match=re.escape(f"things.tsv {reason}")):
        facts.read(path, table)


def test_unknown_facts_are_refused() -> None:
    """A name that is no file of facts is an error, not an empty list."""
    with pytest.raises(FactError, match="no such facts"):
        facts.load("rumours")
