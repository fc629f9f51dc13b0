"""When a document is in force: both ends of its interval, what they rest on, and what contradictions and circles do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_register import TODAY, Register, by_id, intervals
from sqlite_utils import Database

from standards_db.checks import INVARIANTS
from standards_db.resolve import resolve
from standards_db.snapshot import publish

OPEN = "9999-12-31"
KEPT = ("in force is the interval judged today", "an end before the beginning is listed as a conflict")


def broken(db: Database) -> list[str]:
    """The rules about intervals and targets that the database breaks."""
    rules = (*KEPT, "a blank end says why", "a document is not its own target")
    return [rule for rule in rules if db.execute(INVARIANTS[rule]).fetchall()]


def test_an_edition_lasts_until_the_next(tmp_path: Path) -> None:
    """A stated withdrawal ends an interval, else the newer edition of the work does; the last one is open."""
    world = Register()
    world.edition("ISO/IEC 27001:2005", "2005-10", withdrawn="2013-09-25", status="withdrawn")
    world.edition("ISO/IEC 27001:2013", "2013-10")
    world.edition("ISO/IEC 27001:2022", "2022-10-25")
    world.edition("ISO/IEC 27001:2022/Amd 1:2024", "2024-02")
    db = world.resolved(tmp_path)
    assert intervals(db) == {
        "ISO/IEC 27001:2005": ("2005-10", "2013-09-25", "withdrawal date", 0),
        "ISO/IEC 27001:2013": ("2013-10", "2022-10-25", "newer edition", 0),
        "ISO/IEC 27001:2022": ("2022-10-25", OPEN, "open", 1),
        "ISO/IEC 27001:2022/Amd 1:2024": ("2024-02", OPEN, "open", 1),
    }
    assert broken(db) == []


def test_drafts_are_never_in_force(tmp_path: Path) -> None:
    """Stages of a work, finished or given up, have no interval and end no edition's."""
    world = Register()
    world.edition("EN 18031-1:2024", "2024-08-14", status="in_force")
    for draft in ("prEN 18031-1:2023", "FprEN 18031-1:2024", "prEN 18031-1:2026"):
        world.edition(draft, "2026-01-01")
    world.edition("ISO/IEC DIS 27001", "2025-01-01", status="abandoned")
    db = world.resolved(tmp_path)
    found = intervals(db)
    assert found.pop("EN 18031-1:2024") == ("2024-08-14", OPEN, "open", 1)
    assert set(found.values()) == {(None, None, "draft, never in force", 0)} and len(found) == 4


def test_the_day_of_effect_comes_before_that_of_publication(tmp_path: Path) -> None:
    """A text published and not yet effective is not in force; its predecessor is, until that day."""
    world = Register()
    world.edition("GB/T 22239-2019", "2019-05-10", implemented="2019-12-01", status="superseded")
    world.edition("GB/T 22239-2025", "2025-12-30", implemented="2026-07-01", status="upcoming")
    world.edition("GB 40050-2021", implemented="2021-08-01")
    world.edition("ISO 9001:2015")
    world.edition("ISO 9002:2026", "2026-02-01", status="upcoming")
    db = world.resolved(tmp_path)
    basis = by_id(db, "valid_from", "valid_from_basis")
    assert basis["GB/T 22239-2019"] == ("2019-12-01", "effective date")
    assert basis["GB 40050-2021"] == ("2021-08-01", "effective date")
    assert basis["ISO 9001:2015"] == ("2015", "year of the edition")
    assert intervals(db)["GB/T 22239-2025"] == ("2026-07-01", OPEN, "open", 0)
    assert intervals(db)["GB/T 22239-2019"][1:] == (None, "withdrawn, date missing", 0)
    assert intervals(db)["ISO 9002:2026"] == (None, None, "upcoming, date missing", 0)
    assert broken(db) == []
    resolve(db, today="2026-07-01")
    assert intervals(db)["GB/T 22239-2025"][3] == 0  # the word upcoming still stands
    assert broken(db) == []


def test_an_end_on_an_unknown_day_is_blank_and_says_so(tmp_path: Path) -> None:
    """A status that says withdrawn without any date gives no date; an unknown status has words of its own."""
    world = Register()
    world.edition("ISO 1:1990", "1990-01-01", status="withdrawn")
    world.edition("RFC 1", "1969-04", status="unknown")
    world.edition("ISO 2:1990", "1990-01-01", status="suspended")
    assert {key: row[1:3] for key, row in intervals(world.resolved(tmp_path)).items()} == {
        "ISO 1:1990": (None, "withdrawn, date missing"),
        "RFC 1": (None, "status unknown, date missing"),
        "ISO 2:1990": (None, "suspended, date missing"),
    }


