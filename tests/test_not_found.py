"""Pages that answer 200 and are none: a redirect to "not found", an error page, a body in another encoding."""

from __future__ import annotations

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse

from crawler.base import Route
from crawler.middlewares import block_reason
from crawler.spiders.eu.enisa_eucc import EnisaEucc
from standards_db.records import Certificate

PAGE = "https://register.example/list"


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("https://register.example/notfound.aspx", "Publications"),
        ("https://register.example/page-not-found_en", "European Commission"),
        ("https://register.example/a/404", "x"),
        (PAGE, "Page not found | European Commission"),
        (PAGE, "404 - File or directory not found"),
        (PAGE, "Seite nicht gefunden"),
        (PAGE, "Page non trouvée"),
    ],
)
def test_a_not_found_page_with_status_200_is_refused(url: str, title: str) -> None:
    """By the address that a redirect led to, or by the page's own title."""
    body = f"<html><head><title>{title}</title></head><body><p>Sorry</p></body></html>"
    reason = block_reason(HtmlResponse(url, body=body.encode(), encoding="utf-8"))
    assert reason is not None and reason.startswith("not found")


@pytest.mark.parametrize(
    ("url", "title"),
    [
        (PAGE + "?doc=404", "ISO 404:1992"),
        ("https://register.example/standard/404.html-9", "Notes"),
        (PAGE, "How to report what was not found"),
        (PAGE, "Found: 404 standards"),
    ],
)
def test_a_page_that_only_mentions_it_passes(url: str, title: str) -> None:
    """Numbers and words that look like it are no reason."""
    body = f"<html><head><title>{title}</title></head><body><p>404 not found</p></body></html>"
    assert block_reason(HtmlResponse(url, body=body.encode(), encoding="utf-8")) is None


@pytest.mark.parametrize(
    ("url", "pattern", "is_refused"),
    [
        ("https://register.example/certificate/404", r"/certificate/\d+$", False),
        ("https://register.example/en/404", r"/certificate/\d+$", True),
        ("https://register.example/certificate/404", r"/certificate/[a-z]+$", True),
    ],
)
def test_a_page_that_is_numbered_404_passes(url: str, pattern: str, is_refused: bool) -> None:
    """A source that numbers its pages has one with this number; elsewhere the address means an error."""
    request = Request(url, meta={"route": Route(pattern, "parse", "detail")})
    response = HtmlResponse(url, body=b"<h1>Certificate</h1>", encoding="utf-8", request=request)
    assert (block_reason(response) is not None) is is_refused


def test_a_page_in_windows_1252_that_says_so_keeps_its_letters() -> None:
    """A certificate's page in the old encoding, with a stray quote in an id and without an id of its table."""
    rows = "<tr><td>Certificate ID</td><td>EUCC-3090-2026-0000000009-00000</td></tr><tr><td>Name of Product</td>"
    body = f'<html><body><main><table id="t"">{rows}<td>Carte “à puce” – été</td></tr></table></main></body></html>'
    response = HtmlResponse(
        "https://certification.enisa.europa.eu/certificates/x_en",
        body=body.encode("cp1252"),
        headers={"Content-Type": "text/html; charset=windows-1252"},
    )
    assert block_reason(response) is None
    [found] = EnisaEucc().certificate(response)
    assert isinstance(found, Certificate) and found.product == "Carte “à puce” – été"
