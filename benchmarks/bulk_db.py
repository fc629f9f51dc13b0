"""`python -m benchmarks.bulk_db PATH [--documents N] [--certificates N]`: an ingest database of made-up records.

The records of `made_up` go through the door that every record goes through: interpreted, staged, accepted, resolved.
Above BLOCK documents that takes too long, so accepted rows are copied under other numbers before they are resolved.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from benchmarks import made_up
from standards_db import registry, store, taxonomy
from standards_db.interpret import Source, interpret
from standards_db.records import Certificate, Document, Exclusion, Observation, Provenance
from standards_db.resolve import resolve
from standards_db.schema import open_db
from standards_db.store import Tally

SEED = 7
BATCH = 500  # rows staged in one transaction
BLOCK = 100_000
COPIED_TABLES = (
    "records",
    "changes",
    "documents",
    "document_texts",
    "document_topics",
    "relations",
    "certificates",
    "certificate_standards",
    "exclusions",
)
RUN = 50_000  # rows of one run: what is staged is gone after it
COPIED = 0.08  # share of the international documents that a second source prints too
EXCLUSIONS = 60
READ = "2026-10-01T00:00:00Z"
# key: body, tier, what it holds
SOURCES = {
    "made_up_intl": ("iso", "primary", "documents"),
    "made_up_cn": ("sac", "primary", "documents"),
    "made_up_eu": ("cen", "primary", "documents"),
    "made_up_us": ("nist", "primary", "documents"),
    "made_up_copy": ("iso", "secondary", "documents"),
    "made_up_certificates": ("ccra", "primary", "certificates"),
    "made_up_exclusions": ("fcc", "primary", "exclusions"),
}
Record = Document | Certificate | Exclusion


def fill(path: Path, documents: int, certificates: int, seed: int = SEED) -> None:
    """Fill the ingest database at `path` (made when missing) with so many made-up documents and certificates.

    The same arguments give the same rows, times of runs apart. Raises ValueError for a count above BLOCK that is no
    multiple of it, or above BLOCKS of them.
    """
    blocks = max(1, -(-documents // BLOCK))
    if blocks > made_up.BLOCKS or (blocks > 1 and documents % BLOCK) or certificates % blocks:
        raise ValueError(f"{documents} documents and {certificates} certificates do not fall into blocks of {BLOCK}")
    db = open_db(path)
    for key in SOURCES:
        registry.register_source(db, source_row(key))
    runs = {key: Run(db, key) for key in SOURCES}
    for key, record in records(documents // blocks, certificates // blocks, seed):
        runs[key].take(record)
    for run in runs.values():
        run.end()
    copy(db, blocks)
    resolve(db)
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()


def copy(db: Database, blocks: int) -> None:
    """The rows of the first block again under the numbers of the others."""
    db.conn.create_function("moved", 2, made_up.moved, deterministic=True)
    for table in COPIED_TABLES:
        columns = [c for c in db.table(table).columns if not (c.is_pk and c.type == "INTEGER")]
        names = ", ".join(c.name for c in columns)
        values = ", ".join(f"moved({c.name}, :block)" if c.type == "TEXT" else c.name for c in columns)
        (last,) = db.execute(f"select max(rowid) from {table}").fetchone()
        for block in range(1, blocks):
            with store.transaction(db) as connection:
                connection.execute(
                    f"insert into {table} ({names}) select {values} from {table} where rowid <= :last",
                    {"block": block, "last": last},
                )


def records(documents: int, certificates: int, seed: int) -> Iterator[tuple[str, Record]]:
    """Every record with the key of its source. A copy comes after its original and adds no document."""
    copied = 0.0
    for sphere, document in made_up.documents(documents, seed):
        yield f"made_up_{sphere}", document
        copied += COPIED if sphere == "intl" else 0
        if copied >= 1:
            copied -= 1
            yield "made_up_copy", document
    yield from (("made_up_certificates", one) for one in made_up.certificates(certificates, seed))
    if certificates:
        yield from (("made_up_exclusions", one) for one in made_up.exclusions(EXCLUSIONS, certificates, seed))


class Run:
    """Takes the records of one source and accepts them, RUN at a time."""

    def __init__(self, db: Database, key: str) -> None:
        body, tier, _ = SOURCES[key]
        self.db, self.source, self.run, self.tally = db, Source(key, body, tier), 0, Tally()
        self.batch: list[Any] = []

    def take(self, record: Record) -> None:
        if not self.tally.row_count:
            self.run = store.begin_run(self.db, self.source.name, "archive", "made up", "bench")
        origin = provenance(record)
        row = interpret(Observation(record=record, provenance=origin), self.source)
        self.batch.append((row, origin, None))
        self.tally.row_count += 1
        self.tally.document_count += row.kind == "document"
        self.tally.certificate_count += row.kind == "certificate"
        self.tally.relation_count += len(row.payload.get("relations", ()))
        if len(self.batch) == BATCH:
            self.stage()
        if self.tally.row_count == RUN:
            self.end()

    def stage(self) -> None:
        store.stage(self.db, self.run, self.batch)
        self.batch = []

    def end(self) -> None:
        """Accept what was taken since the last time."""
        if self.tally.row_count:
            self.stage()
            store.accept(self.db, self.run, "finished", self.tally, [])
        self.tally = Tally()


def provenance(record: Record) -> Provenance:
    url = record.url or made_up.SITE
    return Provenance(
        page_url=url,
        page_sha256=hashlib.sha256(url.encode()).hexdigest(),
        retrieved_at=READ,
        archive_ref=None,
        route="",
    )


def source_row(key: str) -> dict[str, Any]:
    body, tier, holds = SOURCES[key]
    return {
        "key": key,
        "title": f"Made up for measurements: {key}",
        "sphere": taxonomy.BODIES[body].sphere,
        "body": body,
        "holds": holds,
        "tier": tier,
        "rank": 10 if tier == "primary" else 80,
        "homepage": made_up.SITE,
        "licence": None,
        "expected_min": 1,
        "expected_max": None,
        "interval_days": 7,
        "is_on": 1,
        "why_off": None,
        "description": "Nothing in it is real: records made by a program to measure how fast this software is.",
    }


def add_sizes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--documents", type=int, default=10_000, help="documents to make (default %(default)s)")
    parser.add_argument("--certificates", type=int, default=3_000, help="certificates to make (default %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="another one gives others (default %(default)s)")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk_db", description=__doc__)
    parser.add_argument("path", type=Path, help="the ingest database to make; must not exist")
    add_sizes(parser)
    options = parser.parse_args()
    if options.path.exists():
        parser.error(f"{options.path}: exists; made-up records do not go into a database that holds others")
    began = time.monotonic()
    fill(options.path, options.documents, options.certificates, options.seed)
    size = options.path.stat().st_size / 1e6
    print(f"{options.path}: {size:.0f} MB in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
