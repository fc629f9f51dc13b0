"""What the W3C, OASIS and 3GPP sources do beyond picking cells: editions, stages, adoptions, duplicates, refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from scrapy import Request
from support import read

from crawler.archive import Archived, read_sample
from crawler.base import SourceSpider
from crawler.spiders.intl.oasis import Oasis, designation
from crawler.spiders.intl.threegpp import BIBLIOGRAPHY, Threegpp
from crawler.spiders.intl.w3c import API, W3c
from standards_db.identifiers import parse
from standards_db.kinds import kind_of
from standards_db.records import Document, PageRefused, Refused

STANDARDS = "https://www.oasis-open.org/standards/"
SPEC = "https://docs.oasis-open.org/a/v1.0/os/a-v1.0-os.html"
PORTAL = "https://portal.3gpp.org/desktopmodules/Specifications/SpecificationDetails.aspx?specificationId=3169"
HEADER = "\ufeffSpec;Title;Is TS;Release;Version;Date;Link;Responsible Primary;Last Name;First Name\r\n"
SAMPLE = [
    (page, source)
    for page in read_sample()
    if isinstance(page, Archived)
    for source in (W3c, Oasis, Threegpp)
    if source.route_of(page.url, page.method)
]


def hal(own: str, **links: Any) -> dict[str, Any]:
    return {"_links": {"self": {"href": own}, **{name.replace("_", "-"): rows for name, rows in links.items()}}}


def versions(*days: str, short: str = "a") -> list[dict[str, str]]:
    return [{"href": f"{API}/{short}/versions/{day}", "title": "Recommendation"} for day in days]


def listing(name: str, rows: list[dict[str, str]], total: int, *, up: str = "", **more: Any) -> str:
    links = {"_links": {name: rows, "self": {"href": "x"}, "up": {"href": up}, **more}}
    return json.dumps({"page": 1, "limit": 2, "pages": 9, "total": total, **links})


# --- W3C


@pytest.mark.parametrize(
    ("text", "identifier", "work"),
    [
        ("W3C REC-webauthn-2-20210408", "W3C webauthn-2-20210408", "W3C webauthn"),
        ("W3C webauthn-2-20210408", "W3C webauthn-2-20210408", "W3C webauthn"),
        ("W3C SPSD-2dcontext-20210128", "W3C 2dcontext-20210128", "W3C 2dcontext"),
        ("W3C webauthn-2", "W3C webauthn-2", "W3C webauthn"),
        ("W3C REC-html32", "W3C REC-html32", "W3C html32"),
        ("W3C REC-xmlschema11-1-20120405", "W3C xmlschema11-1-20120405", "W3C xmlschema11-1"),
        ("W3C xmlschema-2", "W3C xmlschema-2", "W3C xmlschema-2"),
    ],
)
def test_a_dated_version_is_one_edition_whatever_its_stage(text: str, identifier: str, work: str) -> None:
    """The stage printed before a dated name is a state of that version: the same version has one identifier."""
    found = parse(text)
    assert found is not None
    assert (str(found), found.undated) == (identifier, work)


def test_versions_are_ordered_by_level_and_date() -> None:
    """Level 3 follows every version of level 2."""
    keys = [parse(f"W3C webauthn-{name}").edition_key for name in ("2-20190604", "2-20210408", "3-20210427")]
    assert keys == sorted(keys)


def test_a_specification_gives_its_newest_version_and_what_to_ask() -> None:
    """Status and title belong to the newest version; the crawl asks for it, its groups and all versions."""
    body = hal(f"{API}/a", latest_version=versions("20250313")[0], version_history={"href": f"{API}/a/versions"})
    body["_links"]["first-version"] = {"href": f"{API}/a/versions/20111027", "title": "Working Draft"}
    found = read(W3c, f"{API}/a", json.dumps({"title": "A", "description": "<p>Of a.</p>", **body}))
    documents = {d.key: d for d in found if isinstance(d, Document)}
    newest, first = documents["a/20250313"], documents["a/20111027"]
    assert (newest.title, newest.status_text, newest.abstract) == ("A", "Recommendation", "Of a.")
    assert (first.title, first.status_text) == (None, "Working Draft")
    asked = [request.url for request in found if isinstance(request, Request)]
    assert asked == [f"{API}/a/versions", f"{API}/a/versions/20250313", f"{API}/a/versions/20250313/deliverers"]


def test_lists_are_walked_to_their_end_and_counted() -> None:
    """A page asks for the next one and for each specification; one that holds fewer rows than it counts says so."""
    rows = [{"href": f"{API}/a", "title": "A"}, {"href": f"{API}/b", "title": "B"}]
    after = {"href": f"{API}?page=2&items=2"}
    found = read(W3c, f"{API}?items=2", listing("specifications", rows, 3, next=after))
    assert [request.url for request in found] == [f"{API}/a", f"{API}/b", f"{API}?page=2&items=2"]
    short = read(W3c, f"{API}?items=2", listing("specifications", rows[:1], 3))
    assert isinstance(short[0], Refused) and short[0].text.startswith("1 of 2 rows")


def test_links_to_elsewhere_are_not_followed() -> None:
    """An address that no route reads is no request, whatever the answer holds."""
    rows = [{"href": "http://169.254.169.254/specifications/a"}, {"href": "javascript:alert(1)"}, {"href": None}]
    assert read(W3c, f"{API}?items=2", listing("specifications", rows, 3)) == []


def test_a_predecessor_of_the_same_specification_is_superseded() -> None:
    """Within one specification a version supersedes the one before; one of another specification makes no edge."""
    up = f"{API}/a/versions/20210128"
    rows = [*versions("20151119"), *versions("20100304", short="b")]
    refused, found = read(W3c, f"{up}/predecessors", listing("predecessor-version", rows, 2, up=up))
    assert (found.designation, [(r.type, r.target_text) for r in found.relations]) == (
        "W3C a-20210128",
        [("supersedes", "W3C a-20151119")],
    )
    assert refused.text == "W3C a-20210128: W3C b-20100304"
    (later,) = read(W3c, f"{up}/successors", listing("successor-version", versions("20220101"), 1, up=up))
    assert [(r.type, r.target_text) for r in later.relations] == [("superseded by", "W3C a-20220101")]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("Recommendation", "standard"),
        ("Candidate Recommendation Snapshot", "draft"),
        ("Proposed Recommendation", "draft"),
        ("WD", "draft"),
        ("Group Note", "technical report"),
        ("Retired", "standard"),
    ],
)
def test_the_status_tells_what_a_version_is(status: str, kind: str) -> None:
    """The name of a version does not say whether it is a draft: its status does."""
    assert kind_of(parse("W3C a1-20210128"), status) == kind


def test_editors_have_no_route() -> None:
    """Names of persons are not read."""
    assert W3c.route_of(f"{API}/a/versions/20210128/editors") is None


@pytest.mark.parametrize(
    ("source", "url", "body"),
    [
        (W3c, f"{API}?items=2", "<!DOCTYPE html><html><title>W3C API moved</title></html>"),
        (W3c, f"{API}/a", "{}"),
        (W3c, f"{API}/a", '{"_links": [], "title": "A"}'),
        (W3c, f"{API}/a/versions/20210128", '{"_links": {}, "title": "A"}'),
        (W3c, "https://www.w3.org/TR/", "<html><title>All Standards and Drafts</title><ul></ul></html>"),
        (W3c, "https://www.w3.org/standards/history/a", "<html><table></table></html>"),
        (Oasis, STANDARDS, "<html><title>Standards</title><p>See our new catalogue.</p></html>"),
        (Oasis, SPEC, '<html><p class="MsoTitle">A Version 1.0</p></html>'),
        (Threegpp, BIBLIOGRAPHY, "<html><title>3GPP</title></html>"),
        (Threegpp, BIBLIOGRAPHY, "Spec,Title\r\n33.501,Security\r\n"),
        (Threegpp, BIBLIOGRAPHY, " \r\n"),
        (Threegpp, PORTAL, "<html><title>Specification not found</title></html>"),
    ],
)
def test_an_interface_that_moved_and_says_200_is_refused(source: type[SourceSpider], url: str, body: str) -> None:
    """A redesigned page, another file or an empty answer is refused as a page, never an empty list."""
    with pytest.raises(PageRefused):
        read(source, url, body, kind="text/csv" if url == BIBLIOGRAPHY else "")


# --- OASIS


def entry(
    cite: str = "", *, title: str = "A Version 1.0", voting: str = "", links: str = "", attributes: str = ""
) -> str:
    """One entry of the list of standards, in the structure of the page."""
    attributes = attributes or 'data-approved_date="1351569540"'
    return (
        f'<html><meta charset="utf-8"><details data-title="{title}" {attributes}'
        ' class="standard post-7 standard_type-oasis-standard"><summary><h2 class="standard__title">A</h2></summary>'
        f'<div class="standard__details"><h3>Produced by:</h3><a href="/c/">OASIS A TC</a>'
        f"<h3>Voting history:</h3>{voting}"
        f'<div class="standard__grid"><div class="standard__grid--links">{links}</div>'
        f'<div class="standard__grid--cite-as">{cite}</div></div></div></details></html>'
    )


def cite(label: str, status: str = "OASIS Standard", title: str = "A Version 1.0") -> str:
    tail = f'<a href="{SPEC}">{SPEC}</a>. Latest version: <a href="{SPEC}">{SPEC}</a>.'
    told = f"<em>{title}</em>. Edited by Some Body. 29 October 2012. {status}."
    return f"<p>Cite as: <strong>{label}</strong>{told} {tail}</p>"


def test_a_citation_names_the_document_and_no_person() -> None:
    """Label, day and approval come from the citation; the day of the list is a day later; editors are left out."""
    (found,) = read(Oasis, STANDARDS, entry(cite("[a-v1.0]")))
    assert (found.designation, found.key, found.published_text) == ("OASIS a-v1.0", "7", "29 October 2012")
    assert (found.title, found.status_text, found.committee_text) == ("A Version 1.0", "OASIS Standard", "OASIS A TC")
    assert found.url == SPEC and "Some Body" not in str(found)


@pytest.mark.parametrize(
    ("label", "title", "approval", "name"),
    [
        ("a-v1.0", "", "OASIS Committee Specification 02", "OASIS a-v1.0-CS02"),
        ("a-v1.0-CS02", "", "Committee Specification 02", "OASIS a-v1.0-CS02"),
        ("a-v1.0", "", "OASIS Standard", "OASIS a-v1.0"),
        (None, "Security Assertion Markup Language (SAML) v2.0", "oasis standard", "OASIS SAML-v2.0"),
        (None, "WS-Trust v1.4", "oasis standard", "OASIS WS-Trust-v1.4"),
        (None, "(XSPA) Profile of SAML v2.0 for Healthcare Version 1.0", "oasis standard", None),
        (None, "Web Services Security", "oasis standard", None),
    ],
)
def test_the_designation_is_what_the_entry_prints(
    label: str | None, title: str, approval: str, name: str | None
) -> None:
    """The number of a Committee Specification tells two of one label apart; no abbreviation is made up."""
    assert designation(label, title, approval) == name


def test_an_entry_of_several_texts_gives_each() -> None:
    """Parts are documents beside the entry; a label cited twice is one text."""
    body = entry(
        cite("[a-p1-v1.0]") + cite("[a-p2-v1.0]") + cite("[a-p1-v1.0]", "Approved Errata"), title="A (AX) v1.0"
    )
    found = read(Oasis, STANDARDS, body)
    assert [(d.designation, d.key) for d in found] == [
        ("OASIS AX-v1.0", "7"),
        ("OASIS a-p1-v1.0", "7/a-p1-v1.0"),
        ("OASIS a-p2-v1.0", "7/a-p2-v1.0"),
    ]


def test_an_entry_without_a_citation_has_the_day_of_the_list() -> None:
    """The printed day, else the number of seconds; without either there is no date."""
    assert read(Oasis, STANDARDS, entry())[0].published_text == "2012-10-30"
    assert read(Oasis, STANDARDS, entry(attributes="data-approved_date='soon'"))[0].published_text is None


def test_additional_approvals_adopt_the_standard() -> None:
    """The ISO or ITU text adopts the OASIS one, not the other way round; OASIS's own links are none."""
    voting = (
        '<p><a href="https://www.oasis-open.org/ballot">Voting History</a></p><p>Additional approvals <br>'
        '<a href="https://www.iso.org/standard/1.html">ISO/IEC 19464:2014</a></p>'
        '<p><a href="https://www.itu.int/rec">ITU-T X.1276</a></p>'
    )
    (found,) = read(Oasis, STANDARDS, entry(cite("[a-v1.0]"), voting=voting))
    assert [(r.type, r.target_text) for r in found.relations] == [
        ("adopted by", "ISO/IEC 19464:2014"),
        ("adopted by", "ITU-T X.1276"),
    ]


