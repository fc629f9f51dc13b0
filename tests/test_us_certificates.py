"""Certificates of the United States: CMVP, NIAP and FedRAMP, and what their pages do to a careless reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response, TextResponse

from crawler.base import SourceSpider
from crawler.middlewares import block_reason
from crawler.spiders.us.fedramp import LEAST, Fedramp
from crawler.spiders.us.niap import DECISIONS_URL, PRODUCTS_URL, PROFILES_URL, Niap
from crawler.spiders.us.nist_cmvp import HOME, SEARCH, NistCmvp
from standards_db.interpret import Source, interpret
from standards_db.records import Certificate, Document, Observation, PageRefused, Provenance, Refused

FEED = Fedramp.start_urls[0]
MIP = f"{HOME}/modules-in-process/modules-in-process-list"
CHALLENGE = (
    "<html><head><title>Just a moment...</title></head><body><script>window.cf_chl_opt={}</script></body></html>"
)


def read(spider: SourceSpider, url: str, body: str | Any, kind: type[TextResponse] = HtmlResponse) -> list[Any]:
    """What the callback that reads `url` gives for this body; anything but a text is sent as JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    route = spider.route_of(url)
    assert route is not None
    response = kind(url, body=text.encode(), encoding="utf-8", request=Request(url))
    return list(getattr(spider, route.callback)(response))


def certificates(found: list[Any]) -> list[Certificate]:
    return [record for record in found if isinstance(record, Certificate)]


def refusals(found: list[Any]) -> list[str]:
    return [record.reason for record in found if isinstance(record, Refused)]


def meaning(spider: type[SourceSpider], record: Certificate) -> dict[str, Any]:
    """The interpreted payload of a certificate."""
    origin = Provenance(page_url="", page_sha256="", retrieved_at="", archive_ref=None, route="")
    source = Source(name=spider.name, body=spider.body, date_formats=spider.date_formats)
    return interpret(Observation(record=record, provenance=origin), source).payload


def table(heads: str, *rows: str, foot: str = "") -> str:
    head = "".join(f"<th>{name}</th>" for name in heads.split("|"))
    return (
        f"<html><body><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody><tfoot>{foot}</tfoot></table></body></html>"
    )


def cells(*texts: str) -> str:
    return "<tr>" + "".join(f"<td>{text}</td>" for text in texts) + "</tr>"


# --- challenge pages, wrong kinds of page


@pytest.mark.parametrize(
    "url", [SEARCH % "Active", f"{HOME}/certificate/4845", MIP, f"{HOME}/modules-in-process/IUT-List"]
)
def test_a_challenge_saved_as_success_is_no_empty_list(url: str) -> None:
    """A challenge page with status 200 is named before the callback, and the callback refuses it as well."""
    assert block_reason(HtmlResponse(url, body=CHALLENGE.encode(), encoding="utf-8")) == "blocked: Cloudflare challenge"
    with pytest.raises(PageRefused):
        read(NistCmvp(), url, CHALLENGE)
    with pytest.raises(PageRefused):
        read(NistCmvp(), url, '{"modules_in_process": []}', TextResponse)


@pytest.mark.parametrize(
    ("spider", "url"),
    [(Fedramp, FEED), (Niap, PRODUCTS_URL), (Niap, PROFILES_URL), (Niap, DECISIONS_URL)],
)
@pytest.mark.parametrize("body", [CHALLENGE, "", '"text"', '{"detail": "Not found."}', '[{"other": 1}]', "[1, 2]"])
def test_what_is_no_catalogue_is_refused(spider: type[SourceSpider], url: str, body: str) -> None:
    """HTML, nothing, a lone text, an error object and rows of something else are no catalogue."""
    with pytest.raises(PageRefused):
        read(spider(), url, body, TextResponse)


# --- FedRAMP


