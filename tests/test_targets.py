"""Which document a printed target means, under whatever spelling it is held, and why none is found."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from small_register import TODAY, Register, targets
from small_world import rows_at

from standards_db.identifiers import parse
from standards_db.identifiers.numbering import number_key, same_edition
from standards_db.resolve import resolve
from standards_db.snapshot import publish


def test_the_identifier_itself(tmp_path: Path) -> None:
    """An edition, an amendment and an RFC are found by their identifiers."""
    world = Register()
    world.edition("GB/T 22080-2016", "2016-08-29")
    for held in ("ISO/IEC 27001:2013", "ISO/IEC 27001:2013/Cor 1:2014", "RFC 8446"):
        world.edition(held, "2014-01-01")
        world.edge("GB/T 22080-2016", "adopts", held)
    found = targets(world.resolved(tmp_path))
    assert found == {("GB/T 22080-2016", key): (key, "exact") for _, key in found} and len(found) == 3


@pytest.mark.parametrize(
    ("printed", "held", "how"),
    [
        ("ISO 27001:2013", "ISO/IEC 27001:2013", "same edition, other prefix"),
        ("IEC 27001:2013", "ISO/IEC 27001:2013", "same edition, other prefix"),
        ("ISO 21434:2021", "ISO/SAE 21434:2021", "same edition, other prefix"),
        ("EN 62443-4-1:2018", "EN IEC 62443-4-1:2018", "same edition, other prefix"),
        ("ISO/IEC 7498-2", "ISO 7498-2:1989", "newest before publication, other prefix"),
        ("ISO/IEC 12062-2", "ISO/IEC ISP 12062-2:1997", "newest before publication, other prefix"),
        ("ISO/IEC 27001:2013/Cor 1", "ISO/IEC 27001:2013/Cor 1:2014", "same edition, written shorter"),
        ("ISO/IEC 27001/Amd 1:2015", "ISO/IEC 27001:2013/Amd 1:2015", "same edition, written shorter"),
        ("ITU-T X.509 (2012)", "ITU-T X.509 (10/2012)", "same edition, written shorter"),
        ("FIPS PUB 140-1", "NIST FIPS 140-1 upd1", "same edition, written shorter"),
        ("IEEE Std 802.11-2012 Redline", "IEEE 802.11-2012", "same edition, other packaging"),
        ("IEC 62368-1:2014", "IEC 62368-1:2014 RLV", "same edition, other packaging"),
        ("ISO/IEC 27001", "ISO/IEC 27001:2013", "newest before publication"),
        ("ISO/IEC 27001:2013 (E)", "ISO/IEC 27001:2013", "exact"),
        ("IEC 62443-4-1:2013 ED1", "IEC 62443-4-1:2013", "exact"),
        ("EN 50600-1:2012 + A1:2015", "EN 50600-1:2012+A1:2015", "exact"),
        ("PP_APP_v1.4", "register_intl:PP_APP_v1.4", "same printed designation"),
    ],
)
def test_one_edition_has_many_spellings(tmp_path: Path, printed: str, held: str, how: str) -> None:
    """The target is there under another spelling, and a second run finds the same."""
    world = Register()
    world.edition("GB/T 1-2016", "2016-01-01")
    world.edition(held.removeprefix("register_intl:"), "2015-01-01")
    world.edge("GB/T 1-2016", "adopts", printed)
    db = world.resolved(tmp_path)
    assert targets(db) == {("GB/T 1-2016", printed): (held, how)}
    work = db.execute("select r.target_work, d.work from relations r join documents d on d.id = r.target_document")
    assert len(set(work.fetchone())) == 1
    resolve(db, today=TODAY)
    assert targets(db) == {("GB/T 1-2016", printed): (held, how)}


@pytest.mark.parametrize(
    ("printed", "held", "why"),
    [
        ("ISO 9001:2008", "ISO 9001:2015", "edition not held"),
        ("ISO 27001:2005", "ISO/IEC 27001:2013", "work not held"),
        ("ISO 8825:1990", "RFC 8825", "work not held"),
        ("ISO Guide 36:1982", "ISO 36:1982", "work not held"),
        ("ISO 828:1988", "IEC 828:1988", "work not held"),
        ("EN 13485:2003", "EN ISO 13485:2003", "work not held"),
        ("ISO/IEC 27001:2013/Cor 1", "ISO/IEC 27001:2013/Cor 2:2015", "work not held"),
        ("IEC 60950-1:2005", "IEC 60950-1:2005+AMD1:2009 CSV", "edition not held"),
        ("ISO 9001", "ISO 9001:2019", "no edition before publication"),
        ("ISO/IEC", "ISO/IEC", "identifier not understood"),
    ],
)
def test_another_edition_is_not_taken_for_it(tmp_path: Path, printed: str, held: str, why: str) -> None:
    """A near miss stays unresolved, with its reason, and keeps the work that was printed."""
    world = Register()
    world.edition("GB/T 1-2016", "2016-01-01")
    world.edition(held, held[-4:] if held[-4:].isdigit() else "2015")
    world.edge("GB/T 1-2016", "adopts", printed)
    db = world.resolved(tmp_path)
    assert targets(db) == {("GB/T 1-2016", printed): (None, why)}
    known = parse(printed)
    assert db.execute("select target_work from relations").fetchone()[0] == (known.undated if known else None)


def test_two_works_of_one_number_are_not_guessed(tmp_path: Path) -> None:
    """Where two prefixes hold the number, the printed one is not taken for either."""
    world = Register()
    world.edition("GB/T 1-2016", "2016-01-01")
    world.edition("ISO/IEC TR 15408:2010", "2010")
    world.edition("ISO/IEC 15408:2010", "2010")
    world.edge("GB/T 1-2016", "adopts", "ISO 15408:2010")
    assert targets(world.resolved(tmp_path)) == {("GB/T 1-2016", "ISO 15408:2010"): (None, "work not held")}


def test_an_undated_target_means_the_edition_of_its_time(tmp_path: Path) -> None:
    """The newest that existed, to the precision that both dates have; a successor is the first that came after."""
    world = Register()
    for held, day in (
        ("IEC 62443-4-1:2013", "2013-07"),
        ("IEC 62443-4-1:2018", "2018-01"),
        ("IEC 62443-4-1:2026", "2026-01"),
    ):
        world.edition(held, day)
    world.edition("EN IEC 62443-4-1:2018")
    world.edge("EN IEC 62443-4-1:2018", "adopts", "IEC 62443-4-1")
    world.edition("IEC 61000:2014", "2014-03")
    world.edge("IEC 61000:2014", "superseded by", "IEC 62443-4-1")
    world.edge("IEC 62443-4-1:2018", "supersedes", "IEC 62443-4-1")
    world.edge("IEC 62443-4-1:2026", "superseded by", "IEC 62443-4-1")
    assert targets(world.resolved(tmp_path)) == {
        ("EN IEC 62443-4-1:2018", "IEC 62443-4-1"): ("IEC 62443-4-1:2018", "newest before publication"),
        ("IEC 61000:2014", "IEC 62443-4-1"): ("IEC 62443-4-1:2018", "first after publication"),
        ("IEC 62443-4-1:2018", "IEC 62443-4-1"): ("IEC 62443-4-1:2013", "newest before publication"),
        ("IEC 62443-4-1:2026", "IEC 62443-4-1"): (None, "no edition after publication"),
    }


def test_a_document_is_never_its_own_target(tmp_path: Path) -> None:
    """To adopt or to supersede oneself has no effect and says so."""
    world = Register()
    world.edition("ISO 9001:2015", "2015-09")
    world.edge("ISO 9001:2015", "adopts", "ISO 9001:2015", "IDT")
    world.edge("ISO 9001:2015", "superseded by", "ISO 9001:2015")
    db = world.resolved(tmp_path)
    assert targets(db) == {("ISO 9001:2015", "ISO 9001:2015"): (None, "the document itself")}
    assert db.execute("select is_in_force from documents").fetchone() == (1,)


def test_prefixes_of_one_numbering() -> None:
    """ISO and IEC numbers are shared by their joint series; guides, old IEC numbers and other families are not."""
    same = ("ISO 27001", "ISO/IEC 27001:2013", "IEC 27001", "ISO/IEC DIS 27001", "ISO/IEC TR 27001")
    assert {number_key(parse(text)) for text in same} == {"ISO 27001"}  # type: ignore[arg-type]
    assert number_key(parse("ISO/IEC 27001:2013/Amd 1:2015")) == "ISO 27001/Amd 1"  # type: ignore[arg-type]
    for text in (
        "ISO/IEC Guide 51:2014",
        "IEC 828:1988",
        "GB/T 22080-2016",
        "RFC 8446",
        "EN 13485:2003",
        "IWA 17:2014",
    ):
        assert number_key(parse(text)) is None, text  # type: ignore[arg-type]


def test_same_edition_is_not_symmetric() -> None:
    """A year stands for its months; the other way round a month is not stated by a year."""
    year, month = parse("ITU-T X.509 (2012)"), parse("ITU-T X.509 (10/2012)")
    assert year and month and same_edition(year, month) and not same_edition(month, year)


def test_resolution_counts_every_edge_once(tmp_path: Path) -> None:
    """The table adds up to the edges, by reason, and its link opens exactly the rest."""
    world = Register()
    world.edition("GB/T 1-2016", "2016-01-01")
    for held in ("ISO 1:2010", "ISO/IEC 2:2010"):
        world.edition(held, "2010-01-01")
    for target in ("ISO 1:2010", "ISO 1", "ISO 1:2000", "ISO 2:2010", "ISO 3:2010", "all of it", "GB/T 1-2016"):
        world.edge("GB/T 1-2016", "has twin text", target)
    world.resolved(tmp_path).conn.close()
    publish(tmp_path / "ingest.db", tmp_path / "standards.db")
    connection = sqlite3.connect(tmp_path / "standards.db")
    connection.row_factory = sqlite3.Row
    (row,) = [dict(row) for row in connection.execute("select * from resolution")]
    connection.close()
    link = row.pop("rest_link")
    assert row == {
        "source": "register_intl",
        "type": "has twin text",
        "edge_count": 7,
        "resolved_count": 3,
        "share": pytest.approx(3 / 7),
        "exact_count": 1,
        "respelled_count": 1,
        "dated_count": 1,
        "edition_missing_count": 1,
        "work_missing_count": 1,
        "not_understood_count": 1,
        "itself_count": 1,
    }
    assert rows_at(tmp_path / "standards.db", [link]) == {link: 4}
