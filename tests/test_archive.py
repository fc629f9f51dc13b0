"""Archives: folders and WARC files are read alike; what cannot be read is named, never skipped."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.http import Headers, HtmlResponse, Response
from support import BASE, THREE, Toy, page, rows, run, write_archive
from warcio.archiveiterator import ArchiveIterator

from crawler import runs
from crawler.archive import (
    Archived,
    ArchiveError,
    Problem,
    WarcFile,
    iso_time,
    read_archive,
    read_sample,
)
from standards_db.pages import Page

LIST = f"{BASE}/list"
AT = "2026-01-01T00:00:00Z"


def write_warc(path: Path, body: str = page(THREE)) -> Path:
    warc = WarcFile(path)
    response = HtmlResponse(LIST, body=body.encode(), headers=Headers({"Content-Type": "text/html; charset=utf-8"}))
    warc.add(Request(LIST), response)
    warc.add(Request(f"{BASE}/form", method="POST", body=b"a=1"), response.replace(url=f"{BASE}/form"))
    warc.close()
    return path


def problems(folder: Path) -> list[Problem]:
    return [entry for entry in read_archive(folder) if isinstance(entry, Problem)]


def test_warc_gives_the_same_rows_as_the_folder(tmp_path: Path) -> None:
    """A page kept as WARC is read by the same callback into the same documents."""
    write_warc(tmp_path / "w" / "toy.warc.gz")
    run(tmp_path / "a.db", write_archive(tmp_path / "f", [(LIST, page(THREE), AT)]))
    run(tmp_path / "b.db", tmp_path / "w")

    sql = "select id, title, status, published, page_sha256 from documents order by id"
    assert rows(tmp_path / "a.db", sql) == rows(tmp_path / "b.db", sql)
    assert len(rows(tmp_path / "b.db", sql)) == 3


def test_warc_keeps_method_and_url(tmp_path: Path) -> None:
    """Request method and URL of an exchange survive being written and read."""
    write_warc(tmp_path / "toy.warc.gz")

    found = [(e.method, e.url, e.status) for e in read_archive(tmp_path) if isinstance(e, Archived)]

    assert found == [("GET", LIST, 200), ("POST", f"{BASE}/form", 200)]


def test_nested_folders_and_warc_side_by_side(tmp_path: Path) -> None:
    """Every index.jsonl and WARC file below the folder counts."""
    write_archive(tmp_path / "x" / "one", [(LIST, page(THREE), AT)])
    write_archive(tmp_path / "x" / "two" / "deep", [(LIST, page(THREE), AT)])
    write_warc(tmp_path / "x" / "three.warc.gz")

    assert sum(isinstance(entry, Archived) for entry in read_archive(tmp_path / "x")) == 4


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{not json", "malformed index row"),
        ('["a list"]', "malformed index row: not an object"),
        (json.dumps({"url": LIST, "body": "missing.html"}), "body 'missing.html' is missing"),
        (json.dumps({"url": LIST, "body": "../../etc/passwd"}), "lies outside the archive"),
        (json.dumps({"url": "", "body": "0.html"}), "no URL of a page"),
        (json.dumps({"url": "ftp://x/y", "body": "0.html"}), "not an http URL"),
        (json.dumps({"url": LIST, "body": "0.html", "status": "ok"}), "status 'ok' is not a number"),
        (json.dumps({"url": LIST}), "no body named"),
    ],
)
def test_a_bad_index_row_is_named_and_the_others_are_read(tmp_path: Path, line: str, reason: str) -> None:
    """File, row and reason are told; the good rows of the same file are read."""
    folder = write_archive(tmp_path / "a", [(LIST, page(THREE), AT)])
    with (folder / "index.jsonl").open("a") as index:
        index.write(line + "\n")

    found = problems(folder)

    assert len(found) == 1 and found[0].where == "index.jsonl:2" and reason in found[0].reason
    assert run(tmp_path / "a.db", folder).tally.document_count == 3


@pytest.mark.parametrize(
    ("said", "is_read"),
    [
        ({"kind": "dataset", "fidelity": "derived_by_origin"}, False),
        ({"kind": "list", "fidelity": "synthetic_by_origin"}, False),
        ({"kind": "dataset"}, False),
        ({"kind": "dataset", "fidelity": "as_served"}, True),
        ({"kind": "list"}, True),
    ],
)
def test_a_parse_by_others_is_no_response(tmp_path: Path, said: dict[str, str], is_read: bool) -> None:
    """A body that the index calls derived, or made for a test, is named and not read as the site's own page."""
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "list.html").write_text(page(THREE), encoding="utf-8")
    row = {"url": LIST, "body": "datasets/list.html", "recorded_at": AT, **said}
    (tmp_path / "index.jsonl").write_text(json.dumps(row), encoding="utf-8")

    (entry,) = read_archive(tmp_path)

    assert isinstance(entry, Archived) == is_read
    assert is_read or entry.reason == "somebody's parse of the source, not its response"


