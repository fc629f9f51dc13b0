"""W3C: the specifications interface of api.w3.org, and archived pages of the index and of publication histories."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import scrapy
from scrapy.http import Response
from w3lib.html import remove_tags, replace_entities

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Document, PageRefused, Refused, Relation

API = "https://api.w3.org/specifications"
SERVICE = r"(?i)^https?://api\.w3\.org(?::\d+)?/"
SITE = r"(?i)^https?://(?:www\.)?w3\.org(?::\d+)?/"
ONE = r"specifications/[^/?#]+"
END = r"/?(?:[?#]|$)"
VERSION = re.compile(r"/specifications/([^/?#]+)/versions/(\d{8})(?=[/?#]|$)")
SHORT_NAME = re.compile(r"/(?:specifications|history)/([^/?#]+)")
DATED = re.compile(r"\d{4}-\d{2}-\d{2}")
NEIGHBOURS = {"predecessor-version": "supersedes", "successor-version": "superseded by"}
REPLACED = {"supersedes": "supersedes", "superseded": "superseded by", "superseded-by": "superseded by"}

Found = Iterator[Document | Refused | scrapy.Request]


class W3c(SourceSpider):
    """Register: every dated publication (version) of every W3C specification and note, drafts included.
    Publisher: World Wide Web Consortium, https://www.w3.org/TR/.
    Caveats: only a version's own answer states its status; a live crawl asks for that of the newest version of each
    specification and takes the older ones from the list of versions, which prints date and title. "Retired" covers
    superseded, obsolete and rescinded Recommendations and discontinued drafts. The predecessor of a version can belong
    to another specification, and the answer does not say whether that one was renamed or split: no edge is made.
    Editors are not read.
    """

    name = "w3c"
    title = "W3C specifications"
    body = "w3c"
    homepage = "https://api.w3.org/"
    licence = "W3C; bibliographic facts"
    routes = (
        Route(SERVICE + "specifications" + END, "specifications", "list"),
        Route(SERVICE + "specification-series/[^/?#]+/specifications" + END, "specifications", "list"),
        Route(SERVICE + ONE + END, "specification", "detail"),
        Route(SERVICE + ONE + "/versions" + END, "versions", "list"),
        Route(SERVICE + ONE + r"/versions/\d{8}" + END, "version", "detail"),
        Route(SERVICE + ONE + r"/versions/\d{8}/(?:predecessors|successors)" + END, "neighbours", "api"),
        Route(SERVICE + ONE + r"/versions/\d{8}/deliverers" + END, "deliverers", "api"),
        Route(SERVICE + ONE + "/(?:supersedes|superseded)" + END, "replacements", "api"),
        Route(SITE + "TR" + END, "index", "list"),
        Route(SITE + "standards/history/[^/?#]+" + END, "history", "detail"),
    )
    start_urls = (f"{API}?items=100",)
    expect = Expect(min=5_000, max=100_000, filled={"identifier": 0.95, "title": 0.95, "published": 0.95})
    interval_days = 30

    def specifications(self, response: Response) -> Found:
        """One page of the list of specifications: where to read each, and the next page."""
        answer = self.answer(response)
        yield from missing_rows(answer, "specifications")
        for row in rows_of(answer, "specifications"):
            yield from self.followed(row)
        yield from self.followed(link(answer, "next"))

    def specification(self, response: Response) -> Found:
        """One specification: what its first and its newest version are, and where to read more of it."""
        answer = self.answer(response)
        if not text_of(answer.get("title")) or not rows_of(answer, "latest-version"):
            raise PageRefused("no title and latest version of a specification in the answer")
        for name in ("first-version", "latest-version"):
            newest = name == "latest-version"
            for row in rows_of(answer, name):
                yield version_row(
                    row,
                    status_text=text_of(row.get("title")),
                    title=text_of(answer.get("title")) if newest else None,
                    abstract=plain(answer.get("description")) if newest else None,
                )
        newest = link(answer, "latest-version")
        href = (text_of(newest.get("href")) or "").rstrip("/")
        for target in (link(answer, "version-history"), newest, {"href": f"{href}/deliverers"}):
            yield from self.followed(target)
        for name in REPLACED:
            yield from self.followed(link(answer, name))

    def versions(self, response: Response) -> Found:
        """One page of the list of versions of a specification, newest first."""
        answer = self.answer(response)
        yield from missing_rows(answer, "version-history")
        for row in rows_of(answer, "version-history"):
            yield version_row(row, title=text_of(row.get("title")))
        yield from self.followed(link(answer, "next"))

    def version(self, response: Response) -> Iterator[Document | Refused]:
        answer = self.answer(response)
        if not text_of(answer.get("status")) or not text_of(answer.get("date")):
            raise PageRefused("no status and date of a version in the answer")
        yield version_row(
            link(answer, "self"),
            title=text_of(answer.get("title")),
            status_text=text_of(answer.get("status")),
            published_text=text_of(answer.get("date")),
            url=web_address(answer.get("uri")),
        )

    def neighbours(self, response: Response) -> Iterator[Document | Refused]:
        """The versions before or after one: edges within one specification only."""
        answer = self.answer(response)
        own = link(answer, "up")
        for name, type_ in NEIGHBOURS.items():
            edges = []
            yield from missing_rows(answer, name)
            for row in rows_of(answer, name):
                if short_name(row) != short_name(own):
                    reason = f"{name} in another specification: renamed or split is not said"
                    yield Refused(reason=reason, text=f"{named(own)}: {named(row)}", key=key_of(own))
                elif target := named(row):
                    evidence = f"{name}: {clean(text_of(row.get('title'))) or target}"
                    edges.append(Relation(type=type_, target_text=target, evidence=evidence))
            if edges:
                yield version_row(own, relations=tuple(edges))

    def deliverers(self, response: Response) -> Iterator[Document | Refused]:
        answer = self.answer(response)
        groups = [title for row in rows_of(answer, "deliverers") if (title := text_of(row.get("title")))]
        if groups:
            yield version_row(link(answer, "up"), committee_text="; ".join(groups))

    def replacements(self, response: Response) -> Iterator[Refused]:
        """What one specification replaced; which of its versions did is not said, so that there is no edge to make."""
        answer = self.answer(response)
        own = SHORT_NAME.search(response.url)
        for name, type_ in REPLACED.items():
            for row in rows_of(answer, name):
                text = f"{own[1] if own else ''} {type_} {short_name(row) or text_of(row.get('title'))}"
                yield Refused(reason="replacement of a whole specification: no version named", text=text)

    def index(self, response: Response) -> Iterator[Document | Refused]:
        """The index of newest versions as a page (its template until 2023; archived only)."""
        entries = html_page(response).css("li[data-title][data-status]")
        if not entries:
            raise PageRefused("no list of specifications on the page")
        for entry in entries:
            link_ = entry.css("h2 a[href]")
            history = SHORT_NAME.search(entry.css('a[href*="/history/"]::attr(href)').get() or "")
            date = DATED.search(joined(entry.css("p.pubdetails")))
            title = joined(link_[:1]) or None
            if not history or not date:
                yield Refused(reason="entry without a short name or date", text=title or joined(entry)[:200])
                continue
            groups = [text for group in entry.css("p.deliverer") if (text := joined(group))]
            yield document(
                history[1],
                date[0],
                title=title,
                status_text=joined(entry.css("div.profile")) or None,
                committee_text="; ".join(groups) or None,
                keywords=tuple(text for tag in entry.css("ul.taglist li") if (text := joined(tag))),
                url=web_address(link_.attrib.get("href")),
            )

    def history(self, response: Response) -> Iterator[Document | Refused]:
        """The publication history of one specification as a page: date, title and status of each version."""
        own = SHORT_NAME.search(response.url)
        rows = html_page(response).xpath("//tr[td[2]//a[@href]]")
        if not rows or own is None:
            raise PageRefused("no table of versions on the page")
        for row in rows:
            link_ = row.xpath("./td[2]//a[@href]")[:1]
            date = DATED.search(joined(row.xpath("./td[1]")))
            title = clean(DATED.sub("", link_.attrib.get("title", "")))
            printed = joined(link_)
            if not date:
                yield Refused(reason="version without a date", text=printed, key=own[1])
                continue
            status = clean(printed.removeprefix(title)) if title else printed
            url = web_address(link_.attrib.get("href"))
            yield document(own[1], date[0], title=title, status_text=status, url=url)

    def answer(self, response: Response) -> dict[str, Any]:
        answer = self.read_json(response)
        if not isinstance(answer, dict) or not isinstance(answer.get("_links"), dict):
            raise PageRefused("no object with links in the answer")
        return answer

    def followed(self, row: dict[str, Any]) -> Iterable[scrapy.Request]:
        href = text_of(row.get("href")) or ""
        return [self.request(href)] if self.route_of(href) else []


def rows_of(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The links of a name: the interface gives one object or a list of them."""
    found = answer["_links"].get(name)
    return [row for row in (found if isinstance(found, list) else [found]) if isinstance(row, dict)]


