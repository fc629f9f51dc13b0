"""The base of every source: what it declares, and the three ways its pages arrive.

A source is one class: attributes say what it is, `routes` say which URL is read by which callback. The live crawl
starts from `start_urls` (or an overridden `live_requests`), an archive run from every archived response whose URL fits
a route, the sample from the embedded pages: the callbacks are the same in all three.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import scrapy
from scrapy.http import Response

from standards_db import taxonomy
from standards_db.records import Observation, PageRefused, Provenance, Refused
from standards_db.store import now

if TYPE_CHECKING:
    from crawler.job import Job

KINDS = ("list", "detail", "feed", "api", "bulk")


@dataclass(frozen=True)
class Route:
    """URLs matching `pattern` (searched, so anchor it) with `method` are read by the callback named `callback`.

    `complete` means one response holds the whole catalogue: what an accepted newer one lacks has vanished.
    `min_rows` refuses such a response when it yields fewer rows (0: no floor); the embedded sample is exempt.
    """

    pattern: str
    callback: str
    kind: str
    method: str = "GET"
    complete: bool = False
    min_rows: int = 0
    regex: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"route {self.pattern!r}: kind {self.kind!r} is not one of {KINDS}")
        object.__setattr__(self, "regex", re.compile(self.pattern))

    def fits(self, url: str, method: str) -> bool:
        return method.upper() == self.method and self.regex.search(url) is not None


@dataclass(frozen=True)
class Expect:
    """What a healthy full run looks like: rows between `min` and `max` (min fails, max warns), `filled` shares of
    fields that must not be blank, and the largest `shrink` (share of rows lost since the last accepted run)."""

    min: int
    max: int
    filled: dict[str, float] = field(default_factory=dict)
    shrink: float = 0.2


class SourceSpider(scrapy.Spider):
    """One source. The class docstring is its public entry: what the register is, who publishes it, its caveats."""

    title: ClassVar[str]
    body: ClassVar[str]  # key in bodies.yml: the publisher, and the issuer where a page names none
    homepage: ClassVar[str]
    holds: ClassVar[str] = "documents"  # documents | certificates | memberships
    tier: ClassVar[str] = "primary"  # a secondary source is somebody's copy and never overwrites a primary one
    licence: ClassVar[str] = ""
    routes: ClassVar[tuple[Route, ...]] = ()
    expect: ClassVar[Expect]
    date_formats: ClassVar[tuple[str, ...]] = ()  # the source's own formats, see standards_db.dates
    enabled: ClassVar[bool] = True
    why_off: ClassVar[str] = ""
    interval_days: ClassVar[int] = 7
    side_files: ClassVar[tuple[tuple[str, str], ...]] = ()  # address of a feed -> small file that changes with it
    rank: ClassVar[int] = 50  # among sources of one tier that describe the same edition the lower rank is kept

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:  # a platform class shared by several sources
            return
        for attribute in ("title", "body", "homepage", "expect"):
            if not hasattr(cls, attribute):
                raise TypeError(f"source {cls.name}: class attribute {attribute} is missing")
        if cls.body not in taxonomy.BODIES:
            raise TypeError(f"source {cls.name}: body {cls.body!r} is not in bodies.yml")
        if cls.tier not in ("primary", "secondary"):
            raise TypeError(f"source {cls.name}: tier is {cls.tier!r}")
        if not cls.enabled and not cls.why_off:
            raise TypeError(f"source {cls.name}: a source that is off says why in why_off")
        if not cls.routes:
            raise TypeError(f"source {cls.name}: no routes")
        for route in cls.routes:
            if not callable(getattr(cls, route.callback, None)):
                raise TypeError(f"source {cls.name}: route names a callback that does not exist: {route.callback}")

    @classmethod
    def sphere(cls) -> str:
        return taxonomy.BODIES[cls.body].sphere

    @classmethod
    def route_of(cls, url: str, method: str = "GET") -> Route | None:
        """The first route that fits, or None."""
        return next((route for route in cls.routes if route.fits(url, method)), None)

    async def start(self) -> AsyncIterator[scrapy.Request]:
        job: Job | None = self.settings.get("JOB")
        if job is None or job.responses is None:
            for request in self.live_requests():
                yield request
            return
        for response in job.responses:
            yield self.request(response.url, method=response.method, meta={"archived": response}, dont_filter=True)

    def live_requests(self) -> Iterable[scrapy.Request]:
        """Requests that start a live crawl; the default is one GET per `start_urls`."""
        for url in self.start_urls:
            yield self.request(url)

    def request(self, url: str, *, method: str = "GET", **kwargs: Any) -> scrapy.Request:
        """A request whose callback is that of the route its URL fits.

        Raises ValueError when no route reads the URL: a link that nothing reads is a fault of the spider.
        """
        route = self.route_of(url, method)
        if route is None:
            raise ValueError(f"source {self.name}: no route reads {method} {url}")
        hints = all(name.startswith("download_") for name in kwargs.get("meta", ()))
        meta = {
            "from_url": method == "GET" and not kwargs,  # the address alone makes this request again
            "stateless": method == "GET" and hints and kwargs.keys() <= {"meta"},
            **kwargs.pop("meta", {}),
            "route": route,
        }
        callback = getattr(self, route.callback)
        return scrapy.Request(url, callback=callback, errback=self.failed, method=method, meta=meta, **kwargs)

    @classmethod
    def side_file(cls, url: str) -> str | None:
        """The address of the small file that tells whether the feed at `url` has changed, or None."""
        return dict(cls.side_files).get(url)

    @classmethod
    def side_digest(cls, body: bytes) -> str | None:
        """What a side file says of its feed: the same text while the feed is the same; None when it says nothing."""
        return hashlib.sha256(body).hexdigest() if body.strip() else None

    def unchanged(self, response: Response) -> Iterable[scrapy.Request]:
        """The callback of a page that is the same as when it was read: its records are kept, its links followed."""
        for url in response.meta["known"].links:
            yield self.request(url)

    def failed(self, failure: Any) -> Iterable[Observation]:
        """A page that did not arrive or was refused before its callback: kept with the reason."""
        arrived = isinstance(failure.value, PageRefused) or getattr(failure.value, "response", None) is not None
        if not arrived:  # what arrives is counted on its way in
            self.crawler.stats.inc_value("spheres/lost")
        yield observe_refusal(failure.request, failure.value)

    @staticmethod
    def read_json(response: Response) -> Any:
        """The response's JSON value; a page that is not JSON is refused with the start of its text."""
        try:
            return json.loads(response.body.decode("utf-8-sig"))
        except ValueError as error:
            start = response.body[:60].decode("utf-8", "replace").strip()
            raise PageRefused(f"expected JSON, got {start!r}: {error}") from error


