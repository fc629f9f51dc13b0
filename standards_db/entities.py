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
TABLES = {"document": "documents", "certificate": "certificates", "membership": "memberships"}


def rebuild(connection: sqlite3.Connection, entities: Iterable[str], run: int) -> None:
    """Write the rows of these entities anew from `records`. Runs inside the caller's transaction."""
    ordered = sorted(entities)
    for start in range(0, len(ordered), 500):
        batch = tuple(ordered[start : start + 500])
        for entity in batch:
            forget(connection, entity)
        for entity, records in records_of(connection, batch):
            kind = records[0]["kind"]
            payload = combined(records)
            note_conflicts(connection, entity, records, run)
            write(connection, entity, kind, payload, records)


def records_of(connection: sqlite3.Connection, entities: tuple[str, ...]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each entity with its records, the one to be kept first."""
    cursor = connection.execute(
        "select r.*, s.tier from records r join sources s on s.key=r.source"
        " where r.entity in (select value from json_each(?))"
        " order by r.entity, r.vanished_at is not null, s.tier, s.rank, r.retrieved_at desc, r.source, r.key",
        [json.dumps(entities)],
    )
    names = [column[0] for column in cursor.description]
    rows = (dict(zip(names, row, strict=True)) for row in cursor.fetchall())
    for entity, group in groupby(rows, key=lambda row: row["entity"]):
        records = list(group)
        for record in records:
            record["payload"] = json.loads(record["payload"])
        yield entity, records


def forget(connection: sqlite3.Connection, entity: str) -> None:
    for table, column in (
        ("document_texts", "document"),
        ("document_topics", "document"),
        ("relations", "document"),
        ("certificate_standards", "certificate"),
        ("documents", "id"),
        ("certificates", "id"),
        ("memberships", "id"),
    ):
        connection.execute(f"delete from {table} where {column}=?", [entity])
    connection.execute("delete from conflicts where entity=? and kept_source<>other_source", [entity])


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


def write(
    connection: sqlite3.Connection, entity: str, kind: str, payload: dict[str, Any], records: list[dict[str, Any]]
) -> None:
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
    insert(connection, TABLES[kind], row)
    if kind == "document":
        write_document_parts(connection, entity, payload, records)
    if kind == "certificate":
        connection.executemany(
            "insert or ignore into certificate_standards"
            " (certificate, type, target_text, target_identifier, target_work) values (?,?,?,?,?)",
            [(entity, *standard) for standard in payload["standards"]],
        )


def write_document_parts(
    connection: sqlite3.Connection, entity: str, payload: dict[str, Any], records: list[dict[str, Any]]
) -> None:
    if payload.get("keywords") or payload.get("abstract"):
        insert(
            connection,
            "document_texts",
            {"document": entity, "keywords": payload.get("keywords"), "abstract": payload.get("abstract")},
        )
    connection.executemany(
        "insert or ignore into document_topics (document, topic, rule, matched) values (?,?,?,?)",
        [(entity, *topic) for topic in payload["topics"]],
    )
    taken: set[tuple[str, str]] = set()
    for record in records:
        for relation in record["payload"].get("relations", ()):
            mark = (relation["type"], relation["target_identifier"] or relation["target_text"])
            if mark in taken:
                continue
            taken.add(mark)
            insert(connection, "relations", {"document": entity, **relation, **{n: record[n] for n in PROVENANCE}})


def insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    names = ",".join(row)
    marks = ",".join("?" * len(row))
    connection.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))
