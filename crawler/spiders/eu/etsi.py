"""ETSI: the data behind the standards search, one row per edition."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import scrapy
from scrapy.http import Response
from w3lib.html import remove_tags, replace_entities
from w3lib.url import add_or_replace_parameter

from crawler.base import Expect, Route, SourceSpider, clean
from standards_db.records import Document, PageRefused, Refused

PAGE_SIZE = 50
TRIES = 4
DETAILS = "https://webapp.etsi.org/workprogram/Report_WorkItem.asp?WKI_ID="
DATED = re.compile(r"\((\d{4}-\d{2})\)\s*$")
WORK_ITEM = re.compile(r"WKI_ID=(\d+)", re.IGNORECASE)
CSV_HEADER = re.compile(r"^(?:sep=;\s*)?\"?ETSI deliverable\"?;", re.IGNORECASE)
QUERY = {
    "format": "json",
    "includeScope": "1",
    "search": "",
    "title": "1",
    "etsiNumber": "1",
    "content": "1",
    "version": "1",
    "onApproval": "1",
    "published": "1",
    "withdrawn": "1",
    "historical": "1",
    "isCurrent": "1",
    "superseded": "1",
    "startDate": "1988-01-15",
    "harmonized": "0",
    "keyword": "",
    "TB": "",
    "stdType": "",
    "frequency": "",
    "mandate": "",
    "collection": "",
    "sort": "1",
}
# Field names of the JSON rows by column of the CSV export that the search offered before 2026.
CSV_FIELDS = {
    "etsi deliverable": "ETSI_DELIVERABLE",
    "title": "TITLE",
    "status": "Status",
    "details link": "Details link",
    "scope": "Scope",
    "technical body": "TB",
    "keywords": "Keywords",
}


class Etsi(SourceSpider):
    """Register: the ETSI standards search, every edition of every deliverable, with withdrawn and historical ones.
    Publisher: European Telecommunications Standards Institute.
    Caveats: the data call is public and undocumented; rows shift between pages while it is read; it sometimes answers
    a PHP dump instead of JSON. The status is not printed as a word but as codes, see `status`.
    """

    name = "etsi"
    title = "ETSI standards search"
    body = "etsi"
    homepage = "https://www.etsi.org/standards/"
    licence = "© ETSI; bibliographic facts only"
    routes = (
        Route(r"^https?://(?:www\.)?etsi\.org/custom/standardssearch/data\.php(?:\?|$)", "parse_page", "api"),
        # The same rows before 2026. The retired address answers 200 with HTML today, which is refused.
        Route(
            r"^https?://(?:www\.)?etsi\.org/(?:index\.php)?\?(?=.*option=com_standardssearch)(?=.*view=data)",
            "parse_page",
            "api",
        ),
    )
    expect = Expect(min=25_000, max=80_000, filled={"title": 0.95, "published": 0.8, "identifier": 0.9})
    date_formats = ("%Y-%m",)
    interval_days = 7
    rank = 10

    def live_requests(self) -> Iterable[scrapy.Request]:
        address = "https://www.etsi.org/custom/standardssearch/data.php?" + urlencode({**QUERY, "page": "1"})
        yield self.request(address, meta={"walk": Walk(), "tries": 0})

    def parse_page(self, response: Response) -> Iterator[Document | Refused | scrapy.Request]:
        """One page of the search. A live crawl has its `walk` in meta: a broken page is asked again at the end."""
        walk: Walk | None = response.meta.get("walk")
        refusal: PageRefused | None = None
        found: list[dict[str, Any]] = []
        try:
            found = read_rows(response)
        except PageRefused as error:
            refusal = error
        for row in found:
            yield record(row)
        if walk is None:
            if len(found) >= PAGE_SIZE:
                yield self.request(page_after(response.url))
        elif refusal is None:
            fresh = walk.note(found)
            if found and not fresh and len(walk.seen) < walk.total:
                yield Refused(reason="the page repeats rows of earlier pages", text=response.url, key=response.url)
            yield from self.go_on(walk, response.url, is_more=len(found) >= PAGE_SIZE and fresh)
        else:
            if walk.defer(response.url, response.meta["tries"]):
                refusal = None
            yield from self.go_on(walk, response.url, is_more=walk.expects_after(response.url))
        if refusal is not None:
            raise refusal

    def failed(self, failure: Any) -> Iterable[Any]:
        """A page that did not arrive or was a challenge is deferred like one that is no JSON."""
        request = failure.request
        walk: Walk | None = request.meta.get("walk")
        if walk is None or not walk.defer(request.url, request.meta["tries"]):
            yield from super().failed(failure)
        if walk is not None:
            yield from self.go_on(walk, request.url, is_more=walk.expects_after(request.url))

    def go_on(self, walk: Walk, url: str, *, is_more: bool) -> Iterator[Refused | scrapy.Request]:
        """The page after, as long as there is more; then the broken pages again; at the end the count of rows."""
        walk.waiting -= 1
        if is_more and page_number(url) + 1 > walk.asked:
            walk.asked = page_number(url) + 1
            walk.waiting += 1
            yield self.request(page_after(url), meta={"walk": walk, "tries": 0})
        if walk.waiting:
            return
        broken, walk.broken = walk.broken, []
        walk.waiting = len(broken)
        for address, tries in broken:
            yield self.request(address, meta={"walk": walk, "tries": tries}, dont_filter=True)
        if not broken and len(walk.seen) < walk.total:
            text = f"{len(walk.seen)} of {walk.total}"
            yield Refused(reason="fewer rows than the search counts", text=text, key="total_count")


@dataclass
class Walk:
    """The way of a live crawl through the pages: what was seen, what is asked for, what was broken and waits.

    Rows shift between pages while they are read, so `total` is only checked and full pages are followed past it.
    """

    seen: set[str] = field(default_factory=set)
    total: int = 0
    asked: int = 1
    waiting: int = 1
    broken: list[tuple[str, int]] = field(default_factory=list)

    def note(self, rows: list[dict[str, Any]]) -> bool:
        """Take the rows of a page; whether any of them is new."""
        keys = {row_key(row) for row in rows}
        is_fresh = bool(keys - self.seen)
        self.seen |= keys
        self.total = max([self.total, *(as_number(row.get("total_count")) for row in rows)])
        return is_fresh

    def defer(self, url: str, tries: int) -> bool:
        """Put a broken page aside for another try; whether one is left."""
        if tries >= TRIES:
            return False
        self.broken.append((url, tries + 1))
        return True

    def expects_after(self, url: str) -> bool:
        """Whether the total, as far as it is known, reaches beyond this page."""
        return self.total > page_number(url) * PAGE_SIZE


def read_rows(response: Response) -> list[dict[str, Any]]:
    """The rows of a JSON or CSV answer; an empty list is a search without hits. Anything else raises PageRefused."""
    text = decoded(response.body).lstrip()
    if not text:
        raise PageRefused("empty page")
    if CSV_HEADER.match(text):
        return read_csv(text)
    if text.startswith("Array"):
        raise PageRefused("a PHP dump where JSON is due")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PageRefused(f"expected JSON, got {text[:60]!r}: {error}") from error
    if not isinstance(found, list):
        raise PageRefused(f"expected a list of rows, got {type(found).__name__}")
    rows = [row for row in found if isinstance(row, dict)]
    if found and not any("ETSI_DELIVERABLE" in row for row in rows):
        raise PageRefused("rows without the field ETSI_DELIVERABLE: the answer was redesigned")
    return rows


def read_csv(text: str) -> list[dict[str, Any]]:
    lines = text.split("\n", 1)[1] if text.lower().startswith("sep=") else text
    rows = []
    for raw in csv.DictReader(io.StringIO(lines), delimiter=";"):
        row = {CSV_FIELDS.get((name or "").strip().lower(), name): value for name, value in raw.items()}
        if match := WORK_ITEM.search(str(row.get("Details link") or "")):
            row["wki_id"] = match[1]
        rows.append(row)
    return rows


def record(row: dict[str, Any]) -> Document | Refused:
    """One edition; a work item that has no number yet is refused with its reason."""
    designation = clean(text_of(row.get("ETSI_DELIVERABLE")))
    item = clean(text_of(row.get("wki_id")))
    if not designation:
        return Refused(reason="work item without a deliverable number", text=json.dumps(row)[:300], key=item)
    state = status(row)
    dated = DATED.search(designation)
    return Document(
        designation=designation,
        key=item,
        title=clean(text_of(row.get("TITLE"))),
        status_text=state,
        kind_text=codes(row),
        published_text=dated[1] if dated and state != "on approval" else None,
        committee_text=clean(text_of(row.get("TB"))),
        keywords=tuple(word for part in text_of(row.get("Keywords")).split(",") if (word := clean(part))),
        abstract=clean(replace_entities(remove_tags(text_of(row.get("Scope"))))),
        url=f"{DETAILS}{item}" if item else None,
    )


def status(row: dict[str, Any]) -> str | None:
    """The word for the row's codes: ETSI prints numbers, its search form names them (withdrawn, on approval …)."""
    if printed := clean(text_of(row.get("Status"))):
        return printed.lower()
    if text_of(row.get("ACTION_TYPE")).strip().upper() == "WD":
        return "withdrawn"
    code = as_number(row.get("STATUS_CODE"))
    if code == 0:
        return None
    if code < 12:
        return "on approval"
    if code == 13:
        return "historical"
    return "superseded" if text_of(row.get("superseded")).strip() == "1" else "published"


