"""ITU: the service behind the search for Recommendations, and archived pages of ITU-T and ITU-R publications."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

import scrapy
from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider
from crawler.itu import (
    FOREIGN,
    OTHER,
    SITE,
    details_page,
    edition_row,
    hit,
    joined,
    listed,
    number_in,
    summary_page,
    text_of,
    version_page,
    version_rows,
)
from crawler.tables import html_page
from standards_db.records import Document, PageRefused, Refused

HOST = r"(?i)^https?://(?:www\.)?itu\.int(?::\d+)?/"
API = HOST + r"mws/api/recommendations/"
SERVICE = "https://www.itu.int/mws/api/recommendations"
ROWS = 100_000
# The catalogue prints no twin text: what each Recommendation of the series on security says of itself is asked for.
DETAILED = re.compile(r"^(?:ITU-T )?X\.\d")
PARENT = re.compile(r"(?i)[?&]parent=([A-Z]-[^&#\s]+)|/(?:rec|pub)/([A-Z]-[^/?#\s]+)")
HEADED = re.compile(r"^(Recommendation|Report|Resolution|Question|Opinion)\s+(?:ITU-[RT]\s+)?(.+)$")
BLOCKED = (
    re.compile(r"notfound\.aspx", re.IGNORECASE),
    re.compile(r"(?i)<title>\s*(?:Request Rejected|Page not found|Not found)|The requested URL was rejected"),
)


class ItuT(SourceSpider):
    """Register: the Recommendations of ITU-T with every edition, amendment and supplement; Recommendations, Reports and
    Resolutions of ITU-R where an archive holds their pages.
    Publisher: International Telecommunication Union, https://www.itu.int/itu-t/recommendations/.
    Caveats: a firewall answers some paths with a page "not found" that says 200, which is a block and no missing
    document; a catalogue row prints no twin text, so a live crawl also asks for the details of the X series. The date
    is that of approval. ITU-R numbers its Reports and its Recommendations alike: the kind stays part of the name.
    """

    name = "itu_t"
    title = "ITU-T Recommendations"
    body = "itu-t"
    homepage = "https://www.itu.int/itu-t/recommendations/"
    licence = "© ITU; bibliographic facts only"
    routes = (
        Route(API + r"searchRecs/?\?", "catalogue", "bulk"),
        Route(API + r"getRecHdrDetail/?\?", "details", "api"),
        Route(API + r"(?:getRecEditions|getRecSupplements|getImplGuides)/?\?", "editions", "api"),
        Route(HOST + r"(?:net\d?/)?ITU-T/search/GlobalSearch/(?:Run)?Search", "hits", "api", "POST"),
        Route(HOST + r"ITU-T/recommendations/rec\.aspx\?", "recommendation", "detail"),
        Route(r"(?i)^https?://handle\.itu\.int/11\.1002/1000/\d+(?:[-/?#]|$)", "recommendation", "detail"),
        Route(HOST + r"(?:rec|pub)/[RT]-[^?#]+", "publication", "detail"),
        Route(HOST + r"rec/recommendation\.asp\?", "publication", "detail"),
        Route(HOST + r"dms_pubrec/itu-[tr]/rec/[^?#]+!!SUM-HTM-E\.html?(?:[?#]|$)", "summary", "detail"),
        Route(HOST + r"(?:[a-z]{2}/)?publications/(?:[\w-]+/)?pages/publications\.aspx\?", "publication", "detail"),
        Route(HOST + r"(?:[a-z]{2}/)?publications/(?:[\w-]+/)?pages/notfound\.aspx", "publication", "detail"),
    )
    expect = Expect(min=100, max=100_000, filled={"identifier": 0.85})
    date_formats = ("%Y-%m-%d", "%m/%Y")
    rank = 20

    def live_requests(self) -> Iterable[scrapy.Request]:
        yield self.search(1, ())

    def search(self, page: int, seen: tuple[str, ...]) -> scrapy.Request:
        return self.request(
            f"{SERVICE}/searchRecs?series=-1&type_of_text=-1&sg=-1&main_edition_flag=0&rows={ROWS}&page={page}"
            "&status=Z&sort_order=asc",
            headers={"Accept": "application/json", "Referer": f"{SITE}/myworkspace/"},
            cb_kwargs={"page": page, "seen": seen},
        )

    def catalogue(
        self, response: Response, page: int | None = None, seen: tuple[str, ...] = ()
    ) -> Iterator[Document | Refused | scrapy.Request]:
        """One row per edition of every text; the following page while this one is full and brings new rows."""
        rows = self.rows_of(response)
        new: list[str] = []
        for row in rows:
            record = edition_row(row)
            yield record
            if isinstance(record, Document):
                new.append(record.key or record.designation)
                if record.key and DETAILED.match(record.designation):
                    yield self.request(f"{SERVICE}/getRecHdrDetail?idrec={record.key}&lang=en")
        if page is None:
            return
        together = tuple(dict.fromkeys((*seen, *new)))
        if len(rows) >= ROWS and len(together) > len(seen):
            yield self.search(page + 1, together)
        elif len(together) != len(seen) + len(rows):
            text = f"{len(together)} different of {len(seen) + len(rows)} rows after page {page}"
            yield Refused(reason="paging does not add up", text=text)

    def details(self, response: Response) -> Iterator[Document | Refused]:
        """One edition of one text, with the text of another body that it shares."""
        answer = self.answer(response)
        answer = answer[0] if isinstance(answer, list) and answer else answer
        if not isinstance(answer, dict) or not text_of(answer.get("rec_name")):
            raise PageRefused("no name of a Recommendation in the answer")
        yield edition_row(answer, number_in(response.url))

    def editions(self, response: Response) -> Iterator[Document | Refused]:
        """The editions, supplements or guides of one text."""
        for row in self.rows_of(response):
            yield edition_row(row)

    def hits(self, response: Response) -> Iterator[Document]:
        """The answer of the site's general search until 2026: Recommendations among everything else it finds."""
        answer = self.answer(response)
        if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
            raise PageRefused("no list `results` in the answer")
        for row in answer["results"]:
            if (found := hit(row)) is not None:
                yield found

    def recommendation(self, response: Response) -> Iterator[Document | Refused]:
        """The page of one edition, with the lists of its other editions, its supplements and guides."""
        page = self.page(response)
        english = not FOREIGN.search(response.url)
        number = page.css("input[id$=rec_main_info1_txt_idrec]::attr(value)").get() or number_in(response.url)
        yield details_page(page, number, english)
        for row in page.xpath("//tr[td//span[contains(@id, 'lbl_title') or contains(@id, 'lbl_imp_title')]//a]"):
            yield listed(row, english)

    def publication(self, response: Response) -> Iterator[Document | Refused | scrapy.Request]:
        """A page of the shop: one edition, the editions of one text, or links to the texts of one series."""
        page = self.page(response)
        parent = PARENT.search(response.url)
        name = unquote((parent[1] or parent[2]) if parent else "").upper()
        sector = "ITU-T" if name.startswith("T-") else "ITU-R"
        head = HEADED.match(joined(page.xpath("(//td/p[b or strong])[1]/*[self::b or self::strong][1]")))
        rows = list(version_rows(page, sector, head[1] if head else None, not FOREIGN.search(response.url)))
        if head and not rows:
            yield version_page(page, head, sector, response.url)
        yield from rows
        title = joined(page.css("head title")[:1])
        links = self.followed(page, name)
        part = name.split("-")[1] if "-" in name else ""
        recognised = head or rows or links
        if not recognised and title and part in OTHER:
            yield Refused(reason=OTHER[part], text=title, key=name)
        elif not recognised:
            raise PageRefused(f"neither a publication nor a list: {title or 'no title'}")
        yield from links

    def summary(self, response: Response) -> Iterator[Document]:
        """The summary of one edition, a page exported from a word processor."""
        yield summary_page(self.page(response), unquote(response.url))

    def followed(self, page: Selector, name: str) -> list[scrapy.Request]:
        """Requests of the texts below this list: those whose name begins with the name of the list."""
        below: dict[str, str] = {}
        for href in page.css("a::attr(href)").getall():
            child = PARENT.search("".join(href.split()))
            if child and (found := (child[1] or child[2]).upper()).startswith(name) and found != name and name:
                below.setdefault(found, f"{SITE}/{'rec' if '-REC' in found else 'pub'}/{child[1] or child[2]}/en")
        return [self.request(target) for target in below.values() if self.route_of(target)]

    def page(self, response: Response) -> Selector:
        """The page as HTML. Raises PageRefused for a block that says 200."""
        text = getattr(response, "text", "")
        if BLOCKED[0].search(response.url) or any(pattern.search(text[:4000]) for pattern in BLOCKED):
            raise PageRefused("blocked: the site answers with a page that is not there")
        return html_page(response)

    def answer(self, response: Response) -> Any:
        """The JSON of an answer. Raises PageRefused for a block that says 200, and for anything but JSON."""
        if response.body.lstrip()[:1] == b"<":
            self.page(response)
        return self.read_json(response)

    def rows_of(self, response: Response) -> list[Any]:
        answer = self.answer(response)
        if isinstance(answer, dict):
            answer = answer.get("Data", answer.get("data"))
        if not isinstance(answer, list):
            raise PageRefused("no list of texts in the answer")
        return answer
