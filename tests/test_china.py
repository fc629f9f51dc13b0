"""What Chinese sites get wrong, each as a small page: paging, dates, dashes, block pages, layouts of other years."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
import scrapy
from scrapy.http import HtmlResponse, Response, TextResponse

from crawler.base import SourceSpider
from crawler.middlewares import block_reason
from crawler.spiders.cn.sacinfo_dbba import SacinfoDbba
from crawler.spiders.cn.sacinfo_hbba import SacinfoHbba
from crawler.spiders.cn.samr_openstd import SamrOpenstd
from crawler.spiders.cn.samr_std import SamrStd
from crawler.spiders.cn.sca import Sca
from crawler.spiders.cn.tc260 import Tc260
from crawler.spiders.cn.ttbz import Ttbz
from standards_db.interpret import Source, document
from standards_db.records import Document, PageRefused, Refused

LIST = "https://hbba.sacinfo.org.cn/stdQueryList"
PAGE = "https://hbba.sacinfo.org.cn/stdDetail/" + "a1" * 16
QUERY = {"industry": "国密"}
SEARCH = "https://std.samr.gov.cn/search/stdPage?q=x&tid=BV_GB_PLAN&pageNo=1"
HCNO = "847191101089628341120D62AEFC29A1"


def html(url: str, body: str, status: int = 200) -> HtmlResponse:
    return HtmlResponse(url, status=status, body=f"<html><body>{body}</body></html>".encode(), encoding="utf-8")


def answer(numbers: list[str], total: int, **given: Any) -> TextResponse:
    rows = [{"code": f"GM/T {number}-2020", "pk": number * 8, "chName": "密码", **given} for number in numbers]
    body = json.dumps({"current": 1, "pages": 9, "size": 100, "total": total, "records": rows}).encode()
    return TextResponse(LIST, body=body, encoding="utf-8")


def read(source: type[SourceSpider], response: Response, method: str = "GET") -> list[Any]:
    """What the callback of the route that fits the response yields."""
    route = source.route_of(response.url, method)
    assert route is not None
    return list(getattr(source(), route.callback)(response))


def documents(records: list[Any]) -> list[Document]:
    return [record for record in records if isinstance(record, Document)]


def listed(response: TextResponse, page: int = 1, seen: tuple[str, ...] = ()) -> tuple[list[scrapy.Request], list[str]]:
    """The requests for further lists, and the reasons of refusals, after one page of a live crawl."""
    records = list(SacinfoHbba().standards(response, query=QUERY, page=page, seen=seen))
    following = [r for r in records if isinstance(r, scrapy.Request) and r.method == "POST"]
    return following, [r.reason for r in records if isinstance(r, Refused)]


def test_a_list_is_asked_for_page_after_page_with_its_filter() -> None:
    """The next page keeps the filter, counts up, and knows what was seen; the last page ends without complaint."""
    following, reasons = listed(answer(["0001", "0002"], 3))
    form = parse_qs(following[0].body.decode())
    assert (form["industry"], form["current"], reasons) == (["国密"], ["2"], [])
    assert listed(answer(["0003"], 3), **{k: following[0].cb_kwargs[k] for k in ("page", "seen")}) == ([], [])


def test_a_page_that_repeats_ends_the_list_with_a_refusal() -> None:
    """A site that ignores the page number is noticed by rows that are not new."""
    seen = ("0001" * 8, "0002" * 8)
    assert listed(answer(["0001", "0002"], 9), page=2, seen=seen) == ([], ["paging does not add up"])


@pytest.mark.parametrize("total", [1, 0])
def test_a_total_that_lies_is_refused(total: int) -> None:
    """More different rows than announced are as wrong as fewer."""
    assert listed(answer(["0001", "0002"], total)) == ([], ["paging does not add up"])


def test_an_empty_last_page_is_refused() -> None:
    """A list that stops answering before its total was reached says so."""
    assert listed(answer([], 5), page=2, seen=("a", "b")) == ([], ["paging does not add up"])


@pytest.mark.parametrize(
    "body",
    [
        '{"current":1,"pages":1,"records":[{"code":"GM/T 0001-2020","chNa',
        '{"code":429,"msg":"访问过于频繁"}',
        '{"records":null,"total":3}',
        "[]",
        "<html><body>系统维护</body></html>",
    ],
)
def test_a_half_answered_list_is_refused(body: str) -> None:
    """A cut-off answer, an error in JSON, no list, or HTML where JSON is due: never an empty catalogue."""
    with pytest.raises(PageRefused):
        read(SacinfoHbba, TextResponse(LIST, body=body.encode(), encoding="utf-8"), "POST")


def test_no_hit_is_no_refusal() -> None:
    """A search without results is a legitimate answer."""
    assert read(SacinfoDbba, TextResponse(LIST.replace("hbba", "dbba"), body=answer([], 0).body), "POST") == []


def test_one_bad_row_does_not_hide_the_others() -> None:
    """A row that is no object, or has no number, is refused alone."""
    body = json.dumps({"total": 3, "records": [None, {"pk": "x", "code": "无"}, {"code": "YD/T 2038-2009"}]}).encode()
    kinds = [type(record) for record in read(SacinfoHbba, TextResponse(LIST, body=body), "POST")]
    assert kinds == [Refused, Refused, Document]


def test_highlight_tags_inside_json_vanish() -> None:
    """The search marks its hits inside the strings; the number is read without the marks and without new blanks."""
    row = {
        "code": "<sacinfo>GM</sacinfo>/<sacinfo>T</sacinfo> 0028-<b>2014</b>",
        "chName": "<sacinfo>密码</sacinfo>模块",
        "reviseStdCodes": "GM/T 0012-2012,GM/T 0039—2015",
    }
    body = json.dumps({"total": 1, "records": [row]}).encode()
    (record,) = documents(read(SacinfoHbba, TextResponse(LIST, body=body), "POST"))
    assert (record.designation, record.title_zh, record.url) == ("GM/T 0028-2014", "密码模块", None)
    assert [edge.target_text for edge in record.relations] == ["GM/T 0012-2012", "GM/T 0039—2015"]


def test_midnight_in_shanghai_is_not_the_day_before() -> None:
    """1538323200000 is 16:00 UTC on 30 September, and 1 October in Shanghai: the page says 1 October too."""
    (listed_record,) = documents(read(SacinfoHbba, answer(["0001"], 1, actDate=1538323200000), "POST"))
    body = page_of_standard(
        "<dt class='basicInfo-item name'>实施日期</dt><dd class='basicInfo-item value'>2018-10-01</dd>"
    )
    (printed_record,) = documents(read(SacinfoHbba, html(PAGE, body)))
    source = Source("sacinfo_hbba", "cn_industry", date_formats=SacinfoHbba.date_formats)
    days = {document(record, source).payload["implemented"] for record in (listed_record, printed_record)}
    assert days == {"2018-10-01"}


def page_of_standard(labels: str, badges: str = "<span class='s-status label label-primary'>现行</span>") -> str:
    return f"""<div class="page-header"><h4>密码模块 <span title="不公开"></span></h4><h5></h5>
    <div><b>GM/T 0028-2014</b><span class="s-status label label-info">国密</span>{badges}</div></div>
    <div class="timeline"><ol><li><a>发布<span>于&nbsp;2014-02-13</span></a></li>
    <li><a>废止<span>于 2025-07-01</span></a></li></ol></div>
    <dl><dt class="basicInfo-item name">标准号</dt><dd class="basicInfo-item value">GM/T 0028-2014</dd>{labels}</dl>
    <p>备案号：</p><p>备案公告： <a>2018年第4号</a></p><p>起草人：某人</p>"""


@pytest.mark.parametrize("label", ["批准发布部门", "主管部门"])
@pytest.mark.parametrize(
    "badges",
    [
        "<span class='s-status label-primary'> 有更新版 </span>",
        "<span class='s-status label-success'>推荐性</span><span class='s-status label-primary'>有更新版</span>",
    ],
)
def test_page_of_a_standard_in_every_layout(label: str, badges: str) -> None:
    """Old and new labels of the ministry and the badge of its nature give one record; an empty filing number none."""
    labels = f"<dt class='basicInfo-item name'>{label}</dt><dd class='basicInfo-item value'>国家密码管理局</dd>"
    (record,) = read(SacinfoHbba, html(PAGE, page_of_standard(labels, badges)))
    assert (record.title_zh, record.title, record.status_text) == ("密码模块", None, "有更新版")
    assert (record.issuer_text, record.withdrawn_text) == ("国家密码管理局", "2025-07-01")
    assert record.keywords == ("国密", "备案公告 2018年第4号")
    assert "某人" not in repr(record)


BLOCK = "<head><link href='/css/notice-jiasule.css'></head><h1>当前访问疑似黑客攻击</h1>"


@pytest.mark.parametrize("status", [403, 200])
def test_the_block_page_of_the_group_standards_is_recognised(status: int) -> None:
    """By its status, and by its own mark when it is served as a page."""
    reason = block_reason(html("http://www.ttbz.org.cn/Home/Standard?key=T", BLOCK, status))
    assert reason is not None and reason.startswith("blocked: ")


def group_list(heads: str, cells: str) -> HtmlResponse:
    head = "".join(f"<th>{name}</th>" for name in heads.split("|"))
    row = "".join(f"<td>{cell}</td>" for cell in cells.split("|"))
    body = f"<table class='standard_list_table'><tr>{head}</tr><tr>{row}</tr></table>"
    return html("http://www.ttbz.org.cn/Home/Standard?searchType=2&key=T", body)


def test_em_dash_in_a_number_is_a_hyphen_to_the_reader() -> None:
    """The record keeps what is printed, the identifier is the canonical one; with and without the status column."""
    link = "<a href='/StandardManage/Detail/22746/'>详细</a>"
    new = group_list("序号|团体名称|标准编号|标准名称|状态|详细", f"1|协会|T/GZAEPI 001—2018|吸油烟机|现行|{link}")
    old = group_list("序号|团体名称|标准编号|标准名称|详细", f"1|协会|T/GZAEPI 001—2018|吸油烟机|{link}")
    source = Source("ttbz", "cn_group", date_formats=Ttbz.date_formats)
    for page, status in ((new, "现行"), (old, None)):
        (record,) = documents(read(Ttbz, page))
        assert (record.designation, record.status_text) == ("T/GZAEPI 001—2018", status)
        assert document(record, source).key == "T/GZAEPI 001-2018"


def test_page_of_a_group_standard_keeps_codes_and_no_person() -> None:
    """Stray text in the classification cell is left out, and so are drafters and the responsible person."""
    pairs = {
        "标准编号": "T/X 1—2020",
        "中国标准分类号": "Y68       ICS 97.040.99",
        "国际标准分类号": "13.020.01  环境和环境保护综合",
        "起草人": "某人",
        "法定代表人/负责人": "某人",
    }
    rows = "".join(f"<tr><td>{label}&nbsp;</td><td><span>{value}</span></td></tr>" for label, value in pairs.items())
    well = "<div class='well'><p>公布，最后修改时间：2018/5/17 9:13:18</p></div>"
    response = html("http://www.ttbz.org.cn/StandardManage/Detail/1", f"<table class='tctable'>{rows}</table>{well}")
    (record,) = documents(read(Ttbz, response))
    assert (record.ccs, record.ics) == (("Y68",), ("13.020.01",))
    row = document(record, Source("ttbz", "cn_group", date_formats=Ttbz.date_formats))
    assert row.payload["updated"] == "2018-05-17"
    assert "某人" not in repr(record)


def openstd_page(heading: str, issuer: str) -> HtmlResponse:
    body = f"""<div class="bor2"><table class="mk1"><tr><td><h1>{heading}</h1></td></tr></table>
    <div clsss="row"><div class="title">发布单位</div><div class="content">{issuer}</div>
    <div class="title">备注</div><div class="content"></div></div></div>"""
    return html(f"https://openstd.samr.gov.cn/bzgk/std/newGbInfo?hcno={HCNO}", body)


def test_an_empty_issuer_stays_empty() -> None:
    """The box after the empty one is not taken for the issuer; the record stands without it."""
    (empty,) = documents(read(SamrOpenstd, openstd_page("标准号：GB/T 1.1-2000 <span class='label'>采</span>", " ")))
    (filled,) = documents(read(SamrOpenstd, openstd_page("标准号：GB/T 1.1-2000", "国家标准委")))
    assert (empty.issuer_text, empty.keywords, empty.relations) == (None, ("采标",), ())
    assert (filled.issuer_text, filled.keywords) == ("国家标准委", ())


def test_an_id_of_the_other_platform_leads_to_no_standard() -> None:
    """Both platforms use 32 hex digits; one glued into the other's address gives a page without a standard."""
    (record,) = read(SamrOpenstd, openstd_page("您所查询的标准系统尚未收录，将在发布后20个工作日内公开", ""))
    assert isinstance(record, Refused) and record.key == HCNO


