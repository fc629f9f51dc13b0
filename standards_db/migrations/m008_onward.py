"""Schemes, instruments, intervals, curated facts, refreshes, jobs of workers: what came after the first tables."""

from __future__ import annotations

from sqlite_utils import Database

from standards_db import taxonomy
from standards_db.migrations.frame import migrations, text


@migrations()
def m008_schemes(db: Database) -> None:
    """Schemes become records; certificates point at theirs, the printed text stays, an unknown one leaves a blank."""
    db.table("schemes").create(
        text("key title body sphere country kind since until url source_url"),
        pk="key",
        not_null={"title", "body", "sphere", "kind", "source_url"},
        foreign_keys=[("body", "bodies", "key"), ("sphere", "spheres", "key"), ("country", "countries", "key")],
    )
    db.table("certificates").transform(not_null={"scheme": False})
    db.table("certificates").add_foreign_key("scheme", "schemes", "key")
    for (printed,) in db.execute("select distinct scheme_text from certificates").fetchall():
        scheme = taxonomy.scheme_of(printed)
        key = scheme.key if scheme else None
        db.execute("update certificates set scheme = ? where scheme_text = ?", [key, printed])
        db.execute(
            "update records set payload = json_set(payload, '$.scheme', ?)"
            " where kind = 'certificate' and json_extract(payload, '$.scheme_text') = ?",
            [key, printed],
        )
    db.table("recognition").add_column("scheme", str)
    db.table("recognition").add_foreign_key("scheme", "schemes", "key")
    db.table("certificate_exclusions").create(
        text("certificate exclusion vendor_key"),
        pk=("certificate", "exclusion"),
        foreign_keys=[
            ("certificate", "certificates", "id"),
            ("exclusion", "exclusions", "id"),
            ("vendor_key", "vendors", "key"),
        ],
    ).create_index(["exclusion"])


@migrations()
def m009_instruments(db: Database) -> None:
    """Acts of law, and the standards that are harmonised under them, cited by them or made binding by them."""
    db.table("instruments").create(
        {
            **text("id title official_title sphere kind form celex official_id topics subjects adopted in_force"),
            **text("repealed document basis"),
            "standard_count": int,
            **text("url source_url confidence"),
        },
        pk="id",
        not_null={"title", "sphere", "basis"},
        foreign_keys=[("sphere", "spheres", "key"), ("document", "documents", "id")],
    )
    db.table("instrument_standards").create(
        {
            "id": int,
            **text("instrument act_text relation target_text target_identifier target_work target_document"),
            **text("resolution restriction citation citation_date citation_date_text decision decision_text"),
            **text("decision_url starts starts_text ends ends_text withdrawal evidence method confidence"),
            **text("source source_url retrieved_at"),
        },
        pk="id",
        not_null={"act_text", "relation", "target_text", "method", "source_url"},
        foreign_keys=[
            ("instrument", "instruments", "id"),
            ("target_document", "documents", "id"),
            ("decision", "instruments", "id"),
            ("source", "sources", "key"),
        ],
    )
    db.table("instrument_standards").create_index(["instrument"])
    db.table("instrument_standards").create_index(["target_document"])
    db.table("instrument_standards").create_index(["target_work"])


@migrations()
def m011_validity(db: Database) -> None:
    for name in ("valid_from", "valid_from_basis", "valid_until", "valid_until_basis"):
        db.table("documents").add_column(name, str)


@migrations()
def m012_instrument_topics(db: Database) -> None:
    db.table("instrument_topics").create(
        text("topic instrument sphere kind title since source_url"),
        pk=("topic", "instrument"),
        not_null={"sphere", "kind", "title", "source_url"},
        foreign_keys=[("sphere", "spheres", "key"), ("topic", "topics", "key")],
    )


@migrations()
def m013_facts(db: Database) -> None:
    stored = {
        "competing": "problem cn_spec us_spec eu_spec intl_spec what_differs sides_with_evidence source_url",
        "crypto_suites": "algorithm keys family sphere authority status evidence_id date source_url confidence note",
        "reverse_uptake": "item first_national_publication national_date international_publication international_date"
        " outcome source_url confidence note",
    }
    for name, columns in stored.items():
        db.table(name).create({"id": int, **text(columns)}, pk="id", not_null={"source_url"})
    db.table("fact_mentions").create(
        {
            "id": int,
            "fact": str,
            "fact_row": int,
            **text("side sphere text identifier work edition_key"),
            "is_dated": int,
        },
        pk="id",
        not_null={"fact", "fact_row", "side", "text"},
    )
    db.table("counterparts").create(
        {
            **text("document sphere candidate"),
            "rank": int,
            "score": float,
            "encoder": str,
            "threshold": float,
        },
        pk=("document", "sphere", "rank"),
        not_null={"candidate", "score", "encoder", "threshold"},
        foreign_keys=[
            ("document", "documents", "id"),
            ("sphere", "spheres", "key"),
            ("candidate", "documents", "id"),
        ],
    )


@migrations()
def m014_refresh(db: Database) -> None:
    db.table("runs").add_column("unchanged_count", int, not_null_default=0)
    db.table("pages").create(
        {
            **text("source url etag last_modified sha256 side_sha256 reader keys links counts"),
            "run": int,
            **text("read_at checked_at"),
        },
        pk=("source", "url"),
        not_null={"sha256", "reader", "keys", "links", "counts", "run", "read_at"},
        foreign_keys=[("source", "sources", "key"), ("run", "runs", "id")],
    )
    db.table("host_reports").create(
        {
            "run": int,
            "host": str,
            "request_count": int,
            "unchanged_count": int,
            "retry_count": int,
            "failure_count": int,
            "byte_count": int,
            "statuses": str,
            "crawl_delay": float,
            "waited_seconds": float,
        },
        pk=("run", "host"),
        not_null={"request_count", "byte_count"},
        foreign_keys=[("run", "runs", "id")],
    )
    db.table("refreshes").create(
        {
            "id": int,
            **text("started_at finished_at verdict"),
            "due_count": int,
            "accepted_count": int,
            "report": str,
        },
        pk="id",
        not_null={"started_at", "verdict", "due_count"},
    )


@migrations()
def m015_jobs(db: Database) -> None:
    """What was given to workers on other machines. Only one run of a job is ever accepted, however often it is done."""
    db.table("jobs").create(
        text("id source mode input queued_at"),
        pk="id",
        not_null={"source", "mode", "queued_at"},
        foreign_keys=[("source", "sources", "key")],
    )
    db.table("runs").add_column("job", str)
    db.table("runs").add_foreign_key("job", "jobs", "id")
    db.table("runs").add_column("shipment", str)
    db.execute("create unique index runs_accepted_once on runs(job) where verdict='accepted' and job is not null")
