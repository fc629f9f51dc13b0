"""ENISA: certificates of the European Common Criteria-based scheme (EUCC), one page each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urljoin, urlsplit

import scrapy
from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Certificate, PageRefused, Record, Refused

ORIGIN = "https://certification.enisa.europa.eu"
LIST_URL = f"{ORIGIN}/certificates_en"
HOST = r"(?i)^https?://certification\.enisa\.europa\.eu(?::\d+)?"
COUNTRY_OF_NANDO = {"3087": "DE", "3090": "FR", "3095": "ES", "3110": "NL"}
NUMBER = re.compile(r"EUCC[-_ ](?:\d{4}|[A-Z]+)[-_ ]\d{4}(?:[-_ ]\d+)+", re.IGNORECASE)
RENUMBERED = re.compile(r"EUCC-(\d{4})-(\d{4})-(\d{10})-\d{5}")
MONTHLY = re.compile(r"EUCC-(\d{4})-(\d{4})-(?:(?:0[1-9]|1[0-2])-)?(\d{2,4})")
ORDERED = re.compile(r"EUCC-(\d{4})-(\d{4})-(?:(?:0[1-9]|1[0-2])-)?(\d{6,8}-\d{2})(?:-\d{5})?")
# The first two certificates were numbered by ANSSI; no rule leads from there to their numbers of May 2026.
FIRST_NUMBERS = {
    "EUCC-ANSSI-2025-3-1": "EUCC-3090-2025-0000000001-00001",
    "EUCC-ANSSI-2025-3-2": "EUCC-3090-2025-0000000001-00002",
}
EAL = re.compile(r"\bEAL\s?[1-7]\+?(?:\s*(?:augmented|augmenté))?", re.IGNORECASE)
HEADLINE = re.compile(r"^(?:certificates?|results?)\s*\((\d+)\)", re.IGNORECASE)
NOTHING = {"", "-", "–", "n/a", "none", "na", "not applicable"}
NO_RESULTS = re.compile(r"\bno (?:results?|items?|certificates?)\b", re.IGNORECASE)

Values = dict[str, Selector]


class EnisaEucc(SourceSpider):
    """Register: certificates issued under the European Common Criteria-based cybersecurity certification scheme.

    Publisher: European Union Agency for Cybersecurity (ENISA); certificates are issued by national bodies.
    Caveats: all certificates were renumbered in May 2026. The key is what both numbers share: notified body, year and
    the order's number, or the running number with the product's name, because two certificates of 2025 differ in the
    last part of the new number only. The Spanish numbers share no running number with the new form: such a
    certificate gets another key. The country is that of the notified body; a period
    such as "5 years" is not an end date, so none is given.
    """

    name = "enisa_eucc"
    title = "EUCC certificates (ENISA)"
    body = "eucc"
    homepage = LIST_URL
    holds = "certificates"
    licence = "© European Union; reuse with acknowledgement of the source"
    rank = 20
    date_formats = ("%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d")
    routes = (
        Route(HOST + r"/certificates(?:_[a-z]{2})?/?(?:[?#]|$)", "certificates", "list"),
        Route(
            HOST + r"/(?:certificates/[^/?#]+|eucc-(?:\d{4}|[a-z]+)-\d{4}-[^/?#]+)/?(?:[?#]|$)", "certificate", "detail"
        ),
    )
    expect = Expect(min=30, max=5_000, filled={"product": 0.99, "vendor": 0.95, "number": 0.99})
    start_urls = (LIST_URL,)

    def certificates(self, response: Response, seen: tuple[str, ...] = ()) -> Iterator[Record | scrapy.Request]:
        page = html_page(response)
        links = list(dict.fromkeys(self.details(page)))
        total = announced(page)
        if not links and total != 0 and not NO_RESULTS.search(text_of(page)):
            raise PageRefused("no link to a certificate on the page")
        for url in links:
            yield self.request(url)
        together = tuple(dict.fromkeys((*seen, *links)))
        following = next_page(page, response.url)
        if following is not None and len(together) > len(seen):
            yield self.request(following, cb_kwargs={"seen": together})
        elif total is not None and len(together) != total and "archived" not in response.meta:
            yield Refused(reason="paging does not add up", text=f"{len(together)} of {total} certificates")

    def certificate(self, response: Response) -> Iterator[Record]:
        yield certificate(html_page(response), response.url)

    def details(self, page: Selector) -> Iterator[str]:
        """Addresses of certificate pages, without query: those of this host that the second route reads."""
        for href in main(page).css("a::attr(href)").getall():
            url = joined(href).partition("#")[0].partition("?")[0]
            route = self.route_of(url)
            if route is not None and route.kind == "detail":
                yield re.sub(r"^http:", "https:", url, count=1)


def main(page: Selector) -> Selector:
    return next(iter(page.css("main")), page)


def text_of(node: Selector) -> str:
    return clean(" ".join(node.xpath(".//text()[not(ancestor::script or ancestor::style)]").getall())) or ""


def joined(href: str) -> str:
    try:
        return urljoin(LIST_URL, href.strip())
    except ValueError:  # a bracket that opens no address
        return ""


def announced(page: Selector) -> int | None:
    """The number of certificates in the list's own headline, "Certificates (46)", where it has one."""
    for heading in main(page).css("h1, h2, h3, h4"):
        if match := HEADLINE.match(text_of(heading)):
            return int(match[1])
    return None


def page_number(url: str) -> int:
    value = parse_qs(urlsplit(url).query).get("page", ["0"])[-1]
    return int(value) if re.fullmatch(r"[0-9]{1,4}", value) else 0


