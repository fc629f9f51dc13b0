"""Traps of NERC's workbook, the Covered List, the searches and files of IEEE, and the PCI library."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook
from scrapy import Request
from scrapy.http import HtmlResponse, Response, TextResponse

from crawler.platforms import workbook_rows
from crawler.spiders.intl.ieee import SEARCH, Ieee
from crawler.spiders.us.fcc_covered_list import FccCoveredList
from crawler.spiders.us.nerc_cip import NercCip, replacements
from crawler.spiders.us.pci_ssc import PciSsc
from standards_db.identifiers import parse
from standards_db.records import Document, Exclusion, PageRefused, Refused

NERC = NercCip.start_urls[0]
FCC = FccCoveredList.start_urls[0]
PCI = PciSsc.start_urls[0]
HEADER = (
    "Status",
    "Standard Number",
    "Standard Title",
    "Board Adopted Date",
    "Effective Date of Standard",
    "Inactive Date of Standard",
    "Public Notes",
    " RSAW ",
)


def workbook(*rows: tuple[Any, ...], before: int = 0) -> bytes:
    book = Workbook()
    for _ in range(before):
        book.active.append(("One Stop Shop",))
    for row in (HEADER, *rows):
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def documents(records: Any) -> list[Document]:
    return [record for record in records if isinstance(record, Document)]


def refusals(records: Any) -> list[str]:
    return [record.reason for record in records if isinstance(record, Refused)]


def html(url: str, body: str) -> HtmlResponse:
    return HtmlResponse(url, body=body.encode(), encoding="utf-8", headers={"Content-Type": "text/html; charset=utf-8"})


def nerc(body: bytes) -> list[Any]:
    return list(NercCip().workbook(Response(NERC, body=body)))


def test_numbers_with_line_breaks_and_no_break_spaces_are_the_same_standard() -> None:
    """White space of any kind around a number is no part of it, and the padded last header harms nothing."""
    day = datetime(2015, 1, 22)
    records = nerc(
        workbook(
            ("Inactive", "\n\nCIP-003-6", "A title", day, day, None, "Replaced with CIP-003-7", "x"),
            ("Inactive", "MOD-028-1\xa0", "Another", day, None, day, None, None),
            before=2,
        )
    )
    assert [record.designation for record in records] == ["NERC CIP-003-6", "NERC MOD-028-1"]
    assert [record.committee_text for record in records] == ["NERC CIP", None]
    assert records[0].published_text == "2015-01-22"
    assert [(r.type, r.target_text) for r in records[0].relations] == [("superseded by", "NERC CIP-003-7")]


def test_a_repeated_standard_and_a_row_without_number_are_refused() -> None:
    """Each standard is given once; a row that names none is kept with its reason, an empty row is nothing."""
    row = ("Inactive", "CIP-001-0", "A title", None, None, None, None, None)
    records = nerc(workbook(row, row, ("Inactive", None, "No number", None, None, None, None, None), (None,) * 8))
    assert [record.designation for record in documents(records)] == ["NERC CIP-001-0"]
    assert refusals(records) == ["the workbook repeats a standard", "row without a standard number"]


@pytest.mark.parametrize(
    ("number", "note", "expected"),
    [
        ("CIP-003-1", "Replaced with CIP-003-2", [("superseded by", "CIP-003-2")]),
        (
            "EOP-009-0",
            "Replaced with EOP-005-2 and EOP-006-2",
            [("superseded by", t) for t in ("EOP-005-2", "EOP-006-2")],
        ),
        ("IRO-001-4", "IRO-001-4 replaces IRO-001-1.1", [("supersedes", "IRO-001-1.1")]),
        ("IRO-001-1.1", "IRO-001-4 replaces IRO-001-1.1", [("superseded by", "IRO-001-4")]),
        ("PRC-004-5", "PRC-004-5 was superseded by PRC-004-5(i) and more", [("superseded by", "PRC-004-5(i)")]),
        ("TPL-002-0b", "Superseded by FERC Approval of TPL-001-4.", [("superseded by", "TPL-001-4")]),
        ("VAR-002-3", "CIP-003-9 replaces CIP-003-8", []),
        ("CIP-001-1", "Standard CIP-001-2 is described elsewhere", []),
    ],
)
def test_notes_say_which_standard_replaces_which(number: str, note: str, expected: list[tuple[str, str]]) -> None:
    """The direction follows from who is named; a note on two other standards says nothing of this one."""
    assert [(r.type, r.target_text.removeprefix("NERC ")) for r in replacements(number, note)] == expected


def bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * (8 << 20))
    return target.getvalue()


def not_a_workbook() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("pubs-export.json", "[]")
    return target.getvalue()


def broken_parts() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook")
    return target.getvalue()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"Status,Standard Number\nInactive,CIP-001-0\n", "not a zip"),
        (lambda: workbook()[:-300], "truncated zip"),
        (bomb, "zip bomb"),
        (not_a_workbook, "no workbook"),
        (broken_parts, "damaged workbook"),
    ],
)
def test_what_is_no_sound_workbook_is_refused(make: Callable[[], bytes], reason: str) -> None:
    """Text, a cut-off file, a bomb, another zip and broken parts all give a reason and no error."""
    with pytest.raises(PageRefused, match=reason):
        nerc(make())


def test_a_workbook_without_its_columns_was_redesigned() -> None:
    """The header is found by its names in whatever row it stands, or the workbook is refused."""
    with pytest.raises(PageRefused, match="no sheet with the columns Vendor"):
        workbook_rows(Response(NERC, body=workbook()), ("Vendor",))


TABLE = """<div id="covered-list"><table><thead><tr><th><p><strong>Covered Equipment or Services*</strong></p></th>
<th>Date of Inclusion on Covered List</th></tr></thead><tbody>{}</tbody></table></div>"""


def covered(*rows: tuple[str, str]) -> list[Any]:
    body = TABLE.format("".join(f"<tr><td>{subject}</td><td>{dates}</td></tr>" for subject, dates in rows))
    return list(FccCoveredList().covered(html(FCC, body)))


def test_each_maker_of_a_row_has_its_entry() -> None:
    """Two makers in one cell are two entries of the same words and date."""
    subject = (
        "Services provided by <strong>Pacific Networks Corp</strong> and its wholly-owned subsidiary"
        " <strong>ComNet (USA) LLC</strong> subject to <strong>section 214</strong>."
    )
    entries = covered((subject, "<p>September 20, 2022</p>"))
    assert [entry.vendor_text for entry in entries] == ["Pacific Networks Corp", "ComNet (USA) LLC"]
    assert {entry.included_texts for entry in entries} == {("September 20, 2022",)}


def test_a_sector_has_no_maker_and_all_its_dates() -> None:
    """Several dates in a cell are kept in order, and a row without a maker is known by its first words."""
    dates = "<p>December 22, 2025</p><p>Updated:<br/>January 7, 2026<br/><br/>Updated:<br/>March 18, 2026</p>"
    (entry,) = covered(("Routers<span>^ </span>produced in a foreign country, <b>except</b> some", dates))
    assert (entry.key, entry.vendor_text) == ("routers", None)
    assert entry.included_texts == ("December 22, 2025", "January 7, 2026", "March 18, 2026")


def test_page_and_plain_extract_give_the_same_keys() -> None:
    """A maker in bold and the same maker in plain text are one entry."""
    page = covered(
        ("Services provided by <strong>China Mobile International USA Inc</strong>. subject to X", "March 25, 2022")
    )
    text = (
        "covered_equipment_or_services,date_of_inclusion_on_covered_list\n"
        'Services provided by China Mobile International USA Inc. subject to X,"March 25, 2022"\n'
    )
    response = TextResponse(FCC, body=text.encode(), headers={"Content-Type": "text/csv"})
    extract = list(FccCoveredList().covered(response))
    assert [entry.key for entry in page] == [entry.key for entry in extract] == ["china-mobile-international-usa-inc"]


def test_a_repeated_entry_is_refused() -> None:
    """The same maker twice is one entry."""
    row = ("Equipment produced by <strong>ZTE Corporation</strong>, all of it", "March 12, 2021")
    records = covered(row, row)
    assert [isinstance(record, Exclusion) for record in records] == [True, False]
    assert refusals(records) == ["the list repeats an entry"]


@pytest.mark.parametrize(
    "body", ["<html><body><p>Nothing here</p></body></html>", "<table><tr><th>Applicant</th></tr></table>"]
)
def test_a_page_without_the_list_is_refused(body: str) -> None:
    """A redesigned page is not an empty list."""
    with pytest.raises(PageRefused, match="Covered List"):
        list(FccCoveredList().covered(html(FCC, body)))


def test_a_list_with_columns_of_its_own_is_somebody_elses() -> None:
    """A curated copy under the page's address is refused."""
    body = b"Covered Equipment or Services;Date of Inclusion on Covered List;Entity Name\nA;B;C\n"
    with pytest.raises(PageRefused, match="two columns"):
        list(FccCoveredList().covered(TextResponse(FCC, body=body, headers={"Content-Type": "text/csv"})))