def test_a_title_page_in_windows_1252_is_read() -> None:
    """Word's pages are windows-1252; chairs and editors stand between the parts and are not read."""
    page = (
        '<html><meta http-equiv=Content-Type content="text/html; charset=windows-1252"><p class=MsoTitle>A – “B” '
        "Version 1.0</p><p class=MsoSubtitle>Committee Specification 01</p><p class=MsoSubtitle>24 February 2014</p>"
        "<p class=Titlepageinfo>This version:</p><p class=Titlepageinfodescription>x</p>"
        "<p class=Titlepageinfo>Chairs:</p><p class=ContributorCxSpFirst>Some Body, Company</p>"
        "<p class=Titlepageinfo>Related work:</p><p>This specification replaces or supersedes:</p>"
        "<p>· B v0.9. http://b.example/</p><p>This specification is related to:</p><p>· C</p>"
        "<p class=Titlepageinfo>Citation format:</p><p>[a-v1.0]</p><p class=Notices>Notices</p><p>[z-v9.0]</p></html>"
    )
    (found,) = read(Oasis, SPEC, page.encode("cp1252"), kind="text/html")
    assert (found.designation, found.title) == ("OASIS a-v1.0-CS01", "A – “B” Version 1.0")
    assert (found.status_text, found.published_text) == ("Committee Specification", "24 February 2014")
    assert [(r.type, r.target_text) for r in found.relations] == [("supersedes", "B v0.9")]
    assert "Some Body" not in str(found)


