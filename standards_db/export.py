"""Export: a published snapshot as a Frictionless data package of CSV, JSON lines and Parquet, to take away and to cite.

The package describes itself: titles and columns from metadata.yml, types and keys from the snapshot, its day and hash,
and every source with its licence. CSV cells that a spreadsheet would run begin with an apostrophe; the other formats
hold the text as it is. Parquet can be partitioned by source and month (`parquet.py`).
"""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from standards_db import parquet
from standards_db.parquet import batches
from standards_db.spreadsheet import neutral_cell

FORMATS = ("csv", "jsonl", "parquet")
MEDIA = {"csv": "text/csv", "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}
TYPES = {"INTEGER": "integer", "REAL": "number", "FLOAT": "number"}
LEFT_OUT = ("source_records", "state", "rejects")  # raw records and bookkeeping; they are in the snapshot itself
SOURCES = "select key, title, homepage, licence from sources order by key"
SNAPSHOT = "select as_of, built_at, version, sha256 from snapshot"
TABLES = """
select name from sqlite_master
where type = 'table' and name not like 'sqlite_%' and instr(name, '_fts') = 0 order by name
"""


class ExportError(Exception):
    """The snapshot could not be exported: names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the snapshot: its columns with their types, its key, and what its columns point at."""

    name: str
    columns: dict[str, str]
    key: list[str]
    foreign: list[tuple[str, str, str]]


def export(
    snapshot: Path,
    folder: Path,
    metadata: dict[str, Any],
    formats: tuple[str, ...] = FORMATS,
    *,
    partitioned: bool = False,
) -> dict[str, int]:
    """Write every described table and `datapackage.json` into `folder`; rows per table. `partitioned` writes Parquet
    of the tables of `parquet.MONTHS` as folders by source and month.

    Raises ExportError when the snapshot is missing or not one, the folder is not empty, or pyarrow is not installed.
    """
    if "parquet" in formats and find_spec("pyarrow") is None:
        raise ExportError("Parquet needs pyarrow: install cyber-spheres[export], or leave the format out")
    if not snapshot.is_file():
        raise ExportError(f"{snapshot}: no such snapshot; `spheres publish` makes one")
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ExportError(f"{folder}: is not empty")
    about = metadata["databases"]["standards"]
    counts: dict[str, int] = {}
    try:
        with closing(sqlite3.connect(f"{snapshot.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            tables = [one for one in tables_of(connection) if one.name in about["tables"] and one.name not in LEFT_OUT]
            resources = []
            for table in tables:
                counts[table.name] = write(connection, table, folder, formats, partitioned)
                resources += [
                    resource(table, about["tables"][table.name], folder, kind, {one.name for one in tables})
                    for kind in formats
                ]
            package = describe(connection, metadata, resources)
    except sqlite3.Error as error:
        raise ExportError(f"{snapshot}: not exported: {error}") from error
    (folder / "datapackage.json").write_text(json.dumps(package, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return counts


def tables_of(connection: sqlite3.Connection) -> Iterator[Table]:
    for (name,) in connection.execute(TABLES).fetchall():
        info = connection.execute(f"pragma table_info([{name}])").fetchall()
        foreign = connection.execute(f"pragma foreign_key_list([{name}])").fetchall()
        yield Table(
            name,
            {row[1]: TYPES.get(row[2].upper(), "string") for row in info},
            [row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]],
            [(row[3], row[2], row[4]) for row in sorted(foreign, key=lambda row: row[3])],
        )


def write(
    connection: sqlite3.Connection, table: Table, folder: Path, formats: tuple[str, ...], partitioned: bool
) -> int:
    """Write one table in every format; the number of its rows."""
    order = f" order by {', '.join(table.key)}" if table.key else ""
    sql = f"select {', '.join(f'[{column}]' for column in table.columns)} from [{table.name}]{order}"
    count = 0
    for kind in formats:
        path = folder / f"{table.name}.{kind}"
        if kind == "csv":
            count = write_csv(connection.execute(sql), table, path)
        elif kind == "jsonl":
            count = write_jsonl(connection.execute(sql), table, path)
        elif partitioned and table.name in parquet.MONTHS and connection.execute(f"{sql} limit 1").fetchone():
            count = parquet.write_partitions(connection, table.name, table.columns, table.key, folder / table.name)
        else:  # also a table without rows, which has no partition to lie in
            count = parquet.write_file(connection, sql, table.columns, path)
    return count


def write_csv(cursor: sqlite3.Cursor, table: Table, path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        for batch in batches(cursor):
            writer.writerows([neutral_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in batch)
            count += len(batch)
    return count


def write_jsonl(cursor: sqlite3.Cursor, table: Table, path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for batch in batches(cursor):
            for row in batch:
                file.write(json.dumps(dict(zip(table.columns, row, strict=True)), ensure_ascii=False) + "\n")
            count += len(batch)
    return count


def resource(table: Table, about: dict[str, Any], folder: Path, kind: str, exported: set[str]) -> dict[str, Any]:
    """The entry of one table and format in the package, with every file of a partitioned one.

    CSV, which states no types itself, carries the schema.
    """
    path = folder / f"{table.name}.{kind}"
    if not path.exists():
        parts = [described_file(part, folder) for part in sorted((folder / table.name).rglob("*.parquet"))]
        where: dict[str, Any] = {"path": [part["path"] for part in parts], "parts": parts}
        where["bytes"] = sum(part["bytes"] for part in parts)
    else:
        where = described_file(path, folder)
    entry: dict[str, Any] = {
        "name": table.name.replace("_", "-") + ("" if kind == "csv" else f"-{kind}"),
        **where,
        "format": kind,
        "mediatype": MEDIA[kind],
        "title": about["title"],
        "description": about.get("description", ""),
    }
    if kind != "csv":
        return entry
    texts = about["columns"]
    schema: dict[str, Any] = {
        "fields": [
            {"name": name, "type": type_, "description": texts.get(name, "")} for name, type_ in table.columns.items()
        ],
        "missingValues": [""],
    }
    if table.key:
        schema["primaryKey"] = table.key
    related = [
        {"fields": [column], "reference": {"resource": target.replace("_", "-"), "fields": [other]}}
        for column, target, other in table.foreign
        if target in exported
    ]
    return {**entry, "profile": "tabular-data-resource", "encoding": "utf-8", "schema": schema, "related": related}


def described_file(path: Path, folder: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"path": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size, "hash": f"sha256:{digest}"}


def describe(
    connection: sqlite3.Connection, metadata: dict[str, Any], resources: list[dict[str, Any]]
) -> dict[str, Any]:
    as_of, built_at, version, sha256 = connection.execute(SNAPSHOT).fetchone()
    sources = [
        {"title": title, "path": homepage or "", "name": key, "licence": licence or "not stated"}
        for key, title, homepage, licence in connection.execute(SOURCES)
    ]
    return {
        "profile": "data-package",
        "name": "cyber-spheres",
        "id": f"sha256:{sha256}",
        "title": metadata["title"],
        "description": metadata["description"],
        "version": as_of,
        "created": built_at,
        "builder": f"cyber-spheres {version}",
        "licenses": [{"name": "per-source", "title": metadata["license"]}],
        "sources": sources,
        "resources": resources,
    }
