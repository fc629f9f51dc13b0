"""The page of one edition and of one work: status, relations both ways, law, what each source says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from standards_db.datasette_plugin.instrument import law_of
from standards_db.datasette_plugin.pages import lineage
from standards_db.datasette_plugin.pages.frame import Row, rows
from standards_db.datasette_plugin.words import named, say

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette
    from datasette.database import Database

DOCUMENT = """
select d.*, b.name as body_name, b.name_native as body_native, s.label as sphere_label,
  t.label as status_label, t.description as status_description, w.newest, w.newest_in_force, w.edition_count,
  (select i.id from instruments i where i.document = d.id) as instrument
from documents d
left join bodies b on b.key = d.body
left join spheres s on s.key = d.sphere
left join statuses t on t.key = d.status
left join works w on w.id = d.work
where d.id = :id
"""
TEXTS = "select keywords, abstract from document_texts where document = :id"
OUTGOING = """
select r.*, g.label as degree_label, t.identifier as target_name, t.title as target_title,
  t.title_zh as target_title_zh, t.status as target_status,
  t.is_in_force as target_in_force, (select 1 from works w where w.id = r.target_work) as is_work_held
from relations r
left join degrees g on g.key = r.degree
left join documents t on t.id = r.target_document
where r.document = :id order by r.type, r.target_text, r.id
"""
INCOMING = """
select r.*, g.label as degree_label, d.identifier, d.title, d.title_zh, d.sphere, s.label as sphere_label, d.status,
  u.label as status_label, d.is_in_force, coalesce(r.target_document, r.target_identifier) = :id as is_this_edition
from relations r
join documents d on d.id = r.document
left join spheres s on s.key = d.sphere
left join statuses u on u.key = d.status
left join degrees g on g.key = r.degree
where r.document <> :id and (r.target_document = :id or (r.target_document is null and r.target_edition_key is null
  and r.target_work = :work))
order by r.type, d.sphere, r.document, r.id limit 500
"""
ADOPTERS_OF_OTHERS = """
select r.*, g.label as degree_label, d.identifier, d.title, d.title_zh, d.sphere, s.label as sphere_label, d.status,
  u.label as status_label, d.is_in_force, coalesce(r.target_document, r.target_identifier) as target_edition
from relations r
join documents d on d.id = r.document
left join spheres s on s.key = d.sphere
left join statuses u on u.key = d.status
left join degrees g on g.key = r.degree
where r.type = 'adopts' and r.target_work = :work and coalesce(r.target_document, r.target_identifier) <> :id
  and (r.target_document is not null or r.target_edition_key is not null)
order by d.is_in_force desc, d.sphere, target_edition desc, r.document, r.id limit 200
"""
CHAINS = """
select path, degree, is_stale, is_circular from adoption_chains
where link_count > 1 and (document = :id or last_document = :id) order by document <> :id, path limit 50
"""
EDITIONS = """
select d.id, d.edition, d.title, d.title_zh, d.kind, d.status, t.label as status_label, d.published, d.withdrawn,
  d.year, d.valid_from, d.valid_until, d.valid_until_basis, d.is_in_force, d.is_newest, d.work as own_work
from documents d left join statuses t on t.key = d.status
where d.work = :work order by d.edition_key desc, d.published desc, d.id desc limit 200
"""
TOPICS = """
select x.topic, t.label, t.label_zh, x.rule, x.matched
from document_topics x join topics t on t.key = x.topic where x.document = :id order by t.label
"""
RECORDS = """
select r.source, s.title as source_title, s.tier, r.payload, r.page_url, r.page_sha256, r.retrieved_at, r.first_seen,
  r.last_seen, r.vanished_at
from source_records r left join sources s on s.key = r.source
where r.entity = :id order by s.tier, s.rank, r.source, r.key
"""
CONFLICTS = """
select c.*, a.title as kept_title, b.title as other_title
from conflicts c left join sources a on a.key = c.kept_source left join sources b on b.key = c.other_source
where c.entity = :id order by c.field, c.other_source
"""
CHANGES = "select * from changes where entity = :id order by observed_at desc, field limit 50"
CERTIFICATES = """
select count(distinct certificate) as certificates from certificate_standards where target_document = :id
"""
WORK_CERTIFICATES = """
select count(distinct certificate) as certificates from certificate_standards where target_work = :id
"""
WORK = """
select w.*, b.name as body_name, s.label as sphere_label
from works w left join bodies b on b.key = w.body left join spheres s on s.key = w.sphere where w.id = :id
"""
ADOPTERS = """
select a.*, s.label as sphere_label, g.label as degree_label, t.label as status_label,
  d.published, d.withdrawn, d.year, d.valid_from, d.valid_until, d.work as own_work
