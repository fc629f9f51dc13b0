"""Legal instruments: which act a printed number means, what stands under it, and the pages that show it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from served import Served

from standards_db import facts, instruments
from standards_db.identifiers import parse
from standards_db.instruments import Instruments
from standards_db.interpret import Source, interpret
from standards_db.records import Citation, Document, Observation, Provenance, Relation
from standards_db.schema import open_db
from standards_db.store import Tally, accept, begin_run, stage

PAGE = Provenance(
    page_url="https://register.example/1",
    page_sha256="0" * 64,
    retrieved_at="2026-10-01T00:00:00Z",
    archive_ref=None,
    route="x",
)
SOURCE = Source(name="register", body="ec", date_formats=("%d.%m.%Y",))


def build(path: Path, *documents: Document) -> list[dict[str, Any]]:
    """The rows that are not curated, after these documents were accepted."""
    db = open_db(path)
    db.execute("insert into sources (key, title, sphere, body, holds, tier) values ('register','R','eu','ec','d','p')")
    run = begin_run(db, "register", "archive", None, "1")
    stage(db, run, [(interpret(Observation(record=d, provenance=PAGE), SOURCE), PAGE, None) for d in documents])
    accept(db, run, "finished", Tally(), [])
    with db.conn:
        instruments.build(db.conn)
    rows = list(db.query("select * from instrument_standards where source is not null order by id"))
    db.close()
    return rows


def under(act: str, *citations: Citation, type_: str = "harmonised under", text: str = "EN 1:2020") -> Document:
    relation = Relation(type=type_, target_text=act, evidence="printed", citations=citations)
    return Document(designation=text, relations=(relation,))


def test_a_publication_is_a_row_with_its_days_and_its_restriction(tmp_path: Path) -> None:
    """What the source prints of a publication stands in columns, interpreted and as printed; the decision is linked."""
    citation = Citation(
        reference_text="OJ L, 2025/138",
        decision_text="(EU) 2025/138",
        date_text="30.01.2025",
        end_text="soon",
        restriction="Not for toys",
    )
    [row] = build(tmp_path / "a.db", under("2014/53/EU", citation))
    assert (row["instrument"], row["relation"], row["target_document"]) == ("eu-red", "harmonised under", "EN 1:2020")
    assert (row["citation"], row["citation_date"], row["restriction"]) == (
        "OJ L, 2025/138",
        "2025-01-30",
        "Not for toys",
    )
    assert (row["ends"], row["ends_text"]) == (None, "soon")
    assert row["decision"] is None and row["decision_url"].endswith("CELEX:32025D0138")
    assert row["source_url"] == PAGE.page_url and row["method"] == "source field"


@pytest.mark.parametrize(
    ("act", "instrument", "basis"),
    [
        ("2014/53/EU", "eu-red", "curated"),
        ("(EU) 2022/30", "eu-red-da", "curated"),
        ("Directive 2024/2847", "eu-cra", "curated"),
        ("910/2014", "eu-eidas", "curated"),
        ("Directive 2014/35/EU", "32014L0035", "named by a register"),
        ("305/2011", "32011R0305", "named by a register"),
        ("2014/35/EU", None, None),
        ("Directive 2017/745", None, None),
        ("2014/53/EU and 2014/30/EU", None, None),
        ("RED", None, None),
    ],
)
def test_a_printed_act_is_one_instrument_or_keeps_its_text(
    tmp_path: Path, act: str, instrument: str | None, basis: str | None
) -> None:
    """A known act by any spelling, an unknown one whose number leaves no doubt; anything else stays as printed."""
    path = tmp_path / "a.db"
    [row] = build(path, under(act))
    assert (row["instrument"], row["act_text"]) == (instrument, act)
    db = open_db(path)
    found = db.execute("select basis from instruments where id is ?", [instrument]).fetchone()
    assert (found[0] if found else None) == basis
    [edge] = db.query("select resolution, target_text from relations")
    assert edge == {"resolution": "instrument" if instrument else "act of law not held", "target_text": act}
    db.close()


def test_a_crawled_act_names_what_the_number_leaves_open(tmp_path: Path) -> None:
    """A crawled regulation is found behind a number that a register calls a directive; the edge ends at it."""
    act = Document(
        designation="32017R0745", kind_text="act", title="Regulation (EU) 2017/745", published_text="5.4.2017"
    )
    path = tmp_path / "a.db"
    [row] = build(path, act, under("Directive 2017/745"))
    assert row["instrument"] == "32017R0745"
    db = open_db(path)
    [found] = db.query("select * from instruments where id = '32017R0745'")
    assert (found["form"], found["adopted"], found["basis"], found["standard_count"]) == (
        "regulation",
        "2017-04-05",
        "register",
        1,
    )
    [edge] = db.query("select target_document from relations")
    assert edge["target_document"] == found["document"] == "register:32017R0745"
    assert not list(db.query("select 1 from relations where resolution = 'identifier not understood'"))
    db.close()


def test_curated_and_crawled_acts_are_one(tmp_path: Path) -> None:
    """The curated title and dates stay, the register fills in what is blank; proposals and old texts are no acts."""
    crawled = [
        Document(designation="32024R2847", kind_text="act", title="Official", published_text="1.1.2000"),
        Document(designation="02016R0679-20160504", kind_text="act", title="Consolidated"),
        Document(designation="52026PC0338", kind_text="draft", title="Proposal"),
    ]
    path = tmp_path / "a.db"
    build(path, *crawled)
    db = open_db(path)
    rows = {row["id"]: row for row in db.query("select * from instruments")}
    assert (rows["eu-cra"]["official_title"], rows["eu-cra"]["adopted"]) == ("Official", "2024-10-23")
    assert rows["eu-cra"]["basis"] == "curated, and in the register"
    assert set(rows) == {row["id"] for row in facts.load("instruments")}
    db.close()


def test_building_twice_gives_the_same(tmp_path: Path) -> None:
    """The tables are derived: a second build changes nothing."""
    path = tmp_path / "a.db"
    build(path, under("2014/53/EU", Citation(reference_text="OJ L 1")), under("305/2011", text="EN 2:2020"))
    tables = ("instruments", "instrument_standards")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        before = [list(connection.execute(f"select * from {table}")) for table in tables]
        instruments.build(connection)
        assert before == [list(connection.execute(f"select * from {table}")) for table in tables]
        assert all(before)


def test_two_held_acts_behind_one_text_are_none() -> None:
    """Before 2015 a number may be a directive's and a decision's: the text alone does not choose."""
    held = Instruments()
    for celex in ("31999L0005", "31999D0005"):
        held.add({"id": celex, "celex": celex})
    assert held.find("1999/5/EC") is None and held.find("Directive 1999/5/EC") == "31999L0005"


def test_every_curated_standard_is_understood() -> None:
    """A standard named in the curated file has a relation to its act, and its identifier is read."""
    named = [row for row in facts.load("instruments") if row["standards_cited"]]
    assert named and all(row["relation"] for row in named)
    assert not [text for row in named for text in row["standards_cited"].split(";") if parse(text.strip()) is None]


@pytest.fixture(scope="module")
def sample(sample_snapshot: Path) -> Iterator[Served]:
    served = Served(sample_snapshot)
    yield served
    served.close()


@pytest.mark.parametrize(
    ("part", "clause"), [("1", "6.2.5.1 and 6.2.5.2"), ("2", "6.1.3 to 6.1.6"), ("3", "clause 6.3.2.4")]
)
def test_the_page_of_a_standard_shows_act_citation_and_restriction(sample: Served, part: str, clause: str) -> None:
    """EN 18031: the act with a link, the Official Journal with decision and date, the restriction, and its source."""
    page = sample.soup(f"/standards/documents/EN~2018031-{part}~3A2024")
    listed, registered, prepared = page.select("table.law tbody tr")

    assert "Directive 2014/53/EU" in listed.select_one("a[href$='/instruments/eu-red']").text
    assert listed.select("a[href='https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX:32014L0053']")
    published = listed.select_one("[data-label=Publication]").text
    assert "OJ L, 2025/138" in published and "2025-01-30" in published
    assert listed.select_one("a[href$='/instruments/32025D0138']").text == "(EU) 2025/138"
    assert clause in listed.select_one("[data-label=Restriction]").text
    assert listed.select("a[href$='/sources/eu_harmonised']")
    assert "none printed by this source" in registered.text and registered.select("a[href$='/sources/cencenelec']")
    assert prepared.select("a[href$='/instruments/eu-red-da']")


def test_the_page_of_an_instrument_lists_its_standards(sample: Served) -> None:
    """The directive lists what is harmonised under it, the decision what it publishes, a law what it binds."""
    red = sample.soup("/standards/instruments/eu-red")
    names = {row.select_one("a").text for row in red.select("table.law tbody tr")}
    assert {"EN 18031-1:2024", "EN 18031-2:2024", "EN 18031-3:2024", "ETSI EN 300 328 V2.2.2"} <= names
    [count] = sample.sql("select standard_count as n from instruments where id = 'eu-red'")
    assert count["n"] == len(names)

    decision = sample.soup("/standards/instruments/32025D0138")
    assert [row.select_one("a").text for row in decision.select("table.law tbody tr")] == [
        f"EN 18031-{n}:2024" for n in (1, 2, 3)
    ]
    act = sample.soup("/standards/documents/cellar~3A32014L0053")
    assert act.select("dl.facts a[href$='/instruments/eu-red']")
    mlps = sample.soup("/standards/instruments/cn-mlps")
    assert "Made binding by it" in mlps.text and mlps.select("a[href$='GB~2FT+22239-2019']")
    assert sample.get("/standards/instruments/none").status_code == 404


@pytest.mark.parametrize("act", ["", "2014/53/EU", "32014L0053", "eu-red"])
def test_presumption_of_conformity_under_an_act(sample: Served, act: str) -> None:
    """The question is answered by number, CELEX number or key, with restriction, citation and date."""
    rows = sample.rows(f"/standards/presumption_of_conformity?act={act}")
    found = {row["document"]: row for row in rows if row["source"] == "eu_harmonised"}
    assert len(found) == 11
    assert found["EN 18031-1:2024"]["citation_date"] == "2025-01-30"
    assert "password" in found["EN 18031-1:2024"]["restriction"]
    assert found["ETSI EN 300 328 V2.2.2"]["restriction"] is None
    assert not sample.rows("/standards/presumption_of_conformity?act=2024/2847")


def test_acts_of_law_are_not_counted_as_standards(sample: Served) -> None:
    """An act adopts nothing by its nature: it is in no figure of a sphere's documents."""
    [acts] = sample.sql("select count(*) as n, sum(is_counted) as counted from topic_documents where kind = 'act'")
    assert acts["n"] > 0 and acts["counted"] == 0
