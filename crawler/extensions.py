"""RunLog: the one extension that follows a crawl. What it meets goes into a book: the ledger of this process's
database, or the folder that a worker ships to another machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial, wraps
from inspect import signature
from typing import Any, Protocol, TypeVar

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from crawler.base import SourceSpider
from crawler.hosts import Asked
from crawler.job import Job
from crawler.ledger import KEPT_TEXT, Account, Ledger
from crawler.pages import PageLog
from crawler.pipelines import Judged, Rejected
from standards_db import store
from standards_db.pages import known_page
from standards_db.records import Observation, Provenance, Refused

BLOCKS_BEFORE_STOP = 3


class Book(Protocol):
    """What a run is written to. `take` gets what the pipelines of the run give."""

    failure: Exception | None

    def open(self) -> None: ...

    def take(self, item: Any) -> None: ...

    def drop(self, rejected: Rejected) -> None: ...

    def error(self, origin: Provenance | None, reason: str, text: str) -> None: ...

    def close(self, account: Account) -> None: ...


Handler = TypeVar("Handler", bound=Callable[..., None])


def guarded(handler: Handler) -> Handler:
    """Keep what a handler raises as the run's failure: such a run is rejected."""

    wanted = signature(handler).parameters

    @wraps(handler)
    def safe(self: RunLog, **given: Any) -> None:
        if self.book.failure is not None:
            return
        try:
            handler(self, **{name: value for name, value in given.items() if name in wanted})
        except Exception as error:
            self.book.failure = error

    return safe  # type: ignore[return-value]


class RunLog:
    """Follows one crawl from its opening to its verdict. `crawler.run_log` gives the command the outcome."""

    def __init__(self, crawler: Crawler) -> None:
        job: Job | None = crawler.settings.get("JOB")
        if job is None:
            raise NotConfigured("no job: this crawl writes nowhere")
        self.crawler, self.job, self.mode = crawler, job, job.mode
        self.source: type[SourceSpider] = crawler.spidercls
        known = job.known or partial(known_page, job.db, self.source.name)
        self.pages = PageLog(self.source, known) if job.mode == "live" else None
        self.book: Book = job.book or Ledger(job.db, self.source, job.mode, job.input, self.pages)
        self.blocks = 0
        self.asked: dict[str, Asked] = {}
        self.progress = job.progress() if job.progress else None
        self.stopping: asyncio.Future[None] | None = None
        crawler.run_log = self
        connect = crawler.signals.connect
        connect(self.opened, signals.spider_opened)
        connect(self.scraped, signals.item_scraped)
        connect(self.item_failed, signals.item_error)
        connect(self.spider_failed, signals.spider_error)
        connect(self.closed, signals.spider_closed)

    # Scrapy logs what a signal handler raises and goes on: without `guarded` a full disk would lose rows silently.

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RunLog:
        return cls(crawler)

    @guarded
    def opened(self, spider: Spider) -> None:
        self.book.open()

    @guarded
    def scraped(self, item: list[Judged | Rejected | Observation] | Observation) -> None:
        """A list from the pipelines; in a worker, which has none, observations as they were read."""
        entries = item if isinstance(item, list) else [item]
        for one in entries:
            if isinstance(one, Rejected):
                self.book.drop(one)
                if one.level == "page":
                    self.stop_when_blocked(one.reason)
                continue
            self.book.take(one)
            if isinstance(one, Observation) and isinstance(one.record, Refused) and one.record.is_page:
                self.stop_when_blocked(one.record.reason)  # a worker judges no rows, but it leaves a site in peace
        if self.progress:
            self.progress.rows(sum(not isinstance(one, Rejected) for one in entries))

    def stop_when_blocked(self, reason: str) -> None:
        """A site that refuses us is left alone: a live crawl ends at the third block page."""
        self.blocks += reason.startswith("blocked")
        if self.mode == "live" and self.blocks == BLOCKS_BEFORE_STOP:
            self.stop("blocked")

    def stop(self, reason: str) -> None:
        """End the crawl early: the run is rejected with this reason. Only the first call counts."""
        if self.stopping is None:
            self.stopping = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=reason))

    @guarded
    def item_failed(self, item: Any, failure: Any) -> None:
        self.book.error(None, f"error: {failure.value!r}", str(item)[:KEPT_TEXT])

    @guarded
    def spider_failed(self, failure: Any, response: Any) -> None:
        trace = failure.getTraceback().strip().splitlines()
        place = next((line.strip() for line in reversed(trace) if "crawler/spiders" in line), "")
        origin = Provenance(page_url=response.url, page_sha256="", retrieved_at=store.now(), archive_ref=None, route="")
        archived = response.meta.get("archived")
        text = f"{place} {archived.ref if archived else ''}".strip()
        self.book.error(origin, f"error: {failure.value!r}", text)

    def closed(self, spider: Spider, reason: str) -> None:
        if self.progress:
            self.progress.close()
        stats = self.crawler.stats
        self.book.close(
            Account(
                reason=reason,
                response_count=stats.get_value("spheres/responses", 0) + stats.get_value("spheres/lost", 0),
                link_count=stats.get_value("spheres/links", 0),
                resumed_count=stats.get_value("spheres/resumed", 0),
                hosts=[asked.row(host) for host, asked in self.asked.items()],
            )
        )
