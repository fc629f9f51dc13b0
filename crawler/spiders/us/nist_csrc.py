"""NIST CSRC publications: the daily feed (SP, FIPS, CSWP), the search pages (IR are only there), publication pages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urljoin

import scrapy
from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.nist import (
    SERIES,
    STAGE,
    Place,
    doi_update,
    iteration_of,
    key_of,
    place_of,
    references,
    unique,
    version_of,
)
from crawler.platforms import zip_members
from crawler.tables import html_page
from standards_db.records import Document, PageRefused, Record, Refused, Relation

HOST = r"(?i)^https?://csrc\.nist\.gov"
FEED = "https://csrc.nist.gov/CSRC/media/feeds/metanorma/pubs-export.zip"
META = FEED.replace(".zip", ".meta")
IR_SEARCH = (
    "https://csrc.nist.gov/publications/search?keywords-lg=&series-lg=NIST%20IR"
    "&status-lg=Final,Withdrawn,Draft,Retired%20Draft&sortBy-lg=Date%20Published%20DESC&ipp=100&page=1"
)
NOTE = re.compile(r"\s*\(([^()]*)\)\s*")
UPDATED = re.compile(r"\s*\((?:includes|including) updates as of ([^()]+)\)")
REPORT = re.compile(r"/pubs/(?:nist)?ir/[^/?#]+/[^?#]+", re.IGNORECASE)
NO_RESULTS = "No results were found"
HEADS = ("Series", "Number", "Title", "Status", "Release Date")


class NistCsrc(SourceSpider):
    """Register: cybersecurity publications of NIST (SP, FIPS, IR, CSWP) with drafts, updates and withdrawn ones.

    Publisher: NIST, Computer Security Resource Center.
    Caveats: the feed holds no IR; identifiers are shared by drafts and updates; the feed repeats publications while
    they are being edited; one feed of 2023 held 37 of some 750 rows; keywords are typed by hand, misprints included.
    """

    name = "nist_csrc"
    title = "NIST Computer Security Resource Center publications"
    body = "nist"
    homepage = "https://csrc.nist.gov/publications"
    licence = "work of the United States government, not subject to copyright there"
    rank = 10
    date_formats = ("%Y-%m-%d", "%Y-%m", "%Y", "%B %d, %Y", "%B %Y", "%m/%d/%Y", "%m-%d-%Y")
    expect = Expect(min=600, max=5000, filled={"title": 0.99, "status_text": 0.95, "published_text": 0.95})
    start_urls = (FEED, IR_SEARCH)
    side_files = ((FEED, META),)  # a live crawl asks the small file first and keeps what it read of an unchanged feed
    routes = (
        Route(HOST + r"/csrc/media/feeds/metanorma/pubs-export\.meta(?:[?#].*)?$", "meta", "api"),
        Route(
            HOST + r"/csrc/media/feeds/metanorma/pubs-export\.zip(?:[?#].*)?$",
            "feed",
            "feed",
            complete=True,
            min_rows=600,
        ),
        Route(HOST + r"/publications/search/?\?", "search", "list"),
        Route(HOST + r"/(?:pubs|publications/detail)/[a-z][^/?#]*/[^?#]+", "publication", "detail"),
    )

    @classmethod
    def side_digest(cls, body: bytes) -> str | None:
        """What the small file says of the feed: it is dated anew every day, its hash changes with the feed alone."""
        return feed_sha256(body.decode("utf-8", "replace"))

    def meta(self, response: Response) -> Iterator[Record]:
        """A kept copy of the small file says nothing of publications; a damaged one is noted."""
        if self.side_digest(response.body) is None:
            yield Refused(reason="neither hash nor size in the file that describes the feed", text=response.url)

    def feed(self, response: Response) -> Iterator[Record]:
        if response.body.startswith(b"PK"):
            members = [content for name, content in zip_members(response.body) if name.endswith(".json")]
            if len(members) != 1:
                raise PageRefused(f"expected one JSON member in the zip, got {len(members)}")
            response = response.replace(body=members[0])
        rows = self.read_json(response)
        if not isinstance(rows, list) or not any(isinstance(row, dict) and "docidentifier" in row for row in rows):
            raise PageRefused("the feed is not an array of publications")
        yield from feed_records(rows)

    def search(self, response: Response, seen: tuple[str, ...] = ()) -> Iterator[Record | scrapy.Request]:
        page = html_page(response)
        found: list[str] = []
        for record, url in search_records(page, response.url):
            if record is not None:
                yield record
            found.append(url)
            if re.search(r"/(?:nist)?ir/", url) and self.route_of(url):
                yield self.request(url)
        yield from self.next_page(page, response.url, seen, found)

    def next_page(
        self, page: Selector, url: str, seen: tuple[str, ...], found: list[str]
    ) -> Iterator[Record | scrapy.Request]:
        """Page n+1 while pages bring new rows; after the last one the different rows must be as many as announced."""
        counts = page.css("#showing-results-text").attrib
        number, last, total = (
            int(counts.get(f"data-{name}") or 0) for name in ("current-page", "total-pages", "total-results")
        )
        together = tuple(dict.fromkeys((*seen, *found)))
        asked = re.search(r"[?&]page=(\d+)", url)
        if "ipp=" not in url or not asked or (int(asked[1]) > 1 and not seen):
            return
        if not counts:  # a page that announces no total ends the list when it brings nothing new
            number, last, total = int(asked[1]), int(asked[1]) + 1, len(together)
        if number < last and len(together) > len(seen):
            yield self.request(re.sub(r"([?&]page=)\d+", rf"\g<1>{number + 1}", url), cb_kwargs={"seen": together})
        elif len(together) != total:
            text = f"{len(together)} of {total} publications after page {number} of {last}"
            yield Refused(reason="paging does not add up", text=text)

    def publication(self, response: Response) -> Iterator[Record]:
        yield publication_record(html_page(response), response.url)


def named_apart(designation: str, marker: str, doi: str | None) -> str:
    """The feed prints one identifier for all parts and for supplements: their own name is in the DOI and the URL."""
    if "sup" in marker.split():
        return f"{designation} sup"
    own = re.search(r"NIST\.([A-Z]+)\.(\d[\w-]*pt\d[\w-]*)", doi or "")
    if own and "pt" in marker and not re.search(r"pt|part", designation, re.I):
        return f"{own[1]} {re.sub(r'-?upd[0-9]+$', '', own[2])}"
    return designation


def feed_records(rows: Iterable[Any]) -> Iterator[Record]:
    """Every publication once; what the feed repeats or lacks is refused by row."""
    groups: dict[str, list[Document]] = defaultdict(list)
    for row in rows:
        if not isinstance(row, dict) or not text_of(row, "docidentifier") or not text_of(row, "title-main"):
            yield Refused(reason="no identifier or no title", text=str(row)[:200])
            continue
        document = feed_document(row)
        groups[document.key or ""].append(document)
    for same in groups.values():
        yield from told_apart(same)


def told_apart(same: list[Document]) -> Iterator[Record]:
    """Rows of one key: those published on different days are successive updates, the others are copies.

    A copy left open in the site's editor has a counter in its URI and lags behind, so the row without one is kept.
    """
    days = sorted({document.published_text or "" for document in same})
    kept: set[str] = set()
    for document in sorted(same, key=lambda document: "(" in (document.url or "")):
        day = document.published_text or ""
        if day in kept:
            yield Refused(reason="the feed repeats a publication", text=document.url or "", key=document.key)
        elif nth := days.index(day):
            yield replace(document, key=f"{document.key}|upd{nth}", iteration=document.iteration or f"upd{nth}")
        else:
            yield document
        kept.add(day)


def text_of(row: dict[str, Any], name: str) -> str | None:
    value = row.get(name)
    return clean(str(value)) if isinstance(value, str | int) else None


def feed_document(row: dict[str, Any]) -> Document:
    place, doi = place_of(text_of(row, "uri") or ""), text_of(row, "doi")
    stage = feed_stage(row, place)
    marker = place.marker or doi_update(doi)
    designation = named_apart(text_of(row, "docidentifier") or "", marker, doi)
    title = ": ".join(text for name in ("title-main", "title-sub") if (text := text_of(row, name)))
    values = row.get("keywords")
    keywords = unique(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()
    return Document(
        designation=designation,
        key=key_of(designation, stage, marker),
        iteration=iteration_of(stage, marker),
        title=title,
        status_text="/".join(text for name in ("status", "substage") if (text := text_of(row, name))) or None,
        published_text=text_of(row, "published-date") or text_of(row, "issued-date"),
        updated_text=text_of(row, "updated-date"),
        withdrawn_text=text_of(row, "obsoleted-date"),
        keywords=keywords,
        url=text_of(row, "uri"),
        relations=(*feed_relations(row), *references(designation, title, keywords)),
    )


def feed_relations(row: dict[str, Any]) -> Iterator[Relation]:
    for field, kind in (("supersedes", "supersedes"), ("superseded-by", "superseded by")):
        targets = row.get(field)
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, dict) and (name := text_of(target, "docidentifier")):
                uri = text_of(target, "uri")
                yield Relation(type=kind, target_text=version_of(name, uri), evidence=uri)


def feed_stage(row: dict[str, Any], place: Place) -> str | None:
    """None for a final; the URI tells the final and preliminary drafts apart that the feed calls "final" and "ipd"."""
    status, iteration = text_of(row, "status") or "", text_of(row, "iteration")
    if not status.startswith("draft"):
        return None
    if place.stage and STAGE.match(place.stage):
        return place.stage
    if iteration in (None, "final"):
        return "fpd"
    return "iprd" if status == "draft-prelim" and iteration == "ipd" else iteration


def feed_sha256(text: str) -> str | None:
    """The SHA-256 of the feed's JSON as its small file states it, in lower case; None where that file is damaged."""
    lines = (line.partition(":") for line in text.splitlines())
    facts = {name.strip().lower(): value.strip() for name, _, value in lines}
    digest = facts.get("sha256", "").lower()
    is_whole = re.fullmatch(r"[0-9a-f]{64}", digest) and facts.get("size", "").isdigit()
    return digest if is_whole else None


