"""Running sources: live, over an archive, over the sample. One outcome per source; nothing here prints."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrapy.crawler import AsyncCrawlerProcess, AsyncCrawlerRunner, Crawler
from sqlite_utils import Database

from crawler import settings
from crawler.archive import Archived, Problem, read_archive, read_sample
from crawler.base import SourceSpider
from crawler.job import Job, Progress
from crawler.ledger import Ledger
from crawler.middlewares import BLOCK_STATUSES
from standards_db import notes, taxonomy
from standards_db.store import Tally


@dataclass
class Outcome:
    """How one source's run ended."""

    source: str
    verdict: str
    why: str | None
    warnings: list[str]
    tally: Tally
    run: int | None = None


@dataclass
class Shelf:
    """An archive sorted by source: what each source reads, and what nobody reads with the reason."""

    name: str
    by_source: dict[str, list[Archived]] = field(default_factory=dict)
    unread: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def sort_archive(entries: Iterable[Archived | Problem], sources: dict[str, type[SourceSpider]], name: str) -> Shelf:
    """Offer every archived response to every source; the first route that fits takes it."""
    shelf = Shelf(name)
    for entry in entries:
        if isinstance(entry, Problem):
            is_broken = entry.reason.startswith(("malformed", "body", "status", "no response"))
            (shelf.problems.append(entry) if is_broken else None)
            shelf.unread.append((entry.url, entry.reason, entry.where))
            continue
        reader = next((s for s in sources.values() if s.route_of(entry.url, entry.method)), None)
        if reader is None:
            reason = f"{entry.method} request" if entry.method == "HEAD" else why_unread(entry.url)
        elif entry.status in range(300, 400):
            reason = f"redirect (status {entry.status})"
        elif entry.status != 200 and entry.status not in BLOCK_STATUSES:
            reason = f"status {entry.status}"
        else:
            shelf.by_source.setdefault(reader.name, []).append(entry)
            continue
        shelf.unread.append((entry.url, reason, entry.ref))
    return shelf


def why_unread(url: str) -> str:
    """The reason for which a register is not collected, where the URL is a page of one."""
    for row in taxonomy.CLOSED_SOURCES.values():
        if "pages" in row and re.search(row["pages"], url):
            return f"not collected: {row['title']}"
    return "no source reads this URL"


def shelf_of_folder(folder: Path, sources: dict[str, type[SourceSpider]]) -> Shelf:
    return sort_archive(read_archive(folder), sources, folder.name or str(folder))


def shelf_of_sample(sources: dict[str, type[SourceSpider]]) -> Shelf:
    return sort_archive(read_sample(), sources, "embedded sample")


def source_rows(sources: dict[str, type[SourceSpider]]) -> list[dict[str, Any]]:
    """What the sources say of themselves, as rows of table `sources`."""
    return [
        {
            "key": source.name,
            "title": source.title,
            "sphere": source.sphere(),
            "body": source.body,
            "holds": source.holds,
            "tier": source.tier,
            "rank": source.rank,
            "homepage": source.homepage,
            "licence": source.licence or None,
            "expected_min": source.expect.min,
            "expected_max": source.expect.max,
            "interval_days": source.interval_days,
            "is_on": int(source.enabled),
            "why_off": source.why_off or None,
            "description": " ".join((source.__doc__ or "").split()),
        }
        for source in sources.values()
    ]


def replay(
    db: Database,
    shelf: Shelf,
    sources: dict[str, type[SourceSpider]],
    mode: str,
    progress_of: Callable[[str], Progress],
    done: Callable[[Outcome], None],
) -> list[Outcome]:
    """Run each of `sources` that the shelf has responses for, one after the other, and tell `done` of each."""
    outcomes = []
    for name, source in sources.items():
        if shelf.by_source.get(name):
            outcomes.append(run_source(db, shelf, source, mode, partial(progress_of, name)))
            done(outcomes[-1])
    return outcomes


def run_source(
    db: Database, shelf: Shelf, source: type[SourceSpider], mode: str, progress: Callable[[], Progress]
) -> Outcome:
    """Run one source over its responses on the shelf."""
    job = Job(db, mode, tuple(shelf.by_source[source.name]), shelf.name, progress=progress)
    return outcome_of(asyncio.run(replay_one(job, source)), source.name)


async def replay_one(job: Job, source: type[SourceSpider], extra: dict[str, Any] | None = None) -> Crawler:
    """Read the responses of one job."""
    runner = AsyncCrawlerRunner({**settings.replay(), "JOB": job, **(extra or {})})
    crawler = runner.create_crawler(source)
    await runner.crawl(crawler)
    return crawler


def crawl_live(
    db: Database,
    sources: dict[str, type[SourceSpider]],
    *,
    contact: str,
    delay: float,
    record_to: Path | None,
    budget: int | None = None,
    hours: float = 0,
    extra: dict[str, Any] | None = None,
) -> list[Outcome]:
    """Crawl the sites of `sources` side by side, those of one host one after the other so that they share its pace.

    One source's failure never touches another's. `budget` limits the requests of each run and `hours` its length (None
    and 0: no limit).
    """
    if not sources:
        return []
    job = Job(db, "live", record_to=record_to, budget=budget)
    crawlers = visit_sites(job, sources, contact=contact, delay=delay, hours=hours, extra=extra)
    return [outcome_of(crawler, name) for name, crawler in crawlers.items()]


def visit_sites(
    job: Job,
    sources: dict[str, type[SourceSpider]],
    *,
    contact: str,
    delay: float,
    hours: float = 0,
    extra: dict[str, Any] | None = None,
) -> dict[str, Crawler]:
    """Crawl live for one job; the ended crawlers by source. Once per process: the reactor starts only once."""
    values = {
        **settings.live(contact, delay),
        "JOB": job,
        "CLOSESPIDER_TIMEOUT": hours * 3600,
        **(extra or {}),
    }
    process = AsyncCrawlerProcess(values)
    crawlers = {name: process.create_crawler(source) for name, source in sources.items()}
    waiting: dict[str, list[Crawler]] = {}
    for name, source in sources.items():
        waiting.setdefault(host_of(source), []).append(crawlers[name])

    def crawl_next(queue: list[Crawler], _: object = None) -> None:
        if queue:
            process.crawl(queue.pop(0)).add_done_callback(partial(crawl_next, queue))

    for queue in waiting.values():
        crawl_next(queue)
    process.start()
    return crawlers


def host_of(source: type[SourceSpider]) -> str:
    """The host that a live crawl of the source asks first; the source's name when it cannot say."""
    try:
        request = next(iter(source().live_requests()), None)
    except Exception:  # such a source fails in its own run, with its reason
        return source.name
    return (urlsplit(request.url).hostname or "") if request else source.name


def outcome_of(crawler: Any, name: str) -> Outcome:
    """A crawl that broke before its log opened is a rejected one too."""
    log = getattr(crawler, "run_log", None)
    if log is None or log.book.verdict == "running":
        return Outcome(name, "rejected", "the crawl broke before its verdict", [], Tally())
    return closed(log.book)


def closed(ledger: Ledger) -> Outcome:
    """How the run of a ledger ended."""
    return Outcome(ledger.source.name, ledger.verdict, ledger.why, ledger.warnings, ledger.tally, ledger.run)


def note_unread(db: Database, shelf: Shelf) -> None:
    notes.replace_unread(db, None, shelf.name, shelf.unread)
