"""The measured pieces of work. Each prepares its input untimed and returns how many units it did in how many seconds.

Every piece stands beside the cheapest code that does the same core work, so that the figure that counts, the ratio of
the two, does not depend on the machine.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from sqlite_utils import Database

from benchmarks import inputs
from benchmarks.clock import Spent, spent
from benchmarks.inputs import Input
from crawler import all_cores, runs
from crawler.base import KINDS
from crawler.pipelines import source_of
from standards_db import dates, registry, store, taxonomy
from standards_db.identifiers import parse
from standards_db.interpret import Row, interpret
from standards_db.records import Document, Observation
from standards_db.resolve import resolve
from standards_db.schema import connect, open_db
from standards_db.store import Tally

BATCH = 500
STORED = ("records", "changes", "documents", "document_texts", "document_topics", "relations")
Work = Callable[[Input], tuple[dict[str, int], Spent]]  # -> (units by name, what they took)


class Silent:
    """Progress that shows nothing."""

    def __init__(self, name: str) -> None:
        self.name = name

    def rows(self, count: int) -> None: ...

    def close(self) -> None: ...


def ignore(outcome: runs.Outcome) -> None: ...


@contextmanager
def scratch() -> Iterator[Database]:
    """A new ingest database that is gone after the block."""
    with tempfile.TemporaryDirectory() as folder:
        db = open_db(Path(folder) / "bench.db")
        yield db
        db.close()


def full_path(
    given: Input, kinds: tuple[str, ...], *, times: int | None = None, jobs: int = 1
) -> tuple[dict[str, int], Spent]:
    """Pages through fetch (replayed), callback, interpretation, checks, staging, verdict, accept and resolve.

    `times` is how often each page is read, `jobs` the number of processes.
    """
    shelf, sources = given.shelf(kinds, times=times)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        db = open_db(path)
        registry.register_sources(db, runs.source_rows(sources))
        with spent() as took:
            if jobs == 1:
                outcomes = runs.replay(db, shelf, sources, given.mode, Silent, ignore)
            else:
                db.close()
                outcomes = all_cores.replay(path, shelf, sources, given.mode, jobs, Silent, ignore)
                db = connect(path)
            resolve(db)
        db.close()
    if refused := [f"{o.source}: {o.why}" for o in outcomes if o.verdict != "accepted"]:
        raise RuntimeError(f"a measured run was rejected: {'; '.join(refused)}")
    count = sum(outcome.tally.response_count for outcome in outcomes)
    return {"pages": count, "rows": sum(outcome.tally.row_count for outcome in outcomes)}, took


def bare_loop(given: Input, kinds: tuple[str, ...]) -> tuple[dict[str, int], Spent]:
    """The same pages: read the file, build the response, run the callback, throw the records away."""
    shelf, sources = given.shelf(kinds)
    made = inputs.spiders(sources)
    pages = inputs.pages(shelf, sources)
    with spent() as took:
        rows = sum(1 for source, page in pages for _ in inputs.parsed(made[source.name], page))
    return {"pages": len(pages), "rows": rows}, took


def whole_members(given: Input) -> tuple[dict[str, int], Spent]:
    """The bulk members parsed whole with PyYAML's C loader, as a script would."""
    texts = inputs.members(given)
    with spent() as took:
        for text in texts:
            yaml.load(text, Loader=yaml.CSafeLoader)
    return {"rows": len(texts)}, took


def stage_and_accept(given: Input) -> tuple[dict[str, int], Spent]:
    rows = inputs.rows(given)
    with scratch() as db:
        registry.register_sources(db, runs.source_rows(inputs.all_sources()))
        with spent() as took:
            store.accept(db, staged_run(db, rows), "finished", Tally(), [])
    return {"rows": len(rows)}, took


def raw_inserts(given: Input) -> tuple[dict[str, int], Spent]:
    """The same rows as JSON into one table without an index: one executemany, one transaction."""
    rows = inputs.rows(given)
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "raw.db", isolation_level=None)
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=normal")
        connection.execute("create table raw (key text, kind text, entity text, payload text)")
        with spent() as took:
            connection.execute("begin immediate")
            values = ((row.key, row.kind, row.entity, store.dump(row.payload)) for row in rows)
            connection.executemany("insert into raw values (?,?,?,?)", values)
            connection.execute("commit")
        connection.close()
    return {"rows": len(rows)}, took


