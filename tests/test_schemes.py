"""Schemes as records: what a printed scheme means, who recognises it, which certificates it issued."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from scrapy.http import Response
from support import BASE, TODAY, rows, run, write_archive

from crawler.base import Expect, Route, SourceSpider
from standards_db import facts, schema, snapshot, taxonomy
from standards_db.migrations import migrations
from standards_db.records import Certificate
from standards_db.resolve import resolve
from standards_db.schema import open_db

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("CCRA/DE", "cc-de"),
        ("BSI-CC/DE", "cc-de"),
        ("ccra/uk", "cc-gb"),
        ("NIAP/US", "cc-us"),
        ("EUCC/FR", "eucc"),
        ("EUCC", "eucc"),
        ("CCRA/ZZ", None),
        ("EUCC/France", None),
        ("CMVP Canada", None),
        ("", None),
        (None, None),
    ],
)
def test_a_scheme_is_known_by_its_spelling_alone(text: str | None, key: str | None) -> None:
    """A national scheme is one scheme whoever prints it; what no entry spells is not guessed."""
    scheme = taxonomy.scheme_of(text)
    assert (scheme.key if scheme else None) == key


def test_the_sphere_of_a_scheme_follows_its_country() -> None:
    """A scheme that spans countries has the sphere of its body."""
    spheres = {key: taxonomy.scheme_sphere(scheme) for key, scheme in taxonomy.SCHEMES.items()}
    assert (spheres["cc-de"], spheres["cc-us"], spheres["cc-ca"], spheres["eucc"], spheres["ccra"]) == (
        "eu",
        "us",
        "other",
        "eu",
        "intl",
    )


def test_every_kind_of_arrangement_is_one_that_the_facts_hold() -> None:
    """No arrangement named for linking is without a row in the facts."""
    names = {row["arrangement"] for row in facts.load("recognition")}
    starts = taxonomy.schemes.ARRANGEMENTS
    assert {start for start in starts if not any(name.startswith(start) for name in names)} == set()


def test_recognition_points_at_schemes(sample_db: Path) -> None:
    """Members are linked to the scheme they take part with; findings of none and members without a scheme are not."""
    found = {
        (r["arrangement"].split(" ")[0], r["country"]): r["scheme"]
        for r in rows(sample_db, "select * from recognition where member not like '(%'")
    }
    assert found["CMVP", "CA"] == "cmvp"
    assert found["CSPN-BSZ", "DE"] == "bsz"
    assert found["EUCC", None] == "eucc"
    assert found["CCRA", "CN"] is None
    assert rows(sample_db, "select 1 from recognition where scheme is not null and source_url is null") == []


def test_every_certificate_of_the_sample_has_its_scheme(sample_db: Path) -> None:
    """All sources print schemes that are known, and the row's sphere and body are those of its scheme."""
    strangers = rows(sample_db, "select distinct source, scheme_text from certificates where scheme is null")
    differing = rows(
        sample_db,
        "select c.id from certificates c join schemes s on s.key=c.scheme where c.sphere<>s.sphere or c.body<>s.body",
    )
    assert (strangers, differing) == ([], [])
    counted = rows(sample_db, "select sum(certificate_count) as n from scheme_certificates")
    assert counted == rows(sample_db, "select count(*) as n from certificates where vanished_at is null")


class Register(SourceSpider):
    """Register: certificates as JSON. Publisher: a body made for tests. Caveats: none."""

    name = "register"
    title = "Toy register"
    body = "niap"
    homepage = BASE
    holds = "certificates"
    expect = Expect(min=1, max=99)
    start_urls = [f"{BASE}/certificates"]
    routes = (Route(r"/certificates$", "parse", "list", complete=True),)

    def parse(self, response: Response) -> Iterator[Certificate]:
        for row in self.read_json(response):
            yield Certificate(**row)


def certified(tmp_path: Path, *certificates: dict[str, Any]) -> Path:
    path = tmp_path / "ingest.db"
    body = json.dumps([{"key": str(n), "vendor_text": "A maker", **row} for n, row in enumerate(certificates)])
    at = "2026-01-01T00:00:00Z"
    folder = write_archive(tmp_path / "a", [(f"{BASE}/certificates", body, at)], content_type="application/json")
    assert run(path, folder, sources={"register": Register}).verdict == "accepted"
    return path


def test_an_unknown_scheme_keeps_its_text_and_is_counted(tmp_path: Path) -> None:
    """The certificate stays, without a scheme, and the text is in `unknowns`."""
    path = certified(tmp_path, {"product": "Box", "scheme_text": "Scheme of Atlantis"})

    (found,) = rows(path, "select scheme, scheme_text, body, sphere from certificates")
    assert found == {"scheme": None, "scheme_text": "Scheme of Atlantis", "body": "niap", "sphere": "us"}
    assert [(r["field"], r["text"]) for r in rows(path, "select * from unknowns")] == [("scheme", "Scheme of Atlantis")]


