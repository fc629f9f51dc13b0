"""A small published snapshot for tests of the pages: real identifiers, made-up sources, some hostile text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from standards_db.identifiers import parse
from standards_db.interpret import edition_key
from standards_db.resolve import resolve
from standards_db.schema import open_db
from standards_db.snapshot import publish

TODAY = "2026-11-01"
HOSTILE_ID = "samr_test:hostile"
HOSTILE_TITLE = "<script>alert(1)</script>网络安全"
HOSTILE_URL = "javascript:alert(document.domain)"

# identifier | source | status | published | title | title in Chinese | topics | degree and target of its adoption
DOCUMENTS = """
ISO/IEC 27001:2013 | iso_test | withdrawn | 2013-10-01 | Information security management systems | | isms |
ISO/IEC 27001:2022 | iso_test | in_force | 2022-10-25 | Information security management systems | | isms |
ISO/IEC 27002:2013 | iso_test | withdrawn | 2013-10-01 | Code of practice | | isms |
ISO/IEC 27002:2022 | iso_test | in_force | 2022-02-15 | Information security controls | | isms |
ISO/IEC 27005:2022 | iso_test | in_force | 2022-10-25 | Guidance on managing risks | | risk |
ISO/IEC 27014:2020 | iso_test | in_force | 2020-12-15 | Governance of information security | | isms |
GB/T 22080-2016 | samr_test | in_force | 2016-08-29 | ISMS | 信息安全管理体系 要求 | isms | IDT ISO/IEC 27001:2013
GB/T 22081-2024 | samr_test | in_force | 2024-09-29 | | 网络安全技术 信息安全控制 | isms | IDT ISO/IEC 27002:2022
GB/T 32923-2016 | samr_test | in_force | 2016-08-29 | | 信息安全治理 | isms | MOD ISO/IEC 27014:2020
GB/T 28453-2012 | samr_test | in_force | 2012-06-29 | | 信息系统安全管理评估要求 | isms |
GB/T 20269-2006 | samr_test | in_force | 2006-05-31 | | 信息系统安全管理要求 | isms | NEQ ISO/IEC 27002:2013
GB/T 22239-2008 | samr_test | superseded | 2008-06-19 | | 信息系统安全等级保护基本要求 | mlps |
GB/T 22239-2019 | samr_test | in_force | 2019-05-10 | Baseline | 网络安全等级保护基本要求 | mlps |
EN ISO/IEC 27001:2023 | cen_test | in_force | 2023-07-26 | ISMS requirements | | isms | IDT ISO/IEC 27001:2022
EN ISO/IEC 27002:2022 | cen_test | in_force | 2022-11-30 | Controls | | isms | IDT ISO/IEC 27002:2022
EN 17740:2023 | cen_test | in_force | 2023-09-06 | Professional profiles | | isms |
EN 16234-1:2019 | cen_test | in_force | 2019-12-18 | e-Competence Framework | | isms |
EN 17926:2023 | cen_test | in_force | 2023-11-01 | Privacy information management | | isms, privacy |
NIST SP 800-53 Rev. 4 | nist_test | withdrawn | 2013-04-30 | Security and Privacy Controls | | isms |
NIST SP 800-53 Rev. 5 | nist_test | in_force | 2020-09-23 | Security and Privacy Controls | | isms |
"""
SOURCES = {
    "iso_test": ("ISO catalogue (test)", "iso", "documents", "intl", "primary"),
    "samr_test": ("SAMR register (test)", "sac", "documents", "cn", "primary"),
    "cen_test": ("CEN catalogue (test)", "cen", "documents", "eu", "primary"),
    "nist_test": ("NIST catalogue (test)", "nist", "documents", "us", "primary"),
    "copy_test": ("A bulk copy (test)", "iso", "documents", "intl", "secondary"),
    "cert_test": ("Certificate list (test)", "ccra", "certificates", "intl", "primary"),
    "off_test": ("A source that is off (test)", "bsi", "certificates", "eu", "primary"),
}
CERTIFICATES = [
    ("cert_test:1", "CCRA-1", "Acme", "智能卡操作系统 2.0", "in_force", "2024-05-01"),
    ("cert_test:2", "CCRA-2", '=HYPERLINK("http://evil.example","x")', "+cmd|' /C calc'!A0", "in_force", "2023-01-31"),
    ("cert_test:3", "CCRA-3", "Beta", "Firewall 27001", "historical", "2015-03-02"),
]


def provenance(source: str, name: str) -> dict[str, Any]:
    return {
        "source": source,
        "page_url": f"https://{source.replace('_', '-')}.example/{name.replace(' ', '-')}",
        "page_sha256": "ab" * 32,
        "retrieved_at": "2026-10-30T08:00:00+00:00",
        "run": 1 + list(SOURCES).index(source),
    }


def build_snapshot(folder: Path) -> Path:
    """`folder/standards.db`, published from an ingest database built beside it."""
    ingest = folder / "ingest.db"
    db = open_db(ingest)
    add_sources(db)
    rows, relations, topics, records = [], [], [], []
    for line in DOCUMENTS.strip().splitlines():
        printed, source, status, published, title, title_zh, topic_keys, adopts = (c.strip() for c in line.split("|"))
        row = document_row(printed, source, status, published, title or None, title_zh or None)
        rows.append(row)
        records.append(record_row(row, status))
        for topic in topic_keys.split(", "):
            topics.append({"document": row["id"], "topic": topic, "rule": "title keyword", "matched": "test"})
        if adopts:
            degree, _, target = adopts.partition(" ")
            relations.append(relation_row(row, "adopts", target, degree))
    rows.append(hostile_row())
    topics.append({"document": HOSTILE_ID, "topic": "netsec", "rule": "title keyword", "matched": "<b>x</b>"})
    hostile = relation_row(rows[-1], "references", "<img src=x onerror=alert(2)>", None)
    relations.append({**hostile, "page_url": HOSTILE_URL})
    relations.append(relation_row(rows[12], "supersedes", "GB/T 22239-2008", None))
    db.table("documents").insert_all(rows)
    db.table("relations").insert_all([{"id": n, **edge} for n, edge in enumerate(relations, 1)])
    db.table("document_topics").insert_all(topics)
    db.table("records").insert_all(records)
    add_certificates(db)
    add_oddities(db)
    resolve(db, today=TODAY)
    db.conn.close()
    publish(ingest, folder / "standards.db")
    return folder / "standards.db"


def add_sources(db: Any) -> None:
    db.table("sources").insert_all(
        {
            "key": key,
            "title": title,
            "body": body,
            "holds": holds,
            "sphere": sphere,
            "tier": tier,
            "rank": 10,
            "homepage": f"https://{key.replace('_', '-')}.example/",
            "expected_min": 1,
            "expected_max": 100,
            "interval_days": 7,
            "is_on": int(key != "off_test"),
            "why_off": "needs an account" if key == "off_test" else None,
        }
        for key, (title, body, holds, sphere, tier) in SOURCES.items()
    )
    db.table("runs").insert_all(
        {
            "id": number,
            "source": key,
            "mode": "live",
            "started_at": "2026-10-30T07:00:00+00:00",
            "finished_at": "2026-10-30T08:00:00+00:00",
            "verdict": "accepted",
            "row_count": 5,
        }
        for number, key in enumerate(SOURCES, 1)
        if key != "off_test"
    )


def document_row(
    printed: str, source: str, status: str, published: str, title: str | None, zh: str | None
) -> dict[str, Any]:
    identifier = parse(printed)
    assert identifier is not None, printed
    return {
        "id": str(identifier),
        "identifier": str(identifier),
        "identifier_text": printed,
        "work": identifier.undated,
        "family": identifier.family,
        "body": identifier.body,
        "sphere": SOURCES[source][3],
        "kind": "standard",
        "force": identifier.force,
        "edition_key": edition_key(identifier),
        "title": title,
        "title_zh": zh,
        "status": status,
        "status_text": status,
        "published": published,
        "published_text": published,
        "published_precision": "day",
        "year": int(published[:4]),
        "url": f"https://publisher.example/{len(printed)}",
        "tier": "primary",
        "first_seen": "2026-10-01",
        "last_seen": "2026-10-30",
        **provenance(source, printed),
    }


def hostile_row() -> dict[str, Any]:
    return {
        "id": HOSTILE_ID,
        "identifier_text": '"><img src=x onerror=alert(3)>',
        "body": "sac",
        "sphere": "cn",
        "kind": "standard",
        "title": HOSTILE_TITLE,
        "status": "in_force",
        "url": HOSTILE_URL,
        "tier": "primary",
        **provenance("samr_test", "hostile"),
        "page_url": "data:text/html,<script>alert(4)</script>",
    }


def record_row(row: dict[str, Any], status: str) -> dict[str, Any]:
    shown = ("identifier_text", "title", "title_zh", "status_text", "published_text")
    return {
        **{key: value for key, value in row.items() if key in provenance(row["source"], "x")},
        "key": row["id"],
        "kind": "document",
        "entity": row["id"],
        "payload": json.dumps({name: row[name] for name in shown}, ensure_ascii=False),
        "first_seen": row["first_seen"],
        "last_seen": row["last_seen"],
        "last_run": row["run"],
    }


def relation_row(row: dict[str, Any], type_: str, target: str, degree: str | None) -> dict[str, Any]:
    identifier = parse(target)
    return {
        "document": row["id"],
        "type": type_,
        "degree": degree,
        "degree_text": degree,
        "target_text": target,
        "target_identifier": str(identifier) if identifier else None,
        "target_work": identifier.undated if identifier else None,
        "target_edition_key": edition_key(identifier),
        "method": "source field",
        "confidence": "high",
        "evidence": f"{degree or type_} {target}",
        **provenance(row["source"], row["id"]),
    }


def add_certificates(db: Any) -> None:
    db.table("certificates").insert_all(
        {
            "id": key,
            "number": number,
            "scheme": "ccra",
            "scheme_text": "CCRA",
            "body": "ccra",
            "sphere": "intl",
            "vendor": vendor,
            "vendor_key": vendor.lower(),
            "vendor_text": vendor,
            "product": product,
            "status": status,
            "issued": issued,
            "year": int(issued[:4]),
            "tier": "primary",
            **provenance("cert_test", number),
        }
        for key, number, vendor, product, status, issued in CERTIFICATES
    )
    db.table("records").insert_all(
        {
            **provenance("cert_test", number),
            "key": key.partition(":")[2],
            "kind": "certificate",
            "entity": key,
            "payload": json.dumps({"number": number, "vendor_text": vendor, "product": product}, ensure_ascii=False),
            "first_seen": "2026-10-01",
            "last_seen": "2026-10-30",
            "last_run": provenance("cert_test", number)["run"],
        }
        for key, number, vendor, product, *_ in CERTIFICATES
    )
    db.table("certificate_standards").insert(
        {"certificate": "cert_test:3", "type": "standard", "target_text": "ISO 27001", "target_work": "ISO/IEC 27001"}
    )


def add_oddities(db: Any) -> None:
    """A contradiction between two sources, and a change."""
    copy = provenance("copy_test", "27001")
    payload = {"identifier_text": "ISO/IEC 27001:2022", "title": "ISMS requirements", "status_text": "60.60"}
    db.table("records").insert(
        {
            **copy,
            "key": "27001",
            "kind": "document",
            "entity": "ISO/IEC 27001:2022",
            "payload": json.dumps(payload),
            "first_seen": "2026-10-01",
            "last_seen": "2026-10-30",
            "last_run": copy["run"],
        }
    )
    db.table("conflicts").insert(
        {
            "entity": "ISO/IEC 27001:2022",
            "field": "published",
            "kept_source": "iso_test",
            "kept": "2022-10-25",
            "other_source": "copy_test",
            "other": "2022-10-01",
            "other_page_url": copy["page_url"],
            "other_retrieved_at": copy["retrieved_at"],
            "run": copy["run"],
        }
    )
    db.table("changes").insert(
        {
            "source": "samr_test",
            "key": "GB/T 22239-2008",
            "entity": "GB/T 22239-2008",
            "kind": "status",
            "field": "status",
            "old": "in_force",
            "new": "superseded",
            "observed_at": "2026-10-30T08:00:00+00:00",
            "run": 2,
        }
    )