def link(answer: dict[str, Any], name: str) -> dict[str, Any]:
    return next(iter(rows_of(answer, name)), {})


def missing_rows(answer: dict[str, Any], name: str) -> Iterator[Refused]:
    """A list page that holds fewer rows than its own counts announce."""
    total, limit, page = (answer.get(part) for part in ("total", "limit", "page"))
    if name in answer["_links"] and all(isinstance(number, int) for number in (total, limit, page)):
        due, held = min(limit, total - (page - 1) * limit), len(rows_of(answer, name))
        if held < due:
            own = text_of(link(answer, "self").get("href"))
            yield Refused(reason="paging does not add up", text=f"{held} of {due} rows in {own}", key=own)


def version_row(row: dict[str, Any], **fields: Any) -> Document | Refused:
    """The document of a link to one version: its address holds the short name and the date."""
    found = VERSION.search(text_of(row.get("href")) or "")
    if found is None:
        return Refused(reason="link that names no version", text=str(row)[:200])
    return document(found[1], found[2], **fields)


def document(short: str, date: str, **fields: Any) -> Document:
    """`short` is the short name ("webauthn-2"), `date` the day as 2021-04-08 or 20210408."""
    day = date.replace("-", "")
    fields.setdefault("published_text", date)
    status = fields.get("status_text")
    return Document(designation=f"W3C {short}-{day}", key=f"{short}/{day}", kind_text=status, **fields)


def named(row: dict[str, Any]) -> str | None:
    found = VERSION.search(text_of(row.get("href")) or "")
    return f"W3C {found[1]}-{found[2]}" if found else None


def key_of(row: dict[str, Any]) -> str | None:
    found = VERSION.search(text_of(row.get("href")) or "")
    return f"{found[1]}/{found[2]}" if found else None


def short_name(row: dict[str, Any]) -> str | None:
    found = SHORT_NAME.search(text_of(row.get("href")) or "")
    return found[1] if found else None


def text_of(value: Any) -> str | None:
    return clean(value) if isinstance(value, str) else None


def plain(value: Any) -> str | None:
    text = text_of(value)
    return clean(replace_entities(remove_tags(text))) if text else None


def web_address(value: Any) -> str | None:
    """An address of the web: what a page links to can be anything."""
    text = text_of(value) or ""
    return text if re.match(r"(?i)https?://", text) else None


def joined(node: Any) -> str:
    return clean(" ".join(node.xpath(".//text()").getall())) or ""
