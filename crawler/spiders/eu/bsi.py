"""BSI: products certified in Germany under Common Criteria and under the office's Technical Guidelines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urljoin, urlsplit

import scrapy
from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Certificate, PageRefused, Record, Refused

ORIGIN = "https://www.bsi.bund.de"
HOST = r"(?i)^https?://(?:www\.)?bsi\.bund\.de(?::\d+)?/"
LISTS = (
    f"{ORIGIN}/EN/Themen/Unternehmen-und-Organisationen/Standards-und-Zertifizierung/"
    "Zertifizierung-und-Anerkennung/Listen"
)
NUMBER = re.compile(r"\bBSI-(?:[A-Z]+-)+[0-9]{3,5}(?:-[0-9A-Z]+)*", re.IGNORECASE)
RANGE = re.compile(r"(?:Search results|Suchergebnisse|Treffer)\s+(\d+)\s+\D{2,4}\s+(\d+)\s+[^\d]{2,30}\s(\d+)")
PAGE = re.compile(r"[?&]gtp=[^&#]*?list\D*(\d+)", re.IGNORECASE)
COLUMNS = ("number", "product", "vendor", "issued")  # the documented order, where headers do not tell
HEADS = {
    "product": re.compile(r"product|produkt|test item|prüfgegenstand|subject|gegenstand", re.IGNORECASE),
    "vendor": re.compile(r"applicant|antragsteller|vendor|manufacturer|hersteller|developer", re.IGNORECASE),
    "issued": re.compile(r"\bdate\b|datum|issu", re.IGNORECASE),
}
LABELS = {
    "vendor": ("applicant", "antragsteller", "manufacturer", "hersteller"),
    "lab": ("evaluation facility", "prüfstelle"),
    "level": ("assurance", "vertrauenswürdigkeit", "prüftiefe"),
    "profile": ("protection profile", "schutzprofil"),
    "standard": ("technical guideline", "technische richtlinie"),
    "issued": ("certification date", "date of issu", "zertifizierungsdatum", "ausstellungsdatum", "datum der ausst"),
    "expires": ("valid until", "gültig bis"),
    "product": ("product", "produkt", "test item", "prüfgegenstand"),
}

Cells = dict[str, Selector]


class Bsi(SourceSpider):
    """Register: certificates of the BSI for products: Common Criteria (BSI-DSZ-CC-…) and Technical Guidelines (…-TR-…).

    Publisher: Federal Office for Information Security (BSI), Germany.
    Caveats: lists print number, product, applicant and date only; level, profile and end of validity stand on the
    page of each certificate. A certificate that the Common Criteria portal lists too is another record there: the
    portal prints no number, so nothing is joined.
    """

    name = "bsi"
    title = "BSI certified products"
    body = "bsi-de"
    homepage = f"{LISTS}/Zertifizierte-Produkte-nach-CC/zertifizierte-produkte-nach-cc_node.html"
    holds = "certificates"
    licence = "© BSI; bibliographic facts only"
    rank = 25
    date_formats = ("%d.%m.%Y", "%Y-%m-%d")
    routes = (
        Route(HOST + r"[^?#]*/Zertifizierte-Produkte-nach-(?:CC|TR)/[^?#]+\.html(?:[;?#]|$)", "certificates", "list"),
        Route(HOST + r"(?:[^?#]*/)?SharedDocs/Zertifikate_(?:CC|TR)/[^?#]+\.html(?:[;?#]|$)", "certificate", "detail"),
    )
    expect = Expect(min=300, max=10_000, filled={"product": 0.98, "vendor": 0.9, "issued": 0.9, "number": 0.99})
    start_urls = (
        homepage,
        f"{LISTS}/Zertifizierte-Produkte-nach-TR/Technische_Sicherheitseinrichtungen/TSE_node.html",
    )

    def certificates(self, response: Response) -> Iterator[Record | scrapy.Request]:
        """A list of certificates, or the page of categories above such lists."""
        page = html_page(response)
        content = content_of(page)
        found = [record for table in content.css("table") for record in listed(table)]
        links = list(dict.fromkeys(self.followed(page, response.url)))
        if not found and not links:
            raise PageRefused("neither a table of certificates nor links to such lists on the page")
        yield from found
        yield from paging_faults(content, response.url, len(found))
        for url in links:
            yield self.request(url)

    def certificate(self, response: Response) -> Iterator[Record]:
        yield certificate(html_page(response), response.url)

    def followed(self, page: Selector, url: str) -> Iterator[str]:
        """Categories, further pages of the list, and the pages of its certificates."""
        content = content_of(page)
        links = [*content.css("ul.no-bullet li a, table a"), *page.css("nav[class*=pagination] a, a[href*='gtp=']")]
        here = https(joined(url, url))
        for link in links:
            target = https(joined(url, link.attrib.get("href", "")))
            if target != here and self.route_of(target) is not None:
                yield target


def content_of(page: Selector) -> Selector:
    return next(iter(page.css("#content, main, div.content")), page)


def text_of(node: Selector | None) -> str:
    return (clean(" ".join(node.css("::text").getall())) or "") if node is not None else ""


def joined(base: str, href: str) -> str:
    """The address of a link, without fragment and session; the site sets a <base>, so its links lack the slash."""
    href = re.sub(r"^(?=(?:SharedDocs|EN|DE)/)", "/", href.strip())
    try:
        return re.sub(r";jsessionid=[^?#]*", "", urljoin(base, href).partition("#")[0])
    except ValueError:  # a bracket that opens no address
        return ""


def https(url: str) -> str:
    return re.sub(r"^http:", "https:", url, count=1)


def columns_of(table: Selector) -> dict[str, int]:
    """Position of each column but the number's by its header text; the documented order where headers do not tell."""
    found: dict[str, int] = {}
    for position, cell in enumerate((table.xpath(".//tr[th][not(td)]")[:1]).xpath("./th")):
        for name, pattern in HEADS.items():
            if name not in found and position not in found.values() and pattern.search(text_of(cell)):
                found[name] = position
    return found if "product" in found else {name: position for position, name in enumerate(COLUMNS) if position}


