"""What the IEC and ITU sources do beyond picking cells: packages, forecasts, blocks, shared texts, paging."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import read

from crawler.archive import Archived, read_sample
from crawler.itu import twins
from crawler.spiders.intl import itu_t
from crawler.spiders.intl.iec import SEARCH, Iec
from crawler.spiders.intl.itu_t import ItuT
from standards_db.records import Document, PageRefused, Refused

FEED = "https://api.iec.ch/harmonized/publications?page=3&size=100&sortBy=urn"
HISTORY = "https://webstore.iec.ch/webstore/webstore.nsf/AjaxRequestXML?Openagent&url=7030"
STORE = "https://webstore.iec.ch/publication/7030"
LISTING = "https://webstore.iec.ch/searchkey&RefNbr=IEC%2062443&From=&To=&start=1"
API = "https://www.itu.int/mws/api/recommendations"
CATALOGUE = f"{API}/searchRecs?rows=2&page=1"
REC = "https://www.itu.int/ITU-T/recommendations/rec.aspx?lang=en&rec=12210"
SAMPLE = [
    page
    for page in read_sample()
    if isinstance(page, Archived) and any(s.route_of(page.url, page.method) for s in (Iec, ItuT))
]


def found(*sources: dict[str, Any], total: int | None = None) -> str:
    hits = {"total": {"value": len(sources) if total is None else total}, "hits": [{"_source": s} for s in sources]}
    return json.dumps({"primary": {"hits": hits}})


def history(*rows: dict[str, str]) -> str:
    cells = "".join(f"<ROW>{''.join(f'<{tag}>{text}</{tag}>' for tag, text in row.items())}</ROW>" for row in rows)
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><RES>{cells}</RES>'


def test_a_search_goes_on_until_its_count_is_reached() -> None:
    """The next page starts after what is known; a page that brings nothing new ends the search and is reported."""
    one, two = ({"id": n, "reference": f"IEC 62443-{n}-1:2020"} for n in (1, 2))
    first = read(Iec, SEARCH, found(one, total=2), method="POST", query="62443")
    assert isinstance(first[0], Document) and json.loads(first[1].body)["from"] == 1
    last = read(Iec, SEARCH, found(two, total=2), method="POST", query="62443", seen=("1",))
    assert [type(record) for record in last] == [Document]
    repeated = read(Iec, SEARCH, found(one, total=2), method="POST", query="62443", seen=("1",))
    assert isinstance(repeated[-1], Refused) and repeated[-1].text == "1 of 2 for 62443"
    assert len(read(Iec, SEARCH, found(one, total=2), method="POST")) == 1


def test_an_edition_in_progress_has_no_date() -> None:
    """The life cycle of a publication gives its other editions; the forecast of a coming one is no publication date."""
    project = {"id": 9, "reference": "IEC 62443-4-1", "status": "PREPARING", "forecast_pub_date": "2027-03-01"}
    own = {"id": 33615, "reference": "IEC 62443-4-1:2018"}
    coming = read(Iec, SEARCH, found({**own, "lifecycle": [own, project]}), method="POST")[1:]
    assert [(d.designation, d.status_text, d.published_text) for d in coming] == [("IEC 62443-4-1", "PREPARING", None)]
    row = {"FULL_NAME": "IEC 61058-2-4", "PUB_DATE": "", "STATUS": "PREPARING", "PUB_ID": "59516", "FPD": "2018-10-11"}
    [project] = read(Iec, HISTORY, history(row), kind="text/xml")
    assert (project.key, project.published_text) == ("59516", None)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("IEC 61326-1:2020 RLV", "redline"),
        ("IEC 62443-2-4:2023 CMV", "commented"),
        ("IEC 62443:2024 SER", "series"),
        ("IEC 62443 SER", "series"),
        ("IEC 60601-1 HBK:2020", "handbook"),
        ("IECEE TRF 60950-1", "test report"),
    ],
)
def test_a_package_is_refused_with_its_reason(reference: str, reason: str) -> None:
    """What repeats texts that have numbers of their own is no edition."""
    [refused] = read(Iec, FEED, json.dumps({"publication": [{"reference": reference, "urn": "iec:pub:5"}]}))
    assert isinstance(refused, Refused) and refused.reason.startswith(reason) and refused.key == "5"


def test_a_consolidated_version_is_kept() -> None:
    """A text with its amendments merged in is an edition, under the number of its page."""
    row = {"reference": "IEC 62443-2-4:2015+AMD1:2017 CSV", "urn": "iec:pub:61335", "dateOfWithdrawal": "2023-12-15"}
    titles = [{"lang": "fr", "value": "Automatismes"}, {"lang": "en", "value": "Automation"}]
    [kept] = read(Iec, FEED, json.dumps({"publication": [{**row, "title": titles}]}))
    assert (kept.key, kept.title, kept.withdrawn_text) == ("61335", "Automation", "2023-12-15")


@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE html><html><body>Error</body></html>",
        "<RES><ROW><FULL_NAME>IEC 62443",
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "IEC 1">]><RES><ROW><FULL_NAME>&b;</FULL_NAME></ROW></RES>',
        '<?xml version="1.0"?><OTHER/>',
    ],
)
def test_a_history_that_is_none_is_refused(body: str) -> None:
    """An error page, a cut or hostile XML and one of another kind are refused as pages; an empty list is not."""
    with pytest.raises(PageRefused):
        read(Iec, HISTORY, body)
    assert read(Iec, HISTORY, history()) == []


def test_only_a_whole_replacement_supersedes() -> None:
    """The note of a webstore page names what replaced the publication; a partial replacement does not end it."""

    def edges(word: str) -> list[tuple[str, str]]:
        link = '<a href="/publication/1">IEC 1:2005</a>'
        note = f"<p><span>Note: this publication has been {word} by </span><span>{link}"
        details = "<table><tr><th>Publication date</th><td>2002-02-21</td></tr></table>"
        head = "<title>IEC 61326:2002 | IEC Webstore</title></head><body>"
        [page] = read(Iec, STORE, f"<html><head>{head}{note}</span></p>{details}</body></html>")
        return [(edge.type, edge.target_text) for edge in page.relations]

    assert edges("replaced") == [("superseded by", "IEC 1:2005")]
    assert edges("partially replaced") == []


def test_a_result_list_in_windows_1252_is_read() -> None:
    """Each link is one publication with the title behind it; no hits is an answer, a page without a count is none."""
    rows = '<li><a class="showmore" href="#">All »</a><a href="/publication/7">IEC 1:2001&nbsp;</a><br>Réseau – A'
    more = '<ul><li><a href="/publication/8">IEC 1:2001 RLV</a><br>Réseau – A</li></ul></li>'
    body = f'<html><body><input id="nbres" type="hidden" value="1"><ul>{rows}{more}</ul></body></html>'
    kind = "text/html; charset=US-ASCII"
    first, second = read(Iec, LISTING, body.encode("windows-1252"), kind=kind)
    assert (first.designation, first.key, first.title) == ("IEC 1:2001", "7", "Réseau – A")
    assert isinstance(second, Refused) and second.key == "8"
    assert read(Iec, LISTING, '<html><input id="nbreswr" value="0">No publication found.</html>') == []
    with pytest.raises(PageRefused):
        read(Iec, LISTING, "<html><body>Maintenance</body></html>")


def test_a_name_gets_its_sector_and_its_date() -> None:
    """Lists leave out "ITU-T"; the month in a name stands for the date where no other is printed."""
    rows = [
        {"idrec": 11766, "rec_name": "G Suppl. 47 (09/2012)"},
        {"idrec": 1, "rec_name": "ITU-T X.1 (2014) Amd. 1 (04/2016)"},
    ]
    first, second = read(ItuT, f"{API}/getRecEditions?lang=en&idrec=16389", json.dumps(rows))
    assert (first.designation, first.published_text, first.key) == ("ITU-T G Suppl. 47 (09/2012)", "09/2012", "11766")
    assert (second.designation, second.published_text) == ("ITU-T X.1 (2014) Amd. 1 (04/2016)", "04/2016")


@pytest.mark.parametrize(
    ("printed", "targets"),
    [
        ("Equivalent standard: ISO/IEC 17788:2014 (Common)", ["ISO/IEC 17788:2014"]),
        ("Equivalent standard: ETSI ES 203 199 V1.2.1 (Twinned)", ["ETSI ES 203 199 V1.2.1"]),
        ("ISO/IEC 9594-8 (Common); ISO/IEC 9594-7", ["ISO/IEC 9594-8", "ISO/IEC 9594-7"]),
        (None, []),
    ],
)
def test_the_shared_text_is_named_without_its_degree(printed: str | None, targets: list[str]) -> None:
    """A text shared with another body is an edge to that body's number."""
    edges = list(twins(printed))
    assert [edge.target_text for edge in edges] == targets
    assert {edge.type for edge in edges} <= {"has twin text"}