def test_covered_list_damaged_extract_is_refused() -> None:
    """An extract with stray line ends inside a cell is refused, and is no error of the spider."""
    body = b"Covered Equipment or Services*,Date of Inclusion on Covered List\nx\ry,z\n"

    with pytest.raises(PageRefused):
        list(FccCoveredList().covered(TextResponse(FCC, body=body, headers={"Content-Type": "text/csv"})))


def hit(number: int, **fields: Any) -> dict[str, Any]:
    url = f"https://standards.ieee.org/ieee/1/{number}/"
    return {"fields": {"doc_id_l": url, "doc_title_t": f"IEEE SA - IEEE {number}-2020", **fields}}


def answer(hits: list[dict[str, Any]], pages: int, found: int) -> TextResponse:
    results = {"hits": {"found": found, "start": 0, "hit": hits}}
    body = json.dumps({"status": "ok", "total_pages": pages, "results": results, "html": ""})
    return html(SEARCH, body)


def test_no_results_are_no_refusal() -> None:
    """The answer to a search without results has no list at all."""
    body = json.dumps({"status": "ok", "total_pages": 0, "html": '<div class="no-results-found">Sorry</div>'})
    assert list(Ieee().search(html(SEARCH, body))) == []


def test_a_page_in_place_of_the_answer_is_refused() -> None:
    """JSON is announced as HTML there, so the body decides."""
    with pytest.raises(PageRefused, match="expected JSON"):
        list(Ieee().search(html(SEARCH, "<html><body>Welcome</body></html>")))


