"""Two documents side by side, found by any spelling; two spheres go to the page of their pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette.database import Database
from datasette.utils.asgi import Request, Response

from standards_db.datasette_plugin.pages.frame import Row, first, no_snapshot, render, rows, snapshot_of
from standards_db.datasette_plugin.search_page import ONE_DOCUMENT, QUERY_LIMIT
from standards_db.identifiers import parse

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

NEWEST = "select coalesce(newest_in_force, newest) as id from works where id in (:printed, :undated) limit 1"
DOCUMENT = """
select d.*, b.name as body_name, s.label as sphere_label, t.label as status_label, x.keywords, x.abstract
from documents d left join bodies b on b.key = d.body left join spheres s on s.key = d.sphere
left join statuses t on t.key = d.status left join document_texts x on x.document = d.id where d.id = :id
"""
TOPICS = """
select x.topic, t.label, t.label_zh, max(x.document = :a) as in_a, max(x.document = :b) as in_b
from document_topics x join topics t on t.key = x.topic where x.document in (:a, :b) group by 1 order by t.label
"""
BETWEEN = """
select r.*, g.label as degree_label from relations r left join degrees g on g.key = r.degree
where (r.document = :a and (r.target_document = :b or r.target_work = :work_b))
  or (r.document = :b and (r.target_document = :a or r.target_work = :work_a)) order by r.id
"""
SHARED = """
select a.target_work as work, a.type as type_a, a.degree as degree_a, a.target_identifier as edition_a,
  b.type as type_b,
  b.degree as degree_b, b.target_identifier as edition_b, w.title, w.title_zh, w.id is not null as is_held
from relations a join relations b on b.target_work = a.target_work and b.document = :b
left join works w on w.id = a.target_work
where a.document = :a and a.target_work not in (:work_a, :work_b) group by 1, 2, 5 order by 1 limit 100
"""
SPHERES = "select key, label from spheres where key in ('cn', 'eu', 'us') order by label"


async def page(datasette: Datasette, request: Request) -> Response:
    """`/compare?a=&b=`: a form, then both documents in two columns with what joins and what separates them."""
    db = await snapshot_of(datasette)
    if db is None:
        return await no_snapshot(datasette, request)
    asked = {side: (request.args.get(side) or "").strip()[:QUERY_LIMIT] for side in ("a", "b")}
    spheres = await rows(db, SPHERES)
    keys = {sphere["key"] for sphere in spheres}
    if set(asked.values()) <= keys and asked["a"] != asked["b"]:
        a, b = sorted(asked.values())
        return Response.redirect(str(datasette.urls.path(f"/pair/{a}/{b}")))
    found = {side: await document(db, text) for side, text in asked.items()}
    context: Row = {"asked": asked, "found": found, "spheres": spheres, "missing": []}
    if asked["a"] or asked["b"]:
        context["missing"] = [asked[side] for side in ("a", "b") if asked[side] and found[side] is None]
    if found["a"] and found["b"]:
        context.update(await between(db, found["a"], found["b"]))
    return await render(datasette, request, "compare.html", context, "compare")


async def document(db: Database, text: str) -> Row | None:
    """The edition that `text` names in any spelling; of a work its newest edition in force, else its newest."""
    if not text:
        return None
    identifier = parse(text)
    names = {
        "printed": text,
        "canonical": str(identifier) if identifier else None,
        "undated": identifier.undated if identifier else None,
    }
    key = await first(db, ONE_DOCUMENT, names) or await first(db, NEWEST, names)
    return await first(db, DOCUMENT, key) if key and key["id"] else None


async def between(db: Database, a: Row, b: Row) -> Row:
    params = {"a": a["id"], "b": b["id"], "work_a": a["work"] or "", "work_b": b["work"] or ""}
    return {
        "topics": await rows(db, TOPICS, params),
        "between": await rows(db, BETWEEN, params),
        "shared": await rows(db, SHARED, params),
    }