def test_archived_by_another_scheme_while_still_valid_in_its_own(tmp_path: Path) -> None:
    """A register shows a Canadian certificate as archived that Canada holds valid; expired and own ones are out."""
    seen = {"status_text": "Archived", "scheme_text": "CCRA/CA"}
    path = certified(
        tmp_path,
        {"product": "Printer", "expires_text": "2028-04-27", **seen},
        {"product": "Old printer", "expires_text": "2020-04-27", **seen},
        {"product": "Domestic", "expires_text": "2028-04-27", "status_text": "Archived", "scheme_text": "NIAP/US"},
        {"product": "Fine", "expires_text": "2028-04-27", "status_text": "Certified", "scheme_text": "CCRA/CA"},
    )
    published = tmp_path / "standards.db"
    snapshot.publish(path, published)
    metadata = yaml.safe_load((Path(__file__).parents[1] / "metadata.yml").read_text(encoding="utf-8"))
    sql = metadata["databases"]["standards"]["queries"]["certificates_valid_here_archived_there"]["sql"]
    with closing(sqlite3.connect(published)) as connection:
        found = [row[:6] for row in connection.execute(sql)]

    scheme = taxonomy.SCHEMES["cc-ca"].title
    assert found == [("one register", "A maker", "Printer", scheme, "2028-04-27", "Toy register")]


def test_the_three_questions_over_the_sample(sample_snapshot: Path) -> None:
    """Rows that FACTS.tsv names: certified abroad, certified while excluded, valid at home and archived elsewhere."""
    metadata = yaml.safe_load((Path(__file__).parents[1] / "metadata.yml").read_text(encoding="utf-8"))
    queries = metadata["databases"]["standards"]["queries"]
    with closing(sqlite3.connect(sample_snapshot)) as connection:
        connection.row_factory = sqlite3.Row
        abroad = connection.execute(queries["vendors_certified_abroad"]["sql"], {"country": "CN"}).fetchall()
        excluded = connection.execute(queries["certificates_of_excluded_vendors"]["sql"]).fetchall()
        split = connection.execute(queries["certificates_valid_here_archived_there"]["sql"]).fetchall()

    cmvp = taxonomy.SCHEMES["cmvp"].title
    assert ("Century Longmai Technology Co. Ltd", cmvp) in {(r["vendor"], r["scheme"]) for r in abroad}
    assert {r["country"] for r in abroad} == {"CN"} and "cn" not in {r["scheme_sphere"] for r in abroad}
    assert ("HSSD_V6 Series", "FCC Covered List", "2021-03-12") in {
        (r["product"], r["list"], r["included"]) for r in excluded
    }
    assert {(r["vendor"], r["valid_at"], r["archived_at"]) for r in split} == {
        ("Ricoh Company, Ltd.", taxonomy.SCHEMES["cc-ca"].title, "NIAP product compliant list")
    }


def test_certificates_of_an_older_database_find_their_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The migration points stored certificates at their scheme; their records do not change again at the next run."""
    path = tmp_path / "old.db"
    with monkeypatch.context() as patch:
        before = [name for name in schema.MIGRATION_NAMES if name < "m008"]
        patch.setattr(schema, "fill_code_tables", lambda db: None)
        patch.setattr(schema, "create_views", lambda db: None)
        patch.setattr(migrations, "apply", lambda db: apply(db, stop_before="m008_schemes"))
        db = open_db(path)
        assert {row["name"] for row in db.query("select name from _sqlite_migrations")} == set(before)
    row = {"id": "CMVP 1", "scheme": "CMVP", "scheme_text": "CMVP", "sphere": "us", "source": "nist_cmvp", "run": 1}
    db.table("certificates").insert(row)
    record = {
        "kind": "certificate",
        "entity": "CMVP 1",
        "payload": json.dumps({"scheme": "CMVP", "scheme_text": "CMVP"}),
    }
    names = [column.name for column in db.table("records").columns if column.notnull and column.name not in record]
    db.table("records").insert({"source": "nist_cmvp", "key": "1", **dict.fromkeys(names, 1), **record})
    db.close()

    assert rows(path, "select scheme, scheme_text from certificates") == [{"scheme": "cmvp", "scheme_text": "CMVP"}]
    assert [json.loads(r["payload"])["scheme"] for r in rows(path, "select payload from records")] == ["cmvp"]


apply = migrations.apply


def test_no_email_address_is_in_the_finished_database(sample_snapshot: Path) -> None:
    """Every text of every table of the published sample."""
    found, scanned = [], 0
    with closing(sqlite3.connect(sample_snapshot)) as connection:
        connection.create_function(
            "has_email", 1, lambda text: isinstance(text, str) and EMAIL.search(text) is not None
        )
        tables = connection.execute("select name from sqlite_master where type='table' and sql not like '%fts%'")
        for (table,) in tables.fetchall():
            for column in [row[1] for row in connection.execute(f"pragma table_info({table})")]:
                sql = (
                    f'select "{column}" from "{table}" where instr("{column}", \'@\') and has_email("{column}") limit 1'
                )
                found += [(table, column, row[0]) for row in connection.execute(sql)]
                scanned += 1
    assert found == []
    assert scanned > 200


def test_resolve_fills_the_links_anew(sample_db: Path, tmp_path: Path) -> None:
    """Links to exclusion lists are derived: the same after another resolve, none without a maker."""
    path = tmp_path / "copy.db"
    open_db(sample_db).execute("vacuum into ?", [str(path)])
    links = rows(path, "select * from certificate_exclusions order by 1, 2")
    db = open_db(path)
    resolve(db, today=TODAY)
    assert rows(path, "select * from certificate_exclusions order by 1, 2") == links
    db.execute("update exclusions set vendor_text = null")
    resolve(db, today=TODAY)
    assert rows(path, "select * from certificate_exclusions") == []
