"""The pages that this plugin designs, one module each: `ROWS` in the place of Datasette's row page, `ROUTES` alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from datasette.utils import urlsafe_components
from datasette.utils.asgi import Request

from standards_db.datasette_plugin import front, health_page, instrument, machines, search_page, standard
from standards_db.datasette_plugin.links import DATABASE
from standards_db.datasette_plugin.pages import (
    body,
    compare,
    coverage,
    health,
    methods,
    pair,
    recipes,
    scheme,
    topic,
    vendor,
)
from standards_db.datasette_plugin.pages.frame import kept, snapshot_of

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

# table -> what its row page shows; None when there is no such row. The template is `row-standards-<table>.html`.
ROWS: dict[str, Callable[..., Awaitable[dict[str, Any] | None]]] = {
    "documents": standard.document,
    "works": standard.work,
    "instruments": instrument.instrument,
    "vendors": vendor.read,
    "bodies": body.read,
    "schemes": scheme.read,
    "topics": topic.read,
}
FEW = ("bodies", "schemes", "topics")  # so few that what their pages show is kept


async def row(datasette: Datasette, request: Request, send: Any) -> Any:
    """Datasette's own view of a row that has a page of ours."""
    return await row_view().as_view(datasette)(request, send)


@cache
def row_view() -> Any:
    from datasette.views.row import RowView  # not there yet when Datasette loads this plugin

    class Row(RowView):  # type: ignore[misc]
        """Without the count of all rows elsewhere that point to this one: a second for a body of 100,000 documents."""

        async def foreign_key_tables(self, *given: Any) -> list[Any]:
            return []

    return Row


ROUTES: list[tuple[str, Callable[..., Awaitable[Any]]]] = [
    (r"^/$", front.page),
    (r"^/-/search$", search_page.search),
    (r"^/standard/(?P<identifier>.+)$", search_page.standard),
    (r"^/compare$", compare.page),
    (r"^/data-health$", health.page),
    (r"^/coverage$", coverage.page),
    (r"^/methods$", methods.page),
    (r"^/recipes$", recipes.page),
    (r"^/-/health$", health_page.health),
    (r"^/-/metrics$", health_page.metrics),
    (r"^/-/openapi.json$", machines.openapi),
    (r"^/sitemap.xml$", machines.sitemap),
    (r"^/robots.txt$", machines.robots),
    (r"^/pair/(?P<a>[a-z]+)/(?P<b>[a-z]+)$", pair.page),
    (rf"^/(?P<database>{DATABASE})/(?P<table>{'|'.join(ROWS)})/(?P<pks>[^/.]+)(?P<format>(?!))?$", row),  # no format
]


async def of_row(datasette: Datasette, table: str, request: Request) -> dict[str, Any]:
    """`page`: what the row template shows, None when there is no such row (Datasette then answers 404 itself)."""
    db = await snapshot_of(datasette)
    keys = urlsafe_components(request.url_vars["pks"])
    if db is None or len(keys) != 1:
        return {"page": None}
    if table not in FEW:
        return {"page": await ROWS[table](datasette, db, keys[0])}
    return {"page": await kept(db, f"{table}/{keys[0]}", lambda: ROWS[table](datasette, db, keys[0]))}
