"""From what each source says to one row per thing: documents, certificates, memberships with their topics and edges.

The primary source is kept before a secondary one, then the source of lower rank, then the newer page; the others fill
blanks. Where two sources contradict each other the contradiction becomes a row in `conflicts`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from standards_db.merge import CONTRADICTABLE, LISTS, coarser, tracked

PROVENANCE = ("source", "page_url", "page_sha256", "retrieved_at", "archive_ref", "run")
NOT_COLUMNS = {*LISTS, "keywords", "abstract"}
REPEATABLE = {"document_topics", "certificate_standards"}  # a page may state the same twice
TABLES = {
    "document": "documents",
    "certificate": "certificates",
    "membership": "memberships",
    "exclusion": "exclusions",
}


def rebuild(connection: sqlite3.Connection, entities: Iterable[str], run: int) -> None:
    """Write the rows of these entities anew from `records`. Runs inside the caller's transaction."""
    ordered = sorted(entities)
    for start in range(0, len(ordered), 500):
        batch = json.dumps(ordered[start : start + 500])
        forget(connection, batch)
        inserts = Inserts()
        for entity, records in records_of(connection, batch):
            note_conflicts(connection, entity, records, run)
            write(inserts, entity, records[0]["kind"], combined(records), records)
        inserts.run(connection)


class Inserts:
    """Rows to be inserted, gathered so that one statement writes all that have the same columns."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, ...], list[list[Any]]] = {}

    def add(self, table: str, row: dict[str, Any]) -> None:
        self.rows.setdefault((table, *row), []).append(list(row.values()))

    def run(self, connection: sqlite3.Connection) -> None:
        for (table, *names), rows in self.rows.items():
            marks = ",".join("?" * len(names))
            insert = "insert or ignore" if table in REPEATABLE else "insert"
            connection.executemany(f"{insert} into {table} ({','.join(names)}) values ({marks})", rows)


def records_of(connection: sqlite3.Connection, entities: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each of the entities (a JSON list) with its records, the one to be kept first."""
    cursor = connection.execute(
        "select r.*, s.tier from records r join sources s on s.key=r.source"
        " where r.entity in (select value from json_each(?))"
        " order by r.entity, r.vanished_at is not null, s.tier, s.rank, r.retrieved_at desc, r.source, r.key",
        [entities],
    )
    names = [column[0] for column in cursor.description]
    rows = (dict(zip(names, row, strict=True)) for row in cursor.fetchall())
    for entity, group in groupby(rows, key=lambda row: row["entity"]):
        records = list(group)
        for record in records:
            record["payload"] = json.loads(record["payload"])
        yield entity, records


def forget(connection: sqlite3.Connection, entities: str) -> None:
    """Delete the rows of the entities (a JSON list) in every table."""
    listed = "in (select value from json_each(?))"
    for table, column in (
        ("document_texts", "document"),
        ("document_topics", "document"),
        ("relations", "document"),
        ("certificate_standards", "certificate"),
        ("documents", "id"),
        ("certificates", "id"),
        ("memberships", "id"),
        ("exclusions", "id"),
    ):
        connection.execute(f"delete from {table} where {column} {listed}", [entities])
    connection.execute(f"delete from conflicts where entity {listed} and kept_source<>other_source", [entities])


def combined(records: list[dict[str, Any]]) -> dict[str, Any]:
    """The kept record's payload with its blanks filled from the others. A value travels with its printed text."""
    payload = dict(records[0]["payload"])
    for other in records[1:]:
        for name, value in other["payload"].items():
            if name in LISTS or value is None or payload.get(name) is not None:
                continue
            if name.endswith("_text") and f"{name[:-5]}" in payload and payload[name[:-5]] is not None:
                continue
            if f"{name}_text" in payload and payload[f"{name}_text"] is not None:
                continue
            payload[name] = value
        topics = {topic[0]: topic for topic in (*other["payload"].get("topics", ()), *payload.get("topics", ()))}
        payload["topics"] = [topics[key] for key in sorted(topics)]
    return payload


def note_conflicts(connection: sqlite3.Connection, entity: str, records: list[dict[str, Any]], run: int) -> None:
    kept = records[0]
    for other in records[1:]:
        if other["source"] == kept["source"]:
            continue
        for name in CONTRADICTABLE:
            mine, theirs = tracked(kept["payload"], name), tracked(other["payload"], name)
            if mine is None or theirs is None or mine == theirs or coarser(mine, theirs):
                continue
            if name == "adoptions" and not degrees_differ(kept["payload"], other["payload"]):
                continue
            connection.execute(
                "insert or replace into conflicts values (?,?,?,?,?,?,?,?,?)",
                [
                    entity,
                    name,
                    kept["source"],
                    mine,
                    other["source"],
                    theirs,
                    other["page_url"],
                    other["retrieved_at"],
                    run,
                ],
            )


def degrees_differ(mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """One adopted work with two degrees is a contradiction; an adoption that only one source knows is not."""
    degrees = {
        r["target_work"]: r["degree"] for r in mine.get("relations", ()) if r["type"] == "adopts" and r["degree"]
    }
    return any(
        r["degree"] and degrees.get(r["target_work"], r["degree"]) != r["degree"]
        for r in theirs.get("relations", ())
        if r["type"] == "adopts"
    )


def write(inserts: Inserts, entity: str, kind: str, payload: dict[str, Any], records: list[dict[str, Any]]) -> None:
    first = records[0]
    row = {
        "id": entity,
        **{name: value for name, value in payload.items() if name not in NOT_COLUMNS},
        **{name: first[name] for name in PROVENANCE},
        "first_seen": min(record["first_seen"] for record in records),
        "last_seen": max(record["last_seen"] for record in records),
        "vanished_at": first["vanished_at"],
    }
    if kind != "membership":
        row["tier"] = first["tier"]
    if kind == "document":
        others = sorted({record["source"] for record in records} - {first["source"]})
        row["other_sources"] = ", ".join(others) or None
    inserts.add(TABLES[kind], row)
    if kind == "document":
        write_document_parts(inserts, entity, payload, records)
    if kind == "certificate":
        names = ("type", "target_text", "target_identifier", "target_work")
        for standard in payload["standards"]:
            values = dict(zip(names, standard, strict=True))
            inserts.add("certificate_standards", {"certificate": entity, **values})


def write_document_parts(inserts: Inserts, entity: str, payload: dict[str, Any], records: list[dict[str, Any]]) -> None:
    texts = {name: payload.get(name) for name in ("keywords", "abstract")}
    if any(texts.values()):
        inserts.add("document_texts", {"document": entity, **texts})
    for topic, rule, matched in payload["topics"]:
        inserts.add("document_topics", {"document": entity, "topic": topic, "rule": rule, "matched": matched})
    taken: set[tuple[str, str]] = set()
    for record in records:
        for relation in record["payload"].get("relations", ()):
            mark = (relation["type"], relation["target_identifier"] or relation["target_text"])
            if mark in taken:
                continue
            taken.add(mark)
            columns = {name: value for name, value in relation.items() if name != "citations"}  # see instruments
            inserts.add("relations", {"document": entity, **columns, **{n: record[n] for n in PROVENANCE}})
