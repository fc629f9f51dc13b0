"""Legal instruments and the standards beside them: curated acts, crawled acts, and acts that only a register names.

Both tables are derived and rebuilt each time: instruments from the curated file and the acts of the documents table,
their standards from the printed edges to acts of law (with the publications behind them) and from the curated file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from standards_db.acts import FORMS, address, celex_of
from standards_db.facts import load
from standards_db.identifiers import parse
from standards_db.records import LEGAL_RELATIONS, METHODS

Row = dict[str, Any]
CRAWLED = """
select id as document, identifier_text as celex, title as official_title, sphere, published as adopted,
  implemented as in_force, withdrawn as repealed, url, page_url as source_url
from documents where kind = 'act' and identifier_text is not null order by id
"""
EDGES = """
select r.source, r.page_url, r.retrieved_at, j.value, d.id, d.identifier, d.identifier_text, d.work, d.sphere
from records r join documents d on d.id = r.entity, json_each(r.payload, '$.relations') j
where r.vanished_at is null and json_extract(j.value, '$.type') in (select value from json_each(:types))
  and r.entity in (select document from relations where type in (select value from json_each(:types)))
order by r.entity, r.source, r.key, j.key
"""
# The edges to acts in `relations` end at the act's own document where one is held.
ACTS = """
update relations set resolution = 'instrument', target_document = (
    select i.document from instrument_standards s join instruments i on i.id = s.instrument
    where s.target_document = relations.document and s.act_text = relations.target_text
      and s.relation = relations.type limit 1)
where type in (select value from json_each(:types)) and exists (
    select 1 from instrument_standards s where s.target_document = relations.document
      and s.act_text = relations.target_text and s.relation = relations.type and s.instrument is not null)
"""
UNKNOWN_ACTS = """
update relations set resolution = 'act of law not held'
where type in (select value from json_each(:types)) and resolution is not 'instrument'
"""
COUNTS = """
update instruments set standard_count = (
    select count(distinct coalesce(s.target_document, s.target_identifier, s.target_text))
    from instrument_standards s where s.instrument = instruments.id)
"""


@dataclass
class Instruments:
    """Rows by id, and the id of each by CELEX number."""

    rows: dict[str, Row] = field(default_factory=dict)
    by_celex: dict[str, str] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        self.rows[row["id"]] = row
        if row.get("celex"):
            self.by_celex[row["celex"]] = row["id"]

    def find(self, text: str | None, form: str | None = None) -> str | None:
        """The id of the act that a printed text names, None when it is none of the held ones or not one alone."""
        held = {self.by_celex[number] for number in celex_of(text, form) if number in self.by_celex}
        return held.pop() if len(held) == 1 else None

    def name(self, text: str, sphere: str) -> str | None:
        """As `find`; an act that is held nowhere, whose number leaves no doubt, is added under that number."""
        if found := self.find(text):
            return found
        numbers = celex_of(text)
        if len(numbers) != 1:
            return None
        [celex] = numbers
        self.add({"id": celex, "title": text, "sphere": sphere, "celex": celex, "basis": "named by a register"})
        return celex


def build(connection: sqlite3.Connection) -> None:
    """Fill both tables and point the edges to acts at what was found. Inside the caller's transaction."""
    types = {"types": json.dumps(LEGAL_RELATIONS)}
    held = Instruments()
    for row in curated():
        held.add(row)
    for row in query(connection, CRAWLED, {}):
        take_crawled(held, row)
    standards = [*stated(held, query(connection, EDGES, types)), *cited(held, connection)]
    connection.execute("delete from instrument_standards")
    connection.execute("delete from instruments")
    insert(connection, "instruments", [complete(row) for row in held.rows.values()])
    insert(connection, "instrument_standards", standards)
    connection.execute(COUNTS)
    connection.execute(ACTS, types)
    connection.execute(UNKNOWN_ACTS, types)


