"""Back to the page: the archive holds what a row rests on, its hash is checked, and today's parser reads it again."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support import THREE, Toy, page, rows, run, write_archive

from crawler import base, cli, evidence
from standards_db.schema import open_db

URL = "http://register.example/list"
REV5 = "NIST SP 800-53 Rev. 5"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `ingest.db` and `pages`, the archive it was read from."""
    write_archive(tmp_path / "pages", [(URL, page(THREE), "2026-11-20")])
    run(tmp_path / "ingest.db", tmp_path / "pages")
    monkeypatch.setattr(base, "all_sources", lambda: {"toy": Toy})
    return tmp_path


def spheres(folder: Path, *arguments: str) -> Result:
    given = [*arguments, "--archive", str(folder / "pages"), "--db", str(folder / "ingest.db"), "--json"]
    return CliRunner().invoke(cli.main, given, catch_exceptions=False)


def test_evidence(kept: Path) -> None:
    """The page is found, its hash holds, today's parser reads the same, and the bytes can be saved."""
    result = spheres(kept, "evidence", REV5, "--save", str(kept / "saved"))
    found = json.loads(result.stdout)

    assert result.exit_code == 0, result.output
    assert [(one["page"], one["page is"], one["today's parser"]) for one in found] == [(URL, "verified", "the same")]
    assert [path.read_text() for path in (kept / "saved").iterdir()] == [page(THREE)]


def test_an_altered_page_is_told(kept: Path) -> None:
    """A page whose bytes are not those that were read is no evidence."""
    (kept / "pages" / "0.html").write_text(page(THREE).replace("Security and Privacy", "Something else"))
    result = spheres(kept, "evidence", REV5)

    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["page is"].startswith("altered: the stored page has SHA-256")


def test_a_missing_page_is_told(kept: Path) -> None:
    (kept / "pages" / "0.html").unlink()
    result = spheres(kept, "evidence", REV5)

    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["page is"].startswith("missing")


def test_an_unknown_row(kept: Path) -> None:
    """A name that no row has is an error of the question."""
    result = spheres(kept, "evidence", "NIST SP 800-999")

    assert result.exit_code == 2 and "no row is called" in result.output


def test_reparse_finds_nothing(kept: Path) -> None:
    result = spheres(kept, "reparse")

    assert result.exit_code == 0, result.output
    one = json.loads(result.stdout)[0]
    assert (one["source"], one["pages"], one["same"], one["differing"], one["lost"]) == ("toy", 1, 3, 0, 0)


def test_reparse_finds_what_a_changed_parser_reads(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that reads another title and loses a row is found out, with an example; nothing is stored."""
    before = rows(kept / "ingest.db", "select * from records order by key")

    class Changed(Toy):
        name = "toy"

        def parse_list(self, response):  # type: ignore[no-untyped-def]
            body = response.text.replace("Digital Identity", "Digital identities").replace("FIPS 140-3", "")
            yield from super().parse_list(response.replace(body=body))

    monkeypatch.setattr(base, "all_sources", lambda: {"toy": Changed})
    result = spheres(kept, "reparse", "toy")
    one = json.loads(result.stdout)[0]

    assert result.exit_code == 1
    assert (one["same"], one["differing"], one["lost"]) == (1, 1, 1)
    assert one["example"]
    assert json.loads(spheres(kept, "evidence", "NIST SP 800-63-3").stdout)[0]["differences"] == (
        "title: 'Digital Identity Guidelines' is now 'Digital identities Guidelines'"
    )
    assert rows(kept / "ingest.db", "select * from records order by key") == before


def test_retention_keeps_what_rows_rest_on(tmp_path: Path) -> None:
    """Old files go, except one that holds the page of a row which still stands."""
    folder = tmp_path / "pages"
    folder.mkdir()
    run(tmp_path / "ingest.db", write_archive(tmp_path / "first", [(URL, page(THREE), "2026-11-20")]))
    db = open_db(tmp_path / "ingest.db")
    db.execute("update records set archive_ref='toy-1.warc.gz@77' where key like '%63%'")
    for name, days in (("toy-1", 90), ("toy-2", 90), ("toy-3", 1)):
        path = folder / f"{name}.warc.gz"
        path.write_bytes(b"")
        os.utime(path, (time.time() - days * 86_400,) * 2)

    removed = evidence.expire(db, folder, 30)
    db.close()

    assert removed == ["toy-2.warc.gz"]
    assert sorted(path.name for path in folder.iterdir()) == ["toy-1.warc.gz", "toy-3.warc.gz"]