from adoptions a left join documents d on d.id = a.document
left join spheres s on s.key = a.sphere left join degrees g on g.key = a.degree
left join statuses t on t.key = a.status
where a.work = :id order by a.is_in_force desc, a.sphere, a.target_year desc, a.document desc limit 500
"""
WORK_TOPICS = """
select distinct x.topic, t.label, t.label_zh from document_topics x join topics t on t.key = x.topic
where x.document in (select id from documents where work = :id) order by t.label
"""
SAID = (
    "identifier_text",
    "title",
    "title_zh",
    "status_text",
    "published_text",
    "implemented_text",
    "withdrawn_text",
    "updated_text",
    "issuer_text",
    "committee",
    "ics",
)
READ_BACKWARDS = {
    "adopts": "is adopted by",
    "adopted by": "adopts",
    "supersedes": "is superseded by",
    "partly supersedes": "is partly superseded by",
    "superseded by": "supersedes",
    "to be superseded by": "is to supersede",
    "amends": "is amended by",
    "references": "is referenced by",
    "has twin text": "has twin text",
    "harmonised under": "is the basis of harmonisation for",
    "prepared for": "is what was prepared for by",
}
LOUD = {"superseded", "withdrawn", "historical", "revoked", "abandoned", "suspended"}
EARLY = {"draft", "upcoming", "on_approval"}


async def document(datasette: Datasette, db: Database, key: str) -> dict[str, Any] | None:
    found = await rows(db, DOCUMENT, {"id": key})
    if not found:
        return None
    record = found[0]
    params = {"id": key, "work": record["work"]}
    outgoing, incoming = await rows(db, OUTGOING, params), await rows(db, INCOMING, params)
    records = await rows(db, RECORDS, params)
    texts = await rows(db, TEXTS, params)
    return {
        "document": record,
        "texts": texts[0] if texts else {},
        "banner": banner(record, outgoing, incoming),
        "outgoing": outgoing,
        "incoming": [{**edge, "verb": READ_BACKWARDS.get(edge["type"], edge["type"])} for edge in incoming],
        "adopters_of_others": await rows(db, ADOPTERS_OF_OTHERS, params) if record["work"] else [],
        "chains": [{**chain, "steps": chain["path"].split(" > ")} for chain in await rows(db, CHAINS, params)],
        "editions": await rows(db, EDITIONS, params) if record["work"] else [],
        "topics": await rows(db, TOPICS, params),
        "records": records,
        "said": said(records),
        "law": await law_of(db, key, record["work"]),
        "conflicts": await rows(db, CONFLICTS, params),
        "changes": await rows(db, CHANGES, params),
        "certificates": (await rows(db, CERTIFICATES, {"id": record["id"]}))[0]["certificates"],
    }


async def work(datasette: Datasette, db: Database, key: str) -> dict[str, Any] | None:
    found = await rows(db, WORK, {"id": key})
    if not found:
        return None
    adopters = await rows(db, ADOPTERS, {"id": key})
    editions = await rows(db, EDITIONS, {"work": key})
    today = (await rows(db, "select as_of from snapshot"))[0]["as_of"]
    return {
        "work": found[0],
        "editions": editions,
        "adopters": adopters,
        "counts": adopter_counts(adopters),
        "timeline": lineage.chart(datasette, key, editions, adopters, today),
        "topics": await rows(db, WORK_TOPICS, {"id": key}),
        "certificates": (await rows(db, WORK_CERTIFICATES, {"id": key}))[0]["certificates"],
    }


def adopter_counts(adopters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per sphere: documents in force that adopt (IDT or MOD), and how many of them follow an edition since replaced."""
    counts: dict[str, dict[str, Any]] = {}
    for edge in adopters:
        if edge["is_adoption"] and edge["is_in_force"]:
            count = counts.setdefault(
                edge["sphere"], {"sphere": edge["sphere"], "label": edge["sphere_label"], "adopts": 0, "stale": 0}
            )
            count["adopts"] += 1
            count["stale"] += edge["is_stale"] == 1
    return list(counts.values())


def banner(record: Row, outgoing: list[Row], incoming: list[Row]) -> Row | None:
    """The loud mark: `level` (stop, wait, note), `text`, `why`, `replaced_by` ids. None when all is well."""
    replaced_by = replacements(record, outgoing, incoming)
    status = record["status"]
    why = sentence(named("status_about", status, record["status_description"]))
    if status in LOUD:
        text = named("status", status, record["status_label"]).upper()
        return {"level": "stop", "text": text, "why": why, "replaced_by": replaced_by}
    if status in EARLY or record["kind"] == "draft":
        text = named("status", status or "draft", record["status_label"]).upper()
        return {"level": "wait", "text": text, "why": why, "replaced_by": []}
    if not record["is_in_force"]:
        why = sentence(named("in_force_basis", record.get("in_force_basis")))
        return {"level": "stop", "text": say("document.not_in_force"), "why": why, "replaced_by": replaced_by}
    if record["newest"] and record["newest"] != record["id"] and not record["is_newest"]:
        text, why = say("document.newer_exists"), say("document.newer_exists_about")
        return {"level": "note", "text": text, "why": why, "replaced_by": [record["newest"]]}
    return None


def sentence(text: str) -> str:
    """A note of the data as a sentence: a capital first, a full stop last."""
    return f"{text[:1].upper()}{text[1:].rstrip('.。')}{say('full_stop')}" if text else ""


def replacements(record: Row, outgoing: list[Row], incoming: list[Row]) -> list[str]:
    """What replaces a document: what it or its successor states, else the newest edition of its work in force."""
    stated = [edge["target_document"] or edge["target_text"] for edge in outgoing if edge["type"] == "superseded by"]
    stated += [edge["document"] for edge in incoming if edge["type"] in ("supersedes", "partly supersedes")]
    if not stated and record["newest_in_force"] and record["newest_in_force"] != record["id"]:
        stated = [record["newest_in_force"]]
    return list(dict.fromkeys(stated))


def said(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines of the box "what each source says": field, one printed text per source, and whether they differ."""
    payloads = [json.loads(record["payload"] or "{}") for record in records]
    lines = []
    for name in SAID:
        texts = [payload.get(name) for payload in payloads]
        if any(texts):
            stated = {text for text in texts if text}
            lines.append({"field": name, "texts": texts, "differs": len(stated) > 1})
    return lines