def search_records(page: Selector, page_url: str) -> Iterator[tuple[Record | None, str]]:
    """Rows of the result table with the address that each one links to.

    The page of the redesign of 2023 is not known beyond its links: where no table has the columns, the reports that it
    links to are given without a record, and their own pages are read.
    """
    table, column = result_table(page)
    if table is None:
        links = [a.attrib["href"] for a in page.css("a[href^='/pubs/'], a[href*='//csrc.nist.gov/pubs/']")]
        links = list(dict.fromkeys(link for link in links if REPORT.search(link)))
        if not links and NO_RESULTS not in (page.xpath("string(//body)").get() or ""):
            raise PageRefused("neither publications nor a note that nothing was found")
        yield from ((None, urljoin(page_url, link)) for link in links)
        return
    for row in table.xpath("./tbody/tr[td] | ./tr[td]"):
        cells = row.xpath("./td")
        if len(cells) > max(column.values()):
            href = cells[column["Title"]].css("a::attr(href)").get() or ""
            url = urljoin(page_url, href)
            yield search_record({name: cells[index] for name, index in column.items()}, url), url


def result_table(page: Selector) -> tuple[Selector | None, dict[str, int]]:
    """The table of results with the place of each of its columns; (None, {}) where no table has them all."""
    for table in page.css("table"):
        heads = [shown(head) for head in table.xpath("(./thead/tr | ./tr)[th][1]/th")]
        column = {name: index for index, head in enumerate(heads) for name in HEADS if name in head}
        if len(column) == len(HEADS):
            return table, column
    if page.css("table.publications-table"):
        raise PageRefused(f"search table without the columns {', '.join(HEADS)}")
    return None, {}


