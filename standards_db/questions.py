"""Questions that one SELECT answers (`views/`, `measures/pivots/`), and the tables they become in a snapshot."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from standards_db.schema import VIEWS_DIR
from standards_db.snapshot_tables import INDEXES, MORE_FACETS, PRIMARY_KEYS, ROTATIONS, declaration


class QuestionError(Exception):
    """A file of SQL is not what it must be: names it and the reason."""


@dataclass(frozen=True)
class Question:
    """One file: the question in its first line, the comment below it, and the whole text."""

    name: str
    question: str
    reading: str
    sql: str


def questions(folder: Path = VIEWS_DIR) -> list[Question]:
    """The files of a folder, each after those whose names its SQL mentions. Raises QuestionError on a circle."""
    waiting = {path.stem: question_of(path) for path in sorted(folder.glob("*.sql"))}
    words = {name: set(re.findall(r"\w+", without_comments(asked.sql))) for name, asked in waiting.items()}
    ordered: list[Question] = []
    while waiting:
        ready = [name for name in waiting if not words[name] & waiting.keys() - {name}]
        if not ready:
            raise QuestionError(f"{folder}: views that need each other: {', '.join(waiting)}")
        ordered += [waiting.pop(name) for name in ready]
    return ordered


def question_of(path: Path) -> Question:
    sql = path.read_text(encoding="utf-8").strip().rstrip(";")
    comment = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        comment.append(line.removeprefix("--").strip())
    if not comment:
        raise QuestionError(f"{path}: the first line is not a comment with the question it answers")
    return Question(path.stem, comment[0], " ".join(comment[1:]), sql)


def without_comments(sql: str) -> str:
    return "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--"))


def answer(connection: sqlite3.Connection, asked: Question) -> int:
    """Make the table of a question, with its indexes and statistics. The number of rows."""
    count = materialise(connection, asked)
    create_indexes(connection, asked.name)
    connection.execute(f"analyze {asked.name}")  # without it the next question's joins take 30 times as long
    return count


def materialise(connection: sqlite3.Connection, asked: Question) -> int:
    """Write the rows of a view into a table of its name, in the order of its key. The number of rows."""
    names = [column[0] for column in connection.execute(f"select * from ({asked.sql}\n) limit 0").description]
    key = PRIMARY_KEYS.get(asked.name, ())
    lines = [declaration(name) + " not null" * (name in key) for name in names]
    if key:
        lines.append(f"primary key ({', '.join(key)})")
    connection.execute(f"create table {asked.name} ({', '.join(lines)})")
    order = f" order by {', '.join(key)}" if key else ""
    cursor = connection.execute(f"insert into {asked.name} select * from ({asked.sql}\n){order}")
    return cursor.rowcount


def create_indexes(connection: sqlite3.Connection, table: str) -> None:
    facets = ROTATIONS.get(table, ())
    for place, facet in enumerate(facets):
        rotated = ", ".join(facets[place:] + facets[:place])
        connection.execute(f"create index idx_{table}_facet_{facet} on {table} ({rotated})")
    more = MORE_FACETS.get(table, ())
    for facet in more:
        covered = ", ".join((facet, *facets, *(other for other in more if other != facet)))
        connection.execute(f"create index idx_{table}_facet_{facet} on {table} ({covered})")
    for columns in INDEXES.get(table, ()):
        name = re.sub(r"\W+", "_", columns)
        connection.execute(f"create index if not exists idx_{table}_{name} on {table} ({columns})")
