"""Methods: every measure with its question, formula, reading, limits and SQL, read from the snapshot itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette.database import Database
from datasette.utils.asgi import Request, Response

from standards_db.datasette_plugin.pages import figures
from standards_db.datasette_plugin.pages.frame import Row, kept, no_snapshot, render, rows, snapshot_of

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

MEASURES = "select * from measures order by rowid"
SETTINGS = "select key, value, description from measure_settings order by key"
EVIDENCE = "select name, question, reading, sql, row_count from measure_sql order by name"
DEGREES = "select label, key, is_adoption, description from degrees order by is_adoption desc, key"


async def page(datasette: Datasette, request: Request) -> Response:
    """`/methods`: nothing on it is written twice; the SQL shown is the SQL that was run."""
    db = await snapshot_of(datasette)
    if db is None:
        return await no_snapshot(datasette, request)
    return await render(datasette, request, "methods.html", await kept(db, "methods", lambda: read(db)), "methods")


async def read(db: Database) -> Row:
    return {
        "measures": sorted(await rows(db, MEASURES), key=lambda row: figures.place_of(row["key"])),
        "measure_settings": await rows(db, SETTINGS),
        "evidence": await rows(db, EVIDENCE),
        "degrees": await rows(db, DEGREES),
    }
