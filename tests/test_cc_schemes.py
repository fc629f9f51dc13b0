"""Certificates of national schemes: BSI paging and pages, the readers of six schemes, ANSSI, and damaged files."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, TextResponse

from crawler.archive import SAMPLE_DIR
from crawler.base import SourceSpider, all_sources
from crawler.spiders.eu.anssi import Anssi
from crawler.spiders.eu.bsi import Bsi
from crawler.spiders.eu.cc_schemes import CcSchemes
from crawler.spiders.eu.enisa_eucc import EnisaEucc
from crawler.spiders.intl.cc_portal import CcPortal
from standards_db.records import Certificate, Document, PageRefused, Refused

TSE = Bsi.start_urls[1]
BSI_PAGE = "https://www.bsi.bund.de/SharedDocs/Zertifikate_CC/CC/Sonstige/1200.html"
NO_PAGE = "https://sertit.no/certified-products/product-archive/box-article9-1919.html"
ES_LIST = "https://oc.ccn.cni.es/en/certified-products/certified-products"
ANSSI_LIST = "https://cyber.gouv.fr/produits-certifies"


def read(spider: SourceSpider, url: str, body: str | bytes) -> list[Any]:
    """What the callback that reads `url` gives for a page with this body."""
    raw = body.encode() if isinstance(body, str) else body
    kind = TextResponse if ".csv" in url else HtmlResponse
    route = spider.route_of(url)
    assert route is not None, url
    return list(getattr(spider, route.callback)(kind(url, body=raw, encoding="utf-8", request=Request(url))))


def certificates(found: list[Any]) -> list[Certificate]:
    return [item for item in found if isinstance(item, Certificate)]


def tse_page(line: str, count: int, *, head: str = "") -> str:
    rows = "".join(
        f"<tr><td><a href='SharedDocs/Zertifikate_TR/TSE/BSI-K-TR-{n:04d}-2021.html'>BSI-K-TR-{n:04d}-2021</a></td>"
        f"<td>TSE {n}</td><td>Maker</td><td>10.12.2021</td></tr>"
        for n in range(count)
    )
    pager = f"<nav class='c-pagination'><p>{line}</p><a href='{TSE}?gtp=913608_list%253D2'>2</a></nav>"
    table = f"<div class='wrapperTable'><table class='textualData'>{head}<tbody>{rows}</tbody></table></div>"
    return f"<div id='content'><h2>Tills</h2>{pager}{table}</div>"


def test_bsi_pages_prove_themselves() -> None:
    """A page holds as many certificates as its line says, asks for its certificates and for the next page."""
    found = read(Bsi(), TSE, tse_page("Search results 1 to 2 from a total of 3", 2))
    first, second = certificates(found)
    assert (first.number, first.scheme_text, first.issued_text) == ("BSI-K-TR-0000-2021", "BSI-TR/DE", "10.12.2021")
    assert second.category_text == "Tills"
    urls = {item.url for item in found if isinstance(item, Request)}
    assert urls == {first.url, second.url, f"{TSE}?gtp=913608_list%253D2"}
    assert not [item for item in found if isinstance(item, Refused)]


@pytest.mark.parametrize(
    ("url", "line", "reason"),
    [
        (TSE, "Search results 1 to 3 from a total of 9", "paging does not add up"),
        (TSE, "Suchergebnisse 1 bis 3 von insgesamt 9", "paging does not add up"),
        (f"{TSE}?gtp=913608_list%253D2", "Search results 1 to 2 from a total of 9", "a later page repeats the first"),
    ],
)
def test_bsi_faults_of_paging_are_said(url: str, line: str, reason: str) -> None:
    """Missing rows, and a server that ignores the page asked for, are refusals beside the rows."""
    found = read(Bsi(), url, tse_page(line, 2))
    assert [item.reason for item in found if isinstance(item, Refused)] == [reason]
    assert len(certificates(found)) == 2


def test_bsi_columns_follow_their_headers() -> None:
    """With a header row the columns are found by name: here the product comes first."""
    head = "<thead><tr><th>Product</th><th>Certificate ID</th><th>Date of issuance</th></tr></thead>"
    row = "<tr><td>Box</td><td>BSI-DSZ-CC-1200-V2-2023</td><td>01.02.2023</td></tr>"
    (found,) = read(Bsi(), TSE, f"<div id='content'><table>{head}{row}</table></div>")
    assert (found.product, found.number, found.scheme_text) == ("Box", "BSI-DSZ-CC-1200-V2-2023", "BSI-CC/DE")
    assert (found.issued_text, found.vendor_text) == ("01.02.2023", None)


def test_bsi_page_of_a_certificate() -> None:
    """Labels are read in English, the product from below the headline; maintenance reports are listed by number."""
    label = "<td><span lang='de'>%s</span><br/><span lang='en-GB'>%s</span></td>"
    pairs = [("Antragsteller", "Applicant", "Maker"), ("gültig bis", "valid until", "01.02.2028")]
    rows = "".join(f"<tr>{label % (german, english)}<td>{value}</td></tr>" for german, english, value in pairs)
    body = (
        "<div id='content'><div class='column'><h1 class='c-intro__headline'>BSI-DSZ-CC-1200-2023</h1><p>Box 1</p>"
        f"<table>{rows}</table><ul><li>BSI-DSZ-CC-1200-2023-MA-01 (02.03.2024)</li></ul></div></div>"
    )
    (found,) = read(Bsi(), BSI_PAGE, body)
    assert (found.key, found.product, found.vendor_text) == ("BSI-DSZ-CC-1200-2023", "Box 1", "Maker")
    assert (found.expires_text, found.maintenance) == ("01.02.2028", ("BSI-DSZ-CC-1200-2023-MA-01",))


def test_netherlands_reads_columns_by_name_or_in_the_documented_order() -> None:
    """Known headers decide; a table without them is read in the documented order."""
    url = "https://www.trustcb.com/common-criteria/nscib/nscib-certificates/"
    table = "<table class='wpDataTable'><thead><tr>%s</tr></thead><tbody><tr>%s</tr></tbody></table>"
    named = table % ("<th>Product</th><th>Certificate ID</th>", "<td>Box</td><td>NSCIB-CC- 2400097-01</td>")
    (found,) = read(CcSchemes(), url, named)
    assert (found.key, found.product) == ("NL|NSCIB-CC-2400097-01", "Box")
    cells = ("CC-23-0600097", "2026-02-17", "Valid", "Box", "Maker", "Lab", "EAL4+")
    (found,) = read(CcSchemes(), url, table % ("<th></th>" * 7, "".join(f"<td>{cell}</td>" for cell in cells)))
    assert (found.issued_text, found.status_text, found.vendor_text) == ("2026-02-17", "Valid", "Maker")
    assert (found.lab_text, found.level_text) == ("Lab", "EAL4+")


def test_norway_list_and_page_share_a_key() -> None:
    """The row of a list and the page of the product are one certificate, whose number only the page prints."""
    row = (
        f"<tr class='certified-product'><td><a href='{NO_PAGE}'>Box</a></td><td><p class='value'>Network</p></td>"
        "<td><p class='value'>Maker</p></td><td><time>01.02.2023</time></td></tr>"
    )
    listed, request = read(
        CcSchemes(), "https://sertit.no/certified-products/category1919.html", f"<table>{row}</table>"
    )
    assert (listed.vendor_text, listed.issued_text, request.url) == ("Maker", "01.02.2023", NO_PAGE)
    item = "<div class='row'><div class='label'>%s</div><div class='value'>%s</div></div>"
    pairs = (("Certificate No.", "SERTIT-115 CR"), ("Product", "Box"), ("Certificate Expiration Date", "01.02.2028"))
    body = "".join(item % pair for pair in pairs)
    (found,) = read(CcSchemes(), NO_PAGE, f"<div class='main-content'><div class='specifications'>{body}</div></div>")
    assert (found.key, found.number, found.expires_text) == (listed.key, "SERTIT-115", "01.02.2028")


def test_spain_list_and_page_share_a_key() -> None:
    """The row of the Spanish list and the page of the product are one certificate."""
    link = "<a href='/en/certified-products/certified-products/9-box'>Box</a>"
    row = f"<tr><td>{link}</td><td>Network</td><td>Maker</td><td>01/02/2023</td></tr>"
    listed, request = read(CcSchemes(), ES_LIST, f"<table class='djc_items_table'><tbody>{row}</tbody></table>")
    attribute = (
        "<p class='djc_attribute'><span class='djc_attribute-label'>%s</span><span class='djc_value'>%s</span></p>"
    )
    attributes = attribute % ("Evaluation Level:", "EAL2") + attribute % ("Certification Status", "Certified")
    body = f"<h1 class='djc_title'>Box</h1><div class='djc_description'>{attributes}</div>"
    (found,) = read(CcSchemes(), request.url, body)
    assert (found.key, found.level_text, found.status_text) == (listed.key, "EAL2", "Certified")


def test_poland_keeps_no_address() -> None:
    """The client's address under its name is left on the page."""
    row = "<div class='gspb_row'><p>%s</p><p>%s</p></div>"
    rows = row % ("Client’s name and address", "Maker S.A.<br/>ul. Main 1") + row % ("End of validity", "01.02.2028")
    item = f"<div class='gs-accordion-item'><div class='gs-accordion-item__heading'>Box</div>{rows}</div>"
    url = "https://certyfikacja.nask.pl/een/certificates/"
    (found,) = read(CcSchemes(), url, f"<div class='gs-accordion'>{item}</div>")
    assert (found.vendor_text, found.expires_text) == ("Maker S.A.", "01.02.2028")