def test_releases_live_side_by_side(tmp_path: Path) -> None:
    """A 3GPP version, and the ETSI text that transposes it, ends with the next version of its own release only."""
    world = Register()
    for version, day in (("15.1.0", "2018-06"), ("15.2.0", "2018-09"), ("16.0.0", "2019-07"), ("17.0.0", "2021-12")):
        world.edition(f"3GPP TS 33.501 V{version}", day)
        world.edition(f"ETSI TS 133 501 V{version}", day)
        world.edge(f"ETSI TS 133 501 V{version}", "adopts", f"3GPP TS 33.501 V{version}", "IDT")
        world.edition(f"ETSI TS 103 701 V{version}", day)
    found = intervals(world.resolved(tmp_path))
    for series in ("3GPP TS 33.501", "ETSI TS 133 501"):
        assert found[f"{series} V15.1.0"][1:] == ("2018-09", "newer edition", 0)
        assert [found[f"{series} V{v}"][1] for v in ("15.2.0", "16.0.0", "17.0.0")] == [OPEN] * 3
    assert [found[f"ETSI TS 103 701 V{v}"][1] for v in ("15.2.0", "16.0.0", "17.0.0")] == ["2019-07", "2021-12", OPEN]


def test_an_obsoleted_rfc_ends_with_its_successor(tmp_path: Path) -> None:
    """The relation gives the day, whatever the status word says, and whichever of the two states it."""
    world = Register()
    world.edition("RFC 5246", "2008-08", status="in_force")
    world.edition("RFC 8446", "2018-08", status="in_force")
    world.edition("RFC 9846", "2026-02", status="in_force")
    world.edge("RFC 5246", "superseded by", "RFC 8446")
    world.edge("RFC 9846", "supersedes", "RFC 8446")
    assert intervals(world.resolved(tmp_path)) == {
        "RFC 5246": ("2008-08", "2018-08", "obsoleted by a newer RFC", 0),
        "RFC 8446": ("2018-08", "2026-02", "obsoleted by a newer RFC", 0),
        "RFC 9846": ("2026-02", OPEN, "open", 1),
    }


def test_another_document_may_supersede(tmp_path: Path) -> None:
    """A withdrawn text whose work has no newer edition ends when the document that supersedes it begins."""
    world = Register()
    world.edition("ISO/IEC 17799:2005", "2005-06", status="withdrawn")
    world.edition("ISO/IEC 27002:2007", "2007-07", status="withdrawn")
    world.edge("ISO/IEC 17799:2005", "superseded by", "ISO/IEC 27002:2007")
    assert intervals(world.resolved(tmp_path))["ISO/IEC 17799:2005"][1:3] == (
        "2007-07",
        "superseded by another document",
    )


def test_circles_of_supersession_end(tmp_path: Path) -> None:
    """A statement towards itself or an older text has no effect: the newest of a circle stays in force."""
    world = Register()
    for number, day in ((1, "2001-01"), (2, "2002-02"), (3, "2003-03"), (4, "2004-04")):
        world.edition(f"RFC {number}", day, status="in_force")
    for old, new in ((1, 2), (2, 3), (3, 1), (4, 4)):
        world.edge(f"RFC {old}", "superseded by", f"RFC {new}")
    world.edition("RFC 5", "2005-05", status="in_force")
    world.edition("RFC 6", "2005-05", status="in_force")
    world.edge("RFC 5", "superseded by", "RFC 6")
    world.edge("RFC 6", "superseded by", "RFC 5")
    db = world.resolved(tmp_path)
    assert {key: row[1] for key, row in intervals(db).items()} == {
        "RFC 1": "2002-02",
        "RFC 2": "2003-03",
        "RFC 3": OPEN,
        "RFC 4": OPEN,
        "RFC 5": OPEN,
        "RFC 6": OPEN,
    }
    assert broken(db) == []


def test_withdrawn_before_it_began_counts_on_no_day(tmp_path: Path) -> None:
    """The dates stay as stated and the contradiction is a row; it goes when the dates are mended."""
    world = Register()
    world.edition("ISO 5:2014", "2014-10-01", withdrawn="2014-02-03", status="withdrawn")
    db = world.resolved(tmp_path)
    assert intervals(db)["ISO 5:2014"] == ("2014-10-01", "2014-02-03", "withdrawal date", 0)
    listed = "select entity, field, kept, other, run from conflicts"
    assert db.execute(listed).fetchall() == [("ISO 5:2014", "ended before in force", "2014-10-01", "2014-02-03", 1)]
    assert broken(db) == []
    db.execute("update documents set withdrawn = '2015-01-01'")
    resolve(db, today=TODAY)
    assert db.execute(listed).fetchall() == []


def test_a_record_that_vanished_ends_when_it_was_missed(tmp_path: Path) -> None:
    """What its source no longer lists is not in force from that day on, unless a stated day is earlier."""
    world = Register()
    world.edition("ISO 1:2000", "2000-01-01", status="in_force", vanished_at="2026-02-01T10:00:00Z")
    world.edition(
        "ISO 2:2000", "2000-01-01", status="in_force", withdrawn="2020-01-01", vanished_at="2026-02-01T10:00:00Z"
    )
    db = world.resolved(tmp_path)
    assert intervals(db)["ISO 1:2000"][1:3] == ("2026-02-01", "no longer listed by the source")
    assert intervals(db)["ISO 2:2000"][1:3] == ("2020-01-01", "withdrawal date")
    assert broken(db) == []


