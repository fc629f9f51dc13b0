"""Vendors across schemes and exclusion lists: how names are joined, and what the three questions answer."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from scrapy.http import Response
from support import BASE, TODAY, rows, run, write_archive

from crawler.base import Expect, Route, SourceSpider
from standards_db import checks, snapshot
from standards_db.records import Certificate, Exclusion
from standards_db.resolve import resolve
from standards_db.schema import open_db

AT = "2026-01-01T00:00:00Z"


class Scheme(SourceSpider):
    """Register: certificates and exclusions as JSON. Publisher: a body made for tests. Caveats: none."""

    name = "scheme"
    title = "Toy scheme"
    body = "nist"
    homepage = BASE
    holds = "certificates"
    expect = Expect(min=1, max=99)
    start_urls = [f"{BASE}/certificates"]
    routes = (Route(r"/certificates$", "parse", "list", complete=True),)

    def parse(self, response: Response) -> Iterator[Any]:
        for row in self.read_json(response):
            kind = Exclusion if "subject" in row else Certificate
            yield kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in row.items()})


class Other(Scheme):
    """Register: the same products at another register. Publisher: a body made for tests. Caveats: none."""

    name = "other"
    title = "Another scheme"
    body = "ccra"
    routes = (Route(r"/other$", "parse", "list", complete=True),)


def certificate(vendor: str, product: str, country: str | None = None, **more: Any) -> dict[str, Any]:
    key = f"{vendor}|{product}|{more.get('scheme_text', 'CMVP')}"
    return {
        "key": key,
        "scheme_text": "CMVP",
        "vendor_text": vendor,
        "product": product,
        "country_text": country,
        "status_text": "Active",
        **more,
    }


MADE = [
    certificate("Huawei Technologies Co., Ltd.", "Router", "China"),
    certificate("HUAWEI", "Switch"),
    certificate("Cisco Systems, Inc.", "Firewall", "USA"),
    certificate("CISCO SYSTEMS INC", "Gateway", "USA"),
    certificate("Cisco Sytems", "Phone", "USA"),
    certificate("Acme Security 1", "Box", "France"),
    certificate("Acme Security 2", "Box", "France"),
    certificate("Taipei Devices", "Module", "Republic of China"),
    {
        "key": "huawei",
        "list_text": "Covered List",
        "subject": "Telecommunications equipment",
        "vendor_text": "Huawei Technologies Company",
        "included_texts": ["2021-03-12", "2023-02-01"],
    },
    {"key": "drones", "list_text": "Covered List", "subject": "Unmanned aircraft", "included_texts": ["2025-12-22"]},
]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "ingest.db"
    sources = {"scheme": Scheme}
    body = [(f"{BASE}/certificates", json.dumps(MADE), AT)]
    folder = write_archive(tmp_path / "a", body, content_type="application/json")
    outcome = run(path, folder, sources=sources)
    assert (outcome.verdict, outcome.why) == ("accepted", None)
    return path


def test_names_are_joined_with_the_rule_that_did_it(db: Path) -> None:
    """Spelling, the curated file and near-identical spelling join names; a differing number keeps them apart."""
    joined = {r["name"]: (r["vendor"], r["rule"]) for r in rows(db, "select * from vendor_names")}

    assert joined["HUAWEI"] == ("huawei technologies", "curated alias")
    assert joined["Huawei Technologies Company"][0] == "huawei technologies"
    assert joined["CISCO SYSTEMS INC"] == ("cisco systems", "same spelling without legal form")
    assert joined["Cisco Sytems"] == ("cisco systems", "near-identical spelling")
    assert joined["Acme Security 1"][0] != joined["Acme Security 2"][0]


def test_home_country_says_what_it_rests_on(db: Path) -> None:
    """The Republic of China is Taiwan; a country is what the sources print, never curated."""
    home = {r["key"]: (r["country"], r["country_basis"]) for r in rows(db, "select * from vendors")}

    assert home["taipei devices"] == ("TW", "printed in 1 of 1 rows")
    assert home["cisco systems"] == ("US", "printed in 3 of 3 rows")
    assert home["huawei technologies"] == ("CN", "printed in 1 of 1 rows")


def test_the_printed_name_stays_on_every_row(db: Path) -> None:
    """Joining changes the grouping key and never the printed text."""
    printed = {r["vendor_text"] for r in rows(db, "select vendor_text from certificates")}

    assert printed == {c["vendor_text"] for c in MADE if "product" in c}


def test_taking_an_entry_away_undoes_the_merge(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its alias the name stands alone again after the next resolve."""
    monkeypatch.setattr("standards_db.vendor_table.curated", lambda: ({}, {}, set()))
    opened = open_db(db)
    resolve(opened, today=TODAY)
    opened.close()

    joined = {r["name"]: r["vendor"] for r in rows(db, "select name, vendor from vendor_names")}
    assert joined["HUAWEI"] == "huawei"


def test_exclusions_keep_every_date(db: Path) -> None:
    """The first printed date is the inclusion, the last the update; a sector has no vendor."""
    found = {r["subject"]: r for r in rows(db, "select * from exclusions")}

    row = found["Telecommunications equipment"]
    assert (row["included"], row["updated"], row["vendor_key"]) == ("2021-03-12", "2023-02-01", "huawei technologies")
    assert (found["Unmanned aircraft"]["vendor_key"], found["Unmanned aircraft"]["updated"]) == (None, None)
    assert checks.invariants(open_db(db)) == []


def ask(path: Path, name: str, **values: str) -> list[dict[str, Any]]:
    metadata = yaml.safe_load((Path(__file__).parents[1] / "metadata.yml").read_text(encoding="utf-8"))
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    return [dict(row) for row in connection.execute(metadata["databases"]["standards"]["queries"][name]["sql"], values)]


def test_the_three_questions(db: Path, tmp_path: Path) -> None:
    """Certified abroad, certified while excluded, valid here and archived there: answered from rows counted by hand."""
    there = [
        certificate("Cisco Systems", "Firewall", None, scheme_text="NIAP/US", status_text="Archived"),
        certificate("Cisco Systems", "Unknown thing", None, scheme_text="NIAP/US", status_text="Archived"),
    ]
    body = [(f"{BASE}/other", json.dumps(there), AT)]
    folder = write_archive(tmp_path / "b", body, content_type="application/json")
    run(db, folder, sources={"other": Other})
    published = tmp_path / "standards.db"
    snapshot.publish(db, published)

    abroad = ask(published, "vendors_certified_abroad", country="CN")
    excluded = ask(published, "certificates_of_excluded_vendors")
    split = ask(published, "certificates_valid_here_archived_there")

    assert [(r["vendor"], r["scheme"], r["certificate_count"]) for r in abroad] == [
        ("Huawei Technologies", "Cryptographic Module Validation Program", 2)
    ]
    assert {(r["product"], r["included"]) for r in excluded} == {("Router", "2021-03-12"), ("Switch", "2021-03-12")}
    assert [(r["product"], r["valid_at"], r["archived_at"]) for r in split] == [
        ("Firewall", "Cryptographic Module Validation Program", "Another scheme")
    ]