@pytest.mark.parametrize(
    "url", [*CcSchemes.start_urls, *Bsi.start_urls, BSI_PAGE, NO_PAGE, ANSSI_LIST, f"{ANSSI_LIST}/box"]
)
@pytest.mark.parametrize(
    "body", ["", "{}", "<html><main><p>Moved</p></main></html>", "<table><tr><td>1</td></tr></table>"]
)
def test_an_unknown_layout_is_refused(url: str, body: str) -> None:
    """A page that is not the documented one is refused as a page, whatever it is."""
    spider = next(kind() for kind in (CcSchemes, Bsi, Anssi) if kind.route_of(url))
    with pytest.raises(PageRefused):
        read(spider, url, body)


def test_anssi_is_off_and_refuses_a_challenge() -> None:
    """The source is off with its reason; the page that robots get is not taken for a list."""
    assert not Anssi.enabled and "Incapsula" in Anssi.why_off
    with pytest.raises(PageRefused, match="challenge"):
        read(Anssi(), ANSSI_LIST, "<html><script src='/_Incapsula_Resource?x=1'></script></html>")


def test_anssi_prefers_the_developer_and_marks_the_archive() -> None:
    """The developer is the vendor whatever comes first; products of the archive list are archived."""
    items = "<li><span>Commanditaire :</span> Buyer</li><li><span>Développeur :</span> Maker</li>"
    article = (
        "<article class='node--type-produit-certifie-cc'><h3><a href='/produits-certifies/box'>Box</a></h3>"
        f"<div class='info-complement'><ul>{items}</ul></div></article>"
    )
    (found,) = certificates(read(Anssi(), "https://cyber.gouv.fr/produits-certifies-archives?page=3", article))
    assert (found.key, found.vendor_text, found.status_text) == ("box", "Maker", "Archived")


