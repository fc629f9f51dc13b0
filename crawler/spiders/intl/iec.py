"""IEC: the search service of the webstore, the harmonised publications feed, and archived pages of the old webstore."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import ParseError

import scrapy
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from parsel import Selector, SelectorList
from scrapy.http import Response
from w3lib.html import remove_tags, replace_entities

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Document, PageRefused, Refused, Relation

SEARCH = "https://webstore-search-api.iec.ch/api/search"
STORE = r"(?i)^https?://webstore\.iec\.ch(?::\d+)?/"
PAGE = "https://webstore.iec.ch/publication/"
# The search finds words anywhere in a record, so what is asked for are numbers of series that concern security.
QUERIES = (
    "62443",
    "62351",
    "62645",
    "62859",
    "63096",
    "63154",
    "80001",
    "81001",
    "27000",
    "27001",
    "27002",
    "27017",
    "27018",
    "27019",
    "27701",
    "15408",
    "18045",
    "19790",
    "42001",
)
SIZE = 100
WINDOW = 10_000  # the service counts no further and gives nothing from beyond
PACKAGES = {
    "RLV": "redline: marks what changed in an edition that has a number of its own",
    "CMV": "commented version of an edition that has a number of its own",
    "EXV": "extended version: holds another standard besides an edition that has a number of its own",
    "EXV-CMV": "commented and extended version of an edition that has a number of its own",
    "SER": "series package: all parts sold together",
    "HBK": "handbook: texts of several standards",
    "PRV": "pre-release of a text that is not published",
}
PACKAGE = re.compile(rf"\b({'|'.join(sorted(PACKAGES, key=len, reverse=True))})(?:\s*:\s*\d{{4}})?$", re.IGNORECASE)
REPORT_FORM = re.compile(r"\bTRF\b")
PUBLICATION = re.compile(r"(?i)/publication/(\d+)|[?&;]pubid=(\d+)")
ICS = re.compile(r"\b\d{2}(?:\.\d{2,3}(?:\.\d{2})?)?\b")
STORE_TITLE = re.compile(r"^(.*?)\s*\|\s*IEC Webstore$", re.IGNORECASE)
REPLACED = re.compile(r"\bhas been (?:replaced|revised|superseded) by\b", re.IGNORECASE)


class Iec(SourceSpider):
    """Register: the IEC webstore: publications of IEC and joint ones of ISO/IEC JTC 1, with every edition of each.
    Publisher: International Electrotechnical Commission, https://webstore.iec.ch/.
    Caveats: sells redlines, commented versions, series packages and handbooks beside the standards, which are refused
    here; not every joint standard is in it; the stability date is a plan and is not read. The feed of harmonised
    publications needs an account and the webstore's pages of before 2024 are gone: both are read from archives only.
    A live crawl asks the search for the numbers of series that concern security, not for the whole catalogue.
    """

    name = "iec"
    title = "IEC webstore"
    body = "iec"
    homepage = "https://webstore.iec.ch/"
    licence = "© IEC; bibliographic facts only"
    routes = (
        Route(r"(?i)^https?://webstore-search-api\.iec\.ch(?::\d+)?/api/search/?(?:[?#]|$)", "found", "api", "POST"),
        Route(r"(?i)^https?://webstore-search-api\.iec\.ch(?::\d+)?/api/search/?(?:[?#]|$)", "found", "api"),
        Route(
            r"(?i)^https?://api\.iec\.ch(?::\d+)?/harmonized/publications(?!/download)(?:/[^/?#]+)?/?(?:[?#]|$)",
            "harmonised",
            "api",
        ),
        Route(STORE + r"(?:[a-z]{2}/)?publication/\d+/?(?:[?#&]|$)", "publication", "detail"),
        Route(STORE + r"webstore/webstore\.nsf/xpPublication\.xsp\?[^#]*pubid=\d+", "publication", "detail"),
        Route(STORE + r"webstore/webstore\.nsf/AjaxRequestXML\?", "history", "api"),
        Route(STORE + r"searchkey[&?]", "listing", "list"),
    )
    expect = Expect(min=100, max=60_000, filled={"identifier": 0.95, "status": 0.4})
    date_formats = ("%Y-%m-%d", "%Y-%m")
    rank = 20

    def live_requests(self) -> Iterable[scrapy.Request]:
        for query in QUERIES:
            yield self.search(query, ())

    def search(self, query: str, seen: tuple[str, ...]) -> scrapy.Request:
        """The request of the page that follows the publications in `seen`."""
        body = {
            "query": query,
            "mode": "FULL",
            "language": "en",
            "validOnly": False,
            "showTrf": False,
            "from": len(seen),
            "size": SIZE,
            "sortBy": [{"reference": "asc"}],
            "terms": {},
            "dateRanges": {},
            "collapsed": False,
        }
        return self.request(
            SEARCH,
            method="POST",
            body=json.dumps(body),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            cb_kwargs={"query": query, "seen": seen},
        )

    def found(
        self, response: Response, query: str | None = None, seen: tuple[str, ...] = ()
    ) -> Iterator[Document | Refused | scrapy.Request]:
        """One page of a search: the publications it found, and the other editions each of them names."""
        hits, total = hits_of(self.read_json(response))
        new: list[str] = []
        for hit in hits:
            source = hit.get("_source", hit) if isinstance(hit, dict) else hit
            new.append(identity(source))
            yield publication_row(source)
            yield from life_cycle(source)
        if query is not None:
            yield from self.next_page(query, seen, new, total)

    def next_page(
        self, query: str, seen: tuple[str, ...], new: list[str], total: int | None
    ) -> Iterator[Refused | scrapy.Request]:
        """Page n+1 while pages bring new rows; after the last one the different rows must be as many as announced."""
        together = tuple(dict.fromkeys((*seen, *new)))
        if total is not None and len(seen) < len(together) < min(total, WINDOW):
            yield self.search(query, together)
        elif len(together) != total:
            yield Refused(reason="paging does not add up", text=f"{len(together)} of {total} for {query}", key=query)

    def harmonised(self, response: Response) -> Iterator[Document | Refused]:
        """One page of the feed of harmonised publications, or one publication of it (archived only)."""
        answer = self.read_json(response)
        rows = answer.get("publication", [answer] if "reference" in answer else None) if isinstance(answer, dict) else 0
        if not isinstance(rows, list):
            raise PageRefused("no list `publication` in the answer")
        for row in rows:
            yield harmonised_row(row)

    def publication(self, response: Response) -> Iterator[Document | Refused]:
        """A page of the webstore as it was until 2023 (archived only)."""
        number = PUBLICATION.search(response.url)
        yield publication_page(html_page(response), number[1] or number[2] if number else None)

    def history(self, response: Response) -> Iterator[Document | Refused]:
        """All editions and projects of a publication, as the webstore's page fetched them (archived only)."""
        head = response.body[:300].lstrip(b"\xef\xbb\xbf \r\n\t")
        if not head:
            raise PageRefused("empty page")
        if not head.startswith((b"<?xml", b"<RES")):
            raise PageRefused(f"expected XML, got {head[:60].decode('utf-8', 'replace')!r}")
        try:
            root = fromstring(response.body.strip())
        except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
            raise PageRefused(f"broken XML: {error}") from error
        if root.tag != "RES":
            raise PageRefused(f"the root of the XML is {root.tag}")
        for row in root.iter("ROW"):
            cells = {cell.tag: clean(cell.text) for cell in row}
            yield record(
                cells.get("FULL_NAME"),
                cells.get("PUB_ID"),
                status_text=cells.get("STATUS"),
                published_text=cells.get("PUB_DATE"),  # FPD beside it is the forecast of a project
                edition_text=cells.get("EDITION"),
            )

    def listing(self, response: Response) -> Iterator[Document | Refused]:
        """A result list of the webstore as it was until 2023 (archived only); without hits it gives nothing."""
        page = html_page(response)
        count = page.css("input[id^=nbres]::attr(value)").get()
        if count is None:
            raise PageRefused("no count of results on the page")
        links = page.xpath("//li/a[contains(@href, '/publication/')]")
        if not links and count.strip() not in ("", "0"):
            raise PageRefused(f"none of the {count.strip()} results on the page")
        for link in links:
            number = PUBLICATION.search(link.attrib["href"])
            title = link.xpath("following-sibling::node()[not(self::ul)]/descendant-or-self::text()").getall()
            yield record(joined(link), number[1] if number else None, title=clean("".join(title)))


