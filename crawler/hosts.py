"""Manners towards a host: its pace, its robots.txt and its wish to wait are shared by all who ask it.

`Hosts` lives as long as the process and knows when each host may be asked again. `Pace` stands next to the wire, waits
for that moment, counts what was asked and ends a crawl that should not go on. `BackOff` tries again, later.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest, NotConfigured
from scrapy.http import Response, TextResponse

BACK_OFF_SECONDS = (5, 30, 120)
LONGEST_WAIT = 600
LONGEST_CRAWL_DELAY = 120
FAILURES_BEFORE_STOP = 5
FORBID_ALL = b"User-agent: *\nDisallow: /\n"


@dataclass
class Host:
    """One host: the moment (monotonic) of the next request, the seconds between two, and its robots.txt."""

    next_at: float = 0.0
    delay: float = 0.0
    robots: dict[str, Response] = field(default_factory=dict)
    robots_lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Hosts:
    """Every host of this process, by name."""

    def __init__(self) -> None:
        self.known: dict[str, Host] = {}

    def of(self, name: str) -> Host:
        return self.known.setdefault(name, Host())

    async def turn(self, name: str, delay: float) -> float:
        """Wait until the host may be asked; the seconds waited. Each caller gets a moment of its own."""
        host, began = self.of(name), time.monotonic()
        while (wait := host.next_at - time.monotonic()) > 0:
            await asyncio.sleep(wait)  # another may have taken the moment meanwhile, or the host asked to wait
        moment = time.monotonic()
        host.next_at = moment + max(delay, host.delay)
        return moment - began

    def hold(self, name: str, seconds: float) -> None:
        """Nobody asks the host for so many seconds."""
        host = self.of(name)
        host.next_at = max(host.next_at, time.monotonic() + seconds)


@dataclass
class Asked:
    """What one crawl asked of one host."""

    request_count: int = 0
    unchanged_count: int = 0
    retry_count: int = 0
    failure_count: int = 0
    byte_count: int = 0
    waited_seconds: float = 0.0
    crawl_delay: float | None = None
    statuses: Counter[int] = field(default_factory=Counter)

    def row(self, host: str) -> dict[str, Any]:
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        values = {**vars(self), "host": host, "statuses": statuses}
        return {**values, "waited_seconds": round(self.waited_seconds, 1)}


class Pace:
    """Downloader middleware nearest to the wire: one moment per request, counted; robots.txt asked once per host."""

    def __init__(self, crawler: Crawler) -> None:
        self.log = getattr(crawler, "run_log", None)
        if self.log is None:
            raise NotConfigured("no run")
        job = self.log.job
        self.crawler, self.hosts, self.budget = crawler, job.hosts, job.budget
        self.delay = crawler.settings.getfloat("HOST_DELAY")
        self.asked: dict[str, Asked] = self.log.asked
        self.spent = self.failures = 0
        crawler.signals.connect(self.robots_parsed, signals.robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Pace:
        return cls(crawler)

    async def process_request(self, request: Request) -> Response | None:
        name = host_of(request.url)
        if is_robots(request):
            host = self.hosts.of(name)
            await host.robots_lock.acquire()  # released by the answer, whatever it is
            request.meta["holds_robots"] = host
            if kept := host.robots.get(request.url):
                request.meta["unasked"] = True
                return kept.replace(request=request)
        await self.take_turn(request, name)
        return None

    async def take_turn(self, request: Request, name: str) -> None:
        if self.budget is not None and self.spent >= self.budget:
            self.log.stop("budget spent")
            raise IgnoreRequest(f"refused: the budget of {self.budget} requests is spent")
        self.spent += 1
        asked = self.asked.setdefault(name, Asked())
        asked.waited_seconds += await self.hosts.turn(name, self.delay)
        asked.request_count += 1
        asked.retry_count += bool(request.meta.get("retry_times"))

    def process_response(self, request: Request, response: Response) -> Response:
        if not request.meta.get("unasked"):
            self.count(request, response)
        if host := request.meta.pop("holds_robots", None):
            host.robots_lock.release()
            if response.status == 429 or response.status >= 500:  # RFC 9309: an unreachable robots.txt forbids all
                return TextResponse(response.url, status=200, body=FORBID_ALL, request=request)
            host.robots[request.url] = response
            return response
        self.judge(response.status >= 500 or response.status == 429)
        return response

    def count(self, request: Request, response: Response) -> None:
        asked = self.asked.setdefault(host_of(request.url), Asked())
        asked.statuses[response.status] += 1
        asked.unchanged_count += response.status == 304
        asked.byte_count += len(response.body)

    def process_exception(self, request: Request, exception: Exception) -> None:
        if host := request.meta.pop("holds_robots", None):
            host.robots_lock.release()
        if isinstance(exception, IgnoreRequest):
            return
        self.asked.setdefault(host_of(request.url), Asked()).failure_count += 1
        self.judge(not isinstance(exception, DownloadCancelledError))  # too large is no fault of the host's health

    def judge(self, is_failure: bool) -> None:
        """A host that only fails is left alone for the rest of the run."""
        self.failures = self.failures + 1 if is_failure else 0
        if self.failures == FAILURES_BEFORE_STOP:
            self.log.stop("source down")

    def robots_parsed(self, robotparser: Any, request: Request) -> None:
        wanted = robotparser.crawl_delay(self.crawler.settings["USER_AGENT"])
        if not wanted:
            return
        name = host_of(request.url)
        self.asked.setdefault(name, Asked()).crawl_delay = wanted
        if wanted > LONGEST_CRAWL_DELAY:
            self.log.stop("crawl delay too long")
        else:
            host = self.hosts.of(name)
            host.delay = max(host.delay, wanted)
            self.hosts.hold(name, wanted)


class BackOff:
    """Downloader middleware: tries again after 429 and 5xx, waiting what Retry-After asks or 5, 30, 120 seconds.

    The wait is the host's: no source asks it meanwhile.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.waits = crawler.settings.getlist("BACK_OFF_SECONDS") or BACK_OFF_SECONDS
        self.hosts: Hosts = crawler.run_log.job.hosts

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BackOff:
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        if "archived" in request.meta or (response.status != 429 and response.status < 500):
            return response
        tried = request.meta.get("retry_times", 0)
        if tried >= len(self.waits):
            return response
        wait = retry_after(response) or float(self.waits[tried])
        again = get_retry_request(
            request, spider=self.crawler.spider, reason=f"HTTP {response.status}", max_retry_times=len(self.waits)
        )
        if again is None:
            return response
        if wait > LONGEST_WAIT:
            self.crawler.run_log.stop("asked to wait too long")
            return response
        self.hosts.hold(host_of(request.url), wait)
        return again


def retry_after(response: Response) -> float | None:
    """Seconds that the Retry-After header asks for (a number or an HTTP date), or None."""
    text = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def is_robots(request: Request) -> bool:
    """Whether this is Scrapy's own request for the rules of a host."""
    return bool(request.meta.get("dont_obey_robotstxt")) and urlsplit(request.url).path == "/robots.txt"
