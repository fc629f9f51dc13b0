"""What the EUCC source does beyond picking cells: renumbered certificates, paging, labels of two generations."""

from __future__ import annotations

import random
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response

from crawler.archive import SAMPLE_DIR
from crawler.spiders.eu.enisa_eucc import LIST_URL, EnisaEucc, key_of
from standards_db.records import Certificate, PageRefused, Refused

DETAIL = "https://certification.enisa.europa.eu/certificates/%s_en"


def read(url: str, body: str | bytes, **given: Any) -> list[Any]:
    """What the callback that reads `url` gives for a page with this body."""
    spider = EnisaEucc()
    route = spider.route_of(url)
    assert route is not None
    raw = body.encode() if isinstance(body, str) else body
    return list(
        getattr(spider, route.callback)(HtmlResponse(url, body=raw, encoding="utf-8", request=Request(url)), **given)
    )


def detail(cell: str = "td", **more: str) -> str:
    """A certificate's page with the labels of before May 2026 and these values."""
    values = {"Certificate ID": "CERTIFICATE EUCC-3087-2025-12-0001", "Name of Product": "Chip", **more}
    rows = "".join(f"<tr><{cell}>{label}</{cell}><td>{value}</td></tr>" for label, value in values.items())
    table = f"<div class='ecl-table-responsive'><table class='ecl-table'>{rows}</table></div>"
    return f"<html><body><main><div class='ecl'>{table}</div></main></body></html>"


def certificate_of(body: str, slug: str = "eucc-x") -> Certificate:
    (found,) = read(DETAIL % slug, body)
    assert isinstance(found, Certificate)
    return found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("EUCC-3090-2025-10-0004", "EUCC-3090-2025-0000000004-00002"),
        ("EUCC-3090-2025-10-03", "EUCC-3090-2025-0000000003-00000"),
        ("EUCC-3090-2026-01", "EUCC-3090-2026-0000000001-00000"),
        ("EUCC-3087-2025-12-0001", "EUCC-3087-2025-0000000001-00000"),
        ("EUCC-3110-2025-12-2500098-01", "EUCC-3110-2025-2500098-01-00000"),
    ],
)
def test_a_renumbered_certificate_keeps_its_key(old: str, new: str) -> None:
    """Both numbers of one certificate give one key."""
    assert key_of(old, "S3NSEN6") == key_of(new, "S3NSEN6")


def test_certificates_that_share_a_running_number_stay_two() -> None:
    """The first two French certificates differ in the last part of the number only: their products tell them apart."""
    first = key_of("EUCC-3090-2025-0000000001-00001", "ST54J / ST54K")
    assert first != key_of("EUCC-3090-2025-0000000001-00002", "Smart Tachograph G2 on MultiApp V4.0.1")
    assert key_of("EUCC-ANSSI-2025-3-1", "ST54J / ST54K") == first
    assert key_of("EUCC-ANSSI-2025-3-9", "X") == "EUCC-ANSSI-2025-3-9"


@pytest.mark.parametrize("cell", ["td", "th"])
def test_labels_in_either_kind_of_cell(cell: str) -> None:
    """The number loses its prefix, the date its quotation marks; three cells make the level; no contact is kept."""
    found = certificate_of(
        detail(
            cell,
            **{
                "Name of the Holder": "Maker AG",
                "Address of the Holder": "Street 1",
                "Contact Information of the Holder": "x [at] y [dot] com",
                "NANDO ID of the CB": "3087",
                "Assurance level": "High",
                "AVA_VAN Level": "5",
                "Package": "EAL 5 augmented with ADV_IMP.2",
                "CC Version": "ISO/IEC 15408-1:2009<br/>ISO/IEC 15408-2:2008",
                "Protection Profile": "None",
                "Year of issuance": "2025",
                "date of issuance": "'19/12/2025'",
                "period of validity of the certificate;": "5 years",
            },
        )
    )
    assert (found.number, found.scheme_text, found.country_text) == ("EUCC-3087-2025-12-0001", "EUCC/DE", "DE")
    assert (found.level_text, found.issued_text) == ("High; EAL 5 augmented; AVA_VAN 5", "19/12/2025")
    assert found.standards == ("ISO/IEC 15408-1:2009", "ISO/IEC 15408-2:2008")
    assert (found.profiles, found.expires_text, found.status_text) == ((), None, None)
    assert "Street" not in str(found) and "[at]" not in str(found)