def hits_of(answer: Any) -> tuple[list[Any], int | None]:
    """The hits of a search and how many there are in all. Raises PageRefused when it is no answer of a search."""
    found = answer.get("primary", answer) if isinstance(answer, dict) else None
    hits = found.get("hits") if isinstance(found, dict) else None
    rows = hits.get("hits") if isinstance(hits, dict) else None
    if not isinstance(hits, dict) or not isinstance(rows, list):
        raise PageRefused("no list `primary.hits.hits` in the answer")
    total = hits.get("total")
    total = total.get("value") if isinstance(total, dict) else total
    return rows, total if isinstance(total, int) and not isinstance(total, bool) else None


def identity(source: Any) -> str:
    known = source if isinstance(source, dict) else {}
    return text_of(known.get("id")) or text_of(known.get("reference")) or str(source)


def publication_row(row: Any) -> Document | Refused:
    if not isinstance(row, dict):
        return Refused(reason="row that is no object", text=str(row)[:200])
    return record(
        text_of(row.get("reference")),
        text_of(row.get("id")),
        title=english(row.get("title")),
        status_text=text_of(row.get("status")),
        published_text=text_of(row.get("publication_date")),
        edition_text=text_of(row.get("edition")),
        abstract=plain(english(row.get("abstract"))),
    )


