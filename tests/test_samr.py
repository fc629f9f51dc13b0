"""Chinese registers: printed adoption becomes edges, remarks become supersession, paging proves itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
import scrapy
from parsel import Selector
from scrapy.http import HtmlResponse, TextResponse

from crawler.spiders.cn.samr_openstd import SamrOpenstd, replaced
from crawler.spiders.cn.samr_std import SamrStd, adoptions, detail_adoptions, row_record
from standards_db.records import Document, PageRefused, Refused

ROWS = "https://std.samr.gov.cn/gb/search/gbAdvancedSearchPage?tid=2&std_p16=TC260&pageNumber={page}&pageSize=2"
HCNO = "847191101089628341120D62AEFC29A1"
DETAIL = f"https://openstd.samr.gov.cn/bzgk/std/newGbInfo?hcno={HCNO}"


@pytest.mark.parametrize(
    ("text", "edges"),
    [
        ("等同 ISO/IEC 27001:2022", [("等同", "ISO/IEC 27001:2022")]),
        ("非等效 ISO 8068:2006", [("非等效", "ISO 8068:2006")]),
        ("修改采用 ISO/IEC 9798-4:1999，ISO/IEC 9798-4:1999/Cor 1:2009", [
            ("修改", "ISO/IEC 9798-4:1999"), ("修改", "ISO/IEC 9798-4:1999/Cor 1:2009")]),
        ("ISO/IEC 27002:2013", [(None, "ISO/IEC 27002:2013")]),
        ("无", []),
        ("", []),
    ],
)  # fmt: skip
def test_printed_adoption_gives_degree_and_targets(text: str, edges: list[tuple[str | None, str]]) -> None:
    """The degree word stands before one or more targets; without a degree word the target is kept alone."""
    assert [(edge.degree_text, edge.target_text) for edge in adoptions(text)] == edges


@pytest.mark.parametrize(
    ("sentence", "edge"),
    [
        ("本标准等同采用ISO/IEC国际标准：ISO/IEC 27001:2022。", ("等同", "ISO/IEC 27001:2022")),
        ("本标准修改采用ISO/IEC 9797-1:2011。", ("修改", "ISO/IEC 9797-1:2011")),
        ("采标中文名称：信息安全管理体系 要求。", None),
    ],
)
def test_adoption_sentence_of_a_detail_page(sentence: str, edge: tuple[str, str] | None) -> None:
    """The colon inside an ISO identifier is not taken for the colon after the words before it."""
    found = [(found.degree_text, found.target_text) for found in detail_adoptions({}, [sentence])]
    assert found == ([edge] if edge else [])


def test_row_keeps_no_person_and_no_highlight_tag() -> None:
    """Highlight tags vanish without leaving blanks, drafting persons and units are not stored, "," is no edition."""
    row = {
        "id": "A1",
        "C_STD_CODE": "<sacinfo>GB</sacinfo><sacinfo>/</sacinfo><sacinfo>T</sacinfo> 22080-<sacinfo>2016</sacinfo>",
        "C_C_NAME": "<b>信息技术</b> 安全技术",
        "CCS": "L 80",
        "TOTAL_REPE": ",",
        "TA_CODE": "TC260",
        "TA_NAME": "全国信息安全标准化技术委员会",
        "DRAFT_STAFF": "某人",
        "DRAFT_UNIT": "某单位",
    }
    record = row_record(row)
    assert isinstance(record, Document)
    assert (record.designation, record.title_zh, record.ccs) == ("GB/T 22080-2016", "信息技术 安全技术", ("L80",))
    assert record.committee_text == "TC260 全国信息安全标准化技术委员会"
    assert record.relations == ()
    assert "某" not in repr(record)


def answer(page: int, total: int, *numbers: str) -> TextResponse:
    rows: list[dict[str, Any]] = [{"id": number, "C_STD_CODE": f"GB/T {number}-2020"} for number in numbers]
    body = json.dumps({"total": total, "pageNumber": page, "rows": rows}).encode()
    return TextResponse(ROWS.format(page=page), body=body, encoding="utf-8")


def test_rows_are_paged_until_the_total_is_reached() -> None:
    """Page 2 follows page 1, and nothing follows or is complained of once every announced row was seen."""
    spider = SamrStd()
    (request,) = [r for r in spider.rows(answer(1, 3, "1", "2")) if isinstance(r, scrapy.Request)]
    assert "pageNumber=2" in request.url
    last = list(spider.rows(answer(2, 3, "3"), **request.cb_kwargs))
    assert [type(record) for record in last] == [Document]


def test_a_page_that_repeats_the_first_is_reported() -> None:
    """A paging parameter that the site ignores ends the crawl of the list with a refusal."""
    records = list(SamrStd().rows(answer(2, 9, "1", "2"), seen=("1", "2")))
    assert [r.reason for r in records if isinstance(r, Refused)] == ["paging does not add up"]
    assert not [r for r in records if isinstance(r, scrapy.Request)]


def test_an_answer_that_limits_the_rate_is_refused() -> None:
    """A JSON answer without rows is a refusal of the page, not an empty catalogue."""
    response = TextResponse(ROWS.format(page=1), body='{"code":401,"msg":"访问过于频繁"}'.encode(), encoding="utf-8")
    with pytest.raises(PageRefused):
        list(SamrStd().rows(response))


@pytest.mark.parametrize(
    ("remark", "edges"),
    [
        ("2005-03-01实施,代替GB/T 5606.1-1996", [("supersedes", "GB/T 5606.1-1996")]),
        ("代替GB/T 1.1-2009、GB/T 1.2—2002", [("supersedes", "GB/T 1.1-2009"), ("supersedes", "GB/T 1.2—2002")]),
        ("部分代替GB/T 18336.3-2015", [("partly supersedes", "GB/T 18336.3-2015")]),
        ("2005-03-01实施", []),
    ],
)
def test_remark_tells_what_is_replaced(remark: str, edges: list[tuple[str, str]]) -> None:
    """Every number after the word for "replaces" is an edge; a date is not."""
    assert [(edge.type, edge.target_text) for edge in replaced(remark)] == edges


def detail(heading: str) -> HtmlResponse:
    script = "<script>var words = {'none': '本系统尚未收录'};</script>"
    body = f"{script}<div class='bor2'><table class='mk1'><tr><td><h1>{heading}</h1></td></tr></table></div>"
    return HtmlResponse(DETAIL, body=body.encode(), encoding="utf-8")


def test_missing_standard_is_told_by_the_heading_only() -> None:
    """The sentence for "not in this system" stands in every page's script; only in the heading does it count."""
    spider = SamrOpenstd()
    (missing,) = spider.standard(detail("您所查询的标准本系统尚未收录"))
    (there,) = spider.standard(detail("标准号：GB/T 1.1-2000 <span class='label'>采</span>"))
    assert isinstance(missing, Refused)
    assert (missing.reason, missing.key) == ("not found at the publisher", HCNO)
    assert isinstance(there, Document)
    assert (there.designation, there.keywords) == ("GB/T 1.1-2000", ("采标",))


