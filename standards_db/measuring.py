"""From the tables of an ingest database to figures: copy, derive the evidence tables, run the measures, pivot.

`publish` does it in the file that becomes the snapshot; `figures_of` in a temporary database, and leaves nothing.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Set
from contextlib import closing
from pathlib import Path

from standards_db.measures import mapping, registry
from standards_db.measures.compute import Account, compute
from standards_db.measures.mapping import Mapping
from standards_db.measures.model import PIVOTS_DIR
from standards_db.questions import Question, answer, questions
from standards_db.schema import VIEWS_DIR
from standards_db.snapshot_tables import ALL_TOPICS, CODE_TABLES, DATA_TABLES, MEASURE_SQL, UNSTATED

Progress = Callable[[str], None]
Figure = tuple[str, str, str, str, int, float | None, int | None, int | None, str | None]  # as mapping.CURRENT selects
LONG_TABLES = {"document_texts", "changes", "conflicts", "rejects", "unknowns"}  # no measure reads them
FRAME = "as_of topic_counts sphere_coverage"  # evidence tables that the frame itself reads


def figures_of(
    source: Path, under: Mapping | None = None, progress: Progress = lambda line: None
) -> tuple[list[Account], list[Figure]]:
    """What every measure gives over an ingest database or a snapshot, under a mapping if given, and today's figures."""
    with closing(sqlite3.connect("", uri=True, isolation_level=None)) as connection:
        connection.execute("pragma synchronous=off")
        connection.execute("pragma cache_size=-200000")
        copy_tables(connection, source, LONG_TABLES)
        if under:
            mapping.apply(connection, under)
        connection.execute("analyze")
        answer_all(connection, needed_by_measures(), progress)
        accounts = compute(connection, progress)
        return accounts, connection.execute(mapping.CURRENT).fetchall()


def measure(connection: sqlite3.Connection, progress: Progress = lambda line: None) -> list[Account]:
    """Evidence tables from documents and relations, figures from evidence tables, pivots from figures."""
    connection.execute(MEASURE_SQL)
    counted = answer_all(connection, questions(VIEWS_DIR), progress)
    accounts = compute(connection, progress)
    connection.execute("analyze figures")
    counted += answer_all(connection, questions(PIVOTS_DIR), progress)
    connection.executemany("insert into measure_sql values (?,?,?,?,?)", counted)
    return accounts


def answer_all(
    connection: sqlite3.Connection, asked: Iterable[Question], progress: Progress
) -> list[tuple[str, str, str, str, int]]:
    """Make the table of each question; rows of measure_sql."""
    counted = []
    for one in asked:
        progress(f"computing {one.name}")
        counted.append((one.name, one.question, one.reading, one.sql, answer(connection, one)))
    return counted


def needed_by_measures() -> list[Question]:
    """The evidence tables that measures read, and those that these are made from."""
    found: list[Question] = []
    text = " ".join([FRAME, *(f"{m.source} {m.numerator} {m.denominator}" for m in registry.discover())])
    for one in reversed(questions(VIEWS_DIR)):
        if re.search(rf"\b{one.name}\b", text):
            found.insert(0, one)
            text += f" {one.sql}"
    return found


def measure_mappings(connection: sqlite3.Connection, progress: Progress) -> None:
    """The current figures of this snapshot under every mapping that is shipped, in a table of their own."""
    (path,) = (Path(row[2]) for row in connection.execute("pragma database_list") if row[1] == "main")
    for statement in mapping.TABLES.split(";"):
        connection.execute(statement)
    for other in mapping.shipped():
        progress(f"measuring under {other.key}")
        mapping.write(connection, other, figures_of(path, other)[1])


def copy_tables(
    connection: sqlite3.Connection,
    source: Path,
    without: Set[str] = frozenset(),
    and_then: Callable[[sqlite3.Connection], None] = lambda connection: None,
) -> None:
    """Copy tables with their declarations and indexes, in one read transaction on the database at `source`.

    `and_then` copies more in the same transaction, from the schema `ingest`.
    """
    connection.execute("attach ? as ingest", [f"{source.absolute().as_uri()}?mode=ro"])
    connection.execute("begin")
    for table in (*CODE_TABLES, *DATA_TABLES, "state"):
        if table not in without:
            copy_table(connection, table, " where key = 'as_of'" if table == "state" else "")
    connection.execute(
        "insert or ignore into degrees (key, label, is_adoption, description) values (?,?,?,?)", UNSTATED
    )
    connection.execute("insert or ignore into topics (key, label, label_zh, description) values (?,?,?,?)", ALL_TOPICS)
    and_then(connection)
    connection.execute("commit")
    connection.execute("detach ingest")


def copy_table(connection: sqlite3.Connection, table: str, where: str = "") -> None:
    declared = connection.execute(
        "select sql from ingest.sqlite_master where tbl_name = ? and sql is not null and type in ('table', 'index')"
        " order by type desc, name",
        [table],
    ).fetchall()
    if not declared:
        raise sqlite3.DatabaseError(f"it has no table {table}")
    connection.execute(declared[0][0])
    connection.execute(f"insert into main.{table} select * from ingest.{table}{where}{order_by(connection, table)}")
    for (index,) in declared[1:]:
        connection.execute(index)


def order_by(connection: sqlite3.Connection, table: str) -> str:
    """The ORDER BY of a table's primary key, of its row number where it has none."""
    keys = [row[1] for row in sorted(connection.execute(f"pragma table_info({table})"), key=lambda r: r[5]) if row[5]]
    return f" order by {', '.join(keys)}" if keys else " order by rowid"
