"""What the ISO and Common Criteria sources do beyond picking cells: paging proof, joins, merging, refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, TextResponse

from crawler.base import SourceSpider
from crawler.spiders.eu.etsi import Etsi
from crawler.spiders.intl.cc_portal import CcPortal
from crawler.spiders.intl.iso import HEADED, Iso, stage_code
from standards_db.records import Certificate, Document, Membership, PageRefused, Refused

FEED = "https://isopublicstorageprod.blob.core.windows.net/opendata/_latest/iso_deliverables_metadata/%s"
COMMITTEES = "https://example.net/iso_technical_committees/json/iso_technical_committees.jsonl"
PRODUCTS = "https://www.commoncriteriaportal.org/products/certified_products.csv"
PRODUCT_HEADER = (
    '"Category","Name","Manufacturer","Scheme","Assurance Level","Protection Profile(s)","Certification Date",'
    '"Archived Date","Certification Report URL","Security Target URL","Maintenance Date","Maintenance Title",'
    '"Maintenance Report","Maintenance ST"\r\n'
)


def read(
    spider: SourceSpider, url: str, body: str | bytes, *, kind: type[TextResponse] = TextResponse, **meta: Any
) -> list[Any]:
    """What the callback that reads `url` gives for a response with this body."""
    raw = body.encode() if isinstance(body, str) else body
    request = Request(url, meta=meta)
    route = spider.route_of(url)
    assert route is not None
    return list(getattr(spider, route.callback)(kind(url, body=raw, encoding="utf-8", request=request)))


def iso_row(number: int, reference: str, **fields: Any) -> str:
    return json.dumps({"id": number, "reference": reference, "currentStage": 6060, **fields}) + "\n"


def test_iso_joins_numbers_to_references_of_the_same_file() -> None:
    """A replaced number becomes the reference it stands for, wherever in the file that row is; others stay numbers."""
    body = iso_row(2, "ISO 1:2020", replaces=[1, 99]) + iso_row(1, "ISO 1:2010", replacedBy=[2], currentStage=9599)
    new, old = read(Iso(), FEED % "json/x.jsonl", body)
    assert [(edge.type, edge.target_text) for edge in new.relations] == [
        ("supersedes", "ISO 1:2010"),
        ("supersedes", "project 99"),
    ]
    assert [(edge.type, edge.target_text) for edge in old.relations] == [("superseded by", "ISO 1:2020")]
    assert (old.status_text, old.key) == ("95.99", "1")


def test_iso_feed_gives_the_same_records_as_csv() -> None:
    """The CSV form with its dotted columns reads like the JSON form."""
    fields = {"title": {"en": "Security", "fr": None}, "icsCode": ["35.030"], "replaces": [1], "currentStage": 3099}
    rows = read(Iso(), FEED % "json/x.jsonl", iso_row(2, "ISO 1:2020", **fields) + iso_row(1, "ISO 1:2010"))
    body = (
        "id,reference,title.en,title.fr,icsCode,replaces,currentStage\n"
        '2,ISO 1:2020,Security,,"[""35.030""]",[1],3099\n1,ISO 1:2010,,,,,6060\n'
    )
    assert read(Iso(), FEED % "csv/x.csv", body) == rows


def test_iso_bad_lines_are_kept_apart_from_bad_files() -> None:
    """One broken line or deleted project is a refused row; a cut-off file or an error page is refused as a whole."""
    body = iso_row(1, "ISO 1:2010") + "{broken\n" + iso_row(2, "Withdrawn ISO/CD 7")
    found = read(Iso(), FEED % "json/x.jsonl", body)
    assert [record.reason for record in found if isinstance(record, Refused)] == ["line is not JSON", "deleted project"]
    whole = iso_row(1, "ISO 1:2010") * 3
    for bad in (whole[:-20], "<?xml version='1.0'?><Error/>", "", '{"id": 1}\n', "id,name\n1,x\n"):
        with pytest.raises(PageRefused):
            read(Iso(), FEED % "json/x.jsonl", bad)


@pytest.mark.parametrize(
    ("value", "code"),
    [(6060, "60.60"), ("6060", "60.60"), (0, "00.00"), (998, "09.98"), ("95.99", "95.99"), (None, None)],
)
def test_iso_stage_codes_are_padded(value: object, code: str | None) -> None:
    """Stages lose leading zeros as numbers and get them back."""
    assert stage_code(value) == code


def test_iso_committee_seats_hold_bodies_and_no_persons() -> None:
    """P-members, O-members and the secretariat become seats; a nameless one is refused, an empty one is none."""
    row = {
        "id": 5,
        "reference": "ISO/TC 1",
        "title": {"en": "Threads"},
        "secretariat": {"id": 7, "acronym": None},
        "chair": "Somebody",
        "pMembers": [{"id": 1, "acronym": "SAC"}],
        "oMembers": [{"id": 2, "acronym": "ANSI"}],
    }
    found = read(Iso(), COMMITTEES, json.dumps(row) + "\n")
    assert [(seat.member_text, seat.role) for seat in found if isinstance(seat, Membership)] == [
        ("SAC", "participating"),
        ("ANSI", "observing"),
    ]
    assert [record.reason for record in found if isinstance(record, Refused)] == ["secretariat member without a name"]
    assert "Somebody" not in str(found)
    vacant = read(Iso(), COMMITTEES, json.dumps({**row, "secretariat": {"id": None, "acronym": None}}) + "\n")
    assert {type(seat) for seat in vacant} == {Membership} and len(vacant) == 2


@pytest.mark.parametrize(
    ("own", "other", "type_"),
    [
        (9092, 4060, "to be superseded by"),
        (9093, 6060, "superseded by"),
        (9599, 4060, "superseded by"),
        (9092, None, "to be superseded by"),
    ],
)
def test_iso_a_standing_text_is_not_yet_superseded(own: int, other: int | None, type_: str) -> None:
    """A project that shall replace a text in force, or a number that the file lacks, does not yet supersede it."""
    body = iso_row(1, "ISO 9001:2015", currentStage=own, replacedBy=[2]) + "\n"
    body += iso_row(2, "ISO 9001", currentStage=other) + "\n" if other else ""
    found = read(Iso(), FEED % "json/x.jsonl", body)
    assert [edge.type for edge in found[0].relations] == [type_]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ({"en": "Security — Part 1", "fr": "Sécurité — Partie 1"}, "Security — Part 1"),
        ({"en": None, "fr": "Sécurité"}, "Sécurité"),
        ({"en": "A &amp; B<br>"}, "A & B"),
        (None, None),
    ],
)
def test_iso_title_is_the_english_one_of_two(title: object, shown: str | None) -> None:
    """A title in two languages gives the English one, else the French one; none is invented."""
    (found,) = read(Iso(), FEED % "json/x.jsonl", iso_row(1, "ISO 1:2020", title=title) + "\n")
    assert found.title == shown


def test_iso_project_without_a_number_is_kept_apart() -> None:
    """A project with a title and no reference is refused by its catalogue number; a deleted one says so."""
    body = iso_row(1, "") + "\n" + iso_row(2, "Withdrawn ISO/NP 4") + "\n" + iso_row(3, "ISO/CD 5") + "\n"
    found = read(Iso(), FEED % "json/x.jsonl", body)
    assert [(record.key, record.reason) for record in found if isinstance(record, Refused)] == [
        ("1", "deliverable without a reference"),
        ("2", "deleted project"),
    ]
    assert [record.designation for record in found if isinstance(record, Document)] == ["ISO/CD 5"]


@pytest.mark.parametrize(
    ("title", "designation"),
    [
        ("ISO/IEC 27001:2013/DAmd 1 Information technology", "ISO/IEC 27001:2013/DAmd 1"),
        ("ISO/IEC AWI TR 27024 ISO/IEC 27001 family of standards", "ISO/IEC AWI TR 27024"),
        ("ISO Guide 82:2019 Guidelines", "ISO Guide 82:2019"),
        ("ISO/IEC 9945-1:2003/Cor 1:2004 Information", "ISO/IEC 9945-1:2003/Cor 1:2004"),
        ("ISO 16063-1:1998/CD Amd 2 Methods for 3 axes", "ISO 16063-1:1998/CD Amd 2"),
    ],
)
def test_iso_hit_titles_begin_with_the_designation(title: str, designation: str) -> None:
    """The designation ends where the title begins, also when the title holds numbers or other designations."""
    match = HEADED.match(title)
    assert match is not None and match[1] == designation


def test_iso_advanced_search_dates_drafts_by_nothing() -> None:
    """A published row has its date and what it revises; a deleted draft has no publication date."""
    url = "https://www.iso.org/cms/render/live/en/sites/isoorg.advancedSearch.do?docNumber=82"
    rows = [
        {
            "docRef": "ISO Guide 82:2019",
            "csnumber": 76561,
            "stageId": "60.60",
            "publicationDate": "2019-11",
            "publicationStatus": {"key": "ENT_ACTIVE"},
            "revises": [{"docRef": "ISO Guide 82:2014"}],
        },
        {"docRef": "ISO/DIS 7/DAmd 1", "publicationDate": "2021-05", "publicationStatus": {"key": "ENT_DELETED"}},
    ]
    issued, deleted = read(Iso(), url, json.dumps({"standards": rows}))
    assert (issued.published_text, issued.relations[0].target_text) == ("2019-11", "ISO Guide 82:2014")
    assert deleted.published_text is None


def product(
    name: str, *, category: str = "Databases", level: str = "EAL2", report: str = "a.pdf", more: str = ""
) -> str:
    cells = [category, name, "Vendor, Inc.", "CA", level, "PP A, PP (B, C)", "05/22/2019", "", report]
    return ",".join(f'"{cell}"' for cell in cells) + f',"st.pdf",{more or ",,,"}\r\n'


def test_cc_rows_of_one_certificate_become_one() -> None:
    """Maintenance rows and rows of other categories add up to one certificate."""
    maintained = '"08/26/2019","Box w&#x2f; OS Build 6","",""'
    body = PRODUCT_HEADER + product("Box w&#x2f; OS", more=maintained)
    body += product("Box w&#x2f; OS") + product("Box w&#x2f; OS", category="Data Protection")
    (found,) = read(CcPortal(), PRODUCTS, body)
    assert isinstance(found, Certificate)
    assert found.product == "Box w/ OS"
    assert found.maintenance == ("2019-08-26 Box w/ OS Build 6",)
    assert found.category_text == "Databases; Data Protection"
    assert found.profiles == ("PP A", "PP (B, C)")


def test_cc_another_certificate_with_the_same_key_is_not_swallowed() -> None:
    """Two evaluations of one product on one day cannot be told apart by key: the second is refused, not merged."""
    body = PRODUCT_HEADER + product("Box") + product("Box", report="b.pdf") + product("Box", level="EAL4")
    found = read(CcPortal(), PRODUCTS, body)
    assert len([record for record in found if isinstance(record, Certificate)]) == 1
    assert len([record for record in found if isinstance(record, Refused)]) == 2


def test_cc_csv_in_windows_1252_and_links() -> None:
    """A file that is not UTF-8 is read as windows-1252; links become https without port and blanks."""
    url = "http://www.commoncriteriaportal.org:443/files/epfiles/CR - Box® 1.pdf"
    body = (PRODUCT_HEADER + product("Box® 1", report=url)).encode("cp1252")
    (found,) = read(CcPortal(), PRODUCTS.replace(".csv", "-archived.csv"), body)
    assert (found.product, found.status_text) == ("Box® 1", "Archived")
    assert found.url == "https://www.commoncriteriaportal.org/files/epfiles/CR%20-%20Box%C2%AE%201.pdf"


@pytest.mark.parametrize("body", ["", "<html><title>Just a moment...</title>", "Name,Vendor\r\nx,y\r\n", "\x00" * 99])
def test_cc_refuses_what_is_not_the_list(body: str) -> None:
    """An empty, foreign or redesigned file is refused as a page."""
    with pytest.raises(PageRefused):
        read(CcPortal(), PRODUCTS, body)


def test_cc_row_of_another_width_is_refused_alone() -> None:
    """A row that does not fit the header is refused with its text, its neighbours are kept."""
    found = read(CcPortal(), PRODUCTS, PRODUCT_HEADER + '"cut","off"\r\n' + product("Box"))
    assert [type(record) for record in found] == [Refused, Certificate]


def test_cc_profiles_of_script_and_tables_are_joined() -> None:
    """A profile in the page's script and in a table is one document; a broken id attribute does not hide the table."""
    listed = {"Scheme": "DE", "Name": "Verification &#x28;V&#x29;", "Version": "1.3", "Abbr": "BIO"}
    listed["PDF_PP"] = "a b.pdf"
    row = "<tr><td><a href='/x.pdf'>%s</a></td><td>%s</td><td>EAL2<br/>ALC_FLR.1</td><td>2008-11-07</td><td>DE</td>"
    columns = ("Protection Profile", "Version", "Assurance Level", "Issued", "Scheme")
    head = "".join(f"<th>{name}</th>" for name in columns)
    body = (
        f"<html><script>var ppList = [{json.dumps(listed)}];</script>"
        f'<table id="tblBD"" class="gridTable"><thead><tr>{head}</tr></thead>'
        "<caption><a>Biometric Systems and Devices &ndash; 6 Protection Profiles</a></caption><tbody>"
        f"{row % ('Verification (V)', '1.3')}{row % ('Other', '2.0')}</tbody></table></html>"
    )
    url = "https://www.commoncriteriaportal.org/pps/index.cfm?archived=1"
    first, second = read(CcPortal(), url, body, kind=HtmlResponse)
    assert first.keywords == ("BIO", "Biometric Systems and Devices", "EAL2,ALC_FLR.1")
    assert (first.status_text, first.url) == (
        "Archived",
        "https://www.commoncriteriaportal.org/nfs/ccpfiles/files/ppfiles/a%20b.pdf",
    )
    assert (second.designation, second.published_text) == ("Other", "2008-11-07")


