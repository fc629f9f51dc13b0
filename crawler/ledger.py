"""Ledger: one run from its opening to its verdict, whether this process crawls or another machine's folder is loaded.

It stages rows as they come, keeps what is rejected with its reason, counts, and at the end judges: the only way in.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from crawler.base import SourceSpider
from crawler.pages import PageLog
from crawler.pipelines import Judged, Rejected
from standards_db import checks, notes, store
from standards_db.records import Provenance
from standards_db.version import VERSION

BATCH = 500
KEPT_TEXT = 500
LONGEST_REASON = 2_000


@dataclass(frozen=True)
class Account:
    """What a crawl itself can say at its end: Scrapy's finish reason, responses met (and lost), links not fetched,
    pages that a killed run had fetched, and a row of `host_reports` per host."""

    reason: str
    response_count: int = 0
    link_count: int = 0
    resumed_count: int = 0
    hosts: list[dict[str, Any]] = field(default_factory=list)


class Ledger:
    """The rows of one run. `failure` is what kept it from storing one: such a run is rejected."""

    def __init__(
        self,
        db: Database,
        source: type[SourceSpider],
        mode: str,
        input_name: str | None,
        pages: PageLog | None,
        shipped: store.Shipped | None = None,
    ) -> None:
        self.db, self.source, self.mode, self.input, self.shipped = db, source, mode, input_name, shipped
        self.pages = pages
        self.tally = store.Tally()
        self.catalogues: Counter[tuple[str, str, str]] = Counter()  # rows by route, time and page
        self.batch: list[tuple[Any, Provenance, str | None]] = []
        self.rejects: list[dict[str, Any]] = []
        self.entities: set[str] = set()
        self.unnamed: set[str] = set()
        self.routes = {route.pattern: route for route in source.routes}
        self.failure: Exception | None = None
        self.verdict = "running"
        self.why: str | None = None
        self.warnings: list[str] = []
        self.run: int | None = None

    def open(self) -> None:
        self.began = time.monotonic()
        version = (self.shipped and self.shipped.version) or VERSION
        self.run = store.begin_run(self.db, self.source.name, self.mode, self.input, version, self.shipped)

    def take(self, item: Judged) -> None:
        """A row that passed."""
        row, origin = item.row, item.provenance
        route = self.routes[origin.route]
        self.batch.append((row, origin, origin.route if route.complete else None))
        if route.complete:
            self.catalogues[origin.route, origin.retrieved_at, origin.page_sha256] += 1
        tally = self.tally
        tally.row_count += 1
        tally.unknown_count += len(row.unknowns)
        is_unnamed = any(name == "identifier" for name, _ in row.unknowns)
        if is_unnamed:
            self.unnamed.add(row.entity)
        if self.pages:
            self.pages.gave_row(origin.page_url, row, self.source.expect.filled, unnamed=is_unnamed)
        if row.kind == "document":
            tally.relation_count += len(row.payload["relations"])
        for name in self.source.expect.filled:
            if name in row.payload:
                filled, total = tally.filled.get(name, (0, 0))
                tally.filled[name] = (filled + (row.payload[name] not in (None, "", [])), total + 1)
        self.entities.add(f"{row.kind} {row.entity}")
        if len(self.batch) >= BATCH:
            self.flush()

    def drop(self, rejected: Rejected) -> None:
        """A row or a page that is not stored."""
        if rejected.level == "error":
            self.error(rejected.provenance, rejected.reason, rejected.text)
            return
        self.note(rejected.provenance, rejected.reason, rejected.level, rejected.text, rejected.key)
        url = rejected.provenance.page_url
        if rejected.level == "page":
            self.tally.refused_count += 1
            if self.pages:
                self.pages.refused(url, rejected.reason)
        else:
            self.tally.reject_count += 1
            self.tally.fault_count += rejected.level == "check"
            if self.pages:
                self.pages.lost_row(url, is_fault=rejected.level == "check")

    def error(self, origin: Provenance | None, reason: str, text: str) -> None:
        """An exception in the spider or its pipelines."""
        self.tally.error_count += 1
        self.note(origin, reason, "error", text, None)

    def note(self, origin: Provenance | None, reason: str, level: str, text: str, key: str | None) -> None:
        self.rejects.append(
            {
                "key": key,
                "level": level,
                "reason": reason[:LONGEST_REASON],
                "text": text[:KEPT_TEXT],
                "source": self.source.name,
                "run": self.run,
                "page_url": origin.page_url if origin else None,
                "page_sha256": origin.page_sha256 if origin else None,
                "retrieved_at": origin.retrieved_at if origin else None,
                "archive_ref": origin.archive_ref if origin else None,
            }
        )
        if len(self.rejects) >= BATCH:
            self.flush_rejects()

    def flush(self) -> None:
        batch, self.batch = self.batch, []
        if batch:
            store.stage(self.db, self.run, batch)

    def flush_rejects(self) -> None:
        rejects, self.rejects = self.rejects, []
        if rejects:
            notes.note_rejects(self.db, rejects)

    def close(self, account: Account) -> None:
        """Judge the run and make its rows visible, or none of them."""
        self.verdict = "rejected"
        try:
            if self.run is not None:
                notes.note_hosts(self.db, self.run, account.hosts)
            if self.failure is None:
                self.judge(account)
        except (sqlite3.Error, OSError, UnicodeError) as error:
            self.failure = error
        if self.failure is not None:
            self.verdict, self.why = "rejected", f"could not be stored: {self.failure}"
            self.close_broken(account.reason)

    def close_broken(self, reason: str) -> None:
        """Note the failure if the database still takes a row; the staged rows stay invisible either way."""
        if self.run is None:
            return
        try:
            store.reject(self.db, self.run, self.why or "", reason, self.tally, [])
        except sqlite3.Error as error:
            self.warnings = [f"the reason could not be stored either: {error}"]

    def judge(self, account: Account) -> None:
        tally = self.tally
        tally.response_count, tally.link_count = account.response_count, account.link_count
        if self.pages:
            self.pages.count_kept(self.db, tally, self.entities, self.unnamed, self.catalogues)
        tally.document_count = sum(entity.startswith("document ") for entity in self.entities)
        tally.certificate_count = sum(entity.startswith("certificate ") for entity in self.entities)
        self.refuse_short_catalogues()
        tally.unknown_identifier_count = len(self.unnamed)
        tally.catalogue_rows = self.newest_catalogue_rows()
        tally.seconds = round(time.monotonic() - self.began, 2)
        self.flush_rejects()
        self.why, self.warnings = checks.verdict(tally, account.reason, self.limits())
        if account.resumed_count:
            self.warnings.append(f"{account.resumed_count} pages were fetched by a run that was killed")
        if self.why is None:
            self.flush()
            visit = self.pages.finished() if self.pages else None
            store.accept(self.db, self.run, account.reason, tally, self.warnings, visit, self.shipped)
            self.verdict = "accepted"
        else:
            store.reject(self.db, self.run, self.why, account.reason, tally, self.warnings)

    def newest_catalogue_rows(self) -> int:
        newest: dict[str, tuple[str, int]] = {}
        for (route, at, _), count in self.catalogues.items():
            newest[route] = max(newest.get(route, ("", 0)), (at, count))
        return sum(count for _, count in newest.values())

    def refuse_short_catalogues(self) -> None:
        """A whole catalogue with fewer rows than its route allows is a fault of the site, and none of it is taken."""
        if self.mode == "sample":
            return
        for (pattern, at, digest), count in list(self.catalogues.items()):
            floor = self.routes[pattern].min_rows
            if count >= floor:
                continue
            self.flush()
            origin = store.drop_staged_page(self.db, self.run, digest, at)
            self.tally.row_count -= count
            del self.catalogues[pattern, at, digest]
            self.tally.refused_count += 1
            self.note(origin, f"only {count} rows, the floor is {floor}", "page", "", None)

    def limits(self) -> checks.Limits:
        expect = self.source.expect
        if self.mode == "sample":
            return checks.Limits(floor=1, ceiling=None)
        before = store.rows_before(self.db, self.source.name, self.mode, bool(self.tally.catalogue_rows))
        if self.mode != "live":
            return checks.Limits(
                floor=1, ceiling=None, refused=0.5, filled=expect.filled, shrink=expect.shrink, before=before
            )
        return checks.Limits(
            floor=expect.min, ceiling=expect.max, filled=expect.filled, shrink=expect.shrink, before=before
        )
