"""Asking only for what has changed: validators go out, and a page that is the same is kept without being read again.

A page is remembered when its address alone leads to it and to every page it links to. Pages whose callbacks carry
state from one to the next (a list read page by page, a search in a session) are always read in full.
"""

from __future__ import annotations

import hashlib
import inspect
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from sqlite_utils import Database

import standards_db
from standards_db.pages import Page, Visit, entities_of
from standards_db.store import Tally, now

if TYPE_CHECKING:
    from crawler.base import SourceSpider

GONE = ("HTTP status 404", "HTTP status 410")
READING = ("*.py", "identifiers/*", "taxonomy/*", "facts/*.py")  # of standards_db: what gives a page its meaning


class PageLog:
    """What one live crawl did with its pages, in the shape that `store.accept` keeps."""

    def __init__(self, source: type[SourceSpider], known: Callable[[str, str], Page | None]) -> None:
        """`known` finds a remembered page by its address and the name of the code that read it."""
        self.source, self.find = source, known
        self.visit = Visit(reader=reader_of(source))
        self.spoiled: set[str] = set()

    def known(self, url: str) -> Page | None:
        return self.find(url, self.visit.reader)

    def read(self, response: Response, side_sha256: str | None) -> None:
        """A page that is about to be read."""
        validators = {name: header(response, name) for name in ("ETag", "Last-Modified")}
        self.visit.read[response.url] = Page(
            url=response.url,
            etag=validators["ETag"],
            last_modified=validators["Last-Modified"],
            sha256=hashlib.sha256(response.body).hexdigest(),
            side_sha256=side_sha256,
            counts={"filled": {}, "unnamed": []},
            read_at=now(),
        )

    def keep(self, page: Page) -> None:
        """A page that is the same as when it was read."""
        self.visit.kept[page.url] = page

    def links_to(self, response: Response, request: Request) -> None:
        page = self.visit.read.get(response.url)
        if page and request.meta.get("from_url"):
            page.links.append(request.url)
        else:
            self.spoiled.add(response.url)

    def gave_row(self, url: str, row: Any, expected: dict[str, float], *, unnamed: bool) -> None:
        if page := self.visit.read.get(url):
            page.keys.append(row.key)
            count = page.counts
            count["row_count"] = count.get("row_count", 0) + 1
            count["unknown_count"] = count.get("unknown_count", 0) + len(row.unknowns)
            count["relation_count"] = count.get("relation_count", 0) + len(row.payload.get("relations") or ())
            if unnamed:
                count["unnamed"].append(row.entity)
            for name in expected:
                if name in row.payload:
                    filled, total = count["filled"].get(name, (0, 0))
                    count["filled"][name] = (filled + (row.payload[name] not in (None, "", [])), total + 1)

    def lost_row(self, url: str, *, is_fault: bool) -> None:
        if page := self.visit.read.get(url):
            for name in ("reject_count", "fault_count")[: 1 + is_fault]:
                page.counts[name] = page.counts.get(name, 0) + 1

    def refused(self, url: str, reason: str) -> None:
        self.spoiled.add(url)
        if reason not in GONE:
            self.visit.missed.add(url)

    def count_kept(
        self, db: Database, tally: Tally, entities: set[str], unnamed: set[str], sizes: Counter[Any]
    ) -> None:
        """Add to a run's counts what its kept pages gave when they were read; `sizes` are those of catalogues."""
        for page in self.visit.kept.values():
            tally.unchanged_count += 1
            for name, value in page.counts.items():
                if name not in ("filled", "unnamed"):
                    setattr(tally, name, getattr(tally, name) + value)
            for name, (filled, total) in page.counts["filled"].items():
                before = tally.filled.get(name, (0, 0))
                tally.filled[name] = (before[0] + filled, before[1] + total)
            unnamed.update(page.counts["unnamed"])
            route = self.source.route_of(page.url)
            if route and route.complete:
                sizes[route.pattern, now(), page.sha256] += len(page.keys)
        keys = {key for page in self.visit.kept.values() for key in page.keys}
        entities |= entities_of(db, self.source.name, keys)

    def finished(self) -> Visit:
        """The visit without pages that cannot be kept another time."""
        for url in self.spoiled:
            self.visit.read.pop(url, None)
        for page in self.visit.read.values():
            page.keys = list(dict.fromkeys(page.keys))
            page.links = list(dict.fromkeys(page.links))
        return self.visit


class Conditional:
    """Downloader middleware: sends validators of known pages; one that is the same goes to `SourceSpider.unchanged`."""

    def __init__(self, crawler: Crawler) -> None:
        log = getattr(crawler, "run_log", None)
        if log is None or log.pages is None:
            raise NotConfigured("no live run")
        self.crawler, self.pages = crawler, log.pages

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Conditional:
        return cls(crawler)

    async def process_request(self, request: Request) -> Response | None:
        for name in ("If-None-Match", "If-Modified-Since"):
            request.headers.pop(name, None)  # a redirected request brings those of another address
        request.meta.pop("known", None)
        if not request.meta.get("stateless") or request.method != "GET":
            return None
        page = self.pages.known(request.url)
        if side := self.pages.source.side_file(request.url):
            digest = request.meta["side_sha256"] = await self.digest_of(side)
            if page and digest and digest == page.side_sha256:
                request.meta.update(known=page, unasked=True)
                return Response(request.url, status=304, request=request)
        if page is None:
            return None
        request.meta["known"] = page
        request.meta["handle_httpstatus_list"] = [304]
        if page.etag:
            request.headers["If-None-Match"] = page.etag
        if page.last_modified:
            request.headers["If-Modified-Since"] = page.last_modified
        return None

    async def digest_of(self, url: str) -> str | None:
        """What the small file says of the large one; None when it does not arrive or says nothing."""
        try:
            response = await self.crawler.engine.download_async(Request(url, callback=NO_CALLBACK))
        except Exception:  # whatever it is: the large file itself is asked for then
            return None
        return self.pages.source.side_digest(response.body) if response.status == 200 else None

    def process_response(self, request: Request, response: Response) -> Response:
        page: Page | None = request.meta.get("known")
        is_same = page and (
            response.status == 304
            or (response.status == 200 and hashlib.sha256(response.body).hexdigest() == page.sha256)
        )
        if page and is_same:
            request.meta["handle_httpstatus_list"] = [304]
            request.callback = self.crawler.spider.unchanged
            page.etag = header(response, "ETag") or page.etag
            page.last_modified = header(response, "Last-Modified") or page.last_modified
            page.side_sha256 = request.meta.get("side_sha256") or page.side_sha256
            self.pages.keep(page)
        elif response.status == 200 and request.meta.get("stateless") and request.method == "GET":
            self.pages.read(response, request.meta.get("side_sha256"))
        return response


def header(response: Response, name: str) -> str | None:
    return (response.headers.get(name) or b"").decode("latin-1") or None


@cache
def reader_of(source: type[SourceSpider]) -> str:
    """A name for the code that reads this source's pages: any change to it makes every page worth reading again."""
    here, meaning = Path(__file__).parent, Path(standards_db.__file__).parent
    files = {*here.glob("*.py"), *(path for pattern in READING for path in meaning.glob(pattern) if path.is_file())}
    files |= {Path(inspect.getfile(cls)) for cls in source.__mro__ if cls.__module__.startswith("crawler.")}
    digest = hashlib.sha256(source.__qualname__.encode())
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
