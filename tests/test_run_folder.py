"""Run folders are hostile: what is torn, altered, too much or not asked for is named and never loaded."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from contents import contents, differences
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.http import HtmlResponse
from support import BASE, THREE, TODAY, Toy, page, rows, run, write_archive

from crawler import base, cli, loading, orders, runs, worker_job
from crawler.archive import WarcFile
from crawler.commands import workers
from crawler.hosts import Hosts
from crawler.ledger import Account
from crawler.pages import PageLog
from crawler.run_folder import FolderBook, FolderError, RunFolder
from standards_db import jobs, registry, wire
from standards_db.pages import Page
from standards_db.records import (
    Certificate,
    Citation,
    Document,
    Exclusion,
    Membership,
    Observation,
    Provenance,
    Refused,
    Relation,
)
from standards_db.resolve import resolve
from standards_db.schema import open_db

LIST = f"{BASE}/list"
SOURCES = {"toy": Toy}


def make_job(db: Path, mode: str = "archive", input_name: str | None = "archive") -> str:
    """A job of the toy source that this database has given out."""
    opened = open_db(db)
    registry.register_sources(opened, runs.source_rows(SOURCES))
    job = orders.new_job()
    jobs.add(opened, job, "toy", mode, input_name)
    opened.close()
    return job


def load(db: Path, folder: Path, archive: Path | None = None) -> loading.Loaded:
    opened = open_db(db)
    try:
        loaded = loading.load(opened, folder, SOURCES, archive)
        resolve(opened, today=TODAY)
        return loaded
    finally:
        opened.close()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "ingest.db"


@pytest.fixture
def shipped(db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a worker ships that has read an archive of two pages, one of them redesigned."""
    pages = [(LIST, page(THREE), "2026-01-01T00:00:00Z"), (LIST, "<p>new</p>", "2026-01-02T00:00:00Z")]
    archive = write_archive(tmp_path / "archive", pages)
    monkeypatch.setattr(base, "all_sources", lambda: SOURCES)
    shelf = runs.shelf_of_folder(archive, SOURCES)
    order = replace(orders.archive_orders(archive, shelf, SOURCES)[0], job=make_job(db))
    return worker_job.do(order, tmp_path / "runs", "ops@register.example", Hosts())


def live_folder(db: Path, tmp_path: Path, body: str = "<table>", **account: Any) -> Path:
    """What a worker ships of a live crawl of one page."""
    book = FolderBook(
        tmp_path / "runs", job=make_job(db, "live", None), source="toy", mode="live", input_name=None, worker="w"
    )
    warc = WarcFile(book.path / "toy-20261128T000000Z-abcdef.warc.gz")
    response = HtmlResponse(LIST, body=body.encode())
    ref = warc.add(Request(LIST), response)
    warc.close()
    log = PageLog(Toy, lambda url, reader: None)
    log.read(response, None)
    for number in (1, 2, 3):
        origin = Provenance(
            page_url=LIST,
            page_sha256=hashlib.sha256(body.encode()).hexdigest(),
            retrieved_at="2026-11-28T00:00:00Z",
            archive_ref=ref,
            route=r"/list$",
        )
        book.take(Observation(record=Document(designation=f"SP 800-{number}", title="Guide"), provenance=origin))
    book.close(Account(**{"reason": "finished", "response_count": 1, **account}))
    return book.ship(log)


def test_a_folder_gives_the_rows_of_a_run_here(db: Path, shipped: Path, tmp_path: Path) -> None:
    """Interpreted, checked, counted and judged the same way: the whole database is that of a run on this machine."""
    here = tmp_path / "here.db"
    outcome = run(here, tmp_path / "archive")

    loaded = load(db, shipped)

    assert loaded.outcome and (loaded.outcome.verdict, loaded.outcome.why) == (outcome.verdict, outcome.why)
    assert differences(here, db) == {} and len(contents(db)["documents"]) == 3 and len(contents(db)["rejects"]) == 1
    refs = "select page_url, page_sha256, retrieved_at, archive_ref from records order by key"
    assert rows(here, refs) == rows(db, refs)