def test_portal_level_none_is_no_level() -> None:
    """The CSV file's "None" and the page's "PP Compliant" mean conformance to a profile, not a level."""
    names = "Category,Name,Manufacturer,Scheme,Assurance Level,Protection Profile(s),Certification Date"
    body = f"{names}\r\nDatabases,Box,Maker,CA,None,PP A,05/22/2019\r\n"
    (found,) = read(CcPortal(), CcPortal.start_urls[0], body)
    assert (found.level_text, found.profiles) == (None, ("PP A",))


def test_portal_csv_with_a_lost_quotation_mark_is_no_crash() -> None:
    """A cell that swallows the rest of the file is refused with its row; what came before stays."""
    names = "Name,Manufacturer,Scheme,Certification Date"
    body = f'{names}\r\nBox,Maker,CA,05/22/2019\r\n"lost,{"x" * 200_000}'
    first, *rest = read(CcPortal(), CcPortal.start_urls[0], body)
    kept = [item for item in (first, *rest) if isinstance(item, Certificate)]
    assert [item.product for item in kept] == ["Box"]
    assert any(isinstance(item, Refused) and "broken CSV" in item.reason for item in (first, *rest))


@pytest.mark.parametrize("kind", [Anssi, Bsi, CcSchemes, CcPortal])
def test_damaged_pages_are_refused_or_read(kind: type[SourceSpider]) -> None:
    """A page cut anywhere, or with bytes lost or garbled, never ends in another error than a refusal."""
    chance = random.Random(7)
    folder = SAMPLE_DIR / kind.name
    for page in json.loads((folder / "pages.json").read_text(encoding="utf-8"))[:6]:
        body = (folder / page["file"]).read_bytes()
        for _ in range(15):
            start, end = sorted((chance.randrange(len(body)), chance.randrange(len(body))))
            noise = bytes(chance.randrange(256) for _ in range(9))
            for damaged in (body[:end], body[:start] + body[end:], body[:start] + noise + body[start:]):
                try:
                    found = read(kind(), page["url"], damaged)
                except PageRefused as refusal:
                    assert str(refusal)
                else:
                    assert all(isinstance(item, Certificate | Document | Refused | Request) for item in found)


def test_no_page_belongs_to_two_sources() -> None:
    """Every address that these sources start from or show in their samples is read by one source only."""
    kinds = (Anssi, Bsi, CcSchemes, EnisaEucc, CcPortal)
    urls = [BSI_PAGE, NO_PAGE, *(url for kind in kinds for url in kind.start_urls)]
    for kind in kinds:
        pages = json.loads((SAMPLE_DIR / kind.name / "pages.json").read_text(encoding="utf-8"))
        urls += [page["url"] for page in pages]
    for url in urls:
        assert len([name for name, kind in all_sources().items() if kind.route_of(url)]) == 1, url


def test_portal_page_that_is_filled_by_a_script_is_refused() -> None:
    """A products page whose rows only its script holds, in a form that no document describes, is no empty list."""
    body = "<html><script>var productList = [{'x': 1}];</script><table id='tblAC'></table></html>"
    with pytest.raises(PageRefused):
        read(CcPortal(), "https://www.commoncriteriaportal.org/products/index.cfm?archived=1", body)