def life_cycle(row: Any) -> Iterator[Document | Refused]:
    """The other editions that a publication names; one in progress has a forecast of its date, which is not read."""
    entries = row.get("lifecycle") if isinstance(row, dict) else None
    own = identity(row)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and text_of(entry.get("reference")) and identity(entry) != own:
            yield publication_row(entry)


def harmonised_row(row: Any) -> Document | Refused:
    if not isinstance(row, dict):
        return Refused(reason="row that is no object", text=str(row)[:200])
    urn = text_of(row.get("urn")) or ""
    committee = row.get("committee")
    return record(
        text_of(row.get("reference")),
        urn.rpartition(":")[2],
        title=english(row.get("title")),
        status_text=text_of(row.get("status")),
        kind_text=text_of(row.get("stdType")),
        published_text=text_of(row.get("publicationDate")),
        withdrawn_text=text_of(row.get("dateOfWithdrawal")),
        edition_text=text_of(row.get("edition")),
        ics=classified(row, "ICS"),
        keywords=classified(row, "KEYWORD"),
        committee_text=text_of(committee.get("reference")) if isinstance(committee, dict) else None,
        abstract=plain(english(row.get("abstract"))),
    )


def classified(row: dict[str, Any], kind: str) -> tuple[str, ...]:
    entries = row.get("classifications")
    values = (
        text_of(entry.get("value"))
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and entry.get("type") == kind
    )
    return tuple(value for value in values if value)


def publication_page(page: Selector, number: str | None) -> Document | Refused:
    """The page of one publication. Raises PageRefused when it is not such a page."""
    headed = STORE_TITLE.match(joined(page.css("head title")))
    reference = joined(page.css("[itemprop=productID]")) or (headed[1] if headed else "")
    cells = {joined(row.css("th")).lower(): row.css("td") for row in page.css("tr") if row.css("th") and row.css("td")}
    if not reference or "publication date" not in cells:
        raise PageRefused("no reference and details of a publication: " + (joined(page.css("title")) or "no title"))
    return record(
        reference,
        number,
        title=joined(page.css("[id$=English_Title], h2[itemprop=name]")[:1]) or None,
        kind_text=joined(cells.get("publication type")) or None,
        published_text=joined(cells["publication date"]) or None,
        withdrawn_text=joined(cells.get("withdrawal date")) or None,
        edition_text=joined(cells.get("edition")) or None,
        ics=tuple(dict.fromkeys(ICS.findall(" ".join(links_of(cells.get("ics"), r"^\s*[\d.]+"))))),
        committee_text=next(iter(links_of(cells.get("tc/sc"), r".*\S.*")), None),
        abstract=joined(page.css("[itemprop=description]")) or None,
        relations=tuple(successors(page)),
    )


def links_of(cell: SelectorList[Selector] | None, pattern: str) -> list[str]:
    """What `pattern` matches at the start of each link's text in a cell."""
    texts = (joined(link) for link in cell.css("a")) if cell is not None else ()
    return [match[0].strip() for text in texts if (match := re.match(pattern, text))]


def successors(page: Selector) -> Iterator[Relation]:
    """What the note above the title names as the replacement; a partial one does not end the publication."""
    for note in page.xpath("//span[contains(., 'has been') and contains(., ' by')]"):
        if REPLACED.search(joined(note)):
            for link in note.xpath("(. | following-sibling::span[1])//a[contains(@href, '/publication/')]"):
                target = joined(link)
                yield Relation(type="superseded by", target_text=target, evidence=f"{joined(note)} {target}")


def record(reference: str | None, number: str | None, **fields: Any) -> Document | Refused:
    """The document of one publication, or why it is none; `number` is that of its page in the webstore."""
    reference = clean(reference)
    key = number if number and number.isdecimal() else None
    if not reference:
        return Refused(reason="row without a reference", text=str(fields.get("title") or "")[:200], key=key)
    if package := PACKAGE.search(reference):
        return Refused(reason=PACKAGES[package[1].upper()], text=reference, key=key)
    if REPORT_FORM.search(reference):
        return Refused(reason="test report form, not a standard", text=reference, key=key)
    return Document(designation=reference, key=key, url=f"{PAGE}{key}" if key else None, **fields)


def english(value: Any) -> str | None:
    """The English text of a value that is a text, {language: text} or a list of {lang, value or content}."""
    if isinstance(value, dict):
        return text_of(value.get("en")) or text_of(value.get("value") or value.get("content"))
    if isinstance(value, list):
        tagged = [entry for entry in value if isinstance(entry, dict)]
        return next((english(e) for e in tagged if e.get("lang") == "en"), None)
    return text_of(value)


def text_of(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return clean(str(value))


def plain(text: str | None) -> str | None:
    return clean(replace_entities(remove_tags(text))) if text else None


def joined(node: Any) -> str:
    """Printed text of a node (or the nodes of a list) in one line; an empty text for None."""
    return clean("".join(node.xpath(".//text()").getall())) or "" if node is not None else ""