def test_search_ends_when_a_page_brings_nothing_new() -> None:
    """The next page is asked for while pages bring new hits; the hits must add up to what was announced."""
    first = list(Ieee().search(answer([hit(1)], 2, 2), query="IEEE 1", page=1))
    (follow,) = [record for record in first if isinstance(record, Request)]
    assert b"page=2" in follow.body
    last = list(Ieee().search(answer([hit(2)], 2, 2), **{**follow.cb_kwargs}))
    assert not refusals(last) and len(documents(last)) == 1
    same = list(Ieee().search(answer([hit(1)], 3, 3), **{**follow.cb_kwargs}))
    assert refusals(same) == ["paging does not add up"]


def test_status_block_gives_dates_and_revisions_but_no_names() -> None:
    """What follows the status is read by its labels; a standard said to supersede itself does not."""
    page = (
        "MAC ADDRESS Inactive-Reserved Standard IEEE 7-2020 A Title Purchase Status Inactive-Reserved Standard"
        " Superseded by 7-2020 Superseding 7-2009 Board Approval 2020-01-01 History Published: 2020-02-02"
        " Inactivated Date: 2021-03-25 Working Group Details Working Group Chair Some Body"
    )
    (record,) = Ieee().search(answer([hit(7, doc_text_t=page)], 1, 1))
    assert (record.status_text, record.title) == ("Inactive-Reserved", "A Title")
    assert (record.published_text, record.withdrawn_text) == ("2020-02-02", "2021-03-25")
    assert [(r.type, r.target_text) for r in record.relations] == [("supersedes", "IEEE 7-2009")]
    assert "Some Body" not in str(record)


