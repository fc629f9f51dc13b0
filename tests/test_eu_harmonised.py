"""The summary lists of harmonised standards: two layouts of workbooks, and cells that hold more than a reference."""

from __future__ import annotations

import io
import random
import zipfile
from datetime import datetime
from typing import Any

import openpyxl
import pytest
import xlwt
from scrapy import Request
from scrapy.http import HtmlResponse, Response

from crawler.harmonised_lists import acts_in, split_cell
from crawler.spiders.eu.eu_harmonised import EuHarmonised
from standards_db.records import Citation, Document, PageRefused, Refused

SITE = "https://single-market-economy.ec.europa.eu"
FILE = SITE + "/document/download/list_en?filename=list.xlsx"
PAGE = SITE + "/single-market/goods/european-standards/harmonised-standards/radio-equipment_en"
NEW = [
    "Legislation",
    "ESO",
    "Reference and title Provision",
    "Start of legal effect",
    "Publication OJ reference",
    "Publication Decision reference",
    "Publication OJ date",
    "End of legal effect",
    "Withdrawal OJ reference",
    "Withdrawal Decision reference",
    "Withdrawal OJ date",
]
OLD = [
    "Legislation",
    "ESO",
    "Reference number\nof the standard",
    "Title of the standard",
    "Date of start of presumption of conformity (1)",
    "OJ reference for publication in OJ",
    "Restriction",
    "Date of start of presumption of conformity with restriction",
    "OJ reference for publication of a restriction",
    "Date of withdrawal from OJ",
    "OJ reference for withdrawal",
]