def product(number: int, **given: Any) -> dict[str, Any]:
    fixed = {
        "id": f"FR{number:010d}",
        "csp": f"Provider {number}",
        "cso": f"Service {number}",
        "status": "FedRAMP Authorized",
        "auth_date": "2025-01-31T20:00:00.000Z",
        "impact_level": "Moderate",
        "service_model": ["SaaS"],
        "sales_email": "jane.roe@example.com",
    }
    return {**fixed, **given}


def feed(rows: list[dict[str, Any]], **metrics: int) -> dict[str, Any]:
    return {"meta": {"last_change": "2026-04-28T02:40:42Z"}, "data": {"Metrics": metrics, "Products": rows}}


def test_padding_rows_are_refused_one_by_one() -> None:
    """A feed of 999 rows of which 612 are blank gives 387 products and 612 refusals."""
    blank = dict.fromkeys(product(0), "") | {"service_model": [""], "small_business": "No"}
    padding = [{**blank, "id": f"FR9{n:09d}"} for n in range(20)] + [blank] * 592
    found = read(Fedramp(), FEED, feed([product(n) for n in range(387)] + padding), TextResponse)

    assert len(certificates(found)) == 387
    assert refusals(found) == ["padding row"] * 612


def test_both_generations_of_keys_say_the_same() -> None:
    """Feeds before March 2023 call provider and service name and service_offering; the record is the same."""
    old = product(1, name="Provider 1", service_offering="Service 1", fedramp_auth="2025-01-31T20:00:00.000Z")
    for gone in ("csp", "cso", "auth_date"):
        del old[gone]
    (first,) = certificates(read(Fedramp(), FEED, feed([product(1)]), TextResponse))
    (second,) = certificates(read(Fedramp(), FEED, feed([old]), TextResponse))

    assert first == second
    assert (first.vendor_text, first.product, first.number) == ("Provider 1", "Service 1", "FR0000000001")


def test_words_in_date_fields_are_no_dates() -> None:
    """The words "Not Active" stay as printed and give no date; spreadsheet errors and blank lists give nothing."""
    row = product(1, auth_date="Not Active", independent_assessor="#N/A", service_model=[""], status="")
    (found,) = certificates(read(Fedramp(), FEED, feed([row]), TextResponse))

    assert (found.issued_text, found.lab_text, found.category_text, found.status_text) == (
        "Not Active",
        None,
        None,
        None,
    )
    assert meaning(Fedramp, found)["issued"] is None


def test_a_feed_that_lost_products_is_noticed() -> None:
    """Fewer authorised products than the feed counts is noted, a repeated product refused, and few rows refuse all."""
    found = read(Fedramp(), FEED, feed([product(1), product(2), product(1)], total=510), TextResponse)

    assert refusals(found) == ["second row of one product", "products do not add up"]
    route = Fedramp.route_of(FEED)
    assert route is not None and route.complete and route.min_rows == LEAST


@pytest.mark.parametrize(
    "url",
    [
        "http://raw.githubusercontent.com/GSA/marketplace-fedramp-gov-data/refs/heads/main/data.json",
        "https://raw.githubusercontent.com/gsa/marketplace-fedramp-gov-data/93aa5c0a8b52/data.json?token=1",
        "https://github.com/GSA/marketplace-fedramp-gov-data/raw/main/data.json",
    ],
)
def test_the_feed_is_known_under_its_other_addresses(url: str) -> None:
    """A commit, a branch in long form and GitHub's redirecting address are the feed; the stale test file is not."""
    assert Fedramp.route_of(url) is not None
    assert Fedramp.route_of(url.replace("data.json", "test.json")) is None


def test_contacts_of_providers_are_not_read() -> None:
    """No e-mail address of the feed is in any record."""
    assert "@" not in repr(read(Fedramp(), FEED, feed([product(1)]), TextResponse))


# --- NIAP


