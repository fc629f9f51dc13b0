"""ANSSI: products certified in France, as cyber.gouv.fr printed them; read from archived pages only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import unquote, urljoin, urlsplit

import scrapy
from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Certificate, PageRefused, Record, Refused

ORIGIN = "https://cyber.gouv.fr"
HOST = r"(?i)^https?://(?:www\.)?cyber\.gouv\.fr(?::\d+)?"
SCHEME = "ANSSI/FR"
CHALLENGE = re.compile(r"_Incapsula_Resource|Incapsula incident ID", re.IGNORECASE)
LABELS = {
    "number": ("référence du certificat",),
    "vendor": ("développeur", "commanditaire"),
    "level": ("niveau",),
    "added": ("augmentations",),
    "issued": ("date de certification",),
    "expires": ("date de fin de validité",),
    "category": ("catégorie",),
    "standard": ("référentiel",),
    "lab": ("centre d'évaluation", "centre d’évaluation"),
    "profile": ("profil de protection",),
}

Labels = dict[str, str]


class Anssi(SourceSpider):
    """Register: products certified by ANSSI under Common Criteria and CSPN, active and archived.

    Publisher: Agence nationale de la sécurité des systèmes d'information (ANSSI), France.
    Caveats: the last part of a product's address is the key, because the printed reference may lack its prefix and a
    CC and a CSPN certificate may share the rest; a certificate that the Common Criteria portal or ENISA lists too is
    another record there.
    """

    name = "anssi"
    title = "ANSSI certified products"
    body = "anssi"
    homepage = f"{ORIGIN}/produits-certifies"
    holds = "certificates"
    licence = "Licence Ouverte 2.0; bibliographic facts only"
    enabled: ClassVar[bool] = False
    why_off: ClassVar[str] = (
        "blocked by Incapsula: a robot gets a challenge instead of the pages; archived ones are read"
    )
    rank = 25
    date_formats = ("%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d")
    routes = (
        Route(HOST + r"/produits-certifies(?:-archives)?/?(?:[?#]|$)", "certificates", "list"),
        Route(HOST + r"/produits-certifies(?:-archives)?/[^/?#]+/?(?:[?#]|$)", "certificate", "detail"),
    )
    expect = Expect(min=200, max=10_000, filled={"product": 0.99, "vendor": 0.9, "number": 0.8})
    start_urls: ClassVar[list[str]] = [f"{ORIGIN}/produits-certifies", f"{ORIGIN}/produits-certifies-archives"]

    def certificates(self, response: Response) -> Iterator[Record | scrapy.Request]:
        page = readable(response)
        articles = page.css("article[class*=node--type-produit-certifie]")
        pager = page.css("nav.pager a::attr(href), ul.pager__items a::attr(href)").getall()
        if not articles and not pager:
            raise PageRefused("no certified product on the page")
        for article in articles:
            record = listed(article, response.url)
            yield record
            if isinstance(record, Certificate) and record.url and self.route_of(record.url) is not None:
                yield self.request(record.url)
        for url in dict.fromkeys(joined(response.url, href) for href in pager):
            if url != response.url and self.route_of(url) is not None:
                yield self.request(url)

    def certificate(self, response: Response) -> Iterator[Record]:
        page = readable(response)
        labels = labelled(page.css("div.product-infos-wrapper tr"), "th", "td")
        product = text_of(first(page, "h1"))
        if not labels or not product:
            raise PageRefused("no product or no table of its data on the page")
        yield record_of(product, labels, response.url)


def readable(response: Response) -> Selector:
    page = html_page(response)
    if CHALLENGE.search(response.text):
        raise PageRefused("a challenge of Incapsula instead of the page")
    return page


def text_of(node: Selector | None) -> str:
    return (clean(" ".join(node.css("::text").getall())) or "") if node is not None else ""


def first(node: Selector, css: str) -> Selector | None:
    return next(iter(node.css(css)), None)


def joined(base: str, href: str) -> str:
    try:
        return re.sub(r"^http:", "https:", urljoin(base, href.strip()), count=1).partition("#")[0]
    except ValueError:  # a bracket that opens no address
        return ""


def name_of(label: str) -> str | None:
    low = label.lower()
    return next((name for name, parts in LABELS.items() if any(part in low for part in parts)), None)


def labelled(rows: list[Selector], label: str, value: str) -> Labels:
    """The value of each known label; a developer counts before the sponsor of an evaluation."""
    found: Labels = {}
    for row in rows:
        printed = text_of(first(row, label))
        name, text = name_of(printed), text_of(first(row, value))
        if name and text and (name not in found or "développeur" in printed.lower()):
            found[name] = text
    return found


def listed(article: Selector, url: str) -> Certificate | Refused:
    product = text_of(first(article, "h3"))
    target = joined(url, article.css("h3 a::attr(href), a::attr(href)").get() or "")
    if not product or not re.search(HOST + r"/produits-certifies(?:-archives)?/[^/?#]+", target):
        return Refused(reason="product without name or address", text=text_of(article)[:200])
    found: Labels = {}
    for item in article.css("div.info-complement li"):
        printed = text_of(first(item, "span"))
        text = clean(" ".join(item.xpath("./text()").getall()))
        name = name_of(printed)
        if name and text and (name not in found or "développeur" in printed.lower()):
            found[name] = text
    return record_of(product, found, target, is_archived="/produits-certifies-archives" in url.lower())


def record_of(product: str, labels: Labels, url: str, *, is_archived: bool = False) -> Certificate:
    level = " ".join(filter(None, [labels.get("level"), labels.get("added")]))
    return Certificate(
        key=unquote(urlsplit(url).path).rstrip("/").rpartition("/")[2].lower(),
        scheme_text=SCHEME,
        number=labels.get("number"),
        vendor_text=labels.get("vendor"),
        country_text="FR",
        product=product,
        category_text=labels.get("category"),
        level_text=level or None,
        issued_text=labels.get("issued"),
        expires_text=labels.get("expires"),
        status_text="Archived" if is_archived else None,
        lab_text=labels.get("lab"),
        standards=tuple(filter(None, [labels.get("standard")])),
        profiles=tuple(filter(None, [labels.get("profile")])),
        url=joined(url, url).partition("?")[0],
    )