def test_a_month_is_all_that_some_pages_print() -> None:
    """Year and month stand in for a missing date; an unknown notified body gives no country."""
    found = certificate_of(
        detail(**{"Certificate ID": "EUCC-9999-2026-3", "Year of issuance": "2026", "Month of Issuance": "3"})
    )
    assert (found.issued_text, found.scheme_text, found.country_text) == ("2026-03", "EUCC", None)


def test_list_with_and_without_pages() -> None:
    """A list asks for its certificates once each; while its pager goes on and brings new ones, for page n+1."""
    link = "<a href='/certificates/eucc-%d_en?x=1'>EUCC</a><a href='/certificates/eucc-%d_en'>EUCC</a>"
    pager = "<a href='/certificates_en?page=1'>2</a>"
    plain = read(LIST_URL, f"<main>{link % (1, 1)}</main>")
    assert [request.url for request in plain] == [DETAIL % "eucc-1"]
    paged = read(LIST_URL, f"<main>{link % (1, 1)}{pager}</main>")
    assert paged[-1].url == f"{LIST_URL}?page=1" and paged[-1].cb_kwargs == {"seen": (DETAIL % "eucc-1",)}
    last = read(f"{LIST_URL}?page=1", f"<main>{link % (2, 2)}{pager}</main>", seen=(DETAIL % "eucc-1",))
    assert [request.url for request in last] == [DETAIL % "eucc-2"]


def test_a_repeated_page_ends_the_paging_and_the_total_is_checked() -> None:
    """A server that repeats a page is not asked for ever, and what is missing is said."""
    links = "<a href='/certificates/a_en'>A</a><a href='/certificates_en?page=9'>9</a>"
    body = f"<main><h2>Certificates (3)</h2>{links}</main>"
    *_, fault = read(f"{LIST_URL}?page=1", body, seen=(DETAIL % "a",))
    assert isinstance(fault, Refused) and fault.text == "1 of 3 certificates"


@pytest.mark.parametrize(
    "body", ["", "{}", "<html><title>Just a moment...</title></html>", "<main><table></table></main>"]
)
@pytest.mark.parametrize("url", [LIST_URL, DETAIL % "eucc-x"])
def test_what_is_not_the_page_is_refused(url: str, body: str) -> None:
    """An empty page, another type, a challenge or another layout is refused as a page."""
    with pytest.raises(PageRefused):
        read(url, body)


def test_another_type_is_refused() -> None:
    """A response that is no text is refused."""
    with pytest.raises(PageRefused):
        list(EnisaEucc().certificate(Response(DETAIL % "a", body=b"%PDF-1.7")))


def test_an_empty_list_is_no_fault() -> None:
    """A list that says that it is empty gives nothing and is not refused."""
    assert read(LIST_URL, "<main><h2>Certificates (0)</h2></main>") == []


def test_damaged_pages_are_refused_or_read() -> None:
    """A page cut anywhere, or with bytes lost, never ends in another error than a refusal."""
    chance = random.Random(5)
    for path in sorted((SAMPLE_DIR / "enisa_eucc").glob("*.html"))[:4]:
        body = path.read_bytes()
        url = LIST_URL if path.name.startswith("certificates") else DETAIL % "eucc-x"
        for _ in range(40):
            start, end = sorted((chance.randrange(len(body)), chance.randrange(len(body))))
            for damaged in (body[:end], body[:start] + body[end:]):
                try:
                    assert all(isinstance(item, Certificate | Refused | Request) for item in read(url, damaged))
                except PageRefused as refusal:
                    assert str(refusal)