def codes(row: dict[str, Any]) -> str | None:
    """The codes as served, so that the derived status can be checked against them."""
    names = ("ACTION_TYPE", "STATUS_CODE", "superseded")
    return " ".join(f"{name}={row[name]}" for name in names if row.get(name) not in (None, "")) or None


def page_number(url: str) -> int:
    return as_number((parse_qs(urlsplit(url).query).get("page") or ["1"])[0]) or 1


def page_after(url: str) -> str:
    return add_or_replace_parameter(url, "page", str(page_number(url) + 1))


def row_key(row: dict[str, Any]) -> str:
    return text_of(row.get("wki_id")) or text_of(row.get("ETSI_DELIVERABLE"))


def as_number(value: Any) -> int:
    """The whole number served as number or text; 0 when there is none."""
    found = re.fullmatch(r"\s*(\d+)\s*", text_of(value))
    return int(found[1]) if found else 0


def text_of(value: Any) -> str:
    """A field as text; of one in several languages the English text, or the first."""
    if isinstance(value, dict):
        spoken = {str(name).lower(): text for name, text in value.items()}
        return text_of(spoken.get("en", next(iter(spoken.values()), None)))
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


def decoded(body: bytes) -> str:
    """The text of an answer: UTF-8, or what old exports were written in."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")