def listing(heads: str, cells: str) -> Selector:
    cells_html = "".join(f"<td>{cell}</td>" for cell in cells.split("|"))
    heads_html = "".join(f"<th>{head}</th>" for head in heads.split("|"))
    return Selector(
        f"<table class='result_list'><tbody><tr>{heads_html}</tr></tbody><tbody><tr>{cells_html}</tr></tbody></table>"
    )


def test_columns_are_found_by_their_heading() -> None:
    """The list reads the same with and without the language column, and under the short headings."""
    link = f"<a onclick=\"showInfo('{HCNO}');\">GB/T 1.1-2000</a>"
    pages = [
        ("标准号|是否采标|标准名称|状态|发布日期", f"{link}|采|导则|废止|2000-12-20 00:00:00.0"),
        ("标准号|语种|是否采标|标准名称|状态|发布日期", f"{link}||采|导则|废止|2000-12-20"),
        ("标准号|采|名称|状态|发布", f"{link}|采|导则|废止|2000-12-20"),
    ]
    spider, found = SamrOpenstd(), []
    for heads, cells in pages:
        url = "https://openstd.samr.gov.cn/bzgk/std/std_list?p.p2=GB"
        body = listing(heads, cells).get().encode()
        records = list(spider.standards(HtmlResponse(url, body=body, encoding="utf-8")))
        found += [record for record in records if isinstance(record, Document)]
    assert len(found) == 3
    assert len(set(found)) == 1
    assert found[0].published_text == "2000-12-20"
    assert found[0].keywords == ("采标",)


def test_redesigned_list_is_refused() -> None:
    """A table whose headings are unknown is a redesign, not a list without standards."""
    body = listing("No.|Name", "1|x").get().encode()
    response = HtmlResponse("https://openstd.samr.gov.cn/bzgk/std/std_list?x=1", body=body, encoding="utf-8")
    with pytest.raises(PageRefused):
        list(SamrOpenstd().standards(response))


def test_a_project_without_a_standard_number_is_a_draft_under_its_project_number() -> None:
    """The register of projects prints no standard number yet; the register in the address says what its rows are."""
    url = "https://std.samr.gov.cn/gb/search/gbAdvancedSearchPage?tid=1&std_p16=TC260&pageNumber=1&pageSize=50"
    row = {"id": "A1", "C_STD_CODE": None, "C_PLAN_CODE": "20230253-T-469", "C_C_NAME": "甲", "STATE": "正在起草"}
    body = json.dumps({"total": 1, "rows": [row]}).encode()

    (record,) = SamrStd().rows(TextResponse(url, body=body, encoding="utf-8"))

    assert (record.designation, record.kind_text, record.status_text) == ("20230253-T-469", "project", "正在起草")
