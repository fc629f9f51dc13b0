"""What the published snapshot is made of: copied tables, keys of tables made from views, indexes, search columns."""

from __future__ import annotations

import re

CODE_TABLES = (
    "spheres",
    "bodies",
    "topics",
    "statuses",
    "degrees",
    "countries",
    "schemes",
    "sources",
    "instrument_topics",
)
DATA_TABLES = (
    "jobs",
    "runs",
    "host_reports",
    "refreshes",
    "works",
    "documents",
    "document_texts",
    "document_topics",
    "relations",
    "certificates",
    "certificate_standards",
    "memberships",
    "vendors",
    "vendor_names",
    "exclusions",
    "certificate_exclusions",
    "recognition",
    "instruments",
    "instrument_standards",
    "competing",
    "crypto_suites",
    "reverse_uptake",
    "fact_mentions",
    "counterparts",
    "rejects",
    "changes",
    "conflicts",
    "unknowns",
    "coverage",
)
ALL_TOPICS = (
    "all",
    "All topics together",
    "全部主题",
    "Every document that is in any topic, once. A figure of this row is no sum of the others.",
)
UNSTATED = ("unstated", "degree not stated", 0, "The source says that it adopts a text and not how closely.")
SOURCE_RECORDS = """
create table source_records (
    source text not null references sources(key), key text not null, kind text, entity text, payload text,
    page_url text, page_sha256 text, retrieved_at text, first_seen text, last_seen text, vanished_at text,
    primary key (source, key))
"""
PRIMARY_KEYS = {
    "adoption_lags": ("topic", "sphere", "work"),
    "competing_sides": ("fact_row", "sphere"),
    "cross_references": ("topic", "document", "work"),
    "crypto_matrix": ("algorithm", "sphere"),
    "crypto_pairs": ("sphere_a", "sphere_b", "algorithm"),
    "crypto_statements": ("algorithm", "fact_row"),
    "fact_links": ("id",),
    "recognition_members": ("arrangement", "country"),
    "recognition_pairs": ("arrangement", "country_a", "country_b"),
    "vendor_countries": ("country",),
    "vendor_spheres": ("vendor_key",),
    "adoptions": ("document", "work"),
    "adoption_chains": ("document", "path"),
    "adoption_flows": ("sphere", "work_body"),
    "adoption_topics": ("topic", "document", "work"),
    "alignment": ("work",),
    "alignment_topics": ("topic", "work", "first_year"),
    "document_years": ("document",),
    "divergence_pairs": ("topic", "sphere_a", "sphere_b"),
    "scheme_certificates": ("scheme",),
    "resolution": ("source", "type"),
    "source_agreement": ("body", "primary_source", "secondary_source"),
    "pair_works": ("topic", "sphere_a", "sphere_b", "work", "first_year"),
    "pair_instruments": ("topic", "kind", "sphere_a", "sphere_b", "first_year"),
    "sphere_coverage": ("sphere",),
    "sphere_works": ("sphere", "work", "first_year"),
    "topic_counts": ("topic", "sphere", "first_year"),
    "topic_documents": ("topic", "document"),
    "scheme_vendors": ("scheme", "vendor_key"),
    "scheme_works": ("scheme", "target_work"),
    "source_fields": ("source", "holds", "field"),
    "topic_instruments": ("topic", "kind", "sphere", "instrument"),
    "work_topics": ("topic", "work"),
}
FOREIGN_KEYS = {
    "topic": "topics(key)",
    "sphere": "spheres(key)",
    "sphere_a": "spheres(key)",
    "sphere_b": "spheres(key)",
    "behind": "spheres(key)",
    "body": "bodies(key)",
    "work_body": "bodies(key)",
    "status": "statuses(key)",
    "degree": "degrees(key)",
    "source": "sources(key)",
    "scheme": "schemes(key)",
    "document": "documents(id)",
    "target_document": "documents(id)",
    "last_document": "documents(id)",
    "last_body": "bodies(key)",
    "last_sphere": "spheres(key)",
    "primary_source": "sources(key)",
    "secondary_source": "sources(key)",
    "newest_edition": "documents(id)",
    "work": "works(id)",
    "adopted_work": "works(id)",
    "country": "countries(key)",
    "country_a": "countries(key)",
    "country_b": "countries(key)",
    "target_sphere": "spheres(key)",
    "vendor_key": "vendors(key)",
}
INTEGER = re.compile(
    r"(is_.+|adopts|.+_(adopts|count|years)|year|.+_year|year_[ab]|stale_from|difference|count_[ab]|n_[ab]"
    r"|(.+_)?(numerator|denominator)|id|fact_row|issues|[ab]_accepts_[ab]"
    r"|documents_[ab]|(possible_)?(documents|adopting|idt|mod|neq|unstated))$"
)
REAL = re.compile(
    r"(share|uptake|stale|skew|shared_base)(_[ab]|_low|_high)?$|.+_share$|median_.+$|(index_)?value$|(lag|entry)_years$"
)
# One covering index per facet column, beginning with it: an index on that column alone makes SQLite look up every row.
ROTATIONS = {
    "documents": ("sphere", "body", "status", "kind"),
    "topic_documents": ("topic", "sphere", "is_counted", "adopts", "degree"),
    "certificates": ("scheme", "country", "status", "year"),
    "adoptions": ("sphere", "degree", "is_counted", "is_stale"),
    "relations": ("type", "degree", "method", "resolution"),
    "changes": ("source", "kind", "field"),
    "works": ("sphere", "body", "family"),
    "document_topics": ("topic", "rule"),
    "source_records": ("source", "kind"),
    "alignment_topics": ("topic", "is_current", "sphere_count", "work_body"),
    "pair_works": ("topic", "sphere_a", "sphere_b", "is_current"),
    "adoption_lags": ("topic", "sphere", "is_observed", "is_used"),
}
# Facets that a reader may ask for (`more_facets` of metadata.yml): each index also covers the facets of ROTATIONS.
MORE_FACETS = {
    "documents": ("force", "year", "is_in_force"),
    "topic_documents": ("status", "force", "year", "is_stale"),
    "certificates": ("sphere", "level"),
    "adoptions": ("work_body", "body", "is_in_force"),
    "relations": ("is_stale",),
}
# Columns of an index, or several with their directions: the order in which a page shows the first rows.
INDEXES = {
    "documents": ("work", "identifier", "year"),
    "topic_documents": (
        "document",
        "topic, sphere, is_counted, adopts, force is 'mandatory' desc, year desc, document",
    ),
    "document_counts": ("body", "sphere"),
    "topic_bodies": ("topic", "body"),
    "adoptions": ("work", "target_document"),
    "adoption_chains": ("last_document", "link_count"),
    "adoption_topics": ("document", "work"),
    "alignment_topics": ("work", "topic, is_current, sphere_count desc, work"),
    "pair_works": (
        "work",
        "topic, sphere_a, sphere_b, is_current, is_shared, is_different desc, gap_years desc, work",
    ),
    "sphere_works": ("work",),
    "work_topics": ("work",),
    "source_records": ("entity", "source, retrieved_at"),
    "changes": ("entity", "observed_at desc, entity, field"),
    "certificates": ("vendor_key, lower(product)",),
    "certificate_counts": ("scheme",),
    "scheme_vendors": ("vendor_key", "scheme, certificate_count desc"),
    "exclusions": ("vendor_key",),
    "certificate_standards": ("target_work", "target_document"),
    "certificate_exclusions": ("exclusion",),
}
# The text of an entry is spaced for search, so the index keeps no copy of it; Datasette finds the index by the comment.
FTS_TABLE = "create virtual table {table}_fts using fts5 /* content=\"{table}\" */ ({columns}, content='')"
FTS = {
    "documents": (
        ("identifier", "title", "title_zh", "keywords"),
        "select d.rowid, spaced(coalesce(identifier, identifier_text)), spaced(title), spaced(title_zh),"
        " spaced(keywords) from documents d left join document_texts t on t.document = d.id order by d.rowid",
    ),
    "certificates": (
        ("vendor", "product", "scheme"),
        "select c.rowid, spaced(c.vendor), spaced(c.product), spaced(c.scheme_text || ' ' || coalesce(s.title, ''))"
        " from certificates c left join schemes s on s.key = c.scheme order by c.rowid",
    ),
}
SNAPSHOT = """
create table snapshot (
    id integer primary key, as_of text, built_at text not null, ingest text not null, version text not null,
    documents integer not null, certificates integer not null, adoptions integer not null, sha256 text not null,
    table_rows text not null)
"""
MEASURE_SQL = """
create table measure_sql (name text primary key, question text, reading text, sql text not null, row_count integer)
"""


def declaration(name: str) -> str:
    """A column with the type that its name says and the labelled table that it points to."""
    target = FOREIGN_KEYS.get(name)
    return f"{name} {kind_of(name)} references {target}" if target else f"{name} {kind_of(name)}"


def kind_of(name: str) -> str:
    """The type that a column's name says."""
    return "real" if REAL.match(name) else "integer" if INTEGER.match(name) else "text"
