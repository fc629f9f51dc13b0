"""Lists that people bring: documented columns, checked like any source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crawler import cli
from standards_db import checks, facts
from standards_db.schema import open_db

CERTIFICATES = (
    "scheme_text,number,product,vendor_text,country_text,issued_text,expires_text\n"
    'CCRC,CCRC-2024-1,"Firewall, model 7",Acme Ltd.,China,2024-05-01,2029-04-30\n'
    "CCRC,CCRC-2024-2,Gateway,Other Ltd.,China,2024-06-01,\n"
)


def bring(tmp_path: Path, text: str, holds: str = "certificates", *more: str) -> Result:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    arguments = ["import", str(path), "--name", "ccrc", "--body", "samr", "--holds", holds, "--retrieved", "2026-11-01"]
    arguments += ["--note", "Brought by the operator from the public counter", "--db", str(tmp_path / "i.db"), *more]
    return CliRunner().invoke(cli.main, arguments, catch_exceptions=False)


def test_certificates_are_stored_and_marked(tmp_path: Path) -> None:
    """Rows carry the file and line they came from; the source says in the operator's words who brought them."""
    result = bring(tmp_path, CERTIFICATES)

    assert result.exit_code == 0, result.output
    db = open_db(tmp_path / "i.db")
    row = next(iter(db.query("select * from certificates where number='CCRC-2024-1'")))
    assert (row["product"], row["issued"], row["country"], row["tier"]) == (
        "Firewall, model 7",
        "2024-05-01",
        "CN",
        "secondary",
    )
    assert (row["archive_ref"], row["retrieved_at"]) == ("list.csv:2", "2026-11-01T00:00:00Z")
    source = db.table("sources").get("import_ccrc")
    assert source["description"] == "Brought by the operator from the public counter"
    assert checks.invariants(db) == []


def test_documents_with_adoption(tmp_path: Path) -> None:
    """An adopted standard and its degree become an edge."""
    text = "designation,title_zh,adopts,degree_text\nGB/T 22080-2016,信息安全管理体系 要求,ISO/IEC 27001:2013,等同\n"

    assert bring(tmp_path, text, "documents").exit_code == 0
    edge = next(iter(open_db(tmp_path / "i.db").query("select * from relations")))
    assert (edge["document"], edge["degree"], edge["target_identifier"]) == (
        "GB/T 22080-2016",
        "IDT",
        "ISO/IEC 27001:2013",
    )


def test_the_same_list_again_changes_nothing(tmp_path: Path) -> None:
    """A second import of the file reports no change, a row that is gone has vanished."""
    bring(tmp_path, CERTIFICATES)

    (again,) = json.loads(bring(tmp_path, CERTIFICATES, "certificates", "--json").stdout)

    assert (again["new"], again["changed"], again["vanished"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("product\nX\n", "row 1: column scheme_text is missing"),
        ("scheme_text,product,colour\nA,B,C\n", "row 1: unknown column 'colour'"),
        ("scheme_text,product,product\nA,B,C\n", "row 1: a column is named twice"),
        ("scheme_text,product\nA,B\nA\n", "row 3: 1 cells, 2 columns"),
        ('scheme_text,product\nA,"B\n', "malformed CSV"),
        ("", "row 1: column scheme_text is missing"),
    ],
)
def test_a_malformed_list_is_refused_whole(tmp_path: Path, text: str, message: str) -> None:
    """The message names file, row and reason; nothing is stored."""
    result = bring(tmp_path, text)

    assert result.exit_code == 2
    assert "list.csv: " in result.stderr and message in result.stderr


def test_a_row_without_its_product_is_rejected_with_its_line(tmp_path: Path) -> None:
    """A row that fails a check is kept with file, line and reason; the others are stored."""
    text = "scheme_text,product\n" + "".join(f"A,Product {n}\n" for n in range(9)) + "A,\n"

    assert bring(tmp_path, text).exit_code == 0
    db = open_db(tmp_path / "i.db")
    assert db.table("certificates").count == 9
    assert [r["reason"] for r in db.query("select reason from rejects")] == [
        "list.csv:11: certificate without a product"
    ]


def test_closed_registers_are_in_coverage(tmp_path: Path) -> None:
    """Registers that nobody may crawl are listed with the reason."""
    bring(tmp_path, CERTIFICATES)

    rows = {r["source"]: r for r in open_db(tmp_path / "i.db").query("select * from coverage")}

    assert "captcha" in rows["cnca_certificates"]["reason"]
    assert rows["cnca_certificates"]["state"] == "not collected"


def test_curated_facts_are_a_secondary_list(tmp_path: Path) -> None:
    """Every curated edition is brought once, its source as its page, with the degree and edition of its adoption."""
    path = tmp_path / "i.db"
    result = CliRunner().invoke(cli.main, ["import-curated", "--db", str(path)], catch_exceptions=False)

    assert result.exit_code == 0, result.output
    db = open_db(path)
    given = facts.load("cn_standards")
    assert db.table("documents").count == len({fact["identifier"] for fact in given}) > 200
    pages = {row["identifier"]: row["page_url"] for row in db.query("select * from documents where tier='secondary'")}
    assert all(pages[fact["identifier"]] in fact["source_url"] for fact in given)
    stated = sorted((f["identifier"], f["adopts"], f["degree"]) for f in given if f["adopts"] and f["degree"])
    edges = db.execute("select document, target_text, degree from relations where type='adopts'").fetchall()
    assert stated and set(stated) <= set(edges)
    assert checks.invariants(db) == []
