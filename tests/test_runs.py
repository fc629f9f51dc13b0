"""Draft, judge, publish: what an accepted and a rejected run leave behind."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from support import BASE, THREE, Toy, page, rows, run, write_archive

from standards_db import checks, store
from standards_db.schema import open_db

LIST = f"{BASE}/list"


def visible(db: Path) -> dict[str, str]:
    return {row["id"]: row["status"] for row in rows(db, "select id, status from documents order by id")}


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "ingest.db"


@pytest.fixture
def loaded(db: Path, tmp_path: Path) -> Path:
    """A database with one accepted run of three documents."""
    outcome = run(db, write_archive(tmp_path / "first", [(LIST, page(THREE), "2026-01-01T00:00:00Z")]))
    assert (outcome.verdict, outcome.why) == ("accepted", None)
    return db


def test_accepted_run_makes_rows_with_provenance(loaded: Path) -> None:
    """Every visible row says source, page, hash, time and run, and keeps the raw text beside the meaning."""
    row = rows(loaded, "select * from documents where id='NIST SP 800-53 Rev. 5'")[0]

    assert (row["source"], row["page_url"], row["retrieved_at"], row["run"]) == ("toy", LIST, "2026-01-01T00:00:00Z", 1)
    assert len(row["page_sha256"]) == 64
    assert (row["work"], row["status"], row["status_text"]) == ("NIST SP 800-53", "in_force", "final/active")
    assert (row["published"], row["published_precision"], row["year"]) == ("2020-09-23", "day", 2020)


def test_invariants_hold_after_a_run(loaded: Path) -> None:
    """A database that the frame wrote breaks none of its own rules."""
    assert checks.invariants(open_db(loaded)) == []


def test_invariants_name_what_is_broken(loaded: Path) -> None:
    """Damage is reported by rule, with the first row."""
    connection = sqlite3.connect(loaded)
    connection.execute("update documents set page_sha256='short' where id='NIST FIPS 140-3'")
    connection.commit()

    faults = checks.invariants(open_db(loaded))

    assert [(f.rule, f.example) for f in faults] == [("every document carries page, hash and time", "NIST FIPS 140-3")]


def test_the_same_archive_again_changes_nothing(loaded: Path, tmp_path: Path) -> None:
    """A second run over the same pages is accepted and reports neither new nor changed rows."""
    before = rows(loaded, "select * from changes")

    outcome = run(loaded, tmp_path / "first")

    assert (outcome.verdict, outcome.tally.new_count, outcome.tally.changed_count) == ("accepted", 0, 0)
    assert rows(loaded, "select * from changes") == before


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<html><body><div class='new-design'>standards</div></body></html>", "redesigned"),
        ("<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>", "blocked: Cloudflare challenge"),
        ("", "empty page"),
        ("<html><meta charset=utf-8><body>" + "信息安全技术网络安全等级保护" * 20, "undecodable"),
    ],
    ids=["redesigned", "challenge", "empty", "GB18030 declared as UTF-8"],
)
def test_a_page_that_is_none_rejects_the_run(loaded: Path, tmp_path: Path, body: str, reason: str) -> None:
    """A challenge, a redesign, an empty or undecodable page: nothing visible changes and the reason is kept."""
    before = visible(loaded)
    data = body.encode("gb18030" if reason == "undecodable" else "utf-8")

    outcome = run(loaded, write_archive(tmp_path / "bad", [(LIST, data, "2026-02-01T00:00:00Z")]))

    assert outcome.verdict == "rejected"
    assert visible(loaded) == before
    kept = rows(loaded, "select reason, page_url from rejects where run=2")
    assert len(kept) == 1 and reason in kept[0]["reason"] and kept[0]["page_url"] == LIST
    assert rows(loaded, "select verdict, why from runs where id=2")[0]["why"] == "1 of 1 pages refused; see rejects"


@pytest.mark.parametrize("kind", ["application/pdf", "application/json"])
def test_a_wrong_content_type_is_a_refused_page(loaded: Path, tmp_path: Path, kind: str) -> None:
    """A list that arrives as something else is refused with its type, and is no error of the spider."""
    body = b"%PDF-1.7 \x00\x01" if kind.endswith("pdf") else b'{"rows": []}'
    folder = write_archive(tmp_path / "bad", [(LIST, body, "2026-02-01T00:00:00Z")], content_type=kind)

    outcome = run(loaded, folder)

    assert (outcome.verdict, outcome.tally.error_count) == ("rejected", 0)
    assert kind in rows(loaded, "select reason from rejects where run=2")[0]["reason"]


def test_a_callback_that_raises_rejects_the_run(loaded: Path, tmp_path: Path) -> None:
    """An error in a callback is counted, named and fatal for the run, whatever other pages gave."""
    broken = page([*THREE, ("SP 800-1", "one cell is missing", "final/active", "2020-01-01")]).replace(
        "<td>2020-01-01</td>", ""
    )

    outcome = run(loaded, write_archive(tmp_path / "bad", [(LIST, broken, "2026-02-01T00:00:00Z")]))

    assert outcome.verdict == "rejected" and outcome.why is not None and outcome.why.startswith("1 error(s)")
    assert len(visible(loaded)) == 3
    assert "ValueError" in rows(loaded, "select reason from rejects where run=2 and level='error'")[0]["reason"]


def test_a_catalogue_that_shrank_is_rejected(loaded: Path, tmp_path: Path) -> None:
    """Losing more than the source's limit rejects the run; the rows stay."""
    outcome = run(loaded, write_archive(tmp_path / "bad", [(LIST, page(THREE[:1]), "2026-02-01T00:00:00Z")]))

    assert outcome.why == "1 rows where the last accepted run had 3: shrunk too far"
    assert len(visible(loaded)) == 3


