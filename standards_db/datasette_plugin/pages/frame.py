"""What pages share: reading rows, keeping what a frozen snapshot answers, rendering a template, counting into bars."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from datasette.database import Database
from datasette.utils.asgi import Request, Response

from standards_db.datasette_plugin.links import about, tracker_database
from standards_db.datasette_plugin.words import CURRENT, say

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

Row = dict[str, Any]
Kept = TypeVar("Kept")
KEPT: WeakKeyDictionary[Database, dict[str, Any]] = WeakKeyDictionary()


async def rows(db: Database, sql: str, params: Row | None = None) -> list[Row]:
    return [dict(row) for row in (await db.execute(sql, params or {})).rows]


async def first(db: Database, sql: str, params: Row | None = None) -> Row | None:
    found = await rows(db, sql, params)
    return found[0] if found else None


async def snapshot_of(datasette: Datasette) -> Database | None:
    """The served database when it is a published snapshot of the tracker, else None."""
    db = tracker_database(datasette)
    return db if db is not None and await db.table_exists("snapshot") else None


async def kept(db: Database, key: str, read: Callable[[], Awaitable[Kept]]) -> Kept:
    """What `read` gives, read once per snapshot and language: an immutable file answers the same question the same way.

    Nothing (None) is not kept, so that asking for what does not exist fills no memory.
    """
    if db.is_mutable:
        return await read()
    shelf, key = KEPT.setdefault(db, {}), f"{CURRENT.get()}/{key}"
    found: Kept = shelf[key] if key in shelf else await read()
    if found is not None:
        shelf[key] = found
    return found


async def render(
    datasette: Datasette, request: Request, template: str, context: Row, view: str, status: int = 200
) -> Response:
    """A page of ours; anonymous readers see it when they may see the instance."""
    await datasette.ensure_permissions(request.actor, ["view-instance"])
    filled = {"metadata": about(datasette), **context}
    page = await datasette.render_template(template, filled, request=request, view_name=view)
    return Response.html(page, status=status)


async def no_snapshot(datasette: Datasette, request: Request) -> Response:
    return await render(datasette, request, "no_snapshot.html", {}, "no_snapshot", 404)


async def too_long(datasette: Datasette, request: Request) -> Response:
    """What a reader is told when a page took longer than its queries may."""
    context = {"title": say("error.too_long"), "error": say("error.too_long_about"), "status": 503}
    return await render(datasette, request, "error.html", context, "error", 503)


def total(records: Sequence[Row], name: str) -> int:
    return sum(record[name] or 0 for record in records)