def test_a_name_with_both_numbers_is_two_numbers() -> None:
    """A name such as "H.264.1 (01/2012) | ISO/IEC 14496-4" is the Recommendation, and names its shared text."""
    [row] = read(ItuT, f"{API}/getRecEditions?idrec=1", '[{"rec_name": "H.264.1 (01/2012) | ISO/IEC 14496-4"}]')
    assert (row.designation, row.published_text) == ("ITU-T H.264.1 (01/2012)", "01/2012")
    assert [edge.target_text for edge in row.relations] == ["ISO/IEC 14496-4"]


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://www.itu.int/en/publications/pages/notfound.aspx", "<html><title>Publications</title></html>"),
        ("https://www.itu.int/pub/R-REP-BO/en", '<h2>Object moved to <a href="/en/publications/pages/notfound.aspx">'),
        (REC, "<html><head><title>Request Rejected</title></head><body>Support ID: 1</body></html>"),
        (f"{API}/getRecHdrDetail?idrec=1&lang=en", "<html><head><title>Request Rejected</title></head></html>"),
    ],
)
def test_a_block_that_says_200_is_a_block(url: str, body: str) -> None:
    """The firewall's page is never taken for a text that does not exist."""
    with pytest.raises(PageRefused, match=r"^blocked"):
        read(ItuT, url, body)


