"""Runs, records, documents, certificates, vendors and exclusions."""

from __future__ import annotations

from sqlite_utils import Database

from standards_db.migrations.frame import PROVENANCE, migrations, text


@migrations()
def m001_code_tables(db: Database) -> None:
    db.table("spheres").create({"key": str, "label": str, "description": str}, pk="key", not_null={"label"})
    db.table("bodies").create(
        text("key name name_native sphere reason since until country kind url source_url"),
        pk="key",
        not_null={"name", "sphere", "reason"},
        foreign_keys=[("sphere", "spheres", "key")],
    )
    db.table("topics").create(
        {"key": str, "label": str, "label_zh": str, "description": str}, pk="key", not_null={"label"}
    )
    db.table("statuses").create(
        {"key": str, "label": str, "is_in_force": int, "description": str}, pk="key", not_null={"label"}
    )
    db.table("degrees").create(
        {"key": str, "label": str, "is_adoption": int, "description": str}, pk="key", not_null={"label"}
    )
    db.table("sources").create(
        {
            **text("key title sphere body holds tier"),
            "rank": int,
            **text("homepage licence"),
            "expected_min": int,
            "expected_max": int,
            "interval_days": int,
            "is_on": int,
            **text("why_off description"),
        },
        pk="key",
        not_null={"title", "sphere", "body", "holds", "tier"},
        foreign_keys=[("sphere", "spheres", "key"), ("body", "bodies", "key")],
    )


@migrations()
def m002_runs(db: Database) -> None:
    db.table("runs").create(
        {
            "id": int,
            **text("source mode input started_at finished_at verdict why warnings finish_reason"),
            "response_count": int,
            "refused_count": int,
            "unread_count": int,
            "link_count": int,
            "row_count": int,
            "document_count": int,
            "certificate_count": int,
            "relation_count": int,
            "reject_count": int,
            "unknown_count": int,
            "unknown_identifier_count": int,
            "error_count": int,
            "new_count": int,
            "changed_count": int,
            "vanished_count": int,
            "catalogue_rows": int,
            "seconds": float,
            "version": str,
        },
        pk="id",
        not_null={"source", "mode", "started_at", "verdict"},
        foreign_keys=[("source", "sources", "key")],
    )
    run = [("run", "runs", "id")]
    db.table("staged").create(
        {
            "id": int,
            "run": int,
            **text("key kind entity payload unknowns page_url page_sha256 retrieved_at archive_ref as_of"),
            **text("catalogue"),
        },
        pk="id",
        not_null={"run", "key", "kind", "entity", "payload"},
        foreign_keys=run,
    ).create_index(["run", "key"])
    db.table("rejects").create(
        {"id": int, "key": str, "level": str, "reason": str, "text": str, **PROVENANCE},
        pk="id",
        not_null={"source", "run", "reason"},
        foreign_keys=run,
    ).create_index(["run"])
    db.table("unread").create(
        {"id": int, "run": int, "input": str, "url": str, "reason": str, "body": str}, pk="id", not_null={"reason"}
    )


@migrations()
def m003_records(db: Database) -> None:
    db.table("records").create(
        {
            **text("source key kind entity payload unknowns page_url page_sha256 retrieved_at archive_ref"),
            "run": int,
            **text("first_seen last_seen"),
            "last_run": int,
            **text("vanished_at catalogue"),
        },
        pk=("source", "key"),
        not_null={"kind", "entity", "payload", "run", "first_seen", "last_seen"},
        foreign_keys=[("source", "sources", "key"), ("run", "runs", "id")],
    ).create_index(["entity"])
    db.table("changes").create(
        {
            **text("source key entity kind field old new observed_at"),
            "run": int,
            "page_url": str,
        },
        pk=("source", "key", "kind", "field", "observed_at"),
        not_null={"entity", "run"},
        foreign_keys=[("run", "runs", "id")],
    ).create_index(["run"])
    db.table("conflicts").create(
        {
            **text("entity field kept_source kept other_source other other_page_url other_retrieved_at"),
            "run": int,
        },
        pk=("entity", "field", "kept_source", "other_source", "other"),
    )
    db.table("unknowns").create(
        {"source": str, "field": str, "text": str, "row_count": int, "example": str}, pk=("source", "field", "text")
    )
    db.table("coverage").create(
        {**text("source scope state reason"), "loaded": int, "expected": int, "share": float, "as_of": str},
        pk=("source", "scope"),
        not_null={"state"},
    )


