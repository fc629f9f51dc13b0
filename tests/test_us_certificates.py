"""NIAP and FedRAMP: padded and partial feeds, words where dates are due, certificates of other nations."""

from __future__ import annotations

from typing import Any

import pytest
from scrapy import Request
from scrapy.http import TextResponse
from us_pages import CHALLENGE, certificates, meaning, read, refusals

from crawler.base import SourceSpider
from crawler.spiders.us.fedramp import LEAST, Fedramp
from crawler.spiders.us.niap import DECISIONS_URL, PRODUCTS_URL, PROFILES_URL, Niap
from standards_db.records import Document, PageRefused

FEED = Fedramp.start_urls[0]


@pytest.mark.parametrize(
    ("spider", "url"),
    [
        (Fedramp, FEED),
        (Fedramp, Fedramp.start_urls[1]),
        (Niap, PRODUCTS_URL),
        (Niap, PROFILES_URL),
        (Niap, DECISIONS_URL),
    ],
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


RULES = Fedramp.start_urls[1]


def test_rules_are_one_document_per_block() -> None:
    """Definitions, requirements and indicators of both generations of the file; a block without a name is refused."""
    old = {"name": "Authorization Data Sharing", "effective": {"rev5": {"current_status": "Open Beta"}, "20x": None}}
    new = {"name": "Agency Use", "status": "placeholder", "effective": {"date": {"obtain": "2026-07-04"}}}
    answer = {
        "info": {"version": "2026.07.14.01", "last_updated": "2026-07-14"},
        "FRD": {"info": {"name": "FedRAMP Definitions", "status": "stable"}, "data": {}},
        "FRR": {"ADS": {"info": old}, "AGU": {"info": new}, "XYZ": {"info": {}}},
        "KSI": {"CED": {"name": "Cybersecurity Education", "status": "stable", "indicators": {}}},
        "CTL": {"AC": {}},
    }
    found = read(Fedramp(), RULES, answer, TextResponse)

    documents = [record for record in found if isinstance(record, Document)]
    assert [(d.designation, d.status_text, d.implemented_text) for d in documents] == [
        ("FedRAMP FRD", "stable", None),
        ("FedRAMP FRR-ADS", "Open Beta", None),
        ("FedRAMP FRR-AGU", "placeholder", "2026-07-04"),
        ("FedRAMP KSI-CED", "stable", None),
    ]
    assert {d.edition_text for d in documents} == {"2026.07.14.01"}
    assert refusals(found) == ["block of rules without a name"]


def test_the_baseline_is_what_a_service_was_assessed_against() -> None:
    """It is the printed level, and a service without one has none."""
    leveled, bare = certificates(read(Fedramp(), FEED, feed([product(1), product(2, impact_level="")]), TextResponse))
    assert (leveled.baselines, bare.baselines) == (("FedRAMP Moderate",), ())
    assert ["baseline", "FedRAMP Moderate", None, None] in meaning(Fedramp, leveled)["standards"]


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
