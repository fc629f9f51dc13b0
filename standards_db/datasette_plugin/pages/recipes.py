"""Help with SQL: how the tables hang together, ten recipes to change, and how to cite an answer."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import yaml
from datasette.database import Database
from datasette.utils.asgi import Request, Response

from standards_db.datasette_plugin import charts, links
from standards_db.datasette_plugin.pages.frame import Row, kept, no_snapshot, render, rows, snapshot_of
from standards_db.datasette_plugin.words import say

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

FILE = Path(__file__).parents[1] / "recipes.yml"
# The tables that people ask, as they stand in the drawing; the rest are codes that label them, evidence, bookkeeping.
CENTRAL = (
    "relations",
    "adoptions",
    "topic_documents",
    "document_topics",
    "certificate_standards",
    "instrument_standards",
    "documents",
    "certificates",
    "instruments",
    "figures",
    "works",
    "topics",
    "schemes",
    "measures",
    "vendors",
    "exclusions",
    "coverage",
)
DRAWN = CENTRAL[:-3]  # the last three lead to codes alone
BOOKKEEPING = ("runs", "sources")
OWN = """
select m.name as origin, c.name as field from sqlite_master m, pragma_table_info(m.name) c
where m.type = 'table' and c.pk > 0 order by m.name, c.pk
"""
POINTERS = """
select m.name as origin, f."from" as field, f."table" as target, f."to" as target_field
from sqlite_master m, pragma_foreign_key_list(m.name) f where m.type = 'table' order by m.name, f."from"
"""


@lru_cache
def recipes() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


async def page(datasette: Datasette, request: Request) -> Response:
    """`/recipes`: each recipe with a link that opens it for editing, here or at the host for visitors' SQL."""
    db = await snapshot_of(datasette)
    if db is None:
        return await no_snapshot(datasette, request)
    may = await datasette.permission_allowed(request.actor, "execute-sql", resource=links.DATABASE, default=True)
    base = str(datasette.urls.database(links.DATABASE)) if may else links.sql_host(datasette)
    context: Row = {
        **await kept(db, "schema", lambda: schema(datasette, db)),
        "recipes": [{**one, "url": f"{base}?{urlencode({'sql': one['sql']})}" if base else None} for one in recipes()],
    }
    return await render(datasette, request, "recipes.html", context, "recipes")


async def schema(datasette: Datasette, db: Database) -> Row:
    """The central tables, each with its title and the columns that lead to other tables, and the drawing of them."""
    pointers = await rows(db, POINTERS)
    own = await rows(db, OWN)
    found = [
        {
            "name": name,
            "title": links.table_about(datasette, name, "title"),
            "columns": list(links.tables_of(datasette)[name]["columns"]),
            "pointers": [row for row in pointers if row["origin"] == name],
            "own": tuple(row["field"] for row in own if row["origin"] == name),
        }
        for name in CENTRAL
    ]
    boxes = [table(datasette, one) for one in found if one["name"] in DRAWN]
    drawing = charts.schema("tables", say("recipes.schema"), say("recipes.schema_about"), boxes)
    return {"tables": found, "schema": drawing}


def table(datasette: Datasette, one: Row) -> charts.Table:
    """A box: the own key, then the columns that lead elsewhere and are not bookkeeping."""
    keys = tuple(
        charts.Key(row["field"], row["target"], row["target_field"])
        for row in one["pointers"]
        if row["target"] not in BOOKKEEPING
    )
    pointing = {key.column for key in keys}
    own = tuple(field for field in one["own"] if field not in pointing)
    return charts.Table(one["name"], one["title"], links.table_url(datasette, one["name"]), own, keys)
