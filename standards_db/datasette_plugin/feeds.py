"""Atom: the rows of any table page or saved question as a feed, so that a reader is told when an answer changes.

An entry's id is a hash of its row: a row that changes is a new entry, a row that stays is not.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from datasette.utils.asgi import Request, Response

from standards_db.datasette_plugin import links
from standards_db.datasette_plugin.charts.svg import clean
from standards_db.datasette_plugin.pages.frame import first, snapshot_of

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

ATOM = "http://www.w3.org/2005/Atom"
TITLE_COLUMNS = ("identifier", "document", "entity", "product", "vendor", "work", "name", "label", "id")
TIME_COLUMNS = ("observed_at", "retrieved_at", "first_seen", "finished_at", "issued", "published")
SHOWN = 200
SNAPSHOT = "select built_at, as_of from snapshot limit 1"


def can_render(columns: list[str], database: str) -> bool:
    return database == links.DATABASE and bool(columns)


async def render(
    datasette: Datasette,
    request: Request,
    columns: list[str],
    rows: list[Any],
    query_name: str | None,
    table: str | None,
) -> Response:
    """The feed of at most SHOWN rows, in the order of the page."""
    db = await snapshot_of(datasette)
    snapshot = await first(db, SNAPSHOT) if db is not None else None
    built = snapshot["built_at"] if snapshot else "1970-01-01T00:00:00Z"
    html = datasette.absolute_url(request, request.full_path.replace(".atom", "", 1))
    feed = ElementTree.Element("feed", {"xmlns": ATOM})
    add(feed, "title", f"{links.about(datasette)['title']}: {title_of(datasette, query_name, table)}")
    add(feed, "id", html)
    add(feed, "updated", built)
    ElementTree.SubElement(feed, "link", {"rel": "self", "href": datasette.absolute_url(request, request.full_path)})
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": html})
    author = ElementTree.SubElement(feed, "author")
    add(author, "name", links.about(datasette)["title"])
    for row in rows[:SHOWN]:
        entry(datasette, request, feed, dict(zip(columns, tuple(row), strict=True)), html, built)
    body = ElementTree.tostring(feed, encoding="unicode", xml_declaration=False)
    return Response(
        f'<?xml version="1.0" encoding="utf-8"?>\n{body}', content_type="application/atom+xml; charset=utf-8"
    )


def entry(
    datasette: Datasette, request: Request, feed: ElementTree.Element, row: dict[str, Any], html: str, built: str
) -> None:
    plain = {name: value for name, value in row.items() if not isinstance(value, bytes)}
    digest = hashlib.sha256(json.dumps(plain, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()
    one = ElementTree.SubElement(feed, "entry")
    named = [str(row[name]) for name in TITLE_COLUMNS if row.get(name)][:1]
    titles = [str(row[name]) for name in ("title_zh", "title") if row.get(name)]
    add(one, "title", " ".join([*named, *titles]) or "row")
    add(one, "id", f"urn:sha256:{digest}")
    add(one, "updated", next((moment(row[name]) for name in TIME_COLUMNS if row.get(name)), built))
    add(one, "content", "\n".join(f"{name}: {value}" for name, value in plain.items() if value not in (None, "")))
    document = row.get("document") or row.get("entity")
    path = links.standard_url(datasette, str(document)) if document else None
    ElementTree.SubElement(one, "link", {"href": datasette.absolute_url(request, path) if path else html})


def title_of(datasette: Datasette, query_name: str | None, table: str | None) -> str:
    if query_name:
        query = (datasette.metadata("queries", database=links.DATABASE) or {}).get(query_name, {})
        return str(query.get("title", query_name))
    return str(datasette.metadata("title", database=links.DATABASE, table=table, fallback=False) or table or "rows")


def moment(value: Any) -> str:
    """A day or time of the database as RFC 3339."""
    text = str(value)
    if len(text) == 4:
        return f"{text}-01-01T00:00:00Z"
    if len(text) == 7:
        return f"{text}-01T00:00:00Z"
    return f"{text}T00:00:00Z" if len(text) == 10 else text


def add(parent: ElementTree.Element, tag: str, words: str) -> None:
    ElementTree.SubElement(parent, tag).text = clean(words)