def pcl(number: Any, **given: Any) -> dict[str, Any]:
    fixed = {
        "product_id": number,
        "v_id": number,
        "product_name": "A switch",
        "vendor_id_name": "A maker",
        "from_cc_portal": False,
        "submitting_country_id_code": "US",
        "status_sort": "Certified",
        "certification_date": "2026-08-19T00:00:00Z",
        "sunset_date": None,
        "am_sort": "2028-08-19T00:00:00Z",
        "protection_profiles": [{"pp_id": 482, "pp_short_name": "CPP_ND_V3.0E"}],
        "tech_types": ["Firewall", " Network Device"],
    }
    return {**fixed, **given}


def test_a_product_from_the_portal_is_another_nations_certificate() -> None:
    """It has the scheme and sphere of its nation and no American number; only the domestic one has a VID."""
    foreign = pcl("2026.1043", from_cc_portal=True, submitting_country_id_code="IT", sunset_date="2031-02-09T00:00:00Z")
    ours, theirs = certificates(read(Niap(), PRODUCTS_URL, [pcl(11671), foreign], TextResponse))

    assert (ours.scheme_text, ours.number, ours.country_text) == ("NIAP/US", "CCEVS-VR-VID11671", None)
    assert (theirs.scheme_text, theirs.number, theirs.country_text) == ("CCRA/IT", None, "IT")
    assert (meaning(Niap, ours)["sphere"], meaning(Niap, theirs)["sphere"]) == ("us", "eu")
    assert (ours.expires_text, theirs.expires_text) == ("2028-08-19T00:00:00Z", "2031-02-09T00:00:00Z")


def test_the_month_in_the_minutes_does_not_change_the_day() -> None:
    """Old dates repeat their month as minutes; the day is read, the rest is not."""
    (found,) = certificates(
        read(Niap(), PRODUCTS_URL, [pcl(10544, certification_date="2012-07-16T00:07:00Z")], TextResponse)
    )

    assert meaning(Niap, found)["issued"] == "2012-07-16"


def test_blanks_and_placeholders_of_products() -> None:
    """Types lose their leading blanks, "None" is no profile, and maintenance has one spelling per event."""
    event = {"maintenance_id": 291, "title": "Version 8.0.14", "completion_date": "2014-04-07T00:00:00+00:00"}
    row = pcl(
        10394,
        protection_profiles=[{"pp_short_name": "none"}, {"pp_short_name": "PP_OS_V4.3"}],
        active_maintenances=[event, event],
    )
    (found,) = certificates(read(Niap(), PRODUCTS_URL, [row], TextResponse))

    assert found.category_text == "Firewall; Network Device"
    assert found.profiles == ("PP_OS_V4.3",)
    assert found.maintenance == ("2014-04-07 Version 8.0.14",)


def test_products_without_id_or_twice_are_refused_alone() -> None:
    """One bad row costs no other."""
    found = read(Niap(), PRODUCTS_URL, [pcl(1), pcl(None), pcl(1), pcl(2)], TextResponse)

    assert [record.key for record in certificates(found)] == ["1", "2"]
    assert refusals(found) == ["product without id or name", "second row of one product"]


def test_pages_of_an_answer_are_followed_over_https() -> None:
    """Should the API answer in pages, the next one is asked for, at https although it is named with http."""
    answer = {"count": 2, "next": PRODUCTS_URL.replace("https", "http") + "?offset=1", "results": [pcl(1)]}
    found = read(Niap(), PRODUCTS_URL, answer, TextResponse)

    assert [request.url for request in found if isinstance(request, Request)] == [PRODUCTS_URL + "?offset=1"]