def test_a_packaging_does_not_end_its_own_edition(tmp_path: Path) -> None:
    """A redline is the same edition as the plain text; a consolidated version is a newer one."""
    world = Register()
    world.edition("IEC 60950-1:2005", "2005-12-08")
    world.edition("IEC 60950-1:2005 RLV", "2005-12-09")
    world.edition("IEC 60950-1:2005+AMD1:2009 CSV", "2009-12-10")
    db = world.resolved(tmp_path)
    found = intervals(db)
    assert found["IEC 60950-1:2005"][1] == found["IEC 60950-1:2005 RLV"][1] == "2009-12-10"
    assert by_id(db, "kind")["IEC 60950-1:2005+Amd 1:2009 CSV"] == ("standard",)
    assert db.execute("select newest from works").fetchall() == [("IEC 60950-1:2005+Amd 1:2009 CSV",)]


def test_what_is_not_understood_gets_no_work(tmp_path: Path) -> None:
    """A designation that no grammar reads stands alone: no work is invented, and its own dates are its interval."""
    world = Register()
    id_ = world.edition("Protection Profile for Things", "2020-01-01", withdrawn="2024-01-01")
    db = world.resolved(tmp_path)
    assert db.execute("select count(*) from works").fetchone() == (0,)
    assert by_id(db, "work")[id_] == (None,) and intervals(db)[id_][:2] == ("2020-01-01", "2024-01-01")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2004-01-01", []),
        ("2013-09-24", ["ISO/IEC 27001:2005"]),
        ("2013-10-01", ["ISO/IEC 27001:2013"]),
        ("2024-01-01", ["ISO/IEC 27001:2022"]),
        ("2026-03-01", ["ISO/IEC 27001:2022"]),
        ("", ["ISO/IEC 27001:2022"]),
    ],
)
def test_one_query_tells_the_edition_in_force_on_a_day(tmp_path: Path, day: str, expected: list[str]) -> None:
    """The canned question over the published tables, with the amendments in force on that day beside it."""
    world = Register()
    world.edition("ISO/IEC 27001:2005", "2005-10", withdrawn="2013-09-25", status="withdrawn")
    world.edition("ISO/IEC 27001:2013", "2013-10", withdrawn="2022-10-25")
    world.edition("ISO/IEC 27001:2022", "2022-10-25", status="in_force")
    world.edition("ISO/IEC 27001:2022/Amd 1:2024", "2024-02")
    world.edge("ISO/IEC 27001:2022/Amd 1:2024", "amends", "ISO/IEC 27001:2022")
    world.resolved(tmp_path).conn.close()
    publish(tmp_path / "ingest.db", tmp_path / "standards.db")
    metadata = yaml.safe_load((Path(__file__).parent.parent / "metadata.yml").read_text(encoding="utf-8"))
    sql = metadata["databases"]["standards"]["queries"]["newest_edition_in_force"]["sql"]
    connection = sqlite3.connect(tmp_path / "standards.db")
    connection.row_factory = sqlite3.Row
    rows = connection.execute(sql, {"work": "ISO/IEC 27001", "date": day}).fetchall()
    connection.close()
    assert [row["document"] for row in rows] == expected
    amended = [row["amendments"] for row in rows if row["amendments"]]
    assert amended == (["ISO/IEC 27001:2022/Amd 1:2024"] if day in ("2026-03-01", "") else [])


DATES = st.one_of(st.none(), st.sampled_from(["1999", "2004-05", "2010-01-31", TODAY, "2026-03", "2026-12-01"]))
STATUSES = st.sampled_from(
    [None, "in_force", "withdrawn", "superseded", "upcoming", "draft", "unknown", "historical", "suspended"]
)
ROW = st.tuples(
    st.sampled_from(["ISO 9001:1994", "ISO 9001:2008", "ISO 9001:2015", "RFC 1", "RFC 2", "3GPP TS 33.501 V15.0.0"]),
    *(DATES,) * 3,
    STATUSES,
    st.sampled_from([None, "2020-01-01T00:00:00Z"]),
)
EDGE = st.tuples(st.integers(0, 5), st.sampled_from(["superseded by", "supersedes", "adopts"]), st.integers(0, 5))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=6, unique_by=lambda row: row[0]), edges=st.lists(EDGE, max_size=6))
def test_the_rules_hold_for_whatever_sources_state(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, ...]], edges: list[tuple[int, str, int]]
) -> None:
    """Any dates, statuses and statements, circles included: in force is the interval judged today."""
    world = Register()
    for printed, published, implemented, withdrawn, status, vanished in rows:
        dates = {"implemented": implemented, "withdrawn": withdrawn, "vanished_at": vanished}
        world.edition(str(printed), published, status=status, **dates)
    for one, type_, other in edges:
        world.edge(str(rows[one % len(rows)][0]), type_, str(rows[other % len(rows)][0]))
    db = world.resolved(tmp_path_factory.mktemp("any"))
    try:
        assert broken(db) == []
        before = intervals(db)
        resolve(db, today=TODAY)
        assert intervals(db) == before
    finally:
        db.conn.close()