def test_vanished_and_returned(db: Path, tmp_path: Path) -> None:
    """A row missing from a newer catalogue has vanished, not been withdrawn; seen again it has returned."""
    many = [*THREE, *((f"SP 800-{n}", f"Guide {n}", "final/active", "2020-01-01") for n in range(180, 190))]
    run(db, write_archive(tmp_path / "1", [(LIST, page(many), "2026-01-01T00:00:00Z")]))
    run(db, write_archive(tmp_path / "2", [(LIST, page(many[1:]), "2026-02-01T00:00:00Z")]))

    gone = rows(db, "select status, vanished_at, is_in_force from documents where id='NIST SP 800-53 Rev. 5'")[0]
    assert (gone["status"], gone["vanished_at"], gone["is_in_force"]) == ("in_force", "2026-02-01T00:00:00Z", 0)

    run(db, write_archive(tmp_path / "3", [(LIST, page(many), "2026-03-01T00:00:00Z")]))

    kinds = [r["kind"] for r in rows(db, "select kind from changes where entity='NIST SP 800-53 Rev. 5' order by run")]
    assert kinds == ["new", "vanished", "returned"]
    assert rows(db, "select vanished_at from documents where id='NIST SP 800-53 Rev. 5'")[0]["vanished_at"] is None


def test_a_status_change_is_a_row(loaded: Path, tmp_path: Path) -> None:
    """The old and new value of a changed field are kept with the run and the page."""
    changed = [("SP 800-53 Rev. 5", THREE[0][1], "final/withdrawn", THREE[0][3]), *THREE[1:]]

    run(loaded, write_archive(tmp_path / "2", [(LIST, page(changed), "2026-02-01T00:00:00Z")]))

    change = rows(loaded, "select * from changes where kind='status'")
    assert [(c["entity"], c["old"], c["new"], c["run"]) for c in change] == [
        ("NIST SP 800-53 Rev. 5", "in_force", "withdrawn", 2)
    ]


def test_history_inside_one_archive(db: Path, tmp_path: Path) -> None:
    """Two recordings of one page, years apart: the newest is shown, the difference is a dated change."""
    old = [(n, t, "final/active", p) for n, t, _, p in THREE]
    new = [(n, t, "final/withdrawn" if n.startswith("FIPS") else s, p) for n, t, s, p in THREE]
    run(
        db,
        write_archive(
            tmp_path / "a", [(LIST, page(new), "2026-01-01T00:00:00Z"), (LIST, page(old), "2019-01-01T00:00:00Z")]
        ),
    )

    assert visible(db)["NIST FIPS 140-3"] == "withdrawn"
    changes = rows(db, "select old, new, observed_at from changes where kind='status'")
    assert changes == [{"old": "in_force", "new": "withdrawn", "observed_at": "2026-01-01T00:00:00Z"}]


def test_a_newer_page_that_prints_less_erases_nothing(loaded: Path, tmp_path: Path) -> None:
    """What a later, shorter page leaves blank is kept; what it prints is taken."""
    shorter = [(n, "", s, "") for n, _, s, _ in THREE[:1]] + [(n, "New title", s, p) for n, _, s, p in THREE[1:]]

    outcome = run(loaded, write_archive(tmp_path / "2", [(LIST, page(shorter), "2026-02-01T00:00:00Z")]))

    assert outcome.tally.changed_count == 2
    row = rows(loaded, "select title, published from documents where id='NIST SP 800-53 Rev. 5'")[0]
    assert row == {"title": "Security and Privacy Controls", "published": "2020-09-23"}


