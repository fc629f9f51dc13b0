"""What the CEN-CENELEC source does beyond picking cells: the search by form, proof of lists, what counts as stated."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response, TextResponse

from crawler.spiders.eu.cencenelec import FORM, Cencenelec, cited, project
from standards_db.records import Document, PageRefused, Refused, Relation

LIST = "https://standards.cencenelec.eu/ords/f?p=205:105::::::&cs=1"
DETAIL = "https://standards.cencenelec.eu/ords/f?cs=1&p=CEN:110:::::FSP_PROJECT,FSP_ORG_ID:7,8"
SUBMIT = "https://standards.cencenelec.eu/ords/wwv_flow.accept?p_context=205:105:9"
EMPTY_FORM = """<form action="/other"><input name="q"></form>
<form action="wwv_flow.accept?p_context=205:105:9" method="post" id="wwvFlowForm">
<input type="hidden" name="p_flow_id" value="205"><input type="hidden" name="p_request" value="">
<input type="hidden" name="f20" value="CEN_CLC_CHOICE"><input type="checkbox" name="f21" value="CEN">
<input type="hidden" name="f10" value="TC_CODE_LIST"><select name="f11" id="TC_CODE_LIST"><option value=""></option>
<option value="17">CEN/CLC/JTC 1</option><option value="23">CEN/CLC/JTC 13</option></select>
<input type="hidden" name="f10" value="TC_NAME_LIST"><select name="f11" id="TC_NAME_LIST"></select>
<input type="hidden" name="f20" value="STATUS_CHOICE"><input type="checkbox" name="f21" value="S6">
<input type="checkbox" name="cookies" value="True" checked></form>
<input class="list-num" value="0"><div id="DASHBOARD_LISTTCPUBS"></div>"""


def read(url: str, body: str, *, method: str = "GET", headers: dict[str, str] | None = None, **meta: Any) -> list[Any]:
    """What the callback that reads `url` gives for a page with this body."""
    spider = Cencenelec()
    route = spider.route_of(url, method)
    assert route is not None
    request = Request(url, method=method, meta=meta)
    kind: type[TextResponse] = HtmlResponse if body.lstrip()[:1] == "<" else TextResponse
    response: Response = kind(url, body=body.encode(), encoding="utf-8", request=request, headers=headers or {})
    return list(getattr(spider, route.callback)(response))


def row(number: int, reference: str) -> str:
    link = f'<a href="f?p=CEN:110:::::FSP_PROJECT,FSP_ORG_ID:{number},8&cs=1">{reference}</a>'
    return f"<tr><td>CEN/TC 1</td><td><strong>{link}</strong> (WI=00{number})<br/>A title</td><td>Published</td></tr>"


def listing(rows: str, count: int, *, notice: str = "", columns: str = "Reference, Title") -> str:
    return (
        f'<p>Results <input class="list-num" value="{count}"></p><span>'
        f'<!-- #BeginEditable "DASHBOARD_TOO_MANY_ROWS" -->{notice}<!-- #EndEditable --></span>'
        f'<div id="DASHBOARD_LISTTCPUBS"><table class="dashlist"><thead><tr><th>Committee</th><th>{columns}</th>'
        f"<th>Status</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def detail(**cells: str) -> str:
    """A page of one work item; `cells` by label, with _ for a blank."""
    rows = "".join(f"<tr><th>{label.replace('_', ' ')}</th><td>{cell}</td></tr>" for label, cell in cells.items())
    return f'<h1>About CEN</h1><h1>CEN/TC 1</h1><h1>-</h1><h1>A name</h1><table class="dashlist">{rows}</table>'


def test_a_search_is_the_printed_form_filled_in() -> None:
    """The form is sent with its own fields in its order, every stage ticked, and the value behind the wanted label."""
    [request] = read(FORM, EMPTY_FORM, query=("TC_CODE_LIST", "CEN/CLC/JTC 13", "999"), cookiejar=4)
    assert (request.url, request.method, request.meta["cookiejar"]) == (SUBMIT, "POST", 4)
    assert parse_qsl(request.body.decode(), keep_blank_values=True) == [
        ("p_flow_id", "205"),
        ("p_request", "S6-CEN-"),
        ("f20", "CEN_CLC_CHOICE"),
        ("f21", "CEN"),
        ("f10", "TC_CODE_LIST"),
        ("f11", "23"),
        ("f10", "TC_NAME_LIST"),
        ("f11", "23"),
        ("f20", "STATUS_CHOICE"),
        ("f21", "S6"),
    ]


def test_a_choice_that_is_gone_is_said() -> None:
    """A committee that the form no longer offers is a refusal, not a search for everything."""
    [found] = read(FORM, EMPTY_FORM, query=("TC_CODE_LIST", "CEN/CLC/JTC 99", "99"), cookiejar=0)
    assert isinstance(found, Refused) and "does not offer" in found.reason


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Location": "https://standards.cencenelec.eu/ords/f?p=205:105::::::&#38;cs=1"}, "<p></p>"),
        ({}, '{"redirectURL": "f?p=205:105::::::&cs=1"}'),
    ],
)
def test_the_answer_to_a_search_is_followed(headers: dict[str, str], body: str) -> None:
    """The result page's address is followed although it is HTML-escaped, or given as JSON."""
    [request] = read(SUBMIT, body, method="POST", headers=headers, cookiejar=4)
    assert (request.url, request.meta["cookiejar"]) == (LIST, 4)