def workbook(*rows: list[Any], merge: str = "", hidden: list[list[Any]] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    if hidden:
        book.create_sheet("old").sheet_state = "hidden"
        for row in hidden:
            book["old"].append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def read(body: bytes, url: str = FILE) -> list[Any]:
    return list(EuHarmonised().workbook(Response(url, body=body)))


def documents(*rows: list[Any], **kwargs: Any) -> dict[str, Document]:
    found = read(workbook(*rows, **kwargs))
    assert all(isinstance(record, Document) for record in found), found
    return {record.designation: record for record in found}


def edges(record: Document) -> list[tuple[str, str]]:
    return [(relation.type, relation.target_text) for relation in record.relations]


def test_a_cell_of_the_new_layout_holds_reference_title_amendments_and_notice() -> None:
    """Each line says one thing; an amendment is a document of its own; the notice goes to the evidence."""
    cell = "EN 1:2015\nA title\n/A1:2017\nEN 1:2015/AC:2016-07\nNotice: not for toys.\nNor for games."
    row = ["Directive 2014/30/EU", "CEN", cell, "30.01.2025", "OJ L, 2025/1", "(EU) 2025/2", "28.01.2025", "-"]

    found = documents(["Generated 7 September 2026"], [], NEW, row)

    assert list(found) == ["EN 1:2015", "EN 1:2015/A1:2017", "EN 1:2015/AC:2016-07"]
    main = found["EN 1:2015"]
    assert (main.title, main.issuer_text, main.key) == ("A title", "CEN", "2014/30/EU EN 1:2015")
    assert edges(main) == [("harmonised under", "2014/30/EU")]
    assert main.relations[0].evidence == (
        "Start of legal effect: 30.01.2025; Publication OJ reference: OJ L, 2025/1; Publication Decision reference:"
        " (EU) 2025/2; Publication OJ date: 28.01.2025; Notice: not for toys. Nor for games."
    )
    assert edges(found["EN 1:2015/A1:2017"]) == [("harmonised under", "2014/30/EU"), ("amends", "EN 1:2015")]
    assert main.status_text is None and main.withdrawn_text is None and main.published_text is None


def test_the_old_layout_has_a_title_of_its_own_and_dates_as_numbers() -> None:
    """Numbers under a name that speaks of a date are days; a dash is nothing; restriction and withdrawal are kept."""
    row = ["2014/35/EU", "Cenelec", "EN 2:2012\nEN 2:2012/A11:2014", "A title", 42000, "OJ C 1", "Not for X", "-", "-"]
    found = documents(["List"], OLD, [*row, datetime(2021, 11, 18), "OJ L 9"], [None] * 11)

    assert list(found) == ["EN 2:2012", "EN 2:2012/A11:2014"]
    assert found["EN 2:2012"].title == "A title"
    evidence = found["EN 2:2012"].relations[0].evidence
    assert evidence == (
        "Date of start of presumption of conformity (1): 2014-12-27; OJ reference for publication in OJ: OJ C 1;"
        " Restriction: Not for X; Date of withdrawal from OJ: 2021-11-18; OJ reference for withdrawal: OJ L 9"
    )


def test_a_publication_is_taken_apart_in_both_layouts() -> None:
    """Journal, decision, days, withdrawal and restriction, whichever columns print them."""
    new = ["2014/53/EU", "CEN", "EN 1:2024\nT\nNotice: not for toys.", "30.1.2025", "OJ L, 2025/138", "(EU) 2025/138"]
    [first] = documents(NEW, [*new, "30.01.2025", "1.2.2027", "OJ L, 2026/9", "(EU) 2026/9", "3.4.2026"]).values()
    assert first.relations[0].citations == (
        Citation(
            reference_text="OJ L, 2025/138",
            decision_text="(EU) 2025/138",
            date_text="30.01.2025",
            start_text="30.1.2025",
            end_text="1.2.2027",
            withdrawal_text="OJ L, 2026/9; (EU) 2026/9; 3.4.2026",
            restriction="Notice: not for toys.",
        ),
    )
    old = ["2014/53/EU", "ETSI", "EN 2:2012", "T", "-", "OJ C 9 - 10/11/2022", "Not for X", 42000, "OJ C 10", "-", "-"]
    [second] = documents(OLD, old).values()
    assert second.relations[0].citations == (
        Citation(
            reference_text="OJ C 9 - 10/11/2022; OJ C 10",
            date_text="10/11/2022",
            start_text="2014-12-27",
            restriction="Not for X",
        ),
    )


def test_each_row_of_a_reference_is_a_publication() -> None:
    """A reference published twice under an act has two publications; the same row twice has one."""
    row = ["2014/53/EU", "CEN", "EN 3:2020\nT", "1.1.2021"]
    [record] = documents(NEW, row, row, [*row[:3], "2.2.2022"]).values()
    assert [citation.start_text for citation in record.relations[0].citations] == ["1.1.2021", "2.2.2022"]


def test_names_may_take_two_rows_and_any_order() -> None:
    """A name that reaches over several columns goes before each name below it."""
    upper = ["ESO", "Publication", None, None, "Reference and title", "Legislation"]
    lower = [None, "OJ reference", "Decision reference", "OJ date", "Provision", None]
    row = ["ETSI", "OJ L 3", "2022/1", 44000, "EN 300 001 V1.1.1\nTitle", "(EU) 2023/1230"]

    [record] = documents(upper, lower, row).values()

    assert record.designation == "EN 300 001 V1.1.1" and edges(record) == [("harmonised under", "2023/1230")]
    assert record.relations[0].evidence == (
        "Publication OJ reference: OJ L 3; Publication Decision reference: 2022/1; Publication OJ date: 2020-06-18"
    )


def test_a_merged_cell_stands_in_each_of_its_rows() -> None:
    """A reference merged over two rows is one document with the evidence of both."""
    rows = [["2014/53/EU", "CEN", "EN 3:2020\nT", "1.1.2021"], [None, None, None, "2.2.2022"]]
    [record] = documents(NEW, *rows, merge="C2:C3").values()
    assert record.relations[0].evidence == "Start of legal effect: 1.1.2021 | Start of legal effect: 2.2.2022"


def test_a_hidden_sheet_is_left_out() -> None:
    """What the publisher hid is not what the list says."""
    found = documents(NEW, ["2014/53/EU", "", "EN 3:2020\nT"], hidden=[NEW, ["2014/53/EU", "", "EN 4:2020\nT"]])
    assert list(found) == ["EN 3:2020"]


def test_the_act_is_known_from_the_lines_above_when_no_column_numbers_it() -> None:
    """ "RED" alone is no number: the heading of the list gives it."""
    found = documents(["Directive 2014/53/EU, generated 07/09/2026"], NEW, ["RED", "", "EN 3:2020\nT"])
    assert edges(found["EN 3:2020"]) == [("harmonised under", "2014/53/EU")]


def test_a_row_without_a_reference_is_refused_with_its_number() -> None:
    """The number is that of the row in the sheet; the other rows are read."""
    found = read(workbook(NEW, [], ["2014/53/EU", "CEN", "-", "1.1.2021"], ["2014/53/EU", "", "EN 3:2020\nT"]))
    assert [(type(record), record.key) for record in found] == [(Refused, "row 3"), (Document, "2014/53/EU EN 3:2020")]


def test_a_list_that_names_no_act_says_so() -> None:
    """The standards are kept without an edge, and the lack is noted."""
    found = read(workbook(NEW[2:], ["EN 3:2020\nT", "1.1.2021"]))
    assert found[0].relations == () and isinstance(found[1], Refused) and "which act" in found[1].reason


@pytest.mark.parametrize(
    ("text", "reference", "title", "amendments"),
    [
        ("EN 18031-1:2024 Common requirements", "EN 18031-1:2024", "Common requirements", []),
        ("EN IEC\n62368-1:2020\nTitle", "EN IEC 62368-1:2020", "Title", []),
        ("EN 60335-1:2012 + A11:2014\nT", "EN 60335-1:2012 + A11:2014", "T", []),
        ("EN 300 328 V2.2.2\nT;\n2,4 GHz", "EN 300 328 V2.2.2", "T; 2,4 GHz", []),
        ("EN 5:2001\nT\nAmended by EN 5:2001/A1:2003, EN 5:2001/AC:2005", "EN 5:2001", "T", ["A1:2003", "AC:2005"]),
        ("EN 5:2001\nT\nA2:2010", "EN 5:2001", "T", ["A2:2010"]),
        ("ISO 9001", "ISO 9001", None, []),
    ],
)
def test_references_of_many_forms(text: str, reference: str, title: str | None, amendments: list[str]) -> None:
    """A reference ends where its year, version or supplements end."""
    cell = split_cell(text, has_title=True)
    found = [amendment.removeprefix(f"{cell.base}/") for amendment in cell.amendments]
    assert (cell.reference, cell.title, found) == (reference, title, amendments)


@pytest.mark.parametrize(
    ("text", "acts"),
    [
        ("Directive 2014/53/EU (RED)", ("2014/53/EU",)),
        ("Regulation (EU) No 305/2011", ("305/2011",)),
        ("Regulation (EU) 2017/745 amended by Regulation (EU) 2020/561", ("2017/745",)),
        ("93/42/EEC", ("93/42/EEC",)),
        ("07/09/2026", ()),
    ],
)
def test_acts_are_written_as_the_standards_register_writes_them(text: str, acts: tuple[str, ...]) -> None:
    """The number alone, without "Directive" or "(EU)", so that edges of both sources meet."""
    assert acts_in(text) == acts


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (workbook(["EN 1:2015", "something"], ["EN 2:2016", "else"]), "no sheet with a column of references"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "damaged or encrypted workbook"),
        (b"%PDF-1.7", "a PDF"),
        (b"<html>moved</html>", "not a zip"),
        (b"", "empty body"),
    ],
)
def test_what_is_no_list_is_refused(body: bytes, why: str) -> None:
    """A redesigned, old or other file is refused as a whole, with the reason."""
    with pytest.raises(PageRefused, match=why):
        read(body)