def test_a_dated_adoption_outlives_a_list_that_names_no_edition(db: Path, tmp_path: Path) -> None:
    """A list gives EN ISO/IEC 27001:2023, whose form names no edition; the edition known from elsewhere stays."""
    name = "EN ISO/IEC 27001:2023"
    first = page([(name, "ISMS", "", "2023-07-01"), *THREE], {name: "ISO/IEC 27001:2022"})
    later = page([(name, "ISMS", "", "2023-07-01"), *THREE])
    run(db, write_archive(tmp_path / "1", [(LIST, first, "2026-01-01T00:00:00Z")]))

    outcome = run(db, write_archive(tmp_path / "2", [(LIST, later, "2026-02-01T00:00:00Z")]))

    assert outcome.tally.changed_count == 0
    edges = rows(db, "select target_identifier, degree from relations where type='adopts'")
    assert edges == [{"target_identifier": "ISO/IEC 27001:2022", "degree": "IDT"}]


def test_an_older_page_read_later_overwrites_nothing(loaded: Path, tmp_path: Path) -> None:
    """Re-reading history fills blanks and never replaces a newer value."""
    old = [(n, t, "draft-public/active", p) for n, t, _, p in THREE]

    run(loaded, write_archive(tmp_path / "old", [(LIST, page(old), "2019-01-01T00:00:00Z")]))

    assert set(visible(loaded).values()) == {"in_force"}


def test_two_rows_with_one_identifier_are_a_conflict(db: Path, tmp_path: Path) -> None:
    """One document printed twice with two statuses on a page becomes one row and a conflict row."""
    twice = [*THREE, ("SP 800-53r5", THREE[0][1], "final/withdrawn", THREE[0][3])]

    outcome = run(db, write_archive(tmp_path / "a", [(LIST, page(twice), "2026-01-01T00:00:00Z")]))

    assert outcome.tally.document_count == 3
    conflict = rows(db, "select entity, field, kept, other from conflicts")
    assert conflict == [
        {"entity": "NIST SP 800-53 Rev. 5", "field": "status", "kept": "withdrawn", "other": "in_force"}
    ]


def test_unknown_words_keep_their_text_and_are_counted(db: Path, tmp_path: Path) -> None:
    """An identifier, a status or a date that is not understood is stored as text and listed."""
    odd = [*THREE, ("Blue Book 7", "A title", "somewhat valid", "30 February 2020")]

    outcome = run(db, write_archive(tmp_path / "a", [(LIST, page(odd), "2026-01-01T00:00:00Z")]))

    row = rows(db, "select * from documents where identifier is null")[0]
    assert (row["identifier_text"], row["status"], row["status_text"]) == ("Blue Book 7", None, "somewhat valid")
    assert (row["published"], row["published_text"]) == (None, "30 February 2020")
    fields = [r["field"] for r in rows(db, "select field from unknowns order by 1")]
    assert fields == ["identifier", "published date", "status"]
    assert outcome.tally.unknown_identifier_count == 1


def test_a_row_refused_by_the_spider_is_kept_with_its_reason(db: Path, tmp_path: Path) -> None:
    """One unusable row costs that row only."""
    outcome = run(
        db,
        write_archive(tmp_path / "a", [(LIST, page([*THREE, ("", "no number", "x", "y")]), "2026-01-01T00:00:00Z")]),
    )

    assert (outcome.verdict, outcome.tally.document_count, outcome.tally.reject_count) == ("accepted", 3, 1)
    assert rows(db, "select reason, text from rejects") == [{"reason": "row without a number", "text": "no number"}]


def test_links_outside_the_archive_are_counted_not_fetched(loaded: Path) -> None:
    """Follow-up requests of an archive run become a number."""
    assert rows(loaded, "select link_count from runs") == [{"link_count": 3}]


def test_a_run_that_never_ended_is_abandoned(loaded: Path, tmp_path: Path) -> None:
    """Rows staged by a killed process stay invisible and go when the source runs again."""
    db = open_db(loaded)
    dead = store.begin_run(db, "toy", "live", None, "0")
    db.execute("insert into staged (run, key, kind, entity, payload) values (?, 'k', 'document', 'e', '{}')", [dead])
    db.close()

    run(loaded, tmp_path / "first")

    verdicts = [r["verdict"] for r in rows(loaded, "select verdict from runs order by id")]
    assert verdicts == ["accepted", "abandoned", "accepted"]
    assert rows(loaded, "select count(*) as n from staged") == [{"n": 0}]


def test_a_database_that_cannot_take_rows_rejects_the_run(loaded: Path, tmp_path: Path, monkeypatch) -> None:
    """A full disk while rows are staged ends in a rejected run, not in silently lost rows."""

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(store, "stage", full)
    outcome = run(loaded, tmp_path / "first")

    assert (outcome.verdict, outcome.why) == ("rejected", "could not be stored: database or disk is full")
    assert len(visible(loaded)) == 3


