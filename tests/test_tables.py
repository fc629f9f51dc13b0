"""Ragged tables become rows by header text; pages that are not readable HTML are refused."""

from __future__ import annotations

import pytest
from scrapy.http import HtmlResponse, Response

from crawler.tables import html_page, table_rows
from standards_db.records import PageRefused

URL = "https://example.org/list"


def test_header_row_in_its_own_body_names_the_columns() -> None:
    """A header row that sits in a separate tbody names the cells of the rows in the next one."""
    html = """<table><tbody><tr><th>标准号</th><th> 名 称 </th></tr></tbody>
      <tbody><tr><td><a onclick="showInfo('A1');">GB/T 1-2000</a></td><td>标准化\n 工作</td></tr></tbody></table>"""
    assert table_rows(html) == [{"标准号": "GB/T 1-2000", "名 称": "标准化 工作", "@onclick": "showInfo('A1');"}]


def test_spans_repeat_and_short_rows_end_early() -> None:
    """A rowspan repeats downwards, a colspan to the right, and a missing last cell is left out."""
    html = """<table><tr><th>a<th>b<th>c</tr>
      <tr><td rowspan=2>1<td colspan=2>2</tr><tr><td>3</tr><tr><td>4<td>5<td>6</tr></table>"""
    assert table_rows(html) == [
        {"a": "1", "b": "2", "c": "2"},
        {"a": "1", "b": "3"},
        {"a": "4", "b": "5", "c": "6"},
    ]


def test_rows_of_a_nested_table_are_not_rows_of_the_outer_one() -> None:
    """Only rows of the table itself count, and a table without header cells has none."""
    nested = "<table><tr><th>a</th></tr><tr><td><table><tr><td>x</td></tr></table></td></tr></table>"
    assert table_rows(nested) == [{"a": "x"}]
    assert table_rows("<table><tr><td>1</td></tr></table>") == []
    assert table_rows("<p>nothing</p>") == []


@pytest.mark.parametrize(
    "response",
    [
        Response(URL, body=b"%PDF-1.7", headers={"Content-Type": "application/pdf"}),
        HtmlResponse(URL, body=b"  \n"),
        HtmlResponse(URL, body="<p>标准标准标准</p>".encode("gb18030"), encoding="utf-8"),
        HtmlResponse(URL, body=b'{"code": 401}', encoding="utf-8"),
    ],
    ids=["binary", "empty", "wrong charset", "json"],
)
def test_unreadable_pages_are_refused(response: Response) -> None:
    """A response that is not a readable HTML page is refused instead of read as a page without rows."""
    with pytest.raises(PageRefused):
        html_page(response)


def test_readable_page_is_given_as_selector() -> None:
    """One stray replacement character does not make a page unreadable."""
    page = html_page(HtmlResponse(URL, body="<h1>标准\ufffd</h1>".encode(), encoding="utf-8"))
    assert page.css("h1::text").get() == "标准\ufffd"


def test_control_characters_in_a_tag_do_not_stop_a_reader() -> None:
    """A byte that no XML holds, in the name of an attribute, is dropped: the attributes can be read."""
    page = html_page(HtmlResponse(URL, body=b"<p da\x01ta='x' id=a>one\x00 two</p>", encoding="utf-8"))
    assert page.css("p").attrib["id"] == "a"
    assert page.css("p::text").get() == "one two"