def test_an_answer_without_results_is_refused() -> None:
    """An error page in place of the redirect is a refused page."""
    with pytest.raises(PageRefused, match="not answered with a result page"):
        read(SUBMIT, "<p>Your session has expired</p>", method="POST")


def test_an_empty_form_and_a_search_without_hits_are_no_fault() -> None:
    """Neither gives rows, neither is refused."""
    assert read(FORM, EMPTY_FORM) == []
    assert read(LIST, listing("", 0)) == []


def test_rows_are_counted_against_the_page() -> None:
    """A row stands once under its project number; fewer different rows than the page counts are reported."""
    whole = read(LIST, listing(row(1, "EN 1:2000") + row(2, "EN 2:2000"), 2))
    assert [(d.key, d.designation, d.title) for d in whole if isinstance(d, Document)] == [
        ("1", "EN 1:2000", "A title"),
        ("2", "EN 2:2000", "A title"),
    ]
    assert not [r for r in whole if isinstance(r, Refused)]
    repeated = read(LIST, listing(row(1, "EN 1:2000") * 2, 2))
    assert [r.reason for r in repeated if isinstance(r, Refused)] == ["rows do not add up"]


def test_a_cut_list_is_reported() -> None:
    """The application's notice that it shows only some of the rows is kept."""
    found = read(LIST, listing(row(1, "EN 1:2000"), 900, notice="Too many rows"))
    assert [(r.reason, r.text) for r in found if isinstance(r, Refused)] == [
        ("the search found more rows than it shows", "Too many rows")
    ]


@pytest.mark.parametrize("body", [listing("", 0, columns="Project"), "<p>Maintenance</p>"])
def test_a_redesigned_list_is_refused(body: str) -> None:
    """A page without the list, or with other columns, is refused."""
    with pytest.raises(PageRefused):
        read(LIST, body)


@pytest.mark.parametrize(
    ("status", "published"), [("Published", "2020-03-18"), ("Withdrawn", "2020-03-18"), ("Under Approval", None)]
)
def test_availability_is_publication_once_it_happened(status: str, published: str | None) -> None:
    """The date of availability of a draft is a forecast, and the date of withdrawal is not that of the standard."""
    body = detail(**{"Reference": "EN 1:2020", "Status": status, "date_of_Availability_(DAV)": "2020-03-18"})
    body += detail(**{"date_of_Withdrawal_(DOW)_(5)": "2020-09-30"})
    [found] = read(DETAIL, body)
    assert (found.key, found.published_text, found.withdrawn_text) == ("7", published, None)
    assert found.committee_text == "CEN/TC 1"


def test_printed_relations_are_read_with_their_degree() -> None:
    """A reference document is an adoption with its degree; each line of a relation is one edge."""
    body = detail(
        Reference="EN ISO/IEC 1:2020",
        Reference_Document="<div>ISO/IEC 1:2019 (EQV)</div>",
        Supersedes='<a href="#">EN 5:2010</a><br/><a href="#">EN 6:2011</a>',
    )
    [found] = read(DETAIL, body)
    assert [(r.type, r.target_text, r.degree_text) for r in found.relations] == [
        ("adopts", "ISO/IEC 1:2019", "EQV"),
        ("supersedes", "EN 5:2010", None),
        ("supersedes", "EN 6:2011", None),
    ]