CC_COLUMNS = ("Product", "Vendor", "Product Certificate", "Date Certificate Issued", "Compliance", "Scheme")


def product_page(*rows: str, attribute: str = 'id="tblBP"', script: str = "") -> str:
    """A page of certified products in the structure of 2020-2022: one table per category."""
    head = "".join(f"<th>{name}</th>" for name in CC_COLUMNS)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f'<html><meta charset="utf-8"><script>{script}</script><table {attribute} class="gridTable">'
        f"<thead><tr>{head}</tr></thead><caption><a>Boundary Protection Devices &ndash; 2 Certified Products</a>"
        f"</caption><tbody>{body}</tbody></table></html>"
    )


def product_row(name: str, level: str) -> str:
    maintained = "<ol><li>2019-08-26 &ndash; Box Build 6</li></ol>"
    cells = (f"{name}{maintained}", "Vendor, Inc.", "", "2019-05-22", level, '<span title="Canada">CA</span>')
    return "".join(f"<td>{cell}</td>" for cell in cells)


def test_cc_page_and_csv_name_one_certificate() -> None:
    """The page and the CSV file of one list give the same key, and a product that conforms to a profile no level."""
    url = "https://www.commoncriteriaportal.org/products/"
    (on_page,) = read(CcPortal(), url, product_page(product_row("Box w&#x2f; OS", "PP Compliant")), kind=HtmlResponse)
    (in_csv,) = read(CcPortal(), PRODUCTS, PRODUCT_HEADER + product("Box w&#x2f; OS", level="None"))
    assert on_page.key == in_csv.key
    assert (on_page.level_text, in_csv.level_text) == (None, None)
    assert on_page.maintenance == ("2019-08-26 Box Build 6",)
    assert on_page.category_text == "Boundary Protection Devices"


