"""Help with SQL: how the tables hang together, ten recipes to change, and how to cite an answer."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import yaml
from datasette.database import Database
from datasette.utils.asgi import Request, Response

from standards_db.datasette_plugin import links
from standards_db.datasette_plugin.pages.frame import Row, kept, no_snapshot, render, rows, snapshot_of

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

FILE = Path(__file__).parents[1] / "recipes.yml"
# The tables that people ask; the rest are codes that label them, evidence behind figures, and bookkeeping.
CENTRAL = (
    "documents",
    "works",
    "adoptions",
    "relations",
    "document_topics",
    "topic_documents",
    "certificates",
    "certificate_standards",
    "vendors",
    "exclusions",
    "figures",
    "measures",
    "coverage",
)
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
        "tables": await kept(db, "schema", lambda: schema(datasette, db)),
        "recipes": [{**one, "url": f"{base}?{urlencode({'sql': one['sql']})}" if base else None} for one in recipes()],
    }
    return await render(datasette, request, "recipes.html", context, "recipes")


async def schema(datasette: Datasette, db: Database) -> list[Row]:
    """The central tables, each with its title and the columns that lead to other tables."""
    pointers = await rows(db, POINTERS)
    tables = (datasette.metadata("databases") or {})[links.DATABASE]["tables"]
    return [
        {
            "name": name,
            "title": tables[name]["title"],
            "columns": list(tables[name]["columns"]),
            "pointers": [row for row in pointers if row["origin"] == name],
        }
        for name in CENTRAL
    ]
