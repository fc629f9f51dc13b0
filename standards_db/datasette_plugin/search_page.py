"""One search over documents and certificates in both languages, and the address that finds a standard by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from datasette.database import Database, QueryInterrupted
from datasette.utils import tilde_decode
from datasette.utils.asgi import Request, Response

from standards_db.datasette_plugin.links import row_url, table_url, tracker_database
from standards_db.datasette_plugin.pages.frame import rows
from standards_db.datasette_plugin.words import say
from standards_db.identifiers import parse

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

SHOWN = 25
QUERY_LIMIT = 200

# `rank` is the full-text score (lower is better). Of the best, documents in force come first: to look up the standing
# of every match of a frequent word takes longer than to rank them.
DOCUMENTS = """
with best as materialized (
  select rowid as place, rank as score from documents_fts where documents_fts match escape_fts(:q)
  order by rank limit 1000
)
select d.id, d.identifier, d.identifier_text, d.title, d.title_zh, d.sphere, s.label as sphere_label, d.body, d.status,
  t.label as status_label, d.is_in_force, d.year
from best
join documents d on d.rowid = best.place
left join spheres s on s.key = d.sphere
left join statuses t on t.key = d.status
order by d.is_in_force desc, best.score, d.id limit :shown
"""
DOCUMENT_COUNT = "select count(*) as found from documents_fts where documents_fts match escape_fts(:q)"
CERTIFICATES = """
select c.id, c.number, c.vendor, c.product, coalesce(m.title, c.scheme_text) as scheme, c.level, c.issued, c.sphere,
  s.label as sphere_label, t.label as status_label, c.status
from certificates_fts f
join certificates c on c.rowid = f.rowid
left join spheres s on s.key = c.sphere
left join statuses t on t.key = c.status
left join schemes m on m.key = c.scheme
where certificates_fts match escape_fts(:q)
order by f.rank, c.id limit :shown
"""
CERTIFICATE_COUNT = "select count(*) as found from certificates_fts where certificates_fts match escape_fts(:q)"
ONE_DOCUMENT = "select id from documents where id in (:printed, :canonical) limit 1"
ONE_WORK = "select id from works where id in (:printed, :canonical, :undated) order by id = :undated limit 1"


async def search(datasette: Datasette, request: Request) -> Response:
    """`/-/search?q=`: the best documents and certificates, with links to all of them."""
    await datasette.ensure_permissions(request.actor, ["view-instance"])
    query = (request.args.get("q") or "").strip()[:QUERY_LIMIT]
    db = tracker_database(datasette)
    context: dict[str, Any] = {"q": query, "problem": None, "documents": [], "certificates": [], "exact": None}
    if db is None or not await db.table_exists("snapshot"):
        context["problem"] = say("search.no_snapshot")
    elif query:
        try:
            context.update(await find(datasette, db, query))
        except QueryInterrupted:
            context["problem"] = say("search.too_long")
    return Response.html(await datasette.render_template("search.html", context, request=request, view_name="search"))


async def find(datasette: Datasette, db: Database, query: str) -> dict[str, Any]:
    params = {"q": query, "shown": SHOWN}
    return {
        "exact": await address_of(datasette, db, query),
        "documents": await rows(db, DOCUMENTS, params),
        "document_count": (await rows(db, DOCUMENT_COUNT, params))[0]["found"],
        "all_documents": table_url(datasette, "documents", _search=query),
        "certificates": await rows(db, CERTIFICATES, params),
        "certificate_count": (await rows(db, CERTIFICATE_COUNT, params))[0]["found"],
        "all_certificates": table_url(datasette, "certificates", _search=query),
    }


async def address_of(datasette: Datasette, db: Database, text: str) -> str | None:
    """The page of the edition or work that `text` names in any spelling, or None."""
    identifier = parse(text)
    params = {
        "printed": text,
        "canonical": str(identifier) if identifier else None,
        "undated": identifier.undated if identifier else None,
    }
    for sql, table in ((ONE_DOCUMENT, "documents"), (ONE_WORK, "works")):
        if found := await rows(db, sql, params):
            return row_url(datasette, table, found[0]["id"])
    return None


async def standard(datasette: Datasette, request: Request) -> Response:
    """`/standard/<identifier>`: sends the reader to the page of that edition or work; 404 with advice when not held."""
    await datasette.ensure_permissions(request.actor, ["view-instance"])
    text = unquote(tilde_decode(request.url_vars["identifier"])).strip()[:QUERY_LIMIT]
    db = tracker_database(datasette)
    held = db is not None and await db.table_exists("snapshot")
    if held and (address := await address_of(datasette, db, text)):
        return Response.redirect(address)
    identifier = parse(text)
    context = {
        "asked": text,
        "understood": str(identifier) if identifier else None,
        "work": identifier.undated if identifier else None,
        "status": 404,
    }
    page = await datasette.render_template("404.html", context, request=request, view_name="standard")
    return Response.html(page, status=404)
