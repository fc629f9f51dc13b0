"""What the benchmarks work on: pages and records of an archive, or of the embedded sample repeated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scrapy import Request
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from crawler import runs
from crawler.archive import Archived
from crawler.base import Expect, SourceSpider, all_sources
from crawler.pipelines import source_of
from crawler.platforms import zip_members
from crawler.runs import Shelf
from standards_db.interpret import Row, interpret
from standards_db.records import Observation, PageRefused, Provenance, Refused

PAGE_KINDS = ("list", "detail")
BULK_SOURCE = "relaton_itu"
FEWEST_ROWS, QUICK_ROWS = 5_000, 500
SAMPLE_TIMES, QUICK_TIMES = 20, 2


@dataclass(frozen=True)
class Input:
    """Where pages come from (`archive` None: the sample), and how much of them is measured."""

    archive: Path | None = None
    quick: bool = False

    @property
    def mode(self) -> str:
        return "archive" if self.archive else "sample"

    @property
    def times(self) -> int:
        """How often each page is read: the sample is small, so it is read many times."""
        if self.archive:
            return 1
        return QUICK_TIMES if self.quick else SAMPLE_TIMES

    @property
    def rows_wanted(self) -> int:
        return QUICK_ROWS if self.quick else FEWEST_ROWS

    def shelf(self, kinds: tuple[str, ...], times: int | None = None) -> tuple[Shelf, dict[str, type[SourceSpider]]]:
        """The responses whose route is of one of these kinds, each as often as `times` says."""
        sources = all_sources()
        shelf = runs.shelf_of_folder(self.archive, sources) if self.archive else runs.shelf_of_sample(sources)
        sources = {name: lenient(source) for name, source in sources.items()}
        if kinds == ("bulk",):
            sources = {BULK_SOURCE: sources[BULK_SOURCE]}
        for name in list(shelf.by_source):
            kept = [a for a in shelf.by_source[name] if name in sources and kind_of(sources[name], a) in kinds]
            shelf.by_source[name] = kept * (times or self.times)
            if kept and not gives_rows(sources[name], kept):
                shelf.by_source[name] = []
        return shelf, sources


def lenient(source: type[SourceSpider]) -> type[SourceSpider]:
    """The source without floors: pages of one kind are a part of what it expects of a run."""
    return type(source.__name__, (source,), {"name": source.name, "expect": Expect(min=0, max=source.expect.max)})


def gives_rows(source: type[SourceSpider], kept: list[Archived]) -> bool:
    """Whether any of one source's pages gives a row: lists that only lead to a feed leave nothing to measure."""
    spider = source(name=source.name)
    return any(next(parsed(spider, archived), None) is not None for archived in kept)


def kind_of(source: type[SourceSpider], archived: Archived) -> str:
    route = source.route_of(archived.url, archived.method)
    return route.kind if route else ""


def pages(shelf: Shelf, sources: dict[str, type[SourceSpider]]) -> list[tuple[type[SourceSpider], Archived]]:
    return [(sources[name], page) for name, kept in shelf.by_source.items() if name in sources for page in kept]


def response_of(source: type[SourceSpider], archived: Archived) -> Response:
    """The response that a replay would give the callback."""
    body, headers = archived.load(), Headers(archived.headers)
    route = source.route_of(archived.url, archived.method)
    request = Request(archived.url, method=archived.method, meta={"route": route, "archived": archived})
    kind = responsetypes.from_args(headers=headers, url=archived.url, body=body)
    return kind(url=archived.url, status=archived.status, headers=headers, body=body, request=request)


def parsed(spider: SourceSpider, archived: Archived) -> Iterator[Any]:
    """What the page's callback yields, requests left out; a page that it refuses yields nothing."""
    response = response_of(type(spider), archived)
    callback = getattr(spider, response.meta["route"].callback)
    try:
        yield from (item for item in callback(response) or () if not isinstance(item, Request))
    except PageRefused:
        return


def spiders(sources: dict[str, type[SourceSpider]]) -> dict[str, SourceSpider]:
    return {name: source(name=name) for name, source in sources.items()}


def members(given: Input) -> list[str]:
    """The YAML texts in the bulk source's zip."""
    shelf, sources = given.shelf(("bulk",))
    texts = []
    for _, page in pages(shelf, sources):
        texts += [content.decode("utf-8-sig") for name, content in zip_members(page.load()) if "/data/" in name]
    return texts


def records(given: Input) -> list[tuple[type[SourceSpider], Any]]:
    """Distinct printed records of the bulk source and of all list and detail pages, refused ones left out."""
    found = []
    for kinds in (("bulk",), PAGE_KINDS):
        shelf, sources = given.shelf(kinds, times=1)
        made = spiders(sources)
        for source, page in pages(shelf, sources):
            found += [(source, r) for r in parsed(made[source.name], page) if not isinstance(r, Refused)]
    return found[: QUICK_ROWS if given.quick else None]


def rows(given: Input) -> list[Row]:
    """Interpreted rows, at least `rows_wanted`: repeated ones get a key and an entity of their own."""
    origin = provenance()
    distinct = [
        interpret(Observation(record=record, provenance=origin), source_of(source)) for source, record in records(given)
    ]
    distinct = [row for row in distinct if row.kind == "document"]
    rounds = -(-given.rows_wanted // len(distinct))
    return [
        replace(row, key=f"{row.key}#{turn}", entity=f"{row.entity}#{turn}", payload=row.payload)
        for turn in range(rounds)
        for row in distinct
    ]


def provenance() -> Provenance:
    return Provenance(
        page_url="http://register.example/list",
        page_sha256="0" * 64,
        retrieved_at="2026-01-01T00:00:00Z",
        archive_ref=None,
        route="",
    )