@pytest.mark.parametrize(
    ("name", "words", "kind"),
    [
        ("OASIS a-v1.0-CS02", "Committee Specification", "technical specification"),
        ("OASIS a-v1.0-CS02", None, "standard"),
        ("OASIS a-v1.0-CSD02", "Committee Specification Draft", "draft"),
        ("OASIS a-v1.0", "OASIS Standard", "standard"),
        ("OASIS a-v1.0-Errata01", "Approved Errata", "amendment"),
        ("OASIS a-v1.0-Pt2", None, "standard"),
    ],
)
def test_a_committee_specification_is_no_draft(name: str, words: str | None, kind: str) -> None:
    """A stage in the name is a draft only where it says so; a part is no amendment."""
    assert kind_of(parse(name), words) == kind


# --- 3GPP


def spec(
    number: str = "33.501", version: str = "17.5.0", date: str = "2022-03-24", *, ts: str = "1", who: str = ""
) -> str:
    return f'{number};"Security; architecture";{ts};REL-17;{version};{date};https://www.3gpp.org/a.zip;S3;{who};\r\n'


def test_a_row_is_one_version_and_names_no_rapporteur() -> None:
    """The first column is the number, whatever its name; a semicolon inside a quoted title is text."""
    (found,) = read(Threegpp, BIBLIOGRAPHY, HEADER + spec(who="Body"), kind="text/csv")
    assert (found.designation, found.title) == ("3GPP TS 33.501 V17.5.0", "Security; architecture")
    assert (found.published_text, found.committee_text, found.kind_text) == ("2022-03-24", "S3", "TS")
    assert "Body" not in str(found)