def test_damage_is_refused_and_never_raises() -> None:
    """Cut anywhere, or with parts broken inside the zip, a workbook gives a refusal or rows, no other exception."""
    body = workbook(NEW, ["2014/53/EU", "CEN", "EN 3:2020\nT\n/A1:2021", "1.1.2021"])
    chance = random.Random(5)
    bodies = [body[: chance.randrange(len(body))] for _ in range(15)]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, content in members.items():
        for damaged in (
            b"",
            content[: len(content) // 2],
            content.replace(b'r="', b'r="?'),
            content.replace(b"1", b"x"),
        ):
            target = io.BytesIO()
            with zipfile.ZipFile(target, "w") as archive:
                for other, kept in members.items():
                    archive.writestr(other, damaged if other == name else kept)
            bodies.append(target.getvalue())
    refused = 0
    for damaged in bodies:
        try:
            assert all(isinstance(record, Document | Refused) for record in read(damaged))
        except PageRefused:
            refused += 1
    assert refused >= 15


def old_workbook() -> bytes:
    """A list in the old .xls form: a merged reference, a date cell, a bare number, a hidden sheet."""
    book = xlwt.Workbook()
    sheet, hidden = book.add_sheet("list"), book.add_sheet("old")
    hidden.visibility = 1
    rows = [["List"], OLD, ["2014/53/EU", "CEN", "", "T", datetime(2025, 1, 30), "OJ L 1"], ["2014/53/EU", "CEN", ""]]
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if value:
                style = (
                    xlwt.easyxf(num_format_str="dd.mm.yyyy")
                    if isinstance(value, datetime)
                    else xlwt.Style.default_style
                )
                sheet.write(number, column, value, style)
    sheet.write_merge(2, 3, 2, 2, "EN 2:2012")
    sheet.write(3, 4, 42000)
    for column, name in enumerate(OLD):
        hidden.write(0, column, name)
    hidden.write(1, 2, "EN 9:2000")
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_a_list_in_the_old_form_is_read_like_one_of_today() -> None:
    """Merged cells, dates and hidden sheets mean the same in .xls."""
    [record] = read(old_workbook())
    assert isinstance(record, Document) and (record.designation, record.title) == ("EN 2:2012", "T")
    assert [citation.start_text for citation in record.relations[0].citations] == ["2025-01-30", "2014-12-27"]
    assert record.relations[0].citations[0].reference_text == "OJ L 1"


def test_damage_in_the_old_form_is_refused_and_never_raises() -> None:
    """Cut or with bytes changed, an .xls gives a refusal or records."""
    body, chance, refused = old_workbook(), random.Random(8), 0
    for _ in range(60):
        start = chance.randrange(8, len(body))
        damaged = body[:start] + (
            b"" if chance.random() < 0.3 else bytes([chance.randrange(256)]) * 9 + body[start + 9 :]
        )
        try:
            assert all(isinstance(record, Document | Refused) for record in read(damaged))
        except PageRefused:
            refused += 1
    assert refused >= 5


def page(body: str) -> list[Any]:
    return list(EuHarmonised().act(HtmlResponse(PAGE, body=body.encode(), encoding="utf-8")))


def test_the_page_of_an_act_leads_to_its_workbook() -> None:
    """The link that says xls is followed, that of the PDF is not, nor is a file of another site."""
    links = (
        '<a href="/document/download/abc_en">Summary list as xls file</a> <a href="/document/download/def_en">PDF</a>'
        '<a href="http://ec.europa.eu/docsroom/documents/12">Summary list (Excel)</a> <a href="http://[x.xls">b</a>'
        '<a href="http://ec.europa.eu:99999/docsroom/documents/1">xls of no port</a>'
        '<div class="ecl-file">List (XLSX)<a href="/document/download/ghi_en" class="ecl-file__download">Get</a></div>'
        '<a href="https://example.org/list.xlsx">elsewhere</a>'
    )
    found = page(f"<h1>Harmonised standards</h1>{links}")
    assert [request.url for request in found if isinstance(request, Request)] == [
        SITE + "/document/download/abc_en",
        "http://ec.europa.eu/docsroom/documents/12",
        SITE + "/document/download/ghi_en",
    ]


def test_a_page_without_a_list_says_so_and_another_page_is_refused() -> None:
    """No workbook is a lack of the page; a page that does not speak of harmonised standards is not the page."""
    [lack] = page("<h1>Harmonised standards</h1><a href='/x.pdf'>Summary list as pdf file</a>")
    assert isinstance(lack, Refused)
    with pytest.raises(PageRefused):
        page("<h1>Page not found</h1>")
    with pytest.raises(PageRefused):
        list(EuHarmonised().act(Response(PAGE, body=b"PK\x03\x04")))


@pytest.mark.parametrize(
    ("url", "callback"),
    [
        (PAGE, "act"),
        (PAGE.replace("https", "http") + "?prefLang=en", "act"),
        (PAGE.removesuffix("_en"), "act"),
        (PAGE.replace("_en", "_fr"), None),
        ("https://ec.europa.eu/growth/single-market/european-standards/harmonised-standards/low-voltage_en", "act"),
        (FILE, "workbook"),
        (SITE + "/document/download/abc_en?filename=guide.pdf", None),
        ("https://ec.europa.eu/docsroom/documents/9/attachments/1/translations/en/renditions/native", "workbook"),
        ("https://ec.europa.eu/DocsRoom/documents/9?locale=en", "workbook"),
    ],
)
def test_routes(url: str, callback: str | None) -> None:
    """Old and new hosts, http and https, in English; other languages and other files are not read."""
    route = EuHarmonised.route_of(url)
    assert (route.callback if route else None) == callback
