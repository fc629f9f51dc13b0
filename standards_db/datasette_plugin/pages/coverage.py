"""Coverage: what is not here and why, before anybody takes an absence for a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette.database import Database
from datasette.utils.asgi import Request, Response

from standards_db.datasette_plugin.pages.frame import Row, kept, no_snapshot, render, rows, snapshot_of

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

SPHERES = """
select s.key, s.label, v.document_count, v.source_count, v.loaded_count, v.coverage
from sphere_coverage v join spheres s on s.key = v.sphere
order by case s.key when 'us' then 1 when 'cn' then 2 when 'eu' then 3 else 4 end
"""
COVERAGE = """
select c.source, coalesce(s.title, c.reason) as title, s.key is not null as is_source, s.holds, s.tier, s.is_on,
  s.why_off, p.label as sphere_label, s.sphere, c.state, c.reason, c.loaded, c.expected, c.share, c.as_of,
  b.name as body
from coverage c left join sources s on s.key = c.source left join spheres p on p.key = s.sphere
left join bodies b on b.key = s.body
order by case c.state when 'not collected' then 1 when 'off' then 2 when 'not loaded' then 3
  when 'partly loaded' then 4 else 5 end, s.sphere, c.source
"""
ORDER = ("not collected", "off", "not loaded", "partly loaded", "loaded")


async def page(datasette: Datasette, request: Request) -> Response:
    """`/coverage`: per state of collection the sources in it, with the reason and the share of the catalogue held."""
    db = await snapshot_of(datasette)
    if db is None:
        return await no_snapshot(datasette, request)
    return await render(datasette, request, "coverage.html", await kept(db, "coverage", lambda: read(db)), "coverage")


async def read(db: Database) -> Row:
    found = await rows(db, COVERAGE)
    states = [*ORDER, *sorted({row["state"] for row in found} - set(ORDER))]
    groups = [(state, [row for row in found if row["state"] == state]) for state in states]
    spheres = [{**sphere, "lacking": lacking(found, sphere["key"])} for sphere in await rows(db, SPHERES)]
    return {"spheres": spheres, "groups": [(state, group) for state, group in groups if group]}


def lacking(found: list[Row], sphere: str) -> list[tuple[str, list[Row]]]:
    """The sources of documents of a sphere that are not fully loaded, by their state."""
    ours = [
        row for row in found if row["sphere"] == sphere and row["holds"] == "documents" and row["state"] != "loaded"
    ]
    return [
        (state, [row for row in ours if row["state"] == state]) for state in dict.fromkeys(r["state"] for r in ours)
    ]