def test_cc_table_with_a_stray_quote_in_its_id_is_read() -> None:
    """The site serves `id="tblAC""`: the quote does not hide the table."""
    url = "https://www.commoncriteriaportal.org/products/index.cfm"
    page = product_page(product_row("Box", "EAL2"), attribute='id="tblAC""')
    (found,) = read(CcPortal(), url, page, kind=HtmlResponse)
    assert (found.product, found.level_text) == ("Box", "EAL2")


def test_cc_products_listed_in_the_script_are_read() -> None:
    """A page that holds its products in a script gives them; fields that nobody knows refuse the page by name."""
    url = "https://www.commoncriteriaportal.org/products/index.cfm"
    row = {"Name": "Box &#x28;1&#x29;", "Vendor": "V", "Scheme": "SE", "Issue_Date": "2025-01-31", "eal_name": "None"}
    page = f"<html><script>const productList = [{json.dumps(row)}];</script></html>"
    (found,) = read(CcPortal(), url, page, kind=HtmlResponse)
    assert (found.product, found.vendor_text, found.issued_text, found.level_text) == (
        "Box (1)",
        "V",
        "2025-01-31",
        None,
    )
    with pytest.raises(PageRefused, match="unknown fields: title, country"):
        read(CcPortal(), url, page.replace(json.dumps(row), '{"title": "Box", "country": "SE"}'), kind=HtmlResponse)
    with pytest.raises(PageRefused, match="is broken"):
        read(CcPortal(), url, page.replace("}]", "}"), kind=HtmlResponse)


@pytest.mark.parametrize("kind", [Etsi, Iso, CcPortal])
def test_live_requests_stay_on_hosts_that_may_be_crawled(kind: type[SourceSpider]) -> None:
    """A live crawl never asks www.iso.org, which wants no robots, and every first request has a route."""
    urls = [request.url for request in kind().live_requests()]
    assert urls and not any("www.iso.org" in url for url in urls)