def project(state: str) -> str:
    return f"""<div class="panel post"><a tid="BV_GB_PLAN" pid="5D">
    <span class="en-code">2026<sacinfo>0458</sacinfo>-T-469</span>
    网络安全技术 甲</a><span class="s-status">{state}</span><span>下达于</span><time>2026-01-05</time></div>"""


def test_unfinished_projects_are_drafts_and_finished_ones_are_left_to_their_standard() -> None:
    """A plan in work is a document with its project number and the status of a draft; a plan that ended is refused."""
    unfinished, finished = read(SamrStd, html(SEARCH, project("正在起草") + project("已发布")))
    row = document(unfinished, Source("samr_std", "sac"))
    assert (row.key, row.payload["status"], row.payload["kind"]) == ("20260458-T-469", "draft", "project")
    assert row.payload["published"] is None
    assert isinstance(finished, Refused)


FRONT = "https://www.tc260.org.cn/front/"
NOTICE = "关于国家标准《网络安全技术 甲》征求意见稿征求意见的通知"


def test_a_draft_is_the_same_in_list_and_page_of_the_first_site() -> None:
    """Key, title and deadline are read from both, and the contact person from neither; parameters come in any order."""
    link = "/front/bzzqyjDetail.html?norm_id=7&id=20250827154251"
    deadline = "<span class='list_time'>[截至日期:2025-10-26]</span>"
    item = f"<li class='list-group-item list_title_news'><a href='{link}'>{NOTICE}</a>{deadline}</li>"
    lines = (NOTICE, "2025-09-15", "请于2025年10月26日前反馈。", "联系人：某人")
    page = "<div class='news_end'>" + "".join(f"<p>{line}</p>" for line in lines) + "</div>"
    records = [
        *documents(read(Tc260, html(FRONT + "bzzqyjList.html?start=0&length=10", item))),
        *documents(read(Tc260, html(FRONT + "bzzqyjDetail.html?id=20250827154251&recode_id=1", page))),
    ]
    assert {(r.key, r.designation, r.status_text) for r in records} == {
        ("20250827154251", "网络安全技术 甲", "征求意见")
    }
    assert [r.keywords for r in records] == [("comments until 2025-10-26",), ("comments until 2025年10月26日",)]
    assert records[1].published_text == "2025-09-15"
    assert "某人" not in repr(records)