@pytest.mark.parametrize(
    ("directives", "citations", "edges"),
    [
        (
            "305/2011, 89/106/EEC",
            "No citation expected for Directive 305/2011",
            [("prepared for", "305/2011"), ("prepared for", "89/106/EEC")],
        ),
        ("2017/745", "L 138 (2022-05-17) for Directive 2017/745", [("harmonised under", "2017/745")]),
        (
            "2014/53/EU, 2017/745",
            "L 1 (2025-01-30, part 2) for Directive 2014/53/EU",
            [("harmonised under", "2014/53/EU"), ("prepared for", "2017/745")],
        ),
        ("2014/53/EU", "C 12 (2018-01-10)", [("harmonised under", "2014/53/EU")]),
        ("2014/53/EU", "", [("prepared for", "2014/53/EU")]),
        ("", "", []),
    ],
)
def test_only_a_citation_makes_a_standard_harmonised(
    directives: str, citations: str, edges: list[tuple[str, str]]
) -> None:
    """An act the standard was written for makes it harmonised only when its citation in the journal is printed."""
    found: list[Relation] = list(cited(directives, citations))
    assert [(relation.type, relation.target_text) for relation in found] == edges


def test_a_citation_is_read_with_its_day_and_a_mandate_stays_beside_its_act() -> None:
    """Several publications under one act are one edge with each of them; the request is evidence and keyword."""
    body = detail(
        **{
            "Reference": "EN 1:2020",
            "Directive(s)": "2017/745, 2024/2847",
            "Mandate(s)": "M/575, M/606",
            "Citation_in_OJEU": "L 138 (2022-05-17) for Directive 2017/745, L 2 (2023-01-04) for Directive 2017/745",
        }
    )
    [found] = read(DETAIL, body)
    under, prepared = found.relations
    assert [(c.reference_text, c.date_text) for c in under.citations] == [
        ("OJ L 138", "2022-05-17"),
        ("OJ L 2", "2023-01-04"),
    ]
    assert (prepared.type, prepared.target_text) == ("prepared for", "2024/2847")
    assert "M/606" in prepared.evidence and found.keywords == ("M/575", "M/606")


def test_an_id_with_a_stray_quote_does_not_hide_the_list() -> None:
    """The place of the list is found although its id attribute is broken; without a project number the item is key."""
    link = '<a href="f?p=CEN:110:::::FSP_PROJECT,FSP_ORG_ID:,8&cs=1">EN 1:2000</a>'
    body = listing(f"<tr><td>T</td><td><strong>{link}</strong> (WI=00017)<br/>A</td><td>Published</td></tr>", 1)
    [found] = [r for r in read(LIST, body.replace('PUBS">', 'PUBS"">')) if isinstance(r, Document)]
    assert (found.key, found.title) == ("00017", "A")


def test_a_choice_under_another_label_is_found_by_its_recorded_value() -> None:
    """The printed label decides; the value of the recording serves a form that renamed the choice."""
    [request] = read(FORM, EMPTY_FORM, query=("TC_CODE_LIST", "CEN/CLC/JTC thirteen", "23"), cookiejar=0)
    assert ("f11", "23") in parse_qsl(request.body.decode())


def test_a_page_of_something_else_is_no_standard() -> None:
    """An application error in place of the page is refused."""
    with pytest.raises(PageRefused, match="no reference"):
        read(DETAIL, "<title>Error</title><p>Session state protection violation</p>")


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("f?p=CEN:110:::::FSP_PROJECT,FSP_ORG_ID:59457,6300&cs=1E", "59457"),
        ("f?p=204:110:0::::FSP_LANG_ID,FSP_PROJECT:25,68120&#38;cs=15", "68120"),
        ("https://standards.cencenelec.eu/dyn/www/f?cs=1&p=CEN%3A110%3A0%3A%3A%3A%3AFSP_PROJECT%3A7", "7"),
        ("f?p=204:111:0::::FSP_PROJECT_CROSSREF:ISO-SPACE-17456", None),
        ("f?p=CEN:105", None),
    ],
)
def test_the_project_number_is_found_in_every_generation(address: str, number: str | None) -> None:
    """Names and values stand in two parts of the address, in any order, escaped or not."""
    assert project(address) == number
