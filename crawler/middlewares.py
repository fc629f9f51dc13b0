"""Between the wire and the callbacks: refuse what is no page, keep it, stamp where a record comes from."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import HtmlResponse, Response

from crawler.archive import WarcFile
from crawler.base import observe_refusal
from crawler.job import Job
from crawler.pages import PageLog
from crawler.pipelines import BATCH
from standards_db.records import Observation, PageRefused, Provenance
from standards_db.store import now

BLOCK_STATUSES = {401, 403, 429, 503, 521}
# Each is specific to a challenge or block page; scripts that such services add to ordinary pages are not. All in lower
# case: what the page's title is, and what stands anywhere in it. Plain texts, because every page is searched for them.
CHALLENGES: tuple[tuple[str, re.Pattern[bytes] | None, tuple[bytes, ...]], ...] = (
    (
        "Cloudflare challenge",
        re.compile(rb"\s*(just a moment\.\.\.|attention required! \| cloudflare)"),
        (b"cf_chl_opt", b'id="challenge-form"', b"cf-browser-verification"),
    ),
    ("Knownsec block page", None, (b"notice-jiasule", b"__jsl_clearance", b"/cdn-cgi/jsl")),
    ("Incapsula challenge", None, (b"_incapsula_resource", b"incapsula incident id")),
    ("F5 block page", None, (b"the requested url was rejected. please consult with your administrator",)),
    ("access denied", re.compile(rb"\s*access denied\s*$"), ()),
    ("request-access page", re.compile(rb".*request access\s*$", re.DOTALL), ()),
    ("captcha", None, (b"geetest.com", b"initgeetest")),
    (
        "rate limit or firewall page",
        None,
        tuple(text.encode() for text in ("访问过于频繁", "请完成安全验证", "网站防火墙")),
    ),
)
TITLE = re.compile(rb"<title>([^<]*)")
# Sites that answer 200 with an error page: by its title, or by the address that a redirect led to.
NOT_FOUND_TITLE = re.compile(
    rb"\s*(?:error\s+|http\s+)?(?:404\b|(?:page|document|file)\s+(?:was\s+|cannot be\s+)?not\s+found"
    rb"|not\s+found\b|seite\s+nicht\s+gefunden|page\s+non\s+trouv)"
)
NOT_FOUND_PATH = re.compile(
    r"/(?:page[-_]?|error[-_]?)?(?:not[-_]?found|404)(?:_[a-z]{2})?(?:\.\w+)?/?$", re.IGNORECASE
)
NOT_A_PAGE = ("Response content isn't text", "on a Selector of type 'json'")  # what Scrapy says of a wrong type
HEAD = 200_000
REPLACEMENT = "\ufffd"


class Blocked:
    """Refuses, before any callback sees it: a challenge served as a page, an empty body, undecodable text."""

    def __init__(self, crawler: Crawler) -> None:
        self.stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Blocked:
        return cls(crawler)

    def process_spider_input(self, response: Response) -> None:
        self.stats.inc_value("spheres/responses")
        if reason := block_reason(response):
            raise PageRefused(reason)

    def process_spider_exception(self, response: Response, exception: Exception) -> list[Observation] | None:
        """A callback's refusal becomes a kept row; any other exception stays an error."""
        if any(phrase in str(exception) for phrase in NOT_A_PAGE):
            kind = (response.headers.get("Content-Type") or b"no type").decode("latin-1")
            exception = PageRefused(f"not the kind of page its address promises: {kind}")
        if isinstance(exception, PageRefused):
            return [observe_refusal(response.request, exception)]
        return None


