"""National Common Criteria schemes of Europe that publish their own lists: one reader per scheme.

Each reader knows one documented layout; a page of another layout is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

import scrapy
from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Certificate, PageRefused, Record, Refused

SE_LISTS = r"verksamhet/ovrig-verksamhet/csec/(?:certifikat-utgivna-av-csec|arkiverade-certifikat-aldre-an-5-ar)"
LIST = ("certificates", "list")
NOTHING = {"", "-", "–", "n/a", "none"}

Found = Iterator[Record | str]  # a string is the address of a page to be read


class CcSchemes(SourceSpider):
    """Register: products certified by the Common Criteria schemes of SE, NL, IT, ES, NO and PL, from their own sites.

    Publisher: CSEC (FMV), TrustCB (NSCIB), OCSI, CCN, SERTIT, NASK.
    Caveats: lists of IT, ES, NO and PL print no certificate number: the address of the product's page, or name and
    date, are the key. A certificate that the Common Criteria portal lists too is another record there: the portal
    prints no number, so nothing is joined. Products under evaluation are not read.
    """

    name = "cc_schemes"
    title = "National Common Criteria schemes of Europe"
    body = "sog-is"
    homepage = "https://www.fmv.se/verksamhet/ovrig-verksamhet/csec/certifikat-utgivna-av-csec/"
    holds = "certificates"
    licence = "facts of public registers; texts are not stored"
    rank = 30
    date_formats = ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d")
    routes = (
        Route(rf"(?i)^https?://(?:www\.)?fmv\.se(?::\d+)?/{SE_LISTS}/?(?:[?#]|$)", "certificates", "list"),
        Route(rf"(?i)^https?://(?:www\.)?fmv\.se(?::\d+)?/{SE_LISTS}/[^?#]+", "certificates", "detail"),
        Route(r"(?i)^https?://(?:www\.)?trustcb\.com(?::\d+)?/(?:[^?#]+/)?nscib-certificates/?(?:[?#]|$)", *LIST),
        Route(
            r"(?i)^https?://(?:www\.)?ocsi\.gov\.it(?::\d+)?/(?:index\.php/)?elenchi-certificazioni/"
            r"prodotti-certificati(?:\.html)?/?(?:[?#]|$)",
            *LIST,
        ),
        Route(
            r"(?i)^https?://oc\.ccn\.cni\.es(?::\d+)?/(?:index\.php/)?en/certified-products/certified-products"
            r"(?:/[^?#]*)?(?:[?#]|$)",
            *LIST,
        ),
        Route(r"(?i)^https?://(?:www\.)?sertit\.no(?::\d+)?/certified-products/[^?#]*", "certificates", "list"),
        Route(r"(?i)^https?://certyfikacja\.nask\.pl(?::\d+)?/e?en/certificates/?(?:[?#]|$)", "certificates", "list"),
    )
    expect = Expect(min=150, max=5_000, filled={"product": 0.99, "vendor": 0.85, "issued": 0.7})
    start_urls = (
        homepage,
        "https://www.fmv.se/verksamhet/ovrig-verksamhet/csec/arkiverade-certifikat-aldre-an-5-ar/",
        "https://www.trustcb.com/common-criteria/nscib/nscib-certificates/",
        "https://www.ocsi.gov.it/index.php/elenchi-certificazioni/prodotti-certificati.html",
        "https://oc.ccn.cni.es/en/certified-products/certified-products",
        "https://sertit.no/certified-products/category1919.html",
        "https://sertit.no/certified-products/product-archive/",
        "https://certyfikacja.nask.pl/een/certificates/",
    )

    def certificates(self, response: Response) -> Iterator[Record | scrapy.Request]:
        page = html_page(response)
        host = (urlsplit(response.url).hostname or "").lower()
        scheme = next(scheme for scheme in SCHEMES if host.endswith(scheme.host))
        read = dict.fromkeys(scheme.read(page, response.url))
        found = [item for item in read if not isinstance(item, str) or (item != response.url and self.route_of(item))]
        if not found:
            raise PageRefused(f"not the documented layout of {scheme.text}")
        keys: set[str] = set()
        for item in found:
            if isinstance(item, str):
                yield self.request(item)
            elif isinstance(item, Certificate) and item.key in keys:
                yield Refused(reason="another certificate with the same key", text=item.product or "", key=item.key)
            else:
                keys.add(getattr(item, "key", None) or "")
                yield item


@dataclass(frozen=True)
class Scheme:
    """`read` gives certificates and addresses of further pages of a page; nothing for another layout."""

    host: str
    text: str
    read: Callable[[Selector, str], Found]


def text_of(node: Selector | None) -> str:
    return (clean(" ".join(node.css("::text").getall())) or "") if node is not None else ""


def first(node: Selector, css: str) -> Selector | None:
    return next(iter(node.css(css)), None)


def link_in(node: Selector | None, url: str) -> str:
    """The address of the first link, over https and without fragment; blank when there is none."""
    href = (node.xpath("(descendant-or-self::a/@href)[1]").get() or "") if node is not None else ""
    try:
        return re.sub(r"^http:", "https:", urljoin(url, href.strip()), count=1).partition("#")[0] if href else ""
    except ValueError:  # a bracket that opens no address
        return ""


def folded(*texts: str) -> str:
    return "|".join(" ".join(re.findall(r"[^\W_]+", text.casefold())) for text in texts)


def last_part(url: str) -> str:
    return unquote(urlsplit(url).path).rstrip("/").rpartition("/")[2].lower()


def shown(text: str | None) -> str | None:
    return text if text and text.lower() not in NOTHING else None


def by_label(values: dict[str, str], *parts: str) -> str | None:
    """The value of the first label that holds one of `parts`."""
    for part in parts:
        for label, value in values.items():
            if part in label:
                return shown(value)
    return None


# --- Sweden: a list of links, a table of two columns per certificate


def sweden(page: Selector, url: str) -> Found:
    boxes = [link_in(box, url) for box in page.css("main nav.component-nav-box__list a")]
    yield from filter(None, boxes)
    article = first(page, "section.container-article") or first(page, "main")
    values: dict[str, str] = {}
    for row in article.css("table tr") if article is not None else ():
        cells = row.xpath("./td | ./th")
        if len(cells) == 2:
            values.setdefault(text_of(cells[0]).rstrip(": ").lower(), text_of(cells[1]))
    number = by_label(values, "certifierings id", "certifierings-id", "certification id")
    product = by_label(values, "produktnamn", "product name")
    if not values or not number or not product:
        if values and not boxes:
            yield Refused(reason="certificate without number or product", text=number or product or "")
        return
    profile = by_label(values, "skyddsprofil", "protection profile")
    yield Certificate(
        key=f"SE|{number.upper()}",
        scheme_text="CSEC/SE",
        number=number,
        vendor_text=by_label(values, "utvecklare", "developer", "sponsor"),
        country_text="SE",
        product=product,
        category_text=by_label(values, "produktkategori", "product category"),
        level_text=by_label(values, "assuranspaket", "assurance"),
        issued_text=by_label(values, "certifieringsdatum", "certification date"),
        lab_text=by_label(values, "evalueringsföretag", "itsef"),
        profiles=(profile,) if profile else (),
        url=re.sub(r"^http:", "https:", url).partition("?")[0],
    )


# --- Netherlands: one table

NL_COLUMNS = ("number", "issued", "status", "product", "developer", "lab", "level")
NL_HEADS = {
    "number": r"certificat\w* ?(?:id|no|number|nr)|\bid\b|\breference",
    "issued": r"date|issued",
    "status": r"status",
    "product": r"product|\btoe\b",
    "developer": r"developer|sponsor|vendor|manufacturer",
    "lab": r"\blab|evaluation facility|itsef",
    "level": r"level|assurance|\beal\b",
}


def netherlands(page: Selector, url: str) -> Found:
    table = first(page, "table.wpDataTable")
    if table is None:
        return
    columns = nl_columns(table)
    for row in table.xpath("./tbody/tr[td] | ./tr[td]"):
        cells = row.xpath("./td")
        printed = {name: text_of(cells[at]) for name, at in columns.items() if at < len(cells)}
        number, product = printed.get("number", ""), printed.get("product", "")
        if not re.search(r"\d{4}", number) or not product:
            if any(printed.values()):
                yield Refused(reason="row without certificate number or product", text=text_of(row)[:200])
            continue
        number = number.replace(" ", "")
        yield Certificate(
            key=f"NL|{number.upper()}",
            scheme_text="NSCIB/NL",
            number=number,
            vendor_text=shown(printed.get("developer")),
            country_text="NL",
            product=product,
            level_text=shown(printed.get("level")),
            issued_text=shown(printed.get("issued")),
            status_text=shown(printed.get("status")),
            lab_text=shown(printed.get("lab")),
        )


def nl_columns(table: Selector) -> dict[str, int]:
    """Columns by their header text, or the documented order where the headers do not tell."""
    heads = [text_of(cell).lower() for cell in (table.xpath(".//tr[th][1]") or table).xpath("./th")]
    found: dict[str, int] = {}
    for name, pattern in NL_HEADS.items():
        at = next((i for i, head in enumerate(heads) if re.search(pattern, head) and i not in found.values()), None)
        if at is not None:
            found[name] = at
    return found if {"number", "product"} <= set(found) else {name: at for at, name in enumerate(NL_COLUMNS)}


# --- Italy: one block per product, "Label: value"


def italy(page: Selector, url: str) -> Found:
    for block in page.css("div.certificati > div"):
        title = text_of(first(block, "h3"))
        values: dict[str, str] = {}
        for line in block.css("div.collapse p"):
            label, mark, value = text_of(line).partition(":")
            if mark:
                values.setdefault(label.strip().lower(), value.strip())
        issued = by_label(values, "data emissione")
        if not title or not values:
            yield Refused(reason="product without title or data", text=text_of(block)[:200])
            continue
        revised = by_label(values, "data revisione")
        yield Certificate(
            key=f"IT|{folded(title, issued or '')}",
            scheme_text="OCSI/IT",
            number=by_label(values, "certificato n", "numero certificato", "identificativo"),
            vendor_text=by_label(values, "fornitore"),
            country_text="IT",
            product=title,
            level_text=by_label(values, "livello di garanzia"),
            issued_text=issued,
            maintenance=(revised,) if revised else (),
            url=url.partition("#")[0],
        )


# --- Spain: a table of products, a page per product with labelled attributes


def spain(page: Selector, url: str) -> Found:
    for row in page.css("table.djc_items_table").xpath("./tbody/tr[td]"):
        cells = row.xpath("./td")
        target = link_in(cells[0], url)
        if len(cells) < 4 or not text_of(cells[0]) or not target:
            yield Refused(reason="row without product or link", text=text_of(row)[:200])
            continue
        yield Certificate(
            key=f"ES|{last_part(target)}",
            scheme_text="CCN/ES",
            vendor_text=shown(text_of(cells[2])),
            country_text="ES",
            product=text_of(cells[0]),
            category_text=shown(text_of(cells[1])),
            issued_text=shown(text_of(cells[3])),
            url=target.partition("?")[0],
        )
        yield target
    for link in page.css("div.pagination a, ul.pagination a"):
        if target := link_in(link, url):
            yield target
    description = first(page, "div.djc_description")
    if description is None:
        return
    labels: dict[str, str] = {}
    for attribute in description.css("p.djc_attribute"):
        label = text_of(first(attribute, "span.djc_attribute-label")).lower()
        labels.setdefault(label, text_of(first(attribute, "span.djc_value")))
    product = text_of(first(page, "h1.djc_title, h2.djc_title, .djc_title, h1"))
    if not labels or not product:
        return
    version = by_label(labels, "standard version")
    yield Certificate(
        key=f"ES|{last_part(url)}",
        scheme_text="CCN/ES",
        number=by_label(labels, "certificate number", "certification code", "certificate code", "file number"),
        vendor_text=shown(text_of(first(description, "div.djc_producer_info span"))),
        country_text="ES",
        product=product,
        category_text=shown(text_of(first(description, "div.djc_category_info a"))),
        level_text=by_label(labels, "evaluation level"),
        issued_text=by_label(labels, "certification date"),
        status_text=by_label(labels, "certification status"),
        lab_text=by_label(labels, "testing laboratory"),
        standards=(version,) if version else (),
        url=url.partition("?")[0],
    )


# --- Norway: a table of products, a page per product with its specifications


def norway(page: Selector, url: str) -> Found:
    for row in page.css("tr.certified-product"):
        cells = row.xpath("./td")
        target = link_in(cells[0], url) if cells else ""
        if len(cells) < 4 or not target or not text_of(cells[0]):
            yield Refused(reason="row without product or link", text=text_of(row)[:200])
            continue
        yield Certificate(
            key=f"NO|{last_part(target)}",
            scheme_text="SERTIT/NO",
            vendor_text=shown(text_of(first(cells[2], "p.value"))),
            country_text="NO",
            product=text_of(cells[0]),
            category_text=shown(text_of(first(cells[1], "p.value"))),
            issued_text=shown(text_of(first(cells[3], "time"))),
            url=target,
        )
        yield target
    labels: dict[str, str] = {}
    for row in page.css("div.specifications div.row"):
        labels.setdefault(text_of(first(row, "div.label")).lower(), text_of(first(row, "div.value")))
    product = by_label(labels, "product") or text_of(first(page, "div.main-content h1"))
    if not labels or not product:
        return
    number = re.match(r"\S+", by_label(labels, "certificate no") or "")
    profile = by_label(labels, "protection profile")
    yield Certificate(
        key=f"NO|{last_part(url)}",
        scheme_text="SERTIT/NO",
        number=number[0] if number else None,
        vendor_text=by_label(labels, "developer", "sponsor"),
        country_text="NO",
        product=product,
        category_text=by_label(labels, "category"),
        level_text=by_label(labels, "evaluation level"),
        issued_text=by_label(labels, "certification date"),
        expires_text=by_label(labels, "expiration date"),
        lab_text=by_label(labels, "evaluation facility"),
        profiles=(profile,) if profile else (),
        url=re.sub(r"^http:", "https:", url).partition("?")[0],
    )


# --- Poland: an accordion with one item per certificate


def poland(page: Selector, url: str) -> Found:
    for item in page.css("div.gs-accordion div.gs-accordion-item"):
        product = text_of(first(item, "div.gs-accordion-item__heading"))
        labels: dict[str, str] = {}
        client = ""
        for row in item.css("div.gspb_row"):
            parts = row.css("p")
            if len(parts) < 2:
                continue
            label = text_of(parts[0]).lower()
            if "name and address" in label:  # the address is not kept
                line = clean(parts[1].xpath("(.//text()[normalize-space()])[1]").get()) or ""
                client = client or line.partition(",")[0]
            else:
                labels.setdefault(label, text_of(parts[1]))
        issued = by_label(labels, "issue date", "decision date")
        if not product or not labels:
            yield Refused(reason="certificate without product or data", text=product)
            continue
        yield Certificate(
            key=f"PL|{folded(product, issued or '')}",
            scheme_text="NASK/PL",
            number=by_label(labels, "certificate number", "certificate no"),
            vendor_text=shown(client),
            country_text="PL",
            product=product,
            level_text=by_label(labels, "certification scope"),
            issued_text=issued,
            expires_text=by_label(labels, "end of validity"),
            url=url.partition("#")[0],
        )


SCHEMES = (
    Scheme("fmv.se", "CSEC", sweden),
    Scheme("trustcb.com", "NSCIB", netherlands),
    Scheme("ocsi.gov.it", "OCSI", italy),
    Scheme("oc.ccn.cni.es", "CCN", spain),
    Scheme("sertit.no", "SERTIT", norway),
    Scheme("certyfikacja.nask.pl", "NASK", poland),
)
