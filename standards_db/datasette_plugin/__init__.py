"""The Datasette plugin: the pages, search over everything, and the safety of the host.

Only hooks stand here; each hands over to the module that does the work. Loaded by the entry point `standards_db` in the
group `datasette`, so `datasette standards.db -m metadata.yml` is enough.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from datasette import hookimpl
from datasette.database import QueryInterrupted
from datasette.utils.asgi import Request

from standards_db.datasette_plugin import cells, cite, facets, feeds, language, links, pages, replica, safety, words
from standards_db.datasette_plugin.pages import frame

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette


@hookimpl(trylast=True)
def prepare_connection(conn: sqlite3.Connection, database: str) -> None:
    safety.prepare_connection(conn, database)


@hookimpl
def asgi_wrapper(datasette: Datasette) -> Callable[[Any], Any]:
    return lambda app: language.wrap(datasette, safety.wrap(replica.wrap(app, datasette)))


@hookimpl
def prepare_jinja2_environment(env: Any, datasette: Datasette) -> None:
    env.globals.update(links.template_globals(datasette))
    env.globals["tongues"] = lambda request: language.others(datasette, request)
    env.globals["chosen_filters"] = facets.in_words
    env.globals["more_facets"] = lambda request, table: facets.more(datasette, request, table)
    env.globals["facet_order"] = lambda found, table: facets.in_order(datasette, found, table)
    env.globals["allow_facet"] = lambda: datasette.setting("allow_facet")
    env.globals["comparison"] = lambda key, display: words.named("comparison", key, display)
    env.globals["citation"] = lambda request: cite.citation(datasette, request)


@hookimpl
def extra_template_vars(
    database: str | None, table: str | None, view_name: str, request: Request | None, datasette: Datasette
) -> Callable[[], Awaitable[dict[str, Any]]] | None:
    """The values of the pages that this plugin designs; every other page gets none."""
    if request is None:
        return None
    if view_name == "row" and database == links.DATABASE and table in pages.ROWS:
        return lambda: pages.of_row(datasette, table, request)
    return None


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Any]]]]:
    return pages.ROUTES


@hookimpl
def render_cell(row: Any, value: Any, column: str, table: str | None, database: str, datasette: Datasette) -> Any:
    return cells.render(datasette, database, table, column, value, row)


@hookimpl
def handle_exception(datasette: Datasette, request: Request, exception: Exception) -> Any:
    """A page that SQLite had no time for says so and asks to come back; Datasette would show its SQL."""
    if not isinstance(exception, QueryInterrupted) or request.path.endswith(".json"):
        return None
    return lambda: frame.too_long(datasette, request)


@hookimpl
def register_facet_classes() -> list[type]:
    return [facets.offered_class()]


@hookimpl
def register_output_renderer(datasette: Datasette) -> dict[str, Any]:
    return {"extension": "atom", "render": feeds.render, "can_render": feeds.can_render}


@hookimpl
def extra_css_urls(datasette: Datasette) -> list[str]:
    return [links.static_url(datasette, name) for name in ("tracker.css", "charts.css")]