def test_a_draft_of_the_second_site_is_found_with_and_without_a_heading() -> None:
    """The script call holds id and deadline; a page without heading is named after the attached draft."""
    key = "3bb57023c00a464faf4c2f7b9a5524c7"
    item = (
        f"<div class='item'><a onclick=\"jumpDetail('{key}','2026-04-12')\">{NOTICE}</a><span>2026-02-11</span></div>"
    )
    files = "<div class='list'><ul><li><label>征求意见稿：</label><a>《网络安全技术 甲》文本.pdf</a></li></ul></div>"
    time = "<p class='time'>发布时间：2026-02-11 截止时间：2026-04-12</p>"
    heading = f"<div class='advice'><div class='title'><h1>{NOTICE}</h1>{time}</div></div>"
    portal = "https://www.tc260.org.cn/portal/"
    (listed,) = documents(read(Tc260, html(portal + "suggestion?page=1", item)))
    (bare,) = documents(read(Tc260, html(portal + f"suggestion-detail/{key}", files)))
    (headed,) = documents(read(Tc260, html(portal + f"suggestion-detail/{key}", heading)))
    assert {(r.key, r.designation) for r in (listed, bare, headed)} == {(key, "网络安全技术 甲")}
    for record in (listed, headed):
        assert (record.published_text, record.keywords) == ("2026-02-11", ("comments until 2026-04-12",))