IDAMS = """<?xml version="1.0"?><!DOCTYPE publication PUBLIC "-//IEEE//IDAMS" "ieee_idams_exchange.dtd">
<publication><title>{title}</title><publicationinfo><stdnumber>{number}</stdnumber>
<standard_status>Inactive</standard_status>
<standardmodifierset><standard_modifier>{modifier}</standard_modifier></standardmodifierset>
<standard_relationship prodnum="" type="S">2487</standard_relationship>
<icscodes><code_term codenum="35.110"/></icscodes></publicationinfo><volume><article><title>A title</title><articleinfo>
<date datetype="ePub"><year>2019</year></date>
<date datetype="OriginalPub"><year>1988</year><month>3</month><day>4</day></date>
</articleinfo></article></volume></publication>"""


def idams(number: str, title: str, modifier: str = "Draft") -> Any:
    body = IDAMS.format(number=number, title=title, modifier=modifier)
    (record,) = Ieee().publication(Response("https://ieeexplore.ieee.org/idams/1.xml", body=body.encode()))
    return record


def test_feed_file_gives_first_publication_and_keeps_internal_numbers() -> None:
    """The online date is not the publication; related standards keep the number the feed gives them."""
    record = idams("1000-1987", "ANSI/IEEE Std: 8-Bit Backplane", "Withdrawn")
    assert (record.designation, record.published_text) == ("IEEE Std 1000-1987", "1988-03-04")
    assert (record.status_text, record.ics) == ("Inactive/Withdrawn", ("35.110",))
    assert [(r.type, r.target_text) for r in record.relations] == [("superseded by", "standard_id 2487")]


@pytest.mark.parametrize(
    ("number", "title", "identifier"),
    [
        ("P802.11u", "IEEE Std P802.11u/D9.0", "IEEE P802.11u/D9.0"),
        ("P650/D9. Feb 2006", "IEEE Std P650/D9. Feb 2006", "IEEE P650/D9"),
        ("C37.12-1991", "ANSI C37.12-1991 (Revision of ANSI C37.12-1981)", "ANSI C37.12-1991"),
    ],
)
def test_feed_designations_have_publisher_and_draft(number: str, title: str, identifier: str) -> None:
    """The title names what the number lacks: publisher and draft; a date behind a draft is no part of its name."""
    assert str(parse(idams(number, title).designation)) == identifier


def test_redlines_are_not_standards() -> None:
    """A standard printed with its changes marked repeats that standard."""
    assert idams("1012-1998", "IEEE Std 1012-1998 - Redline", "Redline").reason == "redline"


def test_entities_in_xml_are_refused() -> None:
    """A file with entity definitions is never expanded."""
    body = b'<!DOCTYPE p [<!ENTITY a "aaaa">]><publication><title>&a;</title></publication>'
    with pytest.raises(PageRefused, match="not a well-formed XML"):
        list(Ieee().publication(Response("https://ieeexplore.ieee.org/idams/1.xml", body=body)))


def test_library_without_documents_is_refused() -> None:
    """The library is filled in by a script; a page that features nothing is not an empty register."""
    with pytest.raises(PageRefused, match="no link to a document"):
        list(PciSsc().shown_documents(html(PCI, "<html><body><h1>Document Library</h1></body></html>")))


def test_file_names_give_standard_and_version() -> None:
    """The file name has the short name and the version that the heading may lack; summaries are no standards."""
    names = ("PCI-DSS-v4_0_1.pdf", "PCI_PTS_POI_SRs_v7.0.pdf", "PCI-DSS-v4-0-to-v4-0-1-Summary-of-Changes-r1.pdf")
    links = "".join(
        f'<h2>T</h2><a href="https://docs-prv.pcisecuritystandards.org/X/{name}">View</a>' for name in names
    )
    records = list(PciSsc().shown_documents(html(PCI, links)))
    assert [record.designation for record in documents(records)] == ["PCI DSS v4.0.1", "PCI PTS POI v7.0"]
    assert refusals(records) == ["companion of a standard"]