def listed(table: Selector) -> Iterator[Certificate | Refused]:
    """The certificates of a table in which at least one row has a certificate number; of another, nothing."""
    columns = columns_of(table)
    rows = [[text_of(cell) for cell in row.xpath("./td")] for row in table.xpath(".//tr[td]")]
    if not any(NUMBER.match(text) for row in rows for text in row):
        return
    for row, cells in zip(table.xpath(".//tr[td]"), rows, strict=True):
        number = next((match for text in cells if (match := NUMBER.match(text))), None)
        printed = {name: cells[position] for name, position in columns.items() if position < len(cells)}
        if number is None or not printed.get("product"):
            if any(cells):
                yield Refused(reason="row without certificate number or product", text=" ".join(cells)[:200])
            continue
        target = joined(f"{ORIGIN}/", row.css("a[href*='Zertifikate_']::attr(href)").get() or "")
        yield Certificate(
            key=number[0].upper(),
            scheme_text=scheme(number[0]),
            number=number[0],
            vendor_text=printed.get("vendor") or None,
            country_text="DE",
            product=printed["product"],
            category_text=heading_of(table),
            issued_text=printed.get("issued") or None,
            url=https(target) if "/SharedDocs/" in target else None,
        )


def heading_of(table: Selector) -> str | None:
    """The category: the heading between this table and the one before."""
    heading = next(iter(table.xpath("./preceding::*[self::h2 or self::h3 or self::table][1]")), None)
    return text_of(heading) or None if heading is not None and heading.root.tag != "table" else None


def scheme(number: str) -> str:
    """By the number's own letters: BSI-K-TR-… is a Technical Guideline's, BSI-DSZ-CC-… a Common Criteria one."""
    kind = next((kind for kind in ("TR", "ITSEC", "BSZ") if f"-{kind}-" in number.upper()), "CC")
    return f"BSI-{kind}/DE"


def paging_faults(content: Selector, url: str, found: int) -> Iterator[Refused]:
    """What the line "Search results 1 to 10 from a total of 20" promises and the page does not hold."""
    match = RANGE.search(text_of(content))
    if match is None:
        return
    first, last, total = map(int, match.groups())
    asked = PAGE.search(unquote(unquote(url)))
    if found != last - first + 1 and found != total:
        yield Refused(reason="paging does not add up", text=f"{found} certificates on the page of {match[0]}")
    if asked and int(asked[1]) > 1 and first == 1:
        yield Refused(reason="a later page repeats the first", text=match[0])


def certificate(page: Selector, url: str) -> Certificate:
    """The page of one certificate; its labels stand in German and English side by side."""
    content = content_of(page)
    headline = next(iter(content.css("h1")), None)
    number = NUMBER.search(text_of(headline)) or NUMBER.search(unquote(urlsplit(url).path).rpartition("/")[2])
    values = labelled(content)
    if number is None or not values:
        raise PageRefused("no certificate number or no table of its data on the page")
    after = content.xpath("(.//h1)[1]/following-sibling::*[1][self::p or self::div or self::h2][not(.//table)]")
    below = text_of(next(iter(after), None))
    product = values.get("product") or below or text_of(headline).replace(number[0], "").strip(" -–:,")
    if not product:
        raise PageRefused("no product on the page of the certificate")
    names = (text_of(item) for item in content.css("ul li"))
    reports = (found[0] for name in names if (found := NUMBER.search(name)) and "-MA" in found[0].upper())
    return Certificate(
        key=number[0].upper(),
        scheme_text=scheme(number[0]),
        number=number[0],
        vendor_text=values.get("vendor"),
        country_text="DE",
        product=product,
        level_text=values.get("level"),
        issued_text=values.get("issued"),
        expires_text=values.get("expires"),
        lab_text=values.get("lab"),
        standards=tuple(filter(None, [values.get("standard")])),
        profiles=tuple(filter(None, [values.get("profile")])),
        maintenance=tuple(dict.fromkeys(reports)),
        url=https(joined(url, url)).partition("?")[0],
    )


def labelled(content: Selector) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in content.css("table tr"):
        cells = row.xpath("./th | ./td")
        if len(cells) != 2:
            continue
        english = next(iter(cells[0].css("span[lang^=en]")), None)
        label = (text_of(english) or text_of(cells[0])).lower()
        value = text_of(cells[1])
        name = next((name for name, starts in LABELS.items() if any(start in label for start in starts)), None)
        if name and value and value not in {"-", "--", "None", "n/a"}:
            found.setdefault(name, value)
    return found