def test_items_of_the_third_site_are_drafts_documents_or_news() -> None:
    """A notice of a draft, a practice guide and an announced document are kept; plain news is refused with a reason."""
    items = {
        "/tc260/tzgg/202609/aa.shtml": "关于《甲》等2项国家标准、《乙》征求意见的通知",
        "/tc260/sjzn/202609/bb.shtml": "网络安全标准实践指南——丙",
        "/tc260/tzgg/202609/cc.shtml": "关于发布《丁》的通知",
        "/tc260/xwdt1/202609/dd.shtml": "全国会议在北京召开",
        "https://mp.example.cn/x": "《戊》",
    }
    rows = "".join(f"<li><a href='{u}'><span class='date'>2026年9月5日</span>{t}</a></li>" for u, t in items.items())
    body = f"<ul class='inList'>{rows}</ul><a href='list_2.shtml'>下一页</a>"
    records = read(Tc260, html("https://www.tc260.org.cn/tc260/tzgg/list.shtml", body))
    assert [(r.key, r.designation, r.kind_text) for r in documents(records)] == [
        ("aa", "甲", "draft for comment"),
        ("aa/2", "乙", "draft for comment"),
        ("bb", "网络安全标准实践指南——丙", "practice guide"),
        ("cc", "丁", "published document"),
    ]
    assert {r.published_text for r in documents(records)} == {"2026年9月5日"}
    assert len([r for r in records if isinstance(r, Refused)]) == 2
    assert [r.url for r in records if isinstance(r, scrapy.Request)] == [
        "https://www.tc260.org.cn/tc260/tzgg/list_2.shtml"
    ]