def test_decisions_bring_the_succession_of_profiles() -> None:
    """Profiles embedded in decisions name predecessor and successor by id; an id nobody names makes no edge."""
    old = {"pp_id": 429, "pp_short_name": "PP_APP_v1.3", "successor_id": 462, "status": "Publishing"}
    new = {"pp_id": 462, "pp_short_name": "PP_APP_v1.4", "predecessor_id": 429, "successor_id": 999}
    row = {
        "td_id": 574,
        "identifier": "TD0561",
        "title": "Signature verification update",
        "protection_profile": [new],
        "sunset_protection_profile": [old],
        "status": "Archived",
    }
    found = [record for record in read(Niap(), DECISIONS_URL, [row], TextResponse) if isinstance(record, Document)]

    assert [(record.key, record.designation) for record in found] == [
        ("td|574", "TD0561"),
        ("pp|462", "PP_APP_v1.4"),
        ("pp|429", "PP_APP_v1.3"),
    ]
    assert [(edge.type, edge.target_text) for record in found for edge in record.relations] == [
        ("supersedes", "PP_APP_v1.3"),
        ("superseded by", "PP_APP_v1.4"),
    ]
    assert [record.status_text for record in found] == ["Archived", None, None]


# --- CMVP lists

ROW = (
    '<tr id="cert-row-0"><td><a href="/projects/x/certificate/4845" id="cert-number-link-0">4845</a></td>'
    '<td id="cert-vendor-name-0">A maker</td><td id="cert-module-name-0">A\n   token</td>'
    '<td id="cert-module-type-0">Hardware</td><td>10/21/2024<br />02/03/2025<br /></td>'
    '<td id="cert-module-type-0">Historical</td></tr>'
)
HEADS = "Certificate Number|Vendor Name|Module Name|Module Type|Validation Date|Status"


def test_the_element_id_given_twice_does_not_mix_type_and_status() -> None:
    """Columns are known by their header although the cells of type and status share an id; headers may be padded."""
    for heads in (HEADS, HEADS.replace("|", " \n|\xa0 ")):
        (found,) = certificates(read(NistCmvp(), SEARCH % "Active", table(heads, ROW)))
        assert (found.category_text, found.status_text) == ("Hardware", "Historical")
        assert (found.number, found.product) == ("CMVP 4845", "A token")
        assert (found.issued_text, found.maintenance) == ("10/21/2024", ("2025-02-03",))


def test_without_its_column_the_status_is_that_of_the_query() -> None:
    """Lists without a status column show one status, and lists of one standard that standard: the query names them."""
    row = cells("4845", "A maker", "A token", "Hardware", "10/21/2024<br>")
    url = f"{HOME}/validated-modules/search?certificatestatus=Active&displayall=1&SearchMode=Basic&Standard=140-3"
    (found,) = certificates(read(NistCmvp(), url, table(HEADS.removesuffix("|Status"), row)))
    (of_all,) = certificates(
        read(NistCmvp(), f"{HOME}/validated-modules/search/all", table(HEADS.removesuffix("|Status"), row))
    )

    assert (found.status_text, found.standards) == ("Active", ("FIPS 140-3",))
    assert (of_all.status_text, of_all.standards) == (None, ())


def test_a_list_shorter_than_announced_is_noted_and_read() -> None:
    """The rows that are there are taken, the difference to the announced number is a refusal; pages are followed."""
    page = table(HEADS, ROW, cells("x")).replace("<body>", '<body><div id="divResults" data-total-records="869"></div>')
    found = read(NistCmvp(), SEARCH % "Active", page)

    assert len(certificates(found)) == 1
    assert refusals(found) == ["1 cells under 6 columns", "list does not add up"]
    assert [request.url for request in found if isinstance(request, Request)] == [f"{HOME}/certificate/4845"]


def test_no_results_is_an_answer() -> None:
    """A search that found nothing is empty, not refused; one whose table lost a column is refused."""
    nothing = '<html><body><p id="resultsMessage">No certificates match the search criteria</p></body></html>'
    assert read(NistCmvp(), SEARCH % "Revoked", nothing) == []
    with pytest.raises(PageRefused):
        read(NistCmvp(), SEARCH % "Revoked", table("Certificate Number|Vendor", cells("1", "A maker")))


# --- CMVP certificate pages


def line(text: str) -> str:
    return f'<span class="indent" style="display: block;">{text}</span>'


def panel(title: str, body: str) -> str:
    return (
        f'<div class="panel panel-default"><div class="panel-heading"><h4 class="panel-title">{title}</h4></div>'
        f'<div class="panel-body">{body}</div></div>'
    )


