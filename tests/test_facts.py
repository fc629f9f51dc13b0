"""Curated facts: every file loads, refers to what exists, and says where it is damaged."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from small_world import World

from standards_db import facts, taxonomy
from standards_db.facts import FactError, Table
from standards_db.facts.mentions import mentions
from standards_db.schema import open_db


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


def test_each_stored_fact_is_a_row_with_its_source(tmp_path: Path) -> None:
    """The stored files and recognition are tables of the database, complete and with an address in every row."""
    db = open_db(tmp_path / "ingest.db")
    for name in (*facts.STORED, "recognition"):
        rows = list(db.query(f"select * from {name} order by id"))
        given = facts.load(name)
        assert len(rows) == len(given)
        assert all(row["source_url"].startswith("http") for row in rows)
        assert [row[column] or "" for row in rows for column in given[0]] == [c for row in given for c in row.values()]


def test_an_opened_database_gets_no_new_rows(tmp_path: Path) -> None:
    """Opening a database again writes nothing: the curated tables are as they were."""
    open_db(tmp_path / "ingest.db").close()
    db = open_db(tmp_path / "ingest.db")
    assert db.execute("select total_changes()").fetchone()[0] == 0


def test_mentions_find_every_designation() -> None:
    """A cell gives one row per designation, and one without an identifier when it names none."""
    found: dict[tuple[str, str], list[str | None]] = {}
    for _, fact, _, _, _, text, identifier, *_ in mentions():
        found.setdefault((fact, text), []).append(identifier)
    assert found["competing", "GB/T 38636-2020 (TLCP); before it GM/T 0024-2014 (SSL VPN)"] == [
        "GB/T 38636-2020",
        "GM/T 0024-2014",
    ]
    assert found["competing", "TLS 1.1 / 1.2 (IETF)"] == [None]
    assert set(found["crypto_suites", "SP 800-131A Rev. 3 ipd, Table 1"]) == {"NIST SP 800-131A Rev. 3 ipd"}
    assert found["reverse_uptake", "RFC 8998"] == ["RFC 8998"]


def links(db: Any, identifier: str) -> dict[str, Any]:
    return next(iter(db.query("select * from fact_links where identifier = ? order by id limit 1", [identifier])))


def test_links_say_what_is_held_withdrawn_and_missing(tmp_path: Path) -> None:
    """A fact follows its document: held, withdrawn with what has come since, another edition held, nothing held."""
    world = World()
    for edition, force in (("2017", 0), ("2025", 1)):
        world.document(f"ISO/IEC 24759:{edition}", "intl", work="ISO/IEC 24759", edition_key=f"00{edition}",
                       is_in_force=force, status="in_force" if force else "withdrawn")  # fmt: skip
    world.work("ISO/IEC 24759", edition_count=2, newest_in_force="ISO/IEC 24759:2025")
    world.document("ISO/IEC 27018:2025", "intl", work="ISO/IEC 27018", edition_key="002025")
    world.work("ISO/IEC 27018", edition_count=1, newest_in_force="ISO/IEC 27018:2025")
    world.document("RFC 8446", "intl", work="RFC 8446")
    db = open_db(world.write(tmp_path / "ingest.db"))

    gone = links(db, "ISO/IEC 24759:2017")
    assert (gone["is_resolved"], gone["is_withdrawn_edition"]) == (1, 1)
    assert gone["note"] == "this comparison rests on a withdrawn edition; newer: ISO/IEC 24759:2025"
    other = links(db, "ISO/IEC 27018:2019")
    assert (other["is_resolved"], other["reason"]) == (0, "this edition is not held, others are")
    assert other["newer_edition"] == "ISO/IEC 27018:2025"
    assert (links(db, "RFC 8446")["is_resolved"], links(db, "RFC 8446")["note"]) == (1, None)
    assert links(db, "GB/T 38625-2020")["reason"] == "no edition of it is held"
    (side,) = db.query(
        "select * from competing_sides where problem = 'cryptographic module testing' and sphere = 'intl'"
    )
    assert (side["document_list"], side["withdrawn_count"], side["is_evidenced"]) == ("ISO/IEC 24759:2017", 1, 1)

    db.execute("update documents set is_in_force = 1 where id = 'ISO/IEC 24759:2017'")
    assert links(db, "ISO/IEC 24759:2017")["note"] is None, "the judgement follows the document"
