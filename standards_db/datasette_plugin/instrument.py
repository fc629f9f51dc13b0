"""The page of one legal instrument, and the law on the page of one standard: what gives it its effect, since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards_db.datasette_plugin.pages.frame import rows

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette
    from datasette.database import Database

INSTRUMENT = """
select i.*, s.label as sphere_label from instruments i left join spheres s on s.key = i.sphere where i.id = :id
"""
STANDARDS = """
select x.*, d.title, d.title_zh, d.status, d.is_in_force, t.label as status_label,
  (select 1 from works w where w.id = x.target_work) as is_work_held
from instrument_standards x
left join documents d on d.id = x.target_document left join statuses t on t.key = d.status
where x.instrument = :id
order by x.relation, x.target_text, x.restriction is null, x.decision_text is null, x.citation_date, x.id limit 1000
"""
PUBLISHED = """
select x.*, i.title as act_title, d.title, d.is_in_force from instrument_standards x
left join instruments i on i.id = x.instrument left join documents d on d.id = x.target_document
where x.decision = :id order by x.target_text, x.id limit 1000
"""
# An act that names no edition speaks of every edition of the work.
LAW = """
select x.*, i.title as act_title, i.celex, i.url as act_url, p.title as decision_title
from instrument_standards x
left join instruments i on i.id = x.instrument left join instruments p on p.id = x.decision
where x.target_document = :id
  or (x.target_document is null and x.target_work = :work and x.target_identifier = x.target_work)
order by x.relation <> 'harmonised under', x.act_text, x.restriction is null, x.decision_text is null, x.id limit 100
"""
RELATIONS = ("harmonised under", "mandates", "cites", "prepared for")


async def instrument(datasette: Datasette, db: Database, key: str) -> dict[str, Any] | None:
    """The instrument, its standards by relation, and what it publishes under other acts; None for an unknown key."""
    found = await rows(db, INSTRUMENT, {"id": key})
    if not found:
        return None
    standards = await rows(db, STANDARDS, {"id": key})
    return {
        "instrument": found[0],
        "groups": [(name, [row for row in standards if row["relation"] == name]) for name in RELATIONS],
        "published": await rows(db, PUBLISHED, {"id": key}),
    }


async def law_of(db: Database, document: str, work: str | None) -> list[dict[str, Any]]:
    """What instruments say of one edition: harmonisation first, the most telling publication before the others."""
    return await rows(db, LAW, {"id": document, "work": work})