def test_an_unchanged_page_is_a_revisit(tmp_path: Path) -> None:
    """304 is kept as a revisit record that names the page it stands for; a file of such records is no broken one."""
    known = Page(url=LIST, sha256="0" * 64, read_at=AT)
    file = WarcFile(tmp_path / "toy-20261128T000000Z.warc.gz")
    file.add(Request(LIST, meta={"known": known}), Response(LIST, status=304, headers={"ETag": '"1"'}))
    file.close()

    with file.path.open("rb") as stream:
        records = [(r.rec_type, r.rec_headers, r.http_headers) for r in ArchiveIterator(stream)]

    kinds = [kind for kind, _, _ in records]
    said = {name: records[0][1].get_header(f"WARC-{name}") for name in ("Profile", "Refers-To-Date", "Payload-Digest")}
    assert kinds == ["revisit", "request"] and records[0][2].get_statuscode() == "304"
    assert said == {
        "Profile": "http://netpreserve.org/warc/1.0/revisit/server-not-modified",
        "Refers-To-Date": AT,
        "Payload-Digest": f"sha256:{'0' * 64}",
    }
    assert records[0][1].get_header("WARC-Refers-To-Target-URI") == LIST
    assert [p.reason for p in problems(tmp_path)] == ["revisit: the page is kept elsewhere"]


@pytest.mark.parametrize("share", [0.02, 0.1, 0.2, 0.52, 0.6, 0.7])
def test_a_truncated_warc_is_named(tmp_path: Path, share: float) -> None:
    """A WARC file cut anywhere yields a problem or a refused page with the file's name, and no invented rows."""
    path = write_warc(tmp_path / "w" / "toy.warc.gz")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])

    found = problems(tmp_path / "w")
    whole = [entry for entry in read_archive(tmp_path / "w") if isinstance(entry, Archived)]
    broken = []
    for entry in whole:
        try:
            entry.load()
        except ArchiveError as error:
            broken.append(str(error))

    assert found or broken
    assert all("toy.warc.gz" in text for text in [*(p.where for p in found), *broken])


def test_garbage_named_warc_is_a_problem(tmp_path: Path) -> None:
    """A file that is no WARC says so."""
    (tmp_path / "x.warc.gz").write_bytes(gzip.compress(b"hello\r\n" * 50))

    assert [p.where.partition("@")[0] for p in problems(tmp_path)] == ["x.warc.gz"]


@pytest.mark.parametrize("make", [False, True])
def test_no_archive_at_all_is_an_error(tmp_path: Path, make: bool) -> None:
    """A missing folder and one without an index are errors that name the path."""
    folder = tmp_path / "nothing"
    if make:
        folder.mkdir()

    with pytest.raises(ArchiveError, match="nothing"):
        list(read_archive(folder))


def test_what_nobody_reads_is_listed_with_its_reason(tmp_path: Path) -> None:
    """Redirects, errors, foreign URLs and HEAD requests are unread, each with why."""
    folder = tmp_path / "a"
    write_archive(folder / "1", [(LIST, "x", AT)], status=301)
    write_archive(folder / "2", [(LIST, "x", AT)], status=404)
    write_archive(folder / "3", [("https://elsewhere.example/", "x", AT)])
    write_archive(folder / "4", [(LIST, "x", AT)], method="HEAD")

    shelf = runs.shelf_of_folder(folder, {"toy": Toy})

    assert [reason for _, reason, _ in shelf.unread] == [
        "redirect (status 301)",
        "status 404",
        "no source reads this URL",
        "HEAD request",
    ]


def test_a_block_status_is_a_refused_page(tmp_path: Path) -> None:
    """A kept 403 is offered to its source, which refuses it as a block."""
    folder = write_archive(tmp_path / "a", [(LIST, "<html>no</html>", AT)], status=403)

    assert run(tmp_path / "a.db", folder).verdict == "rejected"
    assert rows(tmp_path / "a.db", "select reason from rejects") == [{"reason": "blocked: HTTP status 403"}]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-08-22T03:30:11Z", "2026-08-22T03:30:11Z"),
        ("2026-05-01T15:12:17+02:00", "2026-05-01T13:12:17Z"),
        ("Tue, 15 Oct 2024 14:28:42 GMT", "2024-10-15T14:28:42Z"),
        ("2026-08-13", "2026-08-13T00:00:00Z"),
        ("2026-09", "2026-09"),
        ("archive.org copy after 2024-03-06, committed 2024-04-01", "2024-03-06"),
        ("", ""),
        ("someday", ""),
    ],
)
def test_recording_times_of_all_spellings(text: str, time: str) -> None:
    """Every spelling of a recording time becomes ISO UTC, or blank when it says nothing."""
    assert iso_time(text) == time


def test_sample_zip_members_are_packed_when_read(tmp_path: Path) -> None:
    """A sample page that stands for a zip is kept as text and zipped at load time."""
    source = tmp_path / "toy"
    source.mkdir()
    (source / "feed.txt").write_text("%%% data/a.yaml\na: 1\n%%% data/b.yaml\nb: 2\n", encoding="utf-8")
    entry = {"url": f"{BASE}/feed.zip", "file": "feed.txt", "zip_members": True}
    (source / "pages.json").write_text(json.dumps([entry]), encoding="utf-8")

    (archived,) = read_sample(tmp_path)
    assert isinstance(archived, Archived)
    members = zipfile.ZipFile(io.BytesIO(archived.load()))

    assert {name: members.read(name) for name in members.namelist()} == {
        "data/a.yaml": b"a: 1\n",
        "data/b.yaml": b"b: 2\n",
    }