def labelled(label: str, value: str, element_id: str = "") -> str:
    columns = f'<div class="col-md-3">{label}</div><div class="col-md-9" {element_id}>{value}</div>'
    return f'<div class="row padrow">{columns}</div>'


def page(vendor: str, algorithms: str, standard: str = "FIPS 140-3") -> str:
    details = (
        labelled("Module Name", "A token", 'id="module-name"')
        + labelled("Standard", standard, 'id="module-standard"')
        + labelled("Status", "Active")
        + labelled("Sunset Date", "10/20/2029")
        + labelled("Overall Level", "3")
        + labelled("Module Type", "Hardware")
        + labelled("Embodiment", "Single Chip", 'id="embodiment-name"')
        + algorithms
    )
    history = (
        "<table><thead><tr><th>Date</th><th>Type</th><th>Lab</th></tr></thead><tbody>"
        "<tr><td>2/3/2025</td><td>Update</td><td>Lab B</td></tr>"
        "<tr><td>10/21/2024</td><td>Initial</td><td>Lab A</td></tr></tbody></table>"
    )
    panels = panel("Details", details) + panel("Vendor", vendor) + panel("Validation History", history)
    return f"<html><body>{panels}</body></html>"


OLD_SHAPE = labelled(
    "FIPS Algorithms", '<table id="fips-algo-table"><tr><td class="text-nowrap">AES</td><td>#1</td></tr></table>'
)
NEW_SHAPE = labelled(
    "Approved Algorithms", '<div class="row"><div class="col-md-3">AES-CBC</div><div class="col-md-4">A1</div></div>'
)
ADDRESS = '<a href="http://www.example.com">A maker</a><br />' + line("1 Main Street") + line("Taipei")


@pytest.mark.parametrize(("algorithms", "standard"), [(OLD_SHAPE, "FIPS 140-2"), (NEW_SHAPE, "FIPS 140-3")])
def test_both_shapes_of_the_certificate_page(algorithms: str, standard: str) -> None:
    """Tables of algorithms (140-2) and rows of them (140-3) leave the other fields alone."""
    (found,) = read(NistCmvp(), f"{HOME}/certificate/4845", page(ADDRESS + line("Taiwan"), algorithms, standard))

    assert found.key == "4845" and found.number == "CMVP 4845"
    assert (found.vendor_text, found.country_text, found.product) == ("A maker", "Taiwan", "A token")
    assert (found.level_text, found.category_text, found.status_text) == ("3", "Hardware", "Active")
    assert (found.issued_text, found.expires_text, found.lab_text) == ("10/21/2024", "10/20/2029", "Lab A")
    assert (found.standards, found.maintenance) == ((standard,), ("2025-02-03",))


@pytest.mark.parametrize(
    ("address", "text", "country"),
    [
        (["Taoyuan", "Republic of China"], "Republic of China", "TW"),
        (["Shenzhen", "People's Republic of China"], "People's Republic of China", "CN"),
        (["North Point", "Hong Kong, HKSAR", "China"], "Hong Kong, HKSAR / China", "HK"),
        (["Tel Aviv 6153101", "Isreal"], "Isreal", "IL"),
        (["2821 Mission College Blvd.", "Santa Clara, CA 95054"], "Santa Clara, CA 95054", "US"),
        (["(This module has been discontinued.)"], "(This module has been discontinued.)", None),
        ([], None, None),
    ],
)
def test_country_of_the_vendor(address: list[str], text: str | None, country: str | None) -> None:
    """The last line as printed, a ZIP line, a misprint or a sentence; China after Hong Kong does not hide it."""
    vendor = '<a href="http://www.example.com">A maker</a><br />' + "".join(map(line, address))
    (found,) = read(NistCmvp(), f"{HOME}/certificate/1", page(vendor, NEW_SHAPE))

    assert found.country_text == text
    assert meaning(NistCmvp, found)["country"] == country