def search_record(cell: dict[str, Selector], url: str) -> Record:
    series, number = shown(cell["Series"]), shown(cell["Number"])
    title = clean(cell["Title"].xpath("string((.//a)[1])").get())
    if not SERIES.match(series):
        return Refused(reason="not a standard or report", text=f"{series}: {title}", key=url)
    if not title:
        return Refused(reason="row without a title", text=f"{series} {number}", key=url)
    place, status = place_of(url), clean(shown(cell["Status"]))
    notes = NOTE.findall(" ".join(cell["Title"].css("strong ::text").getall()))
    stage = printed_stage(" ".join((status or "", *notes)), place)
    designation = f"{series} {number}".strip()
    return Document(
        designation=designation,
        key=key_of(designation if number else place.slug, stage, place.marker, place.archived),
        iteration=iteration_of(stage, place.marker),
        title=title,
        status_text=status,
        kind_text=series,
        published_text=clean(shown(cell["Release Date"])),
        url=url,
        relations=tuple(references(designation, title, ())),
    )


def printed_stage(words: str, place: Place) -> str | None:
    """The draft stage that words such as "(2nd DRAFT)" print where the URL is not more exact; None for a final."""
    if place.stage and STAGE.match(place.stage):
        return place.stage
    low = words.lower()
    if "draft" not in low and place.stage != "draft":
        return None
    if nth := re.search(r"\b(\d)(?:st|nd|rd|th)\b", low):
        return "ipd" if nth[1] == "1" else f"{nth[1]}pd"
    if "preliminary" in low:
        return "iprd"
    return "fpd" if re.search(r"final (?:public )?draft", low) else "ipd"


