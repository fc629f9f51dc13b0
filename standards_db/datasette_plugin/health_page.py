"""`/-/health` and `/-/metrics`: how old what is served is, and how the last runs ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datasette.database import Database
from datasette.utils.asgi import Response

from standards_db import health as figures
from standards_db.datasette_plugin.links import tracker_database
from standards_db.datasette_plugin.pages.frame import rows

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

SNAPSHOT = "select built_at, as_of, version, documents, certificates, sha256 from snapshot"


async def state(database: Database | None) -> tuple[Any, list[Any], Any]:
    """The snapshot's row, those of its sources, that of the last refresh; None where there is none."""
    if database is None or not await database.table_exists("snapshot"):
        return None, [], None
    snapshot = next(iter(await rows(database, SNAPSHOT)), None)
    refresh = None
    if await database.table_exists("refreshes"):
        refresh = next(iter(await rows(database, figures.REFRESH)), None)
    return snapshot, await rows(database, figures.SOURCES), refresh


async def health(datasette: Datasette) -> Response:
    """200 while a snapshot is served, 503 otherwise; `status` is "late" when a source has missed two intervals."""
    snapshot, sources, refresh = await state(tracker_database(datasette))
    if snapshot is None:
        return Response.json({"status": "no snapshot"}, status=503)
    late = [row["source"] for row in sources if figures.late(row)]
    return Response.json(
        {
            "status": "late" if late else "ok",
            "snapshot": {**snapshot, "age_seconds": figures.age_seconds(snapshot["built_at"])},
            "late": late,
            "refresh": refresh,
            "sources": [{**row, "age_seconds": figures.age_seconds(row["last_good_run"])} for row in sources],
        }
    )


async def metrics(datasette: Datasette) -> Response:
    """The same figures in Prometheus' text format."""
    snapshot, sources, refresh = await state(tracker_database(datasette))
    if snapshot is None:
        return Response.text("# no snapshot is served\n", status=503)
    return Response.text(figures.metrics(sources, refresh, snapshot["built_at"]))
