"""Data health: per source what came in, how full its fields are, what was refused, not understood, or contradicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette.database import Database
from datasette.utils.asgi import Request, Response

from standards_db.datasette_plugin.pages.frame import Row, kept, no_snapshot, render, rows, snapshot_of

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

FIELDS_OF = {
    "documents": ("identifier", "title", "status", "published", "ics", "url"),
    "certificates": ("vendor", "country", "status", "issued", "level", "expires"),
}
FILL = "select source, holds, field, record_count, filled_count from source_fields order by source"
SOURCES = """
select s.key, s.title, s.sphere, p.label as sphere_label, s.holds, s.tier, s.is_on, s.why_off, c.state, c.reason,
  c.loaded, c.expected, r.finished_at, r.verdict, r.why, r.id as run, r.refused_count, r.error_count, r.response_count
from sources s left join spheres p on p.key = s.sphere left join coverage c on c.source = s.key
left join runs r on r.id = (select max(id) from runs where source = s.key)
order by s.is_on desc, s.sphere, s.key
"""
REJECTS = """
select source, sum(level = 'excluded') as excluded, sum(level <> 'excluded') as rejected from rejects group by source
"""
REASONS = """
select source, level, reason, count(*) as held from rejects group by 1, 2, 3 order by held desc, 1, 3 limit 15
"""
UNKNOWNS = "select source, count(*) as words, sum(row_count) as held from unknowns group by source"
WORDS = "select source, field, text, row_count from unknowns order by row_count desc, source, text limit 15"
UNRESOLVED = """
select source, edge_count - resolved_count as lost, edge_count as held from resolution where type = 'adopts'
"""
RESOLUTIONS = """
select resolution, count(*) as held from relations where type = 'adopts' group by 1 order by held desc
"""
CONFLICTS = "select kept_source as source, count(*) as held from conflicts group by 1"
FIELDS = """
select field, kept_source, other_source, count(*) as held from conflicts group by 1, 2, 3 order by held desc, 1 limit 15
"""


async def page(datasette: Datasette, request: Request) -> Response:
    """`/data-health`: one line per source, then the most frequent reasons, words and contradictions."""
    db = await snapshot_of(datasette)
    if db is None:
        return await no_snapshot(datasette, request)
    return await render(datasette, request, "health.html", await kept(db, "health", lambda: read(db)), "health")


async def read(db: Database) -> Row:
    beside = {
        name: {row["source"]: row for row in await rows(db, sql)}
        for name, sql in (
            ("rejects", REJECTS),
            ("unknowns", UNKNOWNS),
            ("unresolved", UNRESOLVED),
            ("conflicts", CONFLICTS),
        )
    }
    sources = [
        {**source, **{name: found.get(source["key"]) for name, found in beside.items()}}
        for source in await rows(db, SOURCES)
    ]
    return {
        "sources": sources,
        "fills": filled(await rows(db, FILL)),
        "fields": FIELDS_OF,
        "titles": {source["key"]: source["title"] for source in sources},
        "reasons": await rows(db, REASONS),
        "words": await rows(db, WORDS),
        "resolutions": await rows(db, RESOLUTIONS),
        "conflicts": await rows(db, FIELDS),
    }


def filled(counted: list[Row]) -> dict[str, list[Row]]:
    """Per kind of record a row per source: `held` rows and, per field, the share of rows that have it."""
    found: dict[str, dict[str, Row]] = {holds: {} for holds in FIELDS_OF}
    for row in counted:
        source = found[row["holds"]].setdefault(row["source"], {"source": row["source"], "held": row["record_count"]})
        source[row["field"]] = row["filled_count"] / row["record_count"]
    return {holds: list(sources.values()) for holds, sources in found.items()}