def publication_record(page: Selector, url: str) -> Record:
    header = page.css("#pub-header-full-display, #pub-header-display-container")
    printed, title = shown(header[0]) if header else "", clean(page.xpath("string(//*[@id='pub-title'])").get())
    if not printed or not title:
        raise PageRefused("no publication header on the page")
    designation = NOTE.sub(" ", printed).strip()
    if not SERIES.match(designation):
        return Refused(reason="not a standard or report", text=f"{printed}: {title}", key=url)
    canonical = page.css("a.social-facebook::attr(href)").re_first(r"[?&]u=(https?%3A%2F%2Fcsrc[^&]+)")
    url = unquote(canonical) if canonical else url
    place = place_of(url)
    stage = printed_stage(" ".join(NOTE.findall(printed)), place)
    released = clean(page.xpath("string(//*[@id='pub-release-date'])").get()) or ""
    update = UPDATED.search(released)
    numbered = re.search(r"\d", designation)
    families = [
        f"control family: {shown(node)}" for node in page.css("span[id^=pub-control-fam-]:not([id$=container])")
    ]
    keywords = unique([*map(shown, page.css("[id^=pub-keyword-], a[id^=pub-cat-top-]")), *families])
    doi = page.css("#pub-doi-link::attr(href), a[id^=pub-doc-][href*='doi.org']::attr(href)").get()
    marker = place.marker or doi_update(doi)
    return Document(
        designation=designation,
        key=key_of(designation if numbered else place.slug, stage, marker, place.archived),
        iteration=iteration_of(stage, marker),
        title=title,
        status_text=publication_status(page, printed, place),
        published_text=clean(UPDATED.sub("", released)),
        updated_text=clean(update[1]) if update else None,
        withdrawn_text=clean(page.xpath("string(//*[@id='pub-withdrawn-info'])").get()),
        keywords=keywords,
        abstract=clean(" ".join(page.css("#pub-detail-abstract-info")[:1].css("::text").getall())),
        url=url,
        relations=(*publication_relations(page), *references(designation, title, keywords)),
    )


def publication_status(page: Selector, printed: str, place: Place) -> str | None:
    """The word of the mark, else the note beside the identifier, else the kind of its address."""
    if page.css("#pub-header-withdrawn, #pub-withdrawn-info"):
        return "Withdrawn"
    if notes := NOTE.findall(printed):
        return notes[0]
    return "Final" if place.stage == "final" else None


def publication_relations(page: Selector) -> Iterator[Relation]:
    for pattern, kind in (("pub-supersedes-", "supersedes"), ("pub-superseded-by-", "superseded by")):
        for link in page.css(f"a[id^='{pattern}'], span[id^='{pattern}']:not([id$=container])"):
            evidence = shown(link)
            if target := clean(NOTE.sub(" ", evidence)):
                name = version_of(target, link.attrib.get("href"))
                yield Relation(type=kind, target_text=name, evidence=evidence)
    for link in page.css("[id^=pub-related-link-]"):
        if SERIES.match(name := shown(link)) and re.search(r"\d", name):
            yield Relation(type="references", target_text=name, evidence=f"related publication: {name}")


def shown(node: Selector) -> str:
    return clean(" ".join(node.css("::text").getall())) or ""