@migrations()
def m004_documents(db: Database) -> None:
    db.table("works").create(
        {
            **text("id family body sphere title title_zh"),
            "edition_count": int,
            **text("newest newest_in_force"),
        },
        pk="id",
        foreign_keys=[("body", "bodies", "key"), ("sphere", "spheres", "key")],
    )
    db.table("documents").create(
        {
            **text("id identifier identifier_text work family body sphere kind kind_text force edition"),
            **text("edition_key stage title title_zh status status_text published published_precision"),
            **text("published_text implemented implemented_text withdrawn withdrawn_text updated"),
            **text("updated_text"),
            "year": int,
            **text("ics ccs committee issuer_text owner_text url tier other_sources first_seen last_seen"),
            **text("vanished_at"),
            "is_in_force": int,
            "in_force_basis": str,
            "is_newest": int,
            **PROVENANCE,
        },
        pk="id",
        not_null={"sphere", "source", "run"},
        foreign_keys=[
            ("work", "works", "id"),
            ("body", "bodies", "key"),
            ("sphere", "spheres", "key"),
            ("status", "statuses", "key"),
            ("source", "sources", "key"),
            ("run", "runs", "id"),
        ],
    ).create_index(["work"])
    db.table("document_texts").create(
        {"document": str, "keywords": str, "abstract": str},
        pk="document",
        foreign_keys=[("document", "documents", "id")],
    )
    db.table("document_topics").create(
        {"document": str, "topic": str, "rule": str, "matched": str},
        pk=("document", "topic"),
        not_null={"rule"},
        foreign_keys=[("document", "documents", "id"), ("topic", "topics", "key")],
    ).create_index(["topic"])
    db.table("relations").create(
        {
            "id": int,
            **text("document type degree degree_text target_text target_identifier target_work"),
            **text("target_edition_key target_document resolution method confidence"),
            "is_stale": int,
            "is_orphan": int,
            "evidence": str,
            **PROVENANCE,
        },
        pk="id",
        not_null={"document", "type", "target_text", "method", "confidence"},
        foreign_keys=[
            ("document", "documents", "id"),
            ("degree", "degrees", "key"),
            ("target_document", "documents", "id"),
            ("run", "runs", "id"),
        ],
    )
    db.table("relations").create_index(["document"])
    db.table("relations").create_index(["target_work"])
    db.table("relations").create_index(["target_document"])


@migrations()
def m005_certificates(db: Database) -> None:
    db.table("certificates").create(
        {
            **text("id number scheme scheme_text body sphere vendor vendor_key vendor_text country"),
            **text("country_text country_role product category level status status_text issued"),
            **text("issued_text expires expires_text"),
            "year": int,
            **text("lab_text maintenance url tier first_seen last_seen vanished_at"),
            **PROVENANCE,
        },
        pk="id",
        not_null={"scheme", "sphere", "source", "run"},
        foreign_keys=[
            ("body", "bodies", "key"),
            ("sphere", "spheres", "key"),
            ("status", "statuses", "key"),
            ("source", "sources", "key"),
            ("run", "runs", "id"),
        ],
    )
    db.table("certificate_standards").create(
        text("certificate type target_text target_identifier target_work target_document"),
        pk=("certificate", "type", "target_text"),
        foreign_keys=[("certificate", "certificates", "id"), ("target_document", "documents", "id")],
    )
    db.table("memberships").create(
        {
            **text("id committee committee_title member country country_text sphere role url first_seen"),
            **text("last_seen vanished_at"),
            **PROVENANCE,
        },
        pk="id",
        not_null={"committee", "member", "role", "source", "run"},
        foreign_keys=[("sphere", "spheres", "key"), ("source", "sources", "key"), ("run", "runs", "id")],
    )


@migrations()
def m006_state(db: Database) -> None:
    db.table("state").create({"key": str, "value": str}, pk="key")


@migrations()
def m007_vendors_and_exclusions(db: Database) -> None:
    db.table("countries").create(
        text("key name sphere reason"),
        pk="key",
        not_null={"name", "sphere"},
        foreign_keys=[("sphere", "spheres", "key")],
    )
    db.table("vendors").create(
        {
            **text("key name country country_basis"),
            "certificate_count": int,
            "scheme_count": int,
            "sphere_count": int,
            "exclusion_count": int,
        },
        pk="key",
        not_null={"name"},
        foreign_keys=[("country", "countries", "key")],
    )
    db.table("vendor_names").create(
        {**text("name vendor rule"), "score": float, "row_count": int},
        pk="name",
        not_null={"vendor", "rule"},
        foreign_keys=[("vendor", "vendors", "key")],
    ).create_index(["vendor"])
    db.table("exclusions").create(
        {
            **text("id list body sphere subject vendor vendor_key vendor_text country country_text authority"),
            **text("included included_text updated url tier first_seen last_seen vanished_at"),
            **PROVENANCE,
        },
        pk="id",
        not_null={"list", "sphere", "subject", "source", "run"},
        foreign_keys=[
            ("body", "bodies", "key"),
            ("sphere", "spheres", "key"),
            ("source", "sources", "key"),
            ("run", "runs", "id"),
        ],
    )
    db.table("recognition").create(
        {"id": int, **text("arrangement member country role from_date to_date max_level scope source_url confidence")},
        pk="id",
        not_null={"arrangement", "member", "source_url"},
    )
