"""What machines read: the description of the JSON endpoints, sitemap.xml and robots.txt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from datasette.database import Database
from datasette.utils import tilde_encode
from datasette.utils.asgi import Request, Response

from standards_db.datasette_plugin import language, links, words
from standards_db.datasette_plugin.pages.frame import kept, no_snapshot, rows, snapshot_of

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

PARAMETER = re.compile(r":([a-z_]+)\b")
OPERATORS = "exact, not, contains, startswith, gt, gte, lt, lte, in, notin, isnull, notnull"
PAGES = (
    "/",
    "/methods",
    "/coverage",
    "/data-health",
    "/compare",
    "/recipes",
    *(f"/pair/{a}" for a in ("cn/eu", "cn/us", "eu/us")),
)
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
MOST = 45_000  # of 50,000 addresses that one sitemap may hold
# Published documents lie in the order of their ids.
RECORDS = """
select 'topics' as name, key from topics union all select 'bodies', key from bodies where key in
  (select body from document_counts) union all select 'schemes', key from schemes
union all select * from (select 'documents', id from documents where is_in_force = 1 order by rowid limit :most)
"""


async def openapi(datasette: Datasette, request: Request) -> Response:
    """`/-/openapi.json`: every table and saved question as an operation of OpenAPI 3.1, from metadata.yml."""
    await datasette.ensure_permissions(request.actor, ["view-instance"])
    about = (datasette.metadata("databases") or {}).get(links.DATABASE, {})
    paths = {
        f"/{links.DATABASE}/{name}.json": operation(name, table, table_parameters(table))
        for name, table in about.get("tables", {}).items()
        if not table.get("hidden")
    }
    for name, query in about.get("queries", {}).items():
        names = dict.fromkeys(PARAMETER.findall(query["sql"]))
        asked = [parameter(one, "A value of the question; blank shows all.") for one in names]
        paths[f"/{links.DATABASE}/{name}.json"] = operation(name, query, [*asked, SHAPE])
    description = {
        "openapi": "3.1.0",
        "info": {
            "title": links.about(datasette)["title"],
            "description": links.about(datasette)["description"] or "",
            "version": "1",
        },
        "servers": [{"url": datasette.absolute_url(request, str(datasette.urls.instance())).rstrip("/")}],
        "paths": paths,
    }
    return Response.json(description)


def parameter(name: str, text: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": kind}}


SHAPE = parameter("_shape", "array gives the rows alone")


def table_parameters(table: dict[str, Any]) -> list[dict[str, Any]]:
    columns = [
        parameter(name, f"{text}. Add __ and an operator for other comparisons: {OPERATORS}.")
        for name, text in table.get("columns", {}).items()
    ]
    paging = [
        parameter("_size", "Rows a page, at most 2,000", "integer"),
        parameter("_next", "The `next` of the answer before"),
        parameter("_sort", "Column to sort by"),
        parameter("_sort_desc", "Column to sort by, largest first"),
    ]
    return [*columns, *paging, SHAPE]


def operation(name: str, about: dict[str, Any], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "get": {
            "operationId": name,
            "summary": about.get("title", name),
            "description": about.get("description", ""),
            "parameters": parameters,
            "responses": {
                "200": {
                    "description": "Rows",
                    "content": {"application/json": {"schema": {"type": ["object", "array"]}}},
                },
                "400": {"description": "A filter that is not understood, or an answer that takes too long"},
            },
        }
    }


async def sitemap(datasette: Datasette, request: Request) -> Response:
    """`/sitemap.xml`: the designed pages, topics, bodies, schemes, questions and documents in force."""
    db = await snapshot_of(datasette)
    if db is None:
        return await no_snapshot(datasette, request)
    addresses = await kept(db, "sitemap", lambda: paths(datasette, db))
    host = datasette.absolute_url(request, "/").rstrip("/")
    places = "".join(f"<url><loc>{escape(host + path)}</loc></url>" for path in addresses)
    body = f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{SITEMAP}">{places}</urlset>'
    return Response(body, content_type="application/xml; charset=utf-8")


async def paths(datasette: Datasette, db: Database) -> list[str]:
    """The addresses that the sitemap lists, without the host."""
    questions = links.queries_of(datasette)
    prefixes = ["", *(f"/{code}" for code in words.languages() if code != language.own(datasette))]
    found = await rows(db, RECORDS, {"most": MOST})
    tables = {name: links.table_url(datasette, name) for name in {row["name"] for row in found}}
    return [
        *(str(datasette.urls.path(f"{prefix}{page}")) for prefix in prefixes for page in PAGES),
        *(links.table_url(datasette, name) for name in questions),
        *(f"{tables[row['name']]}/{tilde_encode(row['key'])}" for row in found),
    ]


async def robots(datasette: Datasette, request: Request) -> Response:
    """`/robots.txt`: pages may be read, endless combinations of filters and searches not."""
    sitemap_url = datasette.absolute_url(request, str(datasette.urls.path("/sitemap.xml")))
    lines = (
        "User-agent: *",
        "Disallow: /*?",
        "Disallow: /-/",
        "Disallow: /*/-/",
        "Crawl-delay: 2",
        f"Sitemap: {sitemap_url}",
        "",
    )
    return Response.text("\n".join(lines))