def test_the_earliest_date_of_a_repeated_version_is_kept() -> None:
    """A version that stands twice is one document; the later date is refused by name, a row that adds none is not."""
    body = HEADER + spec(date="2022-06-01") + spec() + spec(date="") + spec(who="Other")
    refused, found = read(Threegpp, BIBLIOGRAPHY, body, kind="text/csv")
    assert found.published_text == "2022-03-24"
    assert (refused.key, refused.text) == ("3GPP TS 33.501 V17.5.0", "2022-06-01")


def test_a_project_without_a_number_is_refused_alone() -> None:
    """A row without number or version, or of neither kind, is kept with its reason; its neighbours are read."""
    body = HEADER + spec("") + spec(version="") + spec(ts="2") + spec() + "33.501;cut\r\n"
    found = read(Threegpp, BIBLIOGRAPHY, body, kind="text/csv")
    reasons = [record.reason for record in found if isinstance(record, Refused)]
    assert reasons == [
        "row without a number and version",
        "row without a number and version",
        "neither TS nor TR",
        "2 cells under 10 columns",
    ]
    assert [record.designation for record in found if isinstance(record, Document)] == ["3GPP TS 33.501 V17.5.0"]


def grid(release: int, *rows: tuple[str, str]) -> str:
    name = f"SpecificationReleaseControl1_rpbReleases_i{release}_ctl00_specificationsVersionGrid_ctl00"
    return "".join(
        f'<tr id="{name}__{n}"><td>SA#1</td><td><a id="x_lnkFtpDownload" href="javascript:alert(1)">{version}</a></td>'
        f"<td> {day} </td></tr>"
        for n, (version, day) in enumerate(rows)
    )


