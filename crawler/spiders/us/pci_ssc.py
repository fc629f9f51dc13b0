"""PCI Security Standards Council: the documents that the library page itself shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urljoin

from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Document, PageRefused, Record, Refused

FILE = re.compile(r"docs-prv\.pcisecuritystandards\.org/.+\.(?:pdf|docx?|zip)(?:[?#]|$)", re.IGNORECASE)
NAME = re.compile(
    r"^(?P<name>PCI(?:[-_ ]+(?!SRs?\b|v?\d)[A-Za-z0-9]+?)+?)(?:[-_ ]+(?:SRs?|Standard))?"
    r"[-_ ]+v?(?P<version>\d+(?:[._-]\d+)*)(?:[-_ ]?r\d+)?$"
)
COMPANION = re.compile(r"summary of changes|\bFAQ|quick reference|attestation|questionnaire|template", re.IGNORECASE)


class PciSsc(SourceSpider):
    """Register: featured documents of the PCI document library.
    Publisher: PCI Security Standards Council.
    Caveats: the library is filled in by a script that is not read, so only what the page features is here, a handful
    of current documents without dates; lists of certified products stand on another host and are not read.
    """

    name = "pci_ssc"
    title = "PCI SSC document library: featured documents"
    body = "pci-ssc"
    homepage = "https://www.pcisecuritystandards.org/document_library/"
    licence = "© PCI Security Standards Council; bibliographic facts only"
    rank = 30
    interval_days = 30
    expect = Expect(min=1, max=200, filled={"title": 0.98})
    start_urls = ("https://www.pcisecuritystandards.org/document_library/",)
    routes = (
        Route(
            r"(?i)^https?://(?:www\.)?pcisecuritystandards\.org(?::\d+)?/document_library/?(?:[?#]|$)",
            "shown_documents",
            "list",
        ),
    )

    def shown_documents(self, response: Response) -> Iterator[Record]:
        links = [link for link in html_page(response).css("a[href]") if FILE.search(link.attrib["href"])]
        if not links:
            raise PageRefused("no link to a document: the page features none or was rebuilt")
        records = {unquote(link.attrib["href"]): featured(link, response.url) for link in links}
        yield from records.values()


def featured(link: Selector, base: str) -> Record:
    """One link to a file, under the nearest heading before it."""
    url = urljoin(base, link.attrib["href"])
    title = clean(link.xpath("string(./preceding::*[self::h1 or self::h2 or self::h3 or self::h4][1])").get())
    stem = re.sub(r"\.\w+$", "", unquote(re.split(r"[?#]", url)[0]).rpartition("/")[2])
    if COMPANION.search(re.sub(r"[-_]", " ", stem)) or COMPANION.search(title or ""):
        return Refused(reason="companion of a standard", text=title or stem, key=stem)
    name = NAME.match(stem)
    if name is None:
        return Refused(reason="file name without a standard and its version", text=title or stem, key=stem)
    version = re.sub(r"[-_]", ".", name["version"])
    return Document(
        designation=f"{re.sub(r'[-_ ]+', ' ', name['name'])} v{version}",
        title=(title or stem).rstrip("."),
        url=url,
    )
