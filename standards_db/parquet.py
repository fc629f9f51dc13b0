"""Parquet of one table: one file, or a folder of files by source and month, as DuckDB, Spark and pyarrow read them.

A partition is a folder `documents/source=iso/month=2026-11/` (Hive's convention): its two columns are in the path and
not in the file. The month is the one in which the row was first seen; it never changes, so that a row stays in its
folder for life and a new month adds folders. Adoptions and relations lie in the month of their document, and changes
in the month in which they were observed. Needs pyarrow.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

BATCH = 20_000
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"  # how Hive spells a partition whose value is null
OF_DOCUMENT = "(select first_seen from documents where id = document)"
MONTHS = {
    "adoptions": OF_DOCUMENT,
    "certificates": "first_seen",
    "changes": "observed_at",
    "documents": "first_seen",
    "exclusions": "first_seen",
    "memberships": "first_seen",
    "relations": OF_DOCUMENT,
}


def write_file(connection: sqlite3.Connection, sql: str, columns: Mapping[str, str], path: Path) -> int:
    """Write the rows of a SELECT to one file; their number. `columns` are names with type integer, number, string."""
    with opened(path, columns) as file:
        return sum(file.write(batch) for batch in batches(connection.execute(sql)))


def write_partitions(
    connection: sqlite3.Connection, table: str, columns: Mapping[str, str], key: list[str], folder: Path
) -> int:
    """Write a table of MONTHS to a folder of files by source and month; the number of rows.

    One file is open at a time and one batch in memory, whatever the size: SQLite sorts, on disk where it must.
    """
    kept = {name: kind for name, kind in columns.items() if name != "source"}
    names = ", ".join(f"[{name}]" for name in kept)
    order = ", ".join(["source", "month", *key])
    sql = f"select source, substr({MONTHS[table]}, 1, 7) as month, {names} from [{table}] order by {order}"
    count = 0
    rows = (row for batch in batches(connection.execute(sql)) for row in batch)
    for (source, month), found in groupby(rows, key=lambda row: row[:2]):
        place = folder / f"source={value(source)}" / f"month={value(month)}"
        place.mkdir(parents=True)
        with opened(place / "part-0.parquet", kept) as file:
            batch = []
            for row in found:
                batch.append(row[2:])
                if len(batch) == BATCH:
                    count += file.write(batch)
                    batch = []
            count += file.write(batch)
    return count


def value(text: str | None) -> str:
    """A value as Hive writes it in a path."""
    return NO_VALUE if text in (None, "") else quote(str(text), safe=" ")


def batches(cursor: sqlite3.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    while found := cursor.fetchmany(BATCH):
        yield found


class Open:
    """A Parquet file that is being written."""

    def __init__(self, writer: Any, schema: Any) -> None:
        self.writer, self.schema = writer, schema

    def write(self, batch: list[tuple[Any, ...]]) -> int:
        """Write the rows as one row group; their number."""
        import pyarrow

        if batch:
            columns = zip(*batch, strict=True)
            arrays = [pyarrow.array(c, type=field.type) for c, field in zip(columns, self.schema, strict=True)]
            self.writer.write_table(pyarrow.Table.from_arrays(arrays, schema=self.schema))
        return len(batch)


@contextmanager
def opened(path: Path, columns: Mapping[str, str]) -> Iterator[Open]:
    import pyarrow  # an optional extra
    import pyarrow.parquet

    kinds = {"integer": pyarrow.int64(), "number": pyarrow.float64(), "string": pyarrow.string()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        yield Open(writer, schema)
