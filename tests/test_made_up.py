"""The made-up database of the benchmarks: as many rows as asked for, whole by our own rules, plainly made up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlite_utils import Database

from benchmarks import bulk_db, made_up
from standards_db import checks
from standards_db.schema import open_db

ROOT = Path(__file__).parent.parent
DOCUMENTS, CERTIFICATES = 1500, 400


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Database:
    path = tmp_path_factory.mktemp("made-up") / "ingest.db"
    bulk_db.fill(path, DOCUMENTS, CERTIFICATES)
    return open_db(path)


def test_counts_and_rules(filled: Database) -> None:
    """Exactly so many documents and certificates, every word of them understood, no rule of the database broken."""
    assert filled.table("documents").count == DOCUMENTS
    assert filled.table("certificates").count == CERTIFICATES
    assert checks.invariants(filled) == []
    assert list(filled.query("select * from unknowns")) == []
    assert filled.execute("select count(*) from documents where identifier is null").fetchone() == (0,)


def test_skew(filled: Database) -> None:
    """Every sphere, several bodies, statuses and degrees, stale and fresh adoptions, vendors with many certificates."""
    count = dict(filled.execute("select sphere, count(*) from documents group by 1 order by 2 desc"))
    assert next(iter(count)) == "intl" and set(count) == {"intl", "cn", "eu", "us"}
    adoptions = "from relations where type = 'adopts'"
    assert {row[0] for row in filled.execute(f"select distinct degree {adoptions}")} == {"IDT", "MOD", "NEQ", None}
    assert {row[0] for row in filled.execute(f"select distinct is_stale {adoptions}")} >= {0, 1}
    assert filled.execute("select count(*) from documents where other_sources is not null").fetchone()[0] > 20
    assert filled.execute("select count(distinct topic) from document_topics").fetchone()[0] > 20
    assert filled.execute("select max(certificate_count) from vendors").fetchone()[0] > 5 * (
        CERTIFICATES / filled.table("vendors").count
    )
    assert filled.table("certificate_exclusions").count > 0


def test_nothing_passes_for_real(filled: Database) -> None:
    """Source, number, title, vendor and address of every row say that it is made up."""
    wrong = filled.execute(
        "select id from documents where source not glob 'made_up_*' or page_url not glob 'https://made-up.invalid/*'"
        " or coalesce(title, title_zh) not glob '*(made up)' and title_zh not glob '*（虚构）'"
        " or id not glob '*9[0-9][0-9][0-9][0-9][0-9]*' and id not glob 'ETSI * 9[0-9][0-9] [0-9][0-9][0-9]*'"
        " and id not glob 'GB/T 29[0-9][0-9][0-9][0-9][0-9].*'"
        " union all select id from certificates where source not glob 'made_up_*' or vendor not glob '*(made up)'"
    )
    assert wrong.fetchall() == []


def test_large_ones_are_copied_under_other_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three blocks of a third each: no number twice, every edge inside its block, no rule broken."""
    monkeypatch.setattr(bulk_db, "BLOCK", 200)
    path = tmp_path / "ingest.db"
    bulk_db.fill(path, 600, 90)
    db = open_db(path)
    assert db.table("documents").count == 600
    assert db.table("certificates").count == 90
    assert checks.invariants(db) == []
    sizes = "select count(*), count(target_document) from relations where page_url glob ?"
    blocks = [db.execute(sizes, [f"*/9{n}*"]).fetchone() for n in range(3)]
    assert blocks[0] == blocks[1] == blocks[2] and blocks[0][1] > 0
    strangers = "select count(*) from relations where page_url glob '*/91*' and target_identifier glob '* 9[02]????*'"
    assert db.execute(strangers).fetchone() == (0,)


def test_counts_that_fill_no_blocks(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="do not fall into blocks"):
        bulk_db.fill(tmp_path / "ingest.db", 150_000, 30_000)
    assert not (tmp_path / "ingest.db").exists()


def test_same_seed_same_records() -> None:
    first, again, other = (list(made_up.documents(300, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len({document.designation for _, document in first}) == 300


def test_an_existing_database_is_left_alone(tmp_path: Path) -> None:
    """The command refuses a path that exists, with exit code 2."""
    path = tmp_path / "ingest.db"
    path.write_bytes(b"somebody's")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.bulk_db", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "exists" in done.stderr
    assert path.read_bytes() == b"somebody's"