@pytest.mark.parametrize(
    ("file", "printed", "name", "title", "status"),
    [
        ("T-REC-L.1300-201111-S", "ITU-T Rec. L.1300 (11/2011) Green –", "L.1300 (11/2011)", "Green –", "Superseded"),
        ("T-REC-J.225-202410-I", "ITU-T J.225 (10/2024) - Cable", "J.225 (10/2024)", "Cable", "In force"),
        (
            "T-REC-L.Sup5-202207-I",
            "ITU-T Series L Supplement 5 (07/2022) City",
            "L Suppl. 5 (07/2022)",
            "City",
            "In force",
        ),
        ("T-REC-X.1-200001-Q", "ITU-T Rec. X.1 (01/2000) Any", "X.1 (01/2000)", "Any", None),
    ],
)
def test_a_summary_in_windows_1252_is_read(file: str, printed: str, name: str, title: str, status: str | None) -> None:
    """The file's name says which edition and whether it is in force; a letter that nobody knows gives no status."""
    url = f"https://www.itu.int/dms_pubrec/itu-t/rec/l/{file}!!SUM-HTM-E.htm"
    meta = "<meta http-equiv=Content-Type content='text/html; charset=windows-1252'>"
    text = "<h3>Summary</h3><p>Of “it”.</p><p> </p><p>More.</p>"
    body = f"<html>{meta}<title>Summary - {printed}</title><body>{text}</body></html>"
    (found,) = read(ItuT, url, body.encode("cp1252"), kind="text/html")
    assert (found.designation, found.title, found.status_text) == (f"ITU-T {name}", title, status)
    assert found.abstract == "Of “it”. More."
    with pytest.raises(PageRefused):
        read(ItuT, url, "<html><title>Document</title><p>x</p></html>")


def test_a_broken_title_is_left_out() -> None:
    """Quotation marks in a title end its attribute early: half a title is worse than none."""
    link = '<a href="./rec.aspx?rec=5&lang=en" title="Use of J.112, "Systems" – Part 1">J.112 (11/1998)</a>'
    row = f'<tr><td>1</td><td><span id="x_rpt_history_ctl00_lbl_title">{link}</span></td><td>In force</td></tr>'
    heads = '<tr><td title="a">Ed.</td><td title="b">ITU-T Recommendation</td><td title="c">Status</td></tr>'
    name = '<span id="a_lbl_rec">ITU-T J.112 (03/2001)</span>'
    own, other = read(ItuT, REC, f"<html><body>{name}<table>{heads}{row}</table></body></html>")
    assert (own.key, own.designation) == ("12210", "ITU-T J.112 (03/2001)")
    assert (other.key, other.designation, other.title) == ("5", "ITU-T J.112 (11/1998)", None)
    assert other.status_text == "In force"