def test_a_failure_while_accepting_undoes_everything(loaded: Path, tmp_path: Path, monkeypatch) -> None:
    """Acceptance is one transaction: an error in its middle leaves the old rows as they were."""
    before = visible(loaded)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(store, "rebuild", full)
    changed = [("SP 800-53 Rev. 5", "Another title", "final/withdrawn", "2020-09-23"), *THREE[1:]]
    outcome = run(loaded, write_archive(tmp_path / "2", [(LIST, page(changed), "2026-02-01T00:00:00Z")]))

    assert outcome.verdict == "rejected"
    assert visible(loaded) == before
    assert rows(loaded, "select count(*) as n from changes where kind<>'new'") == [{"n": 0}]


def test_fill_rate_floor(db: Path, tmp_path: Path) -> None:
    """A column that is suddenly blank in most rows rejects the run."""
    blank = [(f"SP 800-{n}", "", "final/active", "2020-01-01") for n in range(100, 130)]

    outcome = run(db, write_archive(tmp_path / "a", [(LIST, page(blank), "2026-01-01T00:00:00Z")]))

    assert outcome.why == "field title is filled in 0 of 30 rows, floor 90%"


def test_secondary_never_overwrites_primary(loaded: Path, tmp_path: Path) -> None:
    """A copy fills blanks of the primary record; where it disagrees the primary stays and a conflict row says so."""

    class Copy(Toy):
        """Register: a copy of the toy register. Publisher: nobody. Caveats: secondary."""

        name = "toy_copy"
        title = "Copy"
        tier = "secondary"

    other = [("SP 800-53 Rev. 5", "Other title", "final/withdrawn", "2020-09-23"), ("SP 800-1", "T", "", "1990-01-01")]
    run(
        loaded,
        write_archive(tmp_path / "copy", [(LIST, page(other), "2026-06-01T00:00:00Z")]),
        sources={"toy_copy": Copy},
    )

    row = rows(loaded, "select * from documents where id='NIST SP 800-53 Rev. 5'")[0]
    assert (row["source"], row["tier"], row["status"], row["other_sources"]) == (
        "toy",
        "primary",
        "in_force",
        "toy_copy",
    )
    assert rows(loaded, "select tier from documents where id='NIST SP 800-1'") == [{"tier": "secondary"}]
    conflict = rows(loaded, "select kept_source, kept, other_source, other from conflicts")
    assert conflict == [{"kept_source": "toy", "kept": "in_force", "other_source": "toy_copy", "other": "withdrawn"}]


def test_an_e_mail_address_in_a_record_breaks_a_rule(loaded: Path) -> None:
    """Contacts are never stored; a video format such as 1080@50p is no address."""
    connection = sqlite3.connect(loaded)
    connection.execute("update records set payload=replace(payload, 'Digital', '1080@50p/60p Digital')")
    connection.commit()
    assert checks.invariants(open_db(loaded)) == []

    connection.execute("update records set payload=replace(payload, 'Digital', 'someone@example.org')")
    connection.commit()

    assert [f.rule for f in checks.invariants(open_db(loaded))] == ["no e-mail address is stored"]


def test_a_disk_that_is_really_full(loaded: Path, tmp_path: Path, monkeypatch) -> None:
    """SQLite refuses to grow the file: the run is rejected with that reason and what was stored is whole."""
    many = [(f"SP 800-{n}", f"Guide {n} " + "x" * 2_000, "final/active", "2020-01-01") for n in range(100, 400)]
    folder = write_archive(tmp_path / "many", [(LIST, page([*THREE, *many]), "2026-02-01T00:00:00Z")])
    full = open_db(loaded)
    pages = full.execute("pragma page_count").fetchone()[0]
    full.execute(f"pragma max_page_count={pages + 2}")
    with monkeypatch.context() as patched:
        patched.setattr("support.open_db", lambda path: full)
        outcome = run(loaded, folder)

    assert outcome.verdict == "rejected" and "disk is full" in str(outcome.why)
    assert len(visible(loaded)) == 3
    assert rows(loaded, "pragma integrity_check") == [{"integrity_check": "ok"}]


def test_a_record_without_a_designation_is_rejected_with_its_page(db: Path, tmp_path: Path) -> None:
    """A page that lost its heading costs that row, names the page, and is no error of the spider."""
    item = f"{BASE}/item/1"
    folder = write_archive(
        tmp_path / "a",
        [(LIST, page(THREE), "2026-01-01T00:00:00Z"), (item, "<p>only a text</p>", "2026-01-01T00:00:00Z")],
    )

    outcome = run(db, folder)

    assert (outcome.verdict, outcome.tally.error_count, outcome.tally.document_count) == ("accepted", 0, 3)
    assert rows(db, "select reason, page_url, level from rejects") == [
        {"reason": "no designation", "page_url": item, "level": "check"}
    ]