def test_a_bad_run_is_rejected_with_the_usual_reason(db: Path, tmp_path: Path) -> None:
    """A crawl that did not finish elsewhere brings nothing here, and another doing of the job still may."""
    bad = live_folder(db, tmp_path, reason="blocked")
    assert load(db, bad).outcome.why == "the crawl ended with 'blocked'"
    assert load(db, bad).before == (1, "rejected") and rows(db, "select * from records") == []

    good = RunFolder(bad)
    again = tmp_path / "runs" / "again"
    shutil.copytree(good.path, again)
    edit(again, lambda manifest: manifest.update(finish_reason="finished"))

    assert load(db, again).outcome.verdict == "accepted"
    assert load(db, bad).before == (2, "accepted") and len(rows(db, "select * from records")) == 3


def test_a_job_done_twice_is_accepted_once(db: Path, shipped: Path) -> None:
    """The second shipment of a job, with other bytes, changes nothing."""
    twin = shipped.with_name("twin")
    shutil.copytree(shipped, twin)
    edit(twin, lambda manifest: manifest.update(worker="the other"))
    load(db, shipped)
    before = contents(db)

    assert load(db, twin).before == (1, "accepted") and load(db, shipped).before == (1, "accepted")
    assert contents(db) == before


def test_an_older_live_run_does_not_undo_a_newer_one(db: Path, tmp_path: Path) -> None:
    """A live folder that arrives after a newer live run was accepted is rejected: its list is not what there is now."""
    late, early = live_folder(db, tmp_path), live_folder(db, tmp_path)
    edit(late, lambda manifest: manifest.update(started_at="2026-11-27T00:00:00Z", finished_at="2026-11-28T00:00:00Z"))
    assert load(db, early).outcome.verdict == "accepted"

    assert load(db, late).outcome.why == "the crawl ended with 'overtaken by a newer run'"
    assert rows(db, "select count(*) as n from records where vanished_at is null") == [{"n": 3}]


def test_pages_that_were_kept_must_still_be_remembered(db: Path, tmp_path: Path) -> None:
    """A worker that kept a page which this database does not remember cannot say what was on it."""
    folder = live_folder(db, tmp_path)
    kept = [json.loads(line) for line in (folder / "pages.jsonl").read_text().splitlines()]
    (folder / "pages.jsonl").write_text("".join(json.dumps({**line, "state": "kept"}) + "\n" for line in kept))
    edit(folder)

    assert load(db, folder).outcome.why == "the crawl ended with 'pages were kept that are no longer remembered'"


def test_evidence_is_kept_before_the_rows(db: Path, tmp_path: Path) -> None:
    """The WARC file is copied with its bytes; one of that name with other bytes is never overwritten."""
    folder, pages = live_folder(db, tmp_path), tmp_path / "pages"
    name = next(path.name for path in folder.glob("*.warc.gz"))
    pages.mkdir()
    (pages / name).write_bytes(b"another")
    with pytest.raises(FolderError, match=r"warc\.gz: another file of this name is in"):
        load(db, folder, pages)
    assert (pages / name).read_bytes() == b"another" and rows(db, "select * from runs") == []
    (pages / name).unlink()

    assert load(db, folder, pages).outcome.verdict == "accepted"
    assert (pages / name).read_bytes() == (folder / name).read_bytes()
    assert [path.name for path in pages.iterdir()] == [name]


