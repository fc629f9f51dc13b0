"""The Commission's summary lists of harmonised standards: one page per act of law, one workbook behind each page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import scrapy
from parsel import Selector
from scrapy.http import Response, TextResponse

from crawler.base import Expect, Route, SourceSpider
from crawler.harmonised_lists import harmonised, sheets_of
from crawler.tables import html_page
from standards_db.records import PageRefused, Record, Refused

SITE = r"(?i)^https?://single-market-economy\.ec\.europa\.eu(?::\d+)?"
OLD_SITE = r"(?i)^https?://(?:www\.)?ec\.europa\.eu(?::\d+)?"
PAGES = "https://single-market-economy.ec.europa.eu/single-market/goods/european-standards/harmonised-standards"
OTHER_LANGUAGE = r"(?![^/?#]*_(?!en)[a-z]{2}/?(?:[?#]|$))"
ACT_PAGE = rf"/(?:[^?#]*/)?european-standards/harmonised-standards/{OTHER_LANGUAGE}[^/?#]+/?(?:[?#]|$)"
OTHER_FILE = r"(?![^#]*\.(?:pdf|docx?|html?|zip|xml|pptx?)(?:[&#]|$))"


class EuHarmonised(SourceSpider):
    """Register: the summary lists of harmonised standards whose references stand in the Official Journal, per act.
    Publisher: European Commission, on the pages of the single market.
    Caveats: the lists serve information, only the Official Journal binds; a row says under which act a standard is
    or was cited, with decision, dates and restriction in the evidence of the edge, and says nothing of the standard's
    own dates or status. A live crawl reads the acts that matter for
    products with radio, electronics or software.
    """

    name = "eu_harmonised"
    title = "Harmonised standards in the Official Journal of the EU (summary lists)"
    body = "ec"
    homepage = PAGES + "_en"
    licence = "© European Union; reuse with acknowledgement (Commission Decision 2011/833/EU)"
    rank = 20
    date_formats = ("%d.%m.%Y", "%d/%m/%Y", "%Y-%m-%d")
    expect = Expect(min=100, max=20_000, filled={"title": 0.2, "identifier": 0.8})
    start_urls = (
        PAGES + "/radio-equipment_en",
        PAGES + "/electromagnetic-compatibility-emc_en",
        PAGES + "/low-voltage-lvd_en",
        PAGES + "/machinery-md_en",
        PAGES + "/medical-devices_en",
    )
    routes = (
        Route(SITE + ACT_PAGE, "act", "list"),
        Route(OLD_SITE + ACT_PAGE, "act", "list"),
        Route(SITE + r"/document/download/" + OTHER_FILE + r"[^?#]", "workbook", "feed"),
        Route(OLD_SITE + r"/(?:growth/)?document/download/" + OTHER_FILE + r"[^?#]", "workbook", "feed"),
        Route(OLD_SITE + r"/docsroom/documents/\d+" + OTHER_FILE, "workbook", "feed"),
    )

    def act(self, response: Response) -> Iterator[Refused | scrapy.Request]:
        """The page of one act: where its summary list lies."""
        page = html_page(response)
        words = " ".join(" ".join(page.xpath("//body//text()").getall()).lower().split())
        if "harmonised standards" not in words and "summary list" not in words:
            raise PageRefused("no page of harmonised standards")
        yield from self.follow(response, page, "no summary list as a workbook on the page")

    def workbook(self, response: Response) -> Iterator[Record | scrapy.Request]:
        """A summary list; the document store may put a page of its own before the file."""
        start = response.body[:512].lstrip(b"\xef\xbb\xbf\r\n\t ")
        if isinstance(response, TextResponse) and start.startswith(b"<") and "/docsroom/" in response.url.lower():
            yield from self.follow(response, html_page(response), "no workbook on the page of the document")
            return
        if start.startswith(b"%PDF"):
            raise PageRefused("a PDF")
        yield from harmonised(*sheets_of(response.body))

    def follow(self, response: Response, page: Selector, otherwise: str) -> Iterator[Refused | scrapy.Request]:
        addresses = list(dict.fromkeys(workbook_links(page, response)))
        readable = [address for address in addresses if self.route_of(address) and address != response.url]
        for address in readable:
            yield self.request(address)
        if not readable:
            yield Refused(reason=otherwise, text=" ".join(addresses)[:300], key=response.url)


def workbook_links(page: Selector, response: Response) -> Iterator[str]:
    """Addresses of workbooks: the link or the card it stands on says so; a link to a PDF beside it does not."""
    for link in page.css("a[href]"):
        address = link.attrib["href"].strip()
        card = link.xpath("ancestor::*[contains(concat(' ', normalize-space(@class), ' '), ' ecl-file ')][1]")
        said = " ".join([*link.xpath(".//text() | @title | @aria-label").getall(), unquote(address)]).lower()
        if not re.search(r"\bxlsx?\b|excel|spreadsheet|/native\b", said):
            if re.search(r"\bpdf\b", said):
                continue
            said = " ".join(card.xpath(".//text()").getall()).lower()
        if re.search(r"\bxlsx?\b|excel|spreadsheet|/native\b", said):
            try:
                target = urlsplit(response.urljoin(address))
                if target.port != 0:  # to ask for the port raises for an impossible one
                    yield target._replace(fragment="").geturl()
            except ValueError:  # an address that no browser could open either
                continue