def block_reason(response: Response) -> str | None:
    """Why this response is not a page of the site, or None."""
    head = response.body[:HEAD]
    if response.status in BLOCK_STATUSES:
        return f"blocked: HTTP status {response.status}"
    if not response.body.strip() and response.status < 300:  # a redirect has no body to speak of
        return "empty page"
    if NOT_FOUND_PATH.search(urlsplit(response.url).path) and not is_number_404(response):
        return f"not found: led to {response.url}"
    if head.lstrip()[:1] == b"<":
        page = head.lower()
        if name := challenge(page):
            return f"blocked: {name}"
        title = TITLE.search(page) if isinstance(response, HtmlResponse) else None  # XML may have elements of the name
        if title and NOT_FOUND_TITLE.match(title[1]):
            return f"not found: a page with the title {title[1].decode('utf-8', 'replace').strip()!r}"
    if isinstance(response, HtmlResponse):
        damaged = response.text.count(REPLACEMENT) - response.body.count(REPLACEMENT.encode())
        if damaged > max(2, len(response.text) // 5_000):
            return f"undecodable: {damaged} characters are not {response.encoding}"
    return None


def is_number_404(response: Response) -> bool:
    """Whether the address names the page that the source numbers 404: its route reads any other number there too."""
    route = response.request.meta.get("route") if response.request else None
    url = response.url.rstrip("/")
    return route is not None and url.endswith("/404") and route.regex.search(f"{url[:-3]}405") is not None


def challenge(page: bytes) -> str | None:
    """Whose challenge or block page this text in lower case is, or None."""
    titles = TITLE.findall(page)
    for name, titled, marks in CHALLENGES:
        if any(mark in page for mark in marks) or (titled and any(titled.match(title) for title in titles)):
            return name
    return None


class Tracing:
    """Stamps every record with where it was read and hands records on in lists; in a run that may not fetch, counts
    links instead of following. Next to the spider, so that no other middleware sees single records."""

    def __init__(self, crawler: Crawler) -> None:
        job: Job | None = crawler.settings.get("JOB")
        self.stats = crawler.stats
        self.is_replay = job is not None and job.responses is not None
        self.pages: PageLog | None = getattr(getattr(crawler, "run_log", None), "pages", None)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Tracing:
        return cls(crawler)

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        stamp: Provenance | None = None
        batch: list[Observation] = []
        failure: Exception | None = None
        try:
            async for output in result:
                if isinstance(output, Request):
                    if self.is_followed(output, response):
                        yield output
                    continue
                if not isinstance(output, Observation):
                    stamp = stamp or provenance(response)
                    output = Observation(record=output, provenance=stamp)
                batch.append(output)
                if len(batch) == BATCH:
                    yield batch
                    batch = []
        except Exception as error:  # what was read before it counts
            failure = error
        if batch:
            yield batch
        if failure:
            raise failure

    def is_followed(self, request: Request, response: Response) -> bool:
        if self.is_replay:
            self.stats.inc_value("spheres/links")
        elif self.pages:
            self.pages.links_to(response, request)
        return not self.is_replay


def provenance(response: Response) -> Provenance:
    """The stamp of a page."""
    archived = response.meta.get("archived")
    return Provenance(
        page_url=response.url,
        page_sha256=hashlib.sha256(response.body).hexdigest(),
        retrieved_at=(archived.recorded_at if archived else response.meta.get("retrieved_at")) or now(),
        archive_ref=archived.ref if archived else response.meta.get("archive_ref"),
        route=response.meta["route"].pattern,
    )


class Recorder:
    """Downloader middleware next to the wire: writes every exchange of a live crawl to one WARC file per source."""

    def __init__(self, crawler: Crawler) -> None:
        job: Job | None = crawler.settings.get("JOB")
        if job is None or job.record_to is None:
            raise NotConfigured("no folder to keep pages in")
        stamp = now().replace(":", "").replace("-", "")
        name = crawler.spider.name if crawler.spider else crawler.spidercls.name
        mark = secrets.token_hex(3)  # two machines may begin in the same second
        self.file = WarcFile(job.record_to / f"{name}-{stamp}-{mark}.warc.gz")
        crawler.signals.connect(self.closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Recorder:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        if not request.meta.get("unasked"):
            request.meta["archive_ref"] = self.file.add(request, response)
        return response

    def closed(self) -> None:
        self.file.close()
