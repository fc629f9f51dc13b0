"""`python -m benchmarks.peer_ways WAY FOLDER FILE`: our ways over one file of a folder made by `peer_inputs`,
reported as the peers' scripts report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.cases import Silent, scratch
from benchmarks.inputs import lenient, parsed, provenance
from benchmarks.peer_scripts.common import report
from crawler import runs
from crawler.base import SourceSpider, all_sources
from crawler.pipelines import source_of
from crawler.runs import Shelf
from standards_db import registry
from standards_db.interpret import interpret
from standards_db.records import Observation, Refused

Counted = tuple[int, int]  # kept, refused


def shelf_of(folder: Path, file: str) -> tuple[Shelf, type[SourceSpider]]:
    """The one source that reads `file`, with that page alone."""
    sources = all_sources()
    shelf = runs.shelf_of_folder(folder, sources)
    for name, kept in shelf.by_source.items():
        if pages := [page for page in kept if page.load() == (folder / file).read_bytes()]:
            shelf.by_source = {name: pages}
            return shelf, lenient(sources[name])
    raise ValueError(f"{file}: no source reads it")


def read(folder: Path, file: str) -> Iterator[Any]:
    shelf, source = shelf_of(folder, file)
    (page,) = shelf.by_source[source.name]
    return parsed(source(name=source.name), page)


def reader(folder: Path, file: str) -> Callable[[str], Counted]:
    records = read(folder, file)
    return lambda _: counted(records)


def interpreted(folder: Path, file: str) -> Callable[[str], Counted]:
    _, source = shelf_of(folder, file)
    records, origin, meta = read(folder, file), provenance(), source_of(source)

    def rows() -> Iterator[Any]:
        for record in records:
            yield (
                record
                if isinstance(record, Refused)
                else interpret(Observation(record=record, provenance=origin), meta)
            )

    return lambda _: counted(rows())


def stored(folder: Path, file: str) -> Callable[[str], Counted]:
    shelf, source = shelf_of(folder, file)

    def work(_: str) -> Counted:
        with scratch() as db:
            registry.register_sources(db, runs.source_rows({source.name: source}))
            (outcome,) = runs.replay(db, shelf, {source.name: source}, "archive", Silent, lambda _: None)
        if outcome.verdict != "accepted":
            raise RuntimeError(f"{source.name}: {outcome.why}")
        return outcome.tally.row_count, outcome.tally.reject_count

    return work


def counted(items: Iterator[Any]) -> Counted:
    kept = refused = 0
    for item in items:
        kept, refused = (kept, refused + 1) if isinstance(item, Refused) else (kept + 1, refused)
    return kept, refused


WORK = {"reader": reader, "interpreted": interpreted, "stored": stored}

if __name__ == "__main__":
    way, place, name = sys.argv[1:]
    report(WORK[way](Path(place), name), name)
