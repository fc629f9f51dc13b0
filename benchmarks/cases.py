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
from crawler import runs
from crawler.pipelines import source_of
from standards_db import dates, registry, store, taxonomy
from standards_db.identifiers import parse
from standards_db.interpret import interpret
from standards_db.records import Document, Observation
from standards_db.resolve import resolve
from standards_db.schema import open_db
from standards_db.store import Tally

BATCH = 500
Work = Callable[[Input], tuple[dict[str, int], Spent]]  # -> (units by name, what they took)


class Silent:
    """Progress that shows nothing."""

    def __init__(self, name: str) -> None:
        self.name = name

    def rows(self, count: int) -> None: ...

    def close(self) -> None: ...


@contextmanager
def scratch() -> Iterator[Database]:
    """A new ingest database that is gone after the block."""
    with tempfile.TemporaryDirectory() as folder:
        db = open_db(Path(folder) / "bench.db")
        yield db
        db.close()


def full_path(given: Input, kinds: tuple[str, ...]) -> tuple[dict[str, int], Spent]:
    """Pages through fetch (replayed), callback, interpretation, checks, staging, verdict, accept and resolve."""
    shelf, sources = given.shelf(kinds)
    with scratch() as db:
        registry.register_sources(db, runs.source_rows(sources))
        with spent() as took:
            outcomes = runs.replay(db, shelf, sources, given.mode, Silent, lambda outcome: None)
            resolve(db)
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
    rows, origin = inputs.rows(given), inputs.provenance()
    with scratch() as db:
        registry.register_sources(db, runs.source_rows(inputs.all_sources()))
        with spent() as took:
            run = store.begin_run(db, inputs.BULK_SOURCE, "archive", None, "bench")
            for begin in range(0, len(rows), BATCH):
                store.stage(db, run, [(row, origin, None) for row in rows[begin : begin + BATCH]])
            store.accept(db, run, "finished", Tally(), [])
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
    "store": {"stage and accept": stage_and_accept, "raw executemany": raw_inserts},
    "interpretation": {"whole record": whole_record, "identifier": identifier, "date": date, "topics": topics},
}
# Groups whose work is spread over processes: what counts is the time on the clock.
BY_WALL: frozenset[str] = frozenset()