def table_inserts(given: Input) -> tuple[dict[str, int], Spent]:
    """What "stage and accept" leaves in each table, copied into empty ones with their indexes: one executemany each."""
    rows = inputs.rows(given)
    with scratch() as db, scratch() as copy:
        run = staged_run(db, rows)
        held = {"staged": db.execute("select * from staged").fetchall()}
        store.accept(db, run, "finished", Tally(), [])
        held |= {table: db.execute(f"select * from {table}").fetchall() for table in STORED}
        with spent() as took, store.transaction(copy) as connection:
            for table, found in held.items():
                if not found:
                    continue
                marks = ",".join("?" * len(found[0]))
                connection.executemany(f"insert into {table} values ({marks})", found)
    return {"rows": len(rows)}, took


def staged_run(db: Database, rows: list[Row]) -> int:
    """A run of the bulk source with these rows staged."""
    origin = inputs.provenance()
    run = store.begin_run(db, inputs.BULK_SOURCE, "archive", None, "bench")
    for begin in range(0, len(rows), BATCH):
        store.stage(db, run, [(row, origin, None) for row in rows[begin : begin + BATCH]])
    return run


def each_record(given: Input, work: Callable[[Any, Document], Any]) -> tuple[dict[str, int], Spent]:
    """`work` over documents, what was remembered of earlier ones forgotten before each round."""
    found = [(source, record) for source, record in inputs.records(given) if isinstance(record, Document)]
    rounds = -(-given.rows_wanted // len(found))
    total = Spent()
    for _ in range(rounds):
        forget()
        with spent() as took:
            for source, record in found:
                work(source, record)
        total.add(took)
    return {"rows": rounds * len(found)}, total


def forget() -> None:
    for remembered in (parse, dates._parse, taxonomy.topics_of.__self__._remembered):
        remembered.cache_clear()


def identifier(given: Input) -> tuple[dict[str, int], Spent]:
    return each_record(given, lambda source, record: parse(record.designation))


def date(given: Input) -> tuple[dict[str, int], Spent]:
    return each_record(given, lambda source, record: dates.parse_date(record.published_text, source.date_formats))


def topics(given: Input) -> tuple[dict[str, int], Spent]:
    def work(source: Any, record: Document) -> None:
        taxonomy.topics_of(
            title=record.title,
            title_zh=record.title_zh,
            ics=record.ics,
            ccs=record.ccs,
            committee=record.committee_text,
            keywords=record.keywords,
        )

    return each_record(given, work)


def parse_alone(given: Input) -> tuple[dict[str, int], Spent]:
    """The callbacks that print the same records."""
    total, rows = Spent(), 0
    for kinds in (("bulk",), inputs.PAGE_KINDS):
        units, took = bare_loop(given, kinds)
        total.add(took)
        rows += units["rows"]
    return {"rows": rows}, total


def whole_record(given: Input) -> tuple[dict[str, int], Spent]:
    origin = inputs.provenance()

    def work(source: Any, record: Document) -> None:
        interpret(Observation(record=record, provenance=origin), source_of(source))

    return each_record(given, work)


# Per group: name -> work. The first is the project's way, the others stand beside it.
GROUPS: dict[str, dict[str, Work]] = {
    "list and detail pages": {
        "full path": lambda given: full_path(given, inputs.PAGE_KINDS),
        "bare loop, same callbacks": lambda given: bare_loop(given, inputs.PAGE_KINDS),
    },
    "bulk records": {
        "full path": lambda given: full_path(given, ("bulk",)),
        "bare loop, same reader": lambda given: bare_loop(given, ("bulk",)),
        "whole members, yaml.CSafeLoader": whole_members,
    },
    "whole archive": {
        "one process": lambda given: full_path(given, KINDS),
        "all cores": lambda given: full_path(given, KINDS, jobs=all_cores.default_jobs()),
    },
    "memory": {
        "list and detail pages": lambda given: full_path(given, inputs.PAGE_KINDS, times=given.times),
        "ten times as many": lambda given: full_path(given, inputs.PAGE_KINDS, times=10 * given.times),
    },
    "store": {
        "stage and accept": stage_and_accept,
        "raw executemany": raw_inserts,
        "executemany, same tables and indexes": table_inserts,
    },
    "interpretation": {
        "whole record": whole_record,
        "identifier": identifier,
        "date": date,
        "topics": topics,
        "the parse that gave the records": parse_alone,
    },
}
# Groups whose work is spread over processes: what counts is the time on the clock.
BY_WALL = frozenset({"whole archive"})