def observe_refusal(request: scrapy.Request, error: BaseException) -> Observation:
    """The refusal of a whole page as an observation: which URL, and why in one line."""
    response = getattr(error, "response", None)
    reason = f"HTTP status {response.status}" if response is not None else str(error) or type(error).__name__
    archived = request.meta.get("archived")
    body = response.body if response is not None else b""
    return Observation(
        record=Refused(reason=reason, text=body[:200].decode("utf-8", "replace"), is_page=True),
        provenance=Provenance(
            page_url=request.url,
            page_sha256=hashlib.sha256(body).hexdigest(),
            retrieved_at=(archived.recorded_at if archived else "") or now(),
            archive_ref=archived.ref if archived else None,
            route=request.meta["route"].pattern,
        ),
    )


def clean(text: str | None) -> str | None:
    """Printed text with runs of white space made single blanks; None when nothing is left."""
    if text is None:
        return None
    return " ".join(text.replace("\u200b", "").replace("\ufeff", "").split()) or None


def country_key(line: str) -> str | None:
    """The country that a line of an address names (ISO 3166 key), so that no other line of it is taken for one."""
    country = taxonomy.country_of(line)
    return country.key if country else None


def all_sources() -> dict[str, type[SourceSpider]]:
    """Every source by name, found by importing the modules under `crawler.spiders`."""
    from scrapy.utils.misc import walk_modules_iter

    found: dict[str, type[SourceSpider]] = {}
    for module in walk_modules_iter("crawler.spiders"):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, SourceSpider) and "name" in value.__dict__:
                if found.get(value.name, value) is not value:
                    raise TypeError(f"two sources are named {value.name}")
                if value.__module__ == module.__name__:
                    found[value.name] = value
    return dict(sorted(found.items()))
