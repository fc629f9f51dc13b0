"""RunLog: the one extension that writes. It stages rows while the crawl runs and judges the run when it closes."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, TypeVar

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from crawler.base import SourceSpider
from crawler.hosts import Asked
from crawler.job import Job
from crawler.pages import PageLog
from crawler.pipelines import Judged, Rejected
from standards_db import checks, notes, store
from standards_db.records import Observation, Provenance
from standards_db.version import VERSION

BATCH = 500
BLOCKS_BEFORE_STOP = 3
KEPT_TEXT = 500


Handler = TypeVar("Handler", bound=Callable[..., None])


def guarded(handler: Handler) -> Handler:
    """Keep what a handler raises as the run's failure: such a run is rejected."""

    wanted = signature(handler).parameters

    @wraps(handler)
    def safe(self: RunLog, **given: Any) -> None:
        if self.failure is not None:
            return
        try:
            handler(self, **{name: value for name, value in given.items() if name in wanted})
        except Exception as error:
            self.failure = error

    return safe  # type: ignore[return-value]


class RunLog:
    """Follows one crawl from its opening to its verdict. `crawler.run_log` gives the command the outcome."""

    def __init__(self, crawler: Crawler) -> None:
        job: Job | None = crawler.settings.get("JOB")
        if job is None:
            raise NotConfigured("no job: this crawl writes nowhere")
        self.crawler, self.job, self.db, self.mode = crawler, job, job.db, job.mode
        self.source: type[SourceSpider] = crawler.spidercls
        self.tally = store.Tally()
        self.catalogues: Counter[tuple[str, str, str]] = Counter()  # rows by route, time and page
        self.batch: list[tuple[Any, Provenance, str | None]] = []
        self.rejects: list[dict[str, Any]] = []
        self.entities: set[str] = set()
        self.unnamed: set[str] = set()
        self.failure: Exception | None = None
        self.blocks = 0
        self.pages = PageLog(self.db, self.source) if job.mode == "live" else None
        self.asked: dict[str, Asked] = {}
        self.progress = job.progress() if job.progress else None
        self.routes = {route.pattern: route for route in self.source.routes}
        self.verdict = "running"
        self.why: str | None = None
        self.warnings: list[str] = []
        self.run: int | None = None
        self.stopping: asyncio.Future[None] | None = None
        crawler.run_log = self
        connect = crawler.signals.connect
        connect(self.opened, signals.spider_opened)
        connect(self.scraped, signals.item_scraped)
        connect(self.dropped, signals.item_dropped)
        connect(self.item_failed, signals.item_error)
        connect(self.spider_failed, signals.spider_error)
        connect(self.closed, signals.spider_closed)

    # Scrapy logs what a signal handler raises and goes on: without `guarded` a full disk would lose rows silently.

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RunLog:
        return cls(crawler)

    @guarded
    def opened(self, spider: Spider) -> None:
        self.began = time.monotonic()
        self.run = store.begin_run(self.db, spider.name, self.mode, self.job.input, VERSION)

    @guarded
    def scraped(self, item: Judged) -> None:
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
        if self.progress:
            self.progress.rows(1)

    @guarded
    def dropped(self, item: Observation, exception: Rejected) -> None:
        self.note(item.provenance, exception.reason, exception.level, exception.text, exception.key)
        url = item.provenance.page_url
        if exception.level == "page":
            self.tally.refused_count += 1
            if self.pages:
                self.pages.refused(url, exception.reason)
            if exception.reason.startswith("blocked"):
                self.stop_when_blocked()
        elif exception.level == "check":
            self.tally.fault_count += 1
        if exception.level != "page":
            self.tally.reject_count += 1
            if self.pages:
                self.pages.lost_row(url, is_fault=exception.level == "check")

    def stop_when_blocked(self) -> None:
        """A site that refuses us is left alone: a live crawl ends at the third block page."""
        self.blocks += 1
        if self.mode == "live" and self.blocks == BLOCKS_BEFORE_STOP:
            self.stop("blocked")

    def stop(self, reason: str) -> None:
        """End the crawl early: the run is rejected with this reason. Only the first call counts."""
        if self.stopping is None:
            self.stopping = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=reason))

    @guarded
    def item_failed(self, item: Any, failure: Any) -> None:
        self.tally.error_count += 1
        origin = getattr(item, "provenance", None)
        self.note(origin, f"error: {failure.value!r}", "error", str(item)[:KEPT_TEXT], None)

    @guarded
    def spider_failed(self, failure: Any, response: Any) -> None:
        self.tally.error_count += 1
        trace = failure.getTraceback().strip().splitlines()
        place = next((line.strip() for line in reversed(trace) if "crawler/spiders" in line), "")
        origin = Provenance(page_url=response.url, page_sha256="", retrieved_at=store.now(), archive_ref=None, route="")
        archived = response.meta.get("archived")
        text = f"{place} {archived.ref if archived else ''}".strip()
        self.note(origin, f"error: {failure.value!r}", "error", text, None)

    def note(self, origin: Provenance | None, reason: str, level: str, text: str, key: str | None) -> None:
        self.rejects.append(
            {
                "key": key,
                "level": level,
                "reason": reason,
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

    def closed(self, spider: Spider, reason: str) -> None:
        self.verdict = "rejected"
        if self.progress:
            self.progress.close()
        try:
            if self.run is not None:
                notes.note_hosts(self.db, self.run, [asked.row(host) for host, asked in self.asked.items()])
            if self.failure is None:
                self.judge(reason)
        except (sqlite3.Error, OSError) as error:
            self.failure = error
        if self.failure is not None:
            self.verdict, self.why = "rejected", f"could not be stored: {self.failure}"
            self.close_broken(reason)

    def close_broken(self, reason: str) -> None:
        """Note the failure if the database still takes a row; the staged rows stay invisible either way."""
        if self.run is None:
            return
        try:
            store.reject(self.db, self.run, self.why or "", reason, self.tally, [])
        except sqlite3.Error as error:
            self.warnings = [f"the reason could not be stored either: {error}"]

    def judge(self, reason: str) -> None:
        stats, tally = self.crawler.stats, self.tally
        tally.response_count = stats.get_value("spheres/responses", 0) + stats.get_value("spheres/lost", 0)
        tally.link_count = stats.get_value("spheres/links", 0)
        if self.pages:
            self.pages.count_kept(tally, self.entities, self.unnamed, self.catalogues)
        tally.document_count = sum(entity.startswith("document ") for entity in self.entities)
        tally.certificate_count = sum(entity.startswith("certificate ") for entity in self.entities)
        self.refuse_short_catalogues()
        tally.unknown_identifier_count = len(self.unnamed)
        tally.catalogue_rows = self.newest_catalogue_rows()
        tally.seconds = round(time.monotonic() - self.began, 2)
        self.flush_rejects()
        self.why, self.warnings = checks.verdict(tally, reason, self.limits())
        if self.why is None:
            self.flush()
            visit = self.pages.finished() if self.pages else None
            store.accept(self.db, self.run, reason, tally, self.warnings, visit)
            self.verdict = "accepted"
        else:
            store.reject(self.db, self.run, self.why, reason, tally, self.warnings)
            self.verdict = "rejected"

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
