"""Facets beyond the first ones of a table, and its filters in words.

A table shows the facets that metadata.yml names under `facets`; those under `more_facets` are offered as links
(`?_also=year`), on a public host too: only columns named there are counted, each of them has an index.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from datasette.utils import path_with_added_args, path_with_removed_args
from datasette.utils.asgi import Request

from standards_db.datasette_plugin import links, words

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

ALSO = "_also"
WITHOUT_VALUE = ("isnull", "notnull", "isblank", "notblank")


@lru_cache
def offered_class() -> type:
    """Datasette's facet by column, for the columns that `_also` asks for and metadata.yml offers."""
    from datasette.facets import ColumnFacet  # not there yet when Datasette loads this plugin

    class Offered(ColumnFacet):  # type: ignore[misc]  # Datasette ships no types
        type = "also"

        def get_configs(self) -> list[dict[str, Any]]:
            offered = (self.metadata or {}).get("more_facets", [])
            asked = dict.fromkeys(self.request.args.getlist(ALSO))
            return [{"source": "request", "config": {"simple": name}} for name in asked if name in offered]

        async def facet_results(self) -> tuple[list[dict[str, Any]], list[str]]:
            found, late = await super().facet_results()
            closed = [self.ds.urls.path(path_with_removed_args(self.request, {ALSO: facet["name"]})) for facet in found]
            return [{**facet, "toggle_url": url} for facet, url in zip(found, closed, strict=True)], late

    return Offered


def more(datasette: Datasette, request: Request, table: str) -> list[dict[str, str]]:
    """The facets that this table still offers: the word for each and the address that adds it."""
    tables = links.tables_of(datasette)
    offered = tables.get(table, {}).get("more_facets", [])
    shown = request.args.getlist(ALSO)
    by_topic = []
    if table == "documents":  # a document may have several topics: they are counted where each is a row
        known = tables.get("topic_documents", {}).get("columns", {})
        kept = {name: request.args[name] for name in request.args if name in known}
        by_topic = [{"name": words.heading("topic"), "url": links.table_url(datasette, "topic_documents", **kept)}]
    return by_topic + [
        {
            "name": words.heading(column),
            "url": str(datasette.urls.path(path_with_added_args(request, {ALSO: column, "_next": None}))),
        }
        for column in offered
        if column not in shown
    ]


def in_order(datasette: Datasette, found: list[dict[str, Any]], table: str) -> list[dict[str, Any]]:
    """Facets as metadata.yml names them, so that they keep their place; those that a reader added come last."""
    named = links.tables_of(datasette).get(table, {}).get("facets", [])
    return sorted(found, key=lambda facet: named.index(facet["name"]) if facet["name"] in named else len(named))


def in_words(filters: Any, sort: str | None, sort_desc: str | None) -> list[str]:
    """What the rows of a table page were chosen by and in which order they stand."""
    said = [in_one(column, lookup, value) for column, lookup, value in filters.selections()]
    if sort or sort_desc:
        key = "table.sorted" if sort else "table.sorted_desc"
        said.append(words.say(key, column=words.heading(sort or sort_desc or "")))
    return said


def in_one(column: str, lookup: str, value: str) -> str:
    """One condition: the word for the column, the comparison, the word for the value."""
    is_flag = column.startswith("is_") or column.endswith("adopts")
    shown = (words.yes_no(value) if is_flag else None) or words.named(column, value)
    compared = words.named("comparison", lookup)
    return f"{words.heading(column)} {compared}" + ("" if lookup in WITHOUT_VALUE else f" {shown}")