def portal(rows: str, status: str = "Under change control") -> str:
    return (
        f'<html><span id="referenceVal">33.501</span><span id="titleVal">T</span><span id="statusVal">{status}</span>'
        f'<span id="typeVal">Technical specification (TS)</span><table>{rows}</table></html>'
    )


def test_the_status_is_that_of_the_newest_version_of_each_release() -> None:
    """Older versions and drafts get none; a link that is no address of the web is dropped."""
    rows = grid(0, ("18.1.0", "2024-01-01"), ("18.0.0", "2023-06-22")) + grid(1, ("17.5.0", "2022-03-24"))
    found = read(Threegpp, PORTAL, portal(rows))
    assert [(d.edition_text, d.status_text) for d in found] == [
        ("18.1.0", "Under change control"),
        ("18.0.0", None),
        ("17.5.0", "Under change control"),
    ]
    assert {d.url for d in found} == {None}
    (draft,) = read(Threegpp, PORTAL, portal(grid(0, ("1.0.0", "2024-01-01"))))
    assert draft.status_text is None
    (empty,) = read(Threegpp, PORTAL, portal("", "Under creation"))
    assert (empty.designation, empty.status_text) == ("3GPP TS 33.501", "Under creation")


@pytest.mark.parametrize(("version", "kind"), [("V2.0.0", "draft"), ("V15.0.0", "technical specification")])
def test_a_version_below_three_is_a_draft(version: str, kind: str) -> None:
    """3GPP numbers what is not under change control 0, 1 or 2."""
    assert kind_of(parse(f"3GPP TS 33.501 {version}"), None) == kind


@pytest.mark.parametrize(("page", "source"), SAMPLE, ids=[page.url[-40:] for page, _ in SAMPLE])
def test_a_damaged_page_is_refused_and_raises_nothing_else(page: Archived, source: type[SourceSpider]) -> None:
    """However a page is cut or garbled, the outcome is records or a refusal."""
    body, outcomes = page.load(), set()
    cuts = [body[: len(body) * part // 6] for part in range(6)]
    others = [b"null", b"[null]", b"{}", b'"x"', b"<html><p>x</p></html>", b"\xff\xfe\x00" * 30, body[::-1]]
    for damaged in [*cuts, *others]:
        try:
            for record in read(source, page.url, damaged, kind=page.headers["Content-Type"]):
                outcomes.add(type(record).__name__)
        except PageRefused:
            outcomes.add("PageRefused")
    assert "PageRefused" in outcomes and outcomes <= {"PageRefused", "Refused", "Document", "Request"}