def query(connection: sqlite3.Connection, sql: str, values: Row) -> list[Row]:
    cursor = connection.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def insert(connection: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    for row in rows:
        names = ", ".join(row)
        connection.execute(f"insert into {table} ({names}) values ({', '.join('?' * len(row))})", list(row.values()))


def curated() -> Iterator[Row]:
    for fact in load("instruments"):
        official = fact["official_id"] or None
        numbers = celex_of(official) if official and official.startswith("CELEX:") else ()
        yield {
            "id": fact["id"],
            "title": fact["title"],
            "sphere": fact["sphere"],
            "kind": fact["kind"],
            "celex": numbers[0] if numbers else None,
            "official_id": official,
            "topics": fact["topics"] or None,
            "subjects": fact["subjects"] or None,
            "adopted": fact["adopted_date"] or None,
            "in_force": fact["in_force_date"] or None,
            "basis": "curated",
            "source_url": fact["source_url"],
            "confidence": fact["confidence"],
        }


def take_crawled(held: Instruments, row: Row) -> None:
    """A crawled act: an instrument of its own, or what fills the blanks of the curated one with its number."""
    numbers = celex_of(row["celex"])
    if not numbers:  # consolidated texts and corrigenda have numbers of another sector or shape
        return
    known = held.by_celex.get(numbers[0])
    if known is None:
        held.add({**row, "id": numbers[0], "title": row["official_title"] or numbers[0], "basis": "register"})
        return
    kept = held.rows[known]
    filled = {name: kept.get(name) or value for name, value in row.items()}
    held.add({**kept, **filled, "basis": "curated, and in the register"})


def complete(row: Row) -> Row:
    celex = row.get("celex")
    return {
        **row,
        "form": FORMS[celex[5]] if celex else None,
        "url": row.get("url") or (address(celex) if celex else None),
        "source_url": row.get("source_url") or (address(celex) if celex else None),
    }


def stated(held: Instruments, edges: list[Row]) -> Iterator[Row]:
    """One row per printed edge to an act and publication behind it."""
    for row in edges:
        edge = json.loads(row["value"])
        for citation in edge.get("citations") or [{}]:
            decision_text = citation.get("decision_text")
            decision = next(iter(celex_of(decision_text, "D")), None)
            yield {
                "instrument": held.name(edge["target_text"], row["sphere"]),
                "act_text": edge["target_text"],
                "relation": edge["type"],
                "target_text": row["identifier_text"],
                "target_identifier": row["identifier"],
                "target_work": row["work"],
                "target_document": row["id"],
                "resolution": "exact",
                **citation,
                "decision": held.find(decision_text, "D"),
                "decision_url": address(decision) if decision else None,
                "evidence": edge["evidence"],
                "method": edge["method"],
                "confidence": edge["confidence"],
                "source": row["source"],
                "source_url": row["page_url"],
                "retrieved_at": row["retrieved_at"],
            }


def cited(held: Instruments, connection: sqlite3.Connection) -> Iterator[Row]:
    """The standards that the curated file names beside an act."""
    for fact in load("instruments"):
        for text in filter(None, (part.strip() for part in fact["standards_cited"].split(";"))):
            target = parse(text)
            identifier = str(target) if target else None
            found = connection.execute("select id from documents where id = ?", [identifier]).fetchone()
            document = found[0] if found and target and target.is_dated else None
            yield {
                "instrument": fact["id"],
                "act_text": fact["title"],
                "relation": fact["relation"],
                "target_text": text,
                "target_identifier": identifier,
                "target_work": target.undated if target else None,
                "target_document": document,
                "resolution": resolution(target is not None, bool(target and target.is_dated), document),
                "method": "curated fact",
                "confidence": METHODS["source field"] if fact["confidence"] == "verified" else METHODS["source text"],
                "source_url": fact["source_url"],
            }


def resolution(is_read: bool, is_dated: bool, document: str | None) -> str:
    if not is_read:
        return "identifier not understood"
    if document:
        return "exact"
    return "edition not held" if is_dated else "no edition stated"