def edit(folder: Path, change: Callable[[dict[str, Any]], Any] = lambda manifest: None) -> None:
    """Change a manifest, with sizes and hashes that fit what the files are now."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    for line in manifest["files"]:
        data = (folder / line["name"]).read_bytes() if (folder / line["name"]).is_file() else b""
        line |= {"byte_count": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    change(manifest)
    path.write_text(json.dumps(manifest))


def first_line(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "observed.jsonl"
        lines = path.read_text().splitlines()
        row = json.loads(lines[1])
        change(row)
        lines[1] = json.dumps(row)
        path.write_text("\n".join(lines) + "\n")
        edit(folder)

    return damage


def raw_line(text: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "observed.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(lines[0] + text + b"".join(lines[2:]))
        edit(folder)

    return damage


def manifest_with(**values: Any) -> Callable[[Path], None]:
    return lambda folder: edit(folder, lambda manifest: manifest.update(values))


def linked(folder: Path) -> None:
    (folder / "observed.jsonl").rename(folder.parent / "elsewhere")
    (folder / "observed.jsonl").symlink_to(folder.parent / "elsewhere")


def piped(folder: Path) -> None:
    (folder / "observed.jsonl").unlink()
    os.mkfifo(folder / "observed.jsonl")


def listed(name: str) -> Callable[[Path], None]:
    line = {"name": name, "byte_count": 0, "sha256": "0" * 64}
    return lambda folder: edit(folder, lambda manifest: manifest["files"].append(line))


def torn(folder: Path) -> None:
    os.truncate(folder / "observed.jsonl", 100)


def altered(folder: Path) -> None:
    data = (folder / "observed.jsonl").read_bytes()
    (folder / "observed.jsonl").write_bytes(data.replace(b"SP 800-53", b"SP 800-54"))


def more(folder: Path) -> None:
    (folder / "more.sh").write_text("exit")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "torn": (torn, r"/observed\.jsonl: has 100 bytes, its manifest says \d+: torn or altered"),
    "altered": (altered, r"/observed\.jsonl: has not the SHA-256"),
    "without a manifest": (lambda f: (f / "manifest.json").unlink(), r"/manifest\.json: cannot be read"),
    "half a manifest": (lambda f: os.truncate(f / "manifest.json", 50), r"/manifest\.json: malformed JSON"),
    "a huge manifest": (lambda f: (f / "manifest.json").write_bytes(b" " * 2**21), "is larger than"),
    "deep JSON": (lambda f: (f / "manifest.json").write_bytes(b"[" * 100_000), "malformed JSON"),
    "a file too many": (more, r"/more\.sh: is in the folder and not in its manifest"),
    "a file too few": (lambda f: (f / "observed.jsonl").unlink(), r"/observed\.jsonl: is missing"),
    "a path": (listed("../../ingest.db"), r"/\.\./\.\./ingest\.db: is missing"),
    "a file twice": (listed("observed.jsonl"), "names a file twice"),
    "a link": (linked, r"/observed\.jsonl: cannot be read"),
    "a pipe": (piped, r"/observed\.jsonl: is no file"),
    "another format": (manifest_with(format=2), "format 2, this code reads 1"),
    "a field too many": (manifest_with(verdict="accepted"), "Manifest has no field 'verdict'"),
    "a count as text": (manifest_with(response_count="1"), r"manifest\.response_count: str instead of int"),
    "a negative count": (manifest_with(response_count=-1), "a count is below 0"),
    "not a time": (manifest_with(finished_at="yesterday"), "finished_at is no time"),
    "the future": (manifest_with(finished_at="2199-01-01T00:00:00Z"), "ends in the future"),
    "a long reason": (manifest_with(finish_reason="x" * 201), "has more than 200 characters"),
    "backwards": (manifest_with(started_at="2199-01-01T00:00:00Z"), "ends before it starts"),
    "an unknown job": (manifest_with(job="0"), "job '0' was not given out by this database"),
    "another source": (manifest_with(source="iso"), "source is 'iso', job .* is for 'toy'"),
    "another mode": (manifest_with(mode="live"), "mode is 'live', job .* is for 'archive'"),
    "rows too few": (manifest_with(observed_count=7), "has 4 rows, its manifest says 7"),
    "no JSON": (raw_line(b"{\n"), r"/observed\.jsonl:2: malformed JSON"),
    "no UTF-8": (raw_line(b'{"kind": "\xff"}\n'), r"/observed\.jsonl:2: malformed JSON"),
    "no number": (raw_line(b'{"kind": NaN}\n'), r"/observed\.jsonl:2: malformed JSON: NaN is no value"),
    "no object": (raw_line(b"[]\n"), r"/observed\.jsonl:2: list instead of an object"),
    "a huge line": (raw_line(b'{"kind": "' + b"x" * 2**23 + b'"}\n'), r"/observed\.jsonl:2: a line of more than"),
    "another kind": (first_line(lambda r: r.update(kind="Observation")), r":2: kind 'Observation' is none of"),
    "a made-up field": (
        first_line(lambda r: r["record"].update(sphere="cn")),
        "Document has no field 'sphere'",
    ),
    "a number as title": (
        first_line(lambda r: r["record"].update(title=1)),
        r":2: record\.title: int instead",
    ),
    "a field too few": (first_line(lambda r: r["record"].pop("designation")), r":2: record: .*'designation'"),
    "an entry of a list": (
        first_line(lambda r: r["record"].update(ics=[{}])),
        r":2: record\.ics\[0\]: dict inst",
    ),
    "a script": (first_line(lambda r: r["page"].update(page_url="javascript:alert(1)")), "is no address of the web"),
    "no hash": (first_line(lambda r: r["page"].update(page_sha256="../x")), "is no SHA-256"),
    "another route": (first_line(lambda r: r["page"].update(route="/other$")), "is no route of toy"),
    "a page of tomorrow": (
        first_line(lambda r: r["page"].update(retrieved_at="2199-01-01")),
        "after the end",
    ),
    "a long address": (first_line(lambda r: r["page"].update(page_url=f"http://{'x' * 20_000}")), "longer than"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_named_and_nothing_is_visible(db: Path, shipped: Path, name: str) -> None:
    """The message names folder, file and row; no row, no page, no file outside the folder comes of it."""
    damage, says = DAMAGES[name]
    folder = shipped.with_name("damaged")
    shutil.copytree(shipped, folder)
    damage(folder)

    with pytest.raises(FolderError, match=says) as raised:
        load(db, folder)

    assert str(raised.value).startswith("damaged/")
    assert rows(db, "select * from records") == rows(db, "select * from staged") == []
    assert rows(db, "select * from runs where verdict<>'rejected'") == []
    assert load(db, shipped).outcome.verdict == "accepted"  # the whole folder is still welcome


def foreign_page(folder: Path) -> None:
    first_line(lambda r: r["page"].update(page_sha256="0" * 64))(folder)


def half_warc(folder: Path) -> None:
    path = next(folder.glob("*.warc.gz"))
    os.truncate(path, 200)  # in the middle of the page
    edit(folder)


def other_warc(folder: Path) -> None:
    next(folder.glob("*.warc.gz")).rename(folder / "iso-20261128T000000Z.warc.gz")
    edit(folder, lambda manifest: manifest["files"][-1].update(name="iso-20261128T000000Z.warc.gz"))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (foreign_page, r"/observed\.jsonl:2: page\.archive_ref: the folder holds no page 'toy-.*' with this hash"),
        (half_warc, r"(malformed WARC|the folder holds no page)"),
        (other_warc, r"(is no file of a run folder|is in the folder and not)"),
    ],
)
def test_a_live_row_rests_on_a_page_in_the_folder(db: Path, tmp_path: Path, damage: Any, says: str) -> None:
    """A row whose page was not shipped with it, byte for byte, does not come in."""
    folder = live_folder(db, tmp_path)
    damage(folder)

    with pytest.raises(FolderError, match=says):
        load(db, folder)

    assert rows(db, "select * from records") == []


def test_a_folder_being_written_is_not_loaded(db: Path, tmp_path: Path) -> None:
    """A worker's folder has no loadable name until it is whole, and one named all the same is refused."""
    book = FolderBook(tmp_path / "runs", job=make_job(db), source="toy", mode="archive", input_name=None, worker="w")
    book.observed.close()

    assert list(loading.folders_in(tmp_path / "runs")) == []
    with pytest.raises(FolderError, match="not complete"):
        load(db, next(loading.folders_in(book.path)))


