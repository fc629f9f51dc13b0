"""Orders: what a worker is told about one job. Made beside the ingest database, done where there is none."""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlite_utils import Database

from crawler.archive import Archived, ArchiveError, read_index, read_warc
from crawler.base import SourceSpider
from crawler.evidence import file_of
from crawler.pages import reader_of
from crawler.run_folder import PageLine
from crawler.runs import Shelf, host_of
from standards_db import wire
from standards_db.pages import Page, known_pages


@dataclass(frozen=True, kw_only=True)
class Order:
    """One job. `lane` is the host that a live crawl asks first: sources of one lane are never read at once. An archive
    is named by `folder`, which every worker must reach by the same path, and `refs`, the entries to read, in order.
    `known` are the pages that the database remembers, as read by the code called `reader`."""

    job: str
    source: str
    mode: str
    lane: str
    input: str | None = None
    folder: str | None = None
    refs: tuple[str, ...] = ()
    delay: float = 1.0
    budget: int | None = None
    hours: float = 24.0
    reader: str = ""
    known: tuple[PageLine, ...] = ()

    def encode(self) -> bytes:
        return zlib.compress(wire.as_line(wire.plain(self)).encode(), 1)

    @classmethod
    def decode(cls, text: bytes) -> Order:
        order: Order = wire.build(cls, json.loads(zlib.decompress(text)), "order")
        return order

    def page(self, url: str, reader: str) -> Page | None:
        """The remembered page at an address, when this worker's code is the one that read it."""
        line = self.pages.get(url) if reader == self.reader else None
        return line.page() if line else None

    @cached_property
    def pages(self) -> dict[str, PageLine]:
        return {line.url: line for line in self.known}

    def responses(self) -> tuple[Archived, ...] | None:
        """The archived responses to read; None for a live crawl. Raises ArchiveError when one is not there."""
        if self.folder is None:
            return None
        folder = Path(self.folder)
        base = folder if folder.is_dir() else folder.parent
        wanted, found = set(self.refs), {}
        for name in dict.fromkeys(map(file_of, self.refs)):
            path = base / name
            if not path.is_file():
                raise ArchiveError(f"{path}: no such file; the archive must be at the same path on every worker")
            entries = read_index(path, base) if path.name == "index.jsonl" else read_warc(path, base)
            found.update({e.ref: e for e in entries if isinstance(e, Archived) and e.ref in wanted})
        if missing := [ref for ref in self.refs if ref not in found]:
            raise ArchiveError(f"{folder}: {missing[0]}: no such entry")
        return tuple(found[ref] for ref in self.refs)


def new_job() -> str:
    return secrets.token_hex(8)


def live_order(db: Database, source: type[SourceSpider], *, delay: float, budget: int | None, hours: float) -> Order:
    reader = reader_of(source)
    return Order(
        job=new_job(),
        source=source.name,
        mode="live",
        lane=host_of(source),
        delay=delay,
        budget=budget,
        hours=hours,
        reader=reader,
        known=tuple(PageLine.of(page, "known") for page in known_pages(db, source.name, reader)),
    )


def archive_orders(folder: Path, shelf: Shelf, sources: Iterable[str]) -> list[Order]:
    """One order per source that the archive has responses for."""
    orders = []
    for name in sources:
        if entries := shelf.by_source.get(name):
            job, refs = new_job(), tuple(entry.ref for entry in entries)
            orders.append(
                Order(
                    job=job,
                    source=name,
                    mode="archive",
                    lane=f"job {job}",
                    input=shelf.name,
                    folder=str(folder.absolute()),
                    refs=refs,
                )
            )
    return orders