def next_page(page: Selector, url: str) -> str | None:
    """Page n+1 where the pager links to it or to a later one; pages count from 0."""
    here = page_number(url)
    links = (joined(href) for href in page.css("a[href*='page=']::attr(href)").getall())
    listed = (link for link in links if re.search(HOST + r"/certificates_[a-z]{2}/?\?", link))
    return f"{LIST_URL}?page={here + 1}" if any(page_number(link) > here for link in listed) else None


def labelled(page: Selector) -> Values:
    """The cell of each label, in lower case without marks at its end, of every two-column row of the page's tables."""
    found: Values = {}
    for row in main(page).css("table.ecl-table tr, table tr"):
        cells = row.xpath("./th | ./td")
        if len(cells) == 2 and (label := text_of(cells[0]).rstrip(" ;:.").lower()):
            found.setdefault(label, cells[1])
    for term in main(page).css("dl > dt"):
        if value := term.xpath("./following-sibling::*[1][self::dd]"):
            found.setdefault(text_of(term).rstrip(" ;:.").lower(), value[0])
    return found


def value_of(values: Values, *starts: str) -> str | None:
    """The text under the first label that begins with one of `starts`; None for "N/A" and its like."""
    for start in starts:
        for label, cell in values.items():
            if label.startswith(start):
                text = text_of(cell).strip(" ;")
                return text if text.lower() not in NOTHING else None
    return None


def lines_of(values: Values, start: str) -> tuple[str, ...]:
    """The lines of a cell as its breaks, paragraphs and items cut them."""
    cell = next((cell for label, cell in values.items() if label.startswith(start)), None)
    if cell is None:
        return ()
    parts = [""]
    for node in cell.xpath(".//text() | .//br | .//p | .//li | .//div"):
        if isinstance(node.root, str):
            parts[-1] += node.root
        else:
            parts.append("")
    return tuple(dict.fromkeys(text for part in parts if (text := clean(part)) and text.lower() not in NOTHING))


def certificate(page: Selector, url: str) -> Certificate:
    """One certificate. Addresses, contacts and e-mails stand among the rows and stay there."""
    values = labelled(page)
    product = value_of(values, "name of product", "name of the product")
    if product is None:
        raise PageRefused("no product among the labels of the page")
    headline = " ".join(map(text_of, page.css("h1")))
    number = NUMBER.search(value_of(values, "certificate id") or "") or NUMBER.search(headline)
    if number is None:
        raise PageRefused("no certificate number on the page")
    printed = re.sub(r"[_ ]", "-", number[0]).upper()
    nando = re.search(r"\b\d{4}\b", value_of(values, "nando id") or printed)
    country = COUNTRY_OF_NANDO.get(nando[0]) if nando else None
    return Certificate(
        key=key_of(printed, product),
        scheme_text=f"EUCC/{country}" if country else "EUCC",
        number=printed,
        vendor_text=value_of(values, "name of the holder", "name of holder"),
        country_text=country,
        product=product,
        category_text=value_of(values, "type of product", "type of the product"),
        level_text=level(values),
        issued_text=issued(values),
        expires_text=value_of(values, "expiry", "expiration", "date of expiry", "certificate expiry", "valid until"),
        status_text=value_of(values, "status", "certificate status"),
        lab_text=value_of(values, "name of the itsef", "name of itsef"),
        standards=lines_of(values, "cc version"),
        profiles=lines_of(values, "protection profile"),
        url=f"{ORIGIN}{urlsplit(url).path}",
    )


def key_of(number: str, product: str) -> str:
    """What the number of before May 2026 and the new one have in common.

    EUCC-3110-2025-12-2500098-01 and EUCC-3110-2025-2500098-01-00000 share the order: 3110|2025|2500098-01.
    EUCC-3090-2025-10-0004 and EUCC-3090-2025-0000000004-00002 share a running number that is not always one
    certificate's own, so the product's name is added: 3090|2025|4|s3nsen6. Any other number stands for itself.
    """
    number = FIRST_NUMBERS.get(number, number)
    if match := ORDERED.fullmatch(number):
        return f"{match[1]}|{match[2]}|{match[3]}"
    if match := RENUMBERED.fullmatch(number) or MONTHLY.fullmatch(number):
        words = re.findall(r"[^\W_]+", product.casefold())
        return f"{match[1]}|{match[2]}|{int(match[3])}|{' '.join(words)}"
    return number


def level(values: Values) -> str | None:
    """Assurance level, evaluation level and vulnerability analysis, as printed: "High; EAL 5 augmented; AVA_VAN 5"."""
    package = EAL.search(value_of(values, "package") or "")
    analysis = value_of(values, "ava_van level", "ava_van", "ava van")
    if analysis and not analysis.upper().startswith("AVA"):
        analysis = f"AVA_VAN {analysis}"
    parts = (value_of(values, "assurance level"), clean(package[0]) if package else None, analysis)
    return "; ".join(part for part in parts if part) or None


def issued(values: Values) -> str | None:
    """The date of issue, or the month where the page prints year and month only."""
    if whole := value_of(values, "certificate issue date", "date of issuance", "issue date", "issuance date"):
        return whole.strip("'\"‘’“” ") or None
    year, month = value_of(values, "year of issuance") or "", value_of(values, "month of issuance") or ""
    if re.fullmatch(r"\d{4}", year) and re.fullmatch(r"\d{1,2}", month):
        return f"{year}-{int(month):02d}"
    return f"{month} {year}".strip() or None