PROTECTED = '<a href="/cdn-cgi/l/email-protection" class="__cf_email__" data-cfemail="0a1b">[email&#160;protected]</a>'


@pytest.mark.parametrize(
    "contacts",
    [
        line("Jane Roe") + line(PROTECTED) + line("Phone: 555-123-4567"),
        f"<br><div>{line('Jane Roe')}{line(PROTECTED)}</div>",
        f"<br>Jane Roe<br>{PROTECTED}<br>Phone: 555-123-4567",
        line(f"Jane Roe<br>{PROTECTED}<br>Fax: 555-123-4568"),
    ],
)
@pytest.mark.parametrize("vendor", [ADDRESS + line("Taiwan"), ADDRESS, "<br>", "A maker<br>" + line("Taiwan")])
def test_contacts_of_vendors_are_not_read(vendor: str, contacts: str) -> None:
    """However the contacts follow the address, or stand alone, nothing of them is in the record."""
    (found,) = read(NistCmvp(), f"{HOME}/certificate/4845", page(vendor + contacts, NEW_SHAPE))

    assert "Roe" not in repr(found) and "555" not in repr(found) and "email" not in repr(found)
    if "Taiwan" in vendor:
        assert (found.vendor_text, found.country_text) == ("A maker", "Taiwan")


# --- CMVP modules in process


def test_the_contact_link_is_not_part_of_the_vendor() -> None:
    """The words "View Contacts" are glued to the vendor's name, and what opens behind it is not read."""
    cell = 'A maker, Inc.<a href="#d1">View Contacts</a><div class="hidden">Jane Roe jane.roe@example.com</div>'
    heads = "Module Name|Vendor Name|Standard|Status"
    rows = [cells("A module", cell, "FIPS 140-3", f"Pending Review  ({day}/2026)") for day in ("1/7", "1/9")]
    found = certificates(read(NistCmvp(), MIP, table(heads, *rows, foot=cells("Displayed", "2"))))

    assert [record.vendor_text for record in found] == ["A maker, Inc."] * 2
    assert "Roe" not in repr(found)
    assert [record.key for record in found] == [
        "mip|A maker, Inc.|A module|FIPS 140-3",
        "mip|A maker, Inc.|A module|FIPS 140-3|2",
    ]
    assert found[0].status_text == "Pending Review (1/7/2026)"
    assert meaning(NistCmvp, found[0])["status"] == "on_approval"
    assert found[0].number is None


def test_step_columns_of_2020_and_a_short_list() -> None:
    """The marked column is the status, and fewer rows than the footer displays are noted."""
    heads = "Module Name|Vendor Name|Standard|Review Pending|In Review|Coordination|Finalization"
    marked = cells("A module", "A maker", "FIPS 140-2", "", "", "@", "").replace("<td>@", '<td class="mip-highlight">')
    found = read(NistCmvp(), MIP, table(heads, marked, foot="<tr><td colspan=3>Displayed: 275</td></tr>"))

    assert [record.status_text for record in certificates(found)] == ["Coordination"]
    assert refusals(found) == ["list does not add up"]


def test_tested_implementations_have_the_date_of_their_list() -> None:
    """The list of implementations under test prints a date and no status word."""
    heads = "Module Name|Vendor Name|Standard|IUT Date"
    url = f"{HOME.replace('projects', 'Projects')}/modules-in-process/IUT-List"
    (found,) = certificates(
        read(NistCmvp(), url, table(heads, cells("A module", "A maker", "FIPS 140-3", "7/16/2020")))
    )

    assert found.status_text == "Implementation Under Test (7/16/2020)"
    assert meaning(NistCmvp, found)["status"] == "on_approval"


def test_binary_answers_are_refused() -> None:
    """An image or an archive under the address of a list is refused, not an error."""
    with pytest.raises(PageRefused):
        list(NistCmvp().search(Response(SEARCH % "Active", body=b"PK\x03\x04")))