def test_cryptography_office_keeps_announcements_rules_and_catalogues() -> None:
    """Each once, with the day beside it or in its address; explanations and personnel notices are left out."""
    titles = {
        "xwdt/2026-01/30/content_1": "国家密码管理局公告（第55号）",
        "xxgk/2025-06/27/content_2": "商用密码使用管理规定<br>（令第5号）",
        "xxgk/2025-06/27/content_3": "《商用密码使用管理规定》解读",
        "xwdt/2025-03/27/content_4": "关于发布《商用密码产品认证目录（第三批）》的公告",
        "xwdt/2026-03/28/content_5": "关于开展从业人员考核的公告",
    }
    items = "".join(
        f"<li>{'<span>2025-01-02</span>' if 'content_2' in path else ''}<a href='/sca/{path}.shtml'>{title}</a>"
        f"<p><a href='/sca/{path}.shtml&#10;'>[详情]</a></p></li>"
        for path, title in titles.items()
    )
    records = read(Sca, html("https://www.sca.gov.cn/sca/xwdt/tzgg.shtml", f"<ul>{items}</ul>"))
    assert [(r.key, r.kind_text, r.published_text) for r in documents(records)] == [
        ("1", "announcement", "2026-01-30"),
        ("2", "regulation", "2025-01-02"),
        ("4", "catalogue", "2025-03-27"),
    ]
    assert [r.key for r in records if isinstance(r, Refused)] == ["3", "5"]


@pytest.mark.parametrize(
    ("source", "url"),
    [
        (SacinfoHbba, PAGE),
        (Sca, "http://www.oscca.gov.cn/"),
        (Tc260, "https://www.tc260.org.cn/tc260/tzgg/list_2.shtml"),
        (Tc260, "https://www.tc260.org.cn/portal/suggestion?page=1"),
        (Tc260, "https://www.tc260.org.cn/portal/suggestion-detail/3bb57023"),
        (Tc260, FRONT + "bzzqyjList.html?length=10&start=0"),
        (Tc260, FRONT + "bzzqyjDetail.html?norm_id=1&id=2"),
        (Ttbz, "https://www.ttbz.org.cn/Home/Standard?key=T"),
        (Ttbz, "https://ttbz.org.cn/StandardManage/Detail/22746"),
    ],
)
def test_a_redesigned_page_is_refused(source: type[SourceSpider], url: str) -> None:
    """A page without the parts that its route promises is refused, never read as empty."""
    with pytest.raises(PageRefused):
        read(source, html(url, "<div id='app'></div>"))


@pytest.mark.parametrize("build", [lambda body: body, lambda body: b"\xef\xbb\xbf" + body])
def test_an_answer_may_start_with_a_byte_order_mark(build: Callable[[bytes], bytes]) -> None:
    """The JSON is the same with and without the mark."""
    response = TextResponse(LIST, body=build(answer(["0001"], 1).body))
    assert [r.designation for r in documents(read(SacinfoHbba, response, "POST"))] == ["GM/T 0001-2020"]


def test_the_group_standards_are_off_and_say_why() -> None:
    """The publisher's wish not to be read is respected and told."""
    assert not Ttbz.enabled and "robots.txt" in Ttbz.why_off