def test_watching_moves_what_is_done(
    db: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was loaded and what cannot be are moved out of the way and told; the loader goes on until it is ended."""
    runs_folder = shipped.parent
    for name in ("twin", "torn"):
        shutil.copytree(shipped, runs_folder / name)
    torn(runs_folder / "torn")
    rounds: list[float] = []

    def sleep(seconds: float) -> None:
        rounds.append(seconds)
        if len(rounds) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(workers.time, "sleep", sleep)
    opened = open_db(db)
    with pytest.raises(KeyboardInterrupt):
        workers.keep_loading(opened, runs_folder, None, db)
    opened.close()

    assert sorted(path.name for path in (runs_folder / "loaded").iterdir()) == sorted([shipped.name, "twin"])
    assert [path.name for path in (runs_folder / "refused").iterdir()] == ["torn"]
    told = capsys.readouterr()
    assert "verdict: accepted" in told.out and "loaded before" in told.out and "torn/observed.jsonl" in told.err
    assert rows(db, "select verdict from runs") == [{"verdict": "accepted"}]


def test_load_tells_what_came_and_ends_with_a_code(db: Path, shipped: Path) -> None:
    """0 when all is in, also the second time; 2 when a folder cannot be loaded, and the others are all the same."""
    bad = shipped.with_name("torn")
    shutil.copytree(shipped, bad)
    torn(bad)

    def call(*arguments: object) -> Any:
        return CliRunner().invoke(cli.main, ["load", *map(str, arguments), "--db", str(db)])

    first, again, alone = call(shipped.parent), call(shipped), call(bad)

    assert (first.exit_code, again.exit_code, alone.exit_code) == (2, 0, 2)
    assert "accepted" in first.output and "loaded before" in again.output
    assert "torn/observed.jsonl: has 100 bytes" in alone.output
    assert call().exit_code == 2 and "name run folders" in call().output
    assert call(shipped.parent / "archive-that-is-none").exit_code == 2


def test_a_worker_that_cannot_write_ships_nothing(tmp_path: Path) -> None:
    """What kept a row from being written keeps the folder from being shipped."""
    book = FolderBook(tmp_path / "runs", job="aa", source="toy", mode="archive", input_name=None, worker="w")
    book.failure = OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        book.ship(None)

    book.discard()
    assert list((tmp_path / "runs").iterdir()) == []


TEXT = st.text(max_size=20)
MAYBE = st.none() | TEXT
CITATIONS = st.builds(Citation, reference_text=MAYBE, restriction=MAYBE)
RELATIONS = st.builds(Relation, type=TEXT, target_text=TEXT, citations=st.lists(CITATIONS, max_size=2).map(tuple))
RECORDS = st.one_of(
    st.builds(Document, designation=TEXT, title=MAYBE, relations=st.lists(RELATIONS, max_size=2).map(tuple)),
    st.builds(Certificate, key=TEXT, scheme_text=TEXT, standards=st.lists(TEXT, max_size=2).map(tuple)),
    st.builds(Membership, committee=TEXT, committee_title=MAYBE, member_text=TEXT, country_text=MAYBE, role=TEXT),
    st.builds(Exclusion, key=TEXT, list_text=TEXT, subject=TEXT),
    st.builds(Refused, reason=TEXT, is_page=st.booleans()),
)
ORIGIN = Provenance(
    page_url=LIST, page_sha256="0" * 64, retrieved_at="2026-11-28T00:00:00Z", archive_ref=None, route=r"/list$"
)


@given(RECORDS)
def test_what_is_written_is_read_again(record: Any) -> None:
    """Any record, with any text in it, survives the journey as it was and stays one line."""
    item = Observation(record=record, provenance=ORIGIN)

    line = wire.encode(item)

    assert "\n" not in line and wire.decode(wire.load_line(line.encode())) == item


def test_half_a_surrogate_pair_is_carried() -> None:
    """Text that is no Unicode does not stop a worker; the loader's database says what it thinks of it."""
    item = Observation(record=Document(designation="\ud800"), provenance=ORIGIN)

    assert wire.decode(wire.load_line(wire.encode(item).encode())) == item


def test_an_order_survives_its_journey() -> None:
    """What a worker is told is what was ordered, pages and all; other code than that which read them knows none."""
    known = (orders.PageLine.of(Page(url=LIST, etag='"1"', sha256="0" * 64, links=["/a"], read_at="2026"), "known"),)
    order = orders.Order(job="aa", source="toy", mode="live", lane="x", reader="r", known=known, budget=3, delay=2)

    again = orders.Order.decode(order.encode())

    assert again == order and again.page(LIST, "r").links == ["/a"]
    assert again.page(LIST, "another reader") is None and again.page("elsewhere", "r") is None