def versions(name: str) -> bytes:
    """A windows-1252 page that lists one edition."""
    heads = "<tr><td><strong>Number</strong></td><td>Title</td><td>Status</td></tr>"
    link = f'<a href="./recommendation.asp?lang=en&amp;parent=R-REC-BO.1-2-199910-S"><strong>{name}</strong></a>'
    row = f"<tr><td>{link}</td><td>Café – son<font>Note</font></td><td>In force <b>(Main)</b></td></tr>"
    head = '<META http-equiv="Content-Type" content="text/html; charset=iso-8859-1">'
    return f"<html><head>{head}</head><table>{heads}{row}</table></html>".encode("windows-1252")


def test_two_digit_years_belong_to_this_and_the_last_century() -> None:
    """ITU-R counts its editions, so the date leaves the name; ITU-T tells editions apart by it, so it stays."""
    radio, edition = read(ItuT, "http://itu.int/rec/R-REC-BO.1/en", versions("BO.1-2 (10/99)"), kind="text/html")
    assert (radio.designation, radio.published_text, radio.status_text) == ("ITU-R BO.1-2", "10/1999", "In force")
    assert radio.title == "Café – son" and edition.url == "https://www.itu.int/rec/R-REC-BO.1-2-199910-S/en"
    [telecom] = read(ItuT, "https://www.itu.int/rec/T-REC-X.1/en", versions("X.1 (08/05)"), kind="text/html")
    assert (telecom.designation, telecom.published_text) == ("ITU-T X.1 (08/2005)", "08/2005")


def test_a_report_is_not_the_recommendation_of_that_number() -> None:
    """Reports and Recommendations of ITU-R share their numbers; a question and a handbook are no standards."""
    url = "https://www.itu.int/pub/R-{}/en"
    page = "<html><head><title>A title</title></head><table><tr><td><p><b>{}</b></p></td></tr></table></html>"
    [report] = read(ItuT, url.format("REP-BO.1227-1-1994"), page.format("Report BO.1227-1 (1994)"))
    assert (report.designation, report.published_text, report.title) == ("ITU-R Report BO.1227-1", "1994", "A title")
    [question] = read(ItuT, url.format("QUE-SG01.202-2-2002"), page.format("Question 202-2/1"))
    [handbook] = read(ItuT, url.format("HDB-43-2013"), "<html><head><title>Space</title></head><p>x</p></html>")
    assert "question" in question.reason and "handbook" in handbook.reason
    with pytest.raises(PageRefused):
        read(ItuT, url.format("REC-BO"), "<html><head><title>Maintenance</title></head><p>x</p></html>")


def test_the_catalogue_is_asked_for_more_while_its_pages_are_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full page is followed by the next, a page with repeated rows is reported, and the X series gives details."""
    monkeypatch.setattr(itu_t, "ROWS", 2)
    rows = [{"idrec": 7, "rec_name": "X.509 (10/2019)"}, {"idrec": 8, "rec_name": "G.8 (10/2019)"}]
    first, details, second, following = read(ItuT, CATALOGUE, json.dumps({"Data": rows}), page=1)
    assert (first.key, second.key) == ("7", "8")
    assert "getRecHdrDetail?idrec=7" in details.url and "page=2" in following.url
    last = read(ItuT, CATALOGUE, json.dumps({"Data": rows[1:]}), page=2, seen=("7", "8"))
    assert isinstance(last[-1], Refused) and last[-1].reason == "paging does not add up"


@pytest.mark.parametrize("page", SAMPLE, ids=lambda page: page.url.split("/", 3)[-1][:40])
def test_a_damaged_page_is_refused_and_raises_nothing_else(page: Archived) -> None:
    """Cut anywhere, emptied, or of another type: records, refusals, or the refusal of the page, but no other error."""
    source = Iec if Iec.route_of(page.url, page.method) else ItuT
    body = page.load()
    cuts = [body[: len(body) * part // 12] for part in range(12)]
    outcomes = set()
    others = [b"null", b"[null]", b"{}", b'"x"', b"Array (", b"<html><p>x</p></html>", b"\xff\xfe\x00" * 30]
    for damaged in [*cuts, *others]:
        try:
            for record in read(source, page.url, damaged, method=page.method, kind=page.headers["Content-Type"]):
                outcomes.add(type(record).__name__)
        except PageRefused:
            outcomes.add("PageRefused")
    assert "PageRefused" in outcomes and outcomes <= {"PageRefused", "Refused", "Document", "Request"}
