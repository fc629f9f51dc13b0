"""std.samr.gov.cn: the Chinese standards platform, the only place that prints which edition a GB adopts, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import scrapy
from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Document, PageRefused, Record, Refused, Relation

HOST = r"(?i)^https?://(?:std\.samr\.gov\.cn|(?:www\.)?std\.gov\.cn|std\.sacinfo\.org\.cn)(?::\d+)?"
SITE = "https://std.samr.gov.cn"
SEARCH = SITE + "/gb/search/gbAdvancedSearchPage?tid={register}&std_p16={committee}&pageNumber=1&pageSize=50"
DETAIL = {
    "BV_GB": "/gb/search/gbDetailed?id={id}",
    "BV_HB": "/hb/search/stdHBDetailed?id={id}",
    "BV_DB": "/db/search/stdDBDetailed?id={id}",
}
# cybersecurity; information technology; communications; automatic identification, cards and biometrics
COMMITTEES = ("TC260", "TC28", "TC485", "TC11")
TAG = re.compile(r"</?\w+[^>]*>")
CODE = re.compile(r"[A-Z]{1,5}[0-9]{0,2}(?:/[A-Z]+)?\s*[\d.]+(?:\s*[-—–－]\s*\d{2,4})?")
DEGREES = r"等同|修改|非等效|不等效|等效|参照|IDT|MOD|NEQ|EQV"
ADOPTION = re.compile(rf"^\s*({DEGREES})\s*(?:采用)?[\s:：,，]*(.+)$", re.I)
ADOPTED = re.compile(
    rf"本(?:标准|文件|部分)\s*({DEGREES})\s*采用了?(?:[^：:。]*(?:标准|文件|规范|组织)[^：:。]*[：:])?\s*([^。]+)", re.I
)
SEPARATOR = re.compile(r"[,，;；、]|\s+/\s+")
REGISTERS = {"1": "BV_GB_PLAN", "2": "BV_GB", "3": "BV_HB", "4": "BV_DB"}
PAGING = ("pageNumber", "pageSize")
FINISHED = (None, "", "已发布")
NOTHING = {"", "无", "-", "/", ","}


class SamrStd(SourceSpider):
    """Register: Chinese national standards (GB, GB/T, GB/Z) with adoption, plus industry standards
    and unfinished projects that a search shows.

    Publisher: Standardization Administration of China, National Public Service Platform for Standards Information.
    Caveats: search is fuzzy; an unknown paging parameter is ignored and page 1 repeats; highlight tags split numbers;
    the platform's id is not the hcno of the full-text system; degrees are words, "无" means no adoption.
    """

    name = "samr_std"
    title = "National public service platform for standards information (China)"
    body = "sac"
    homepage = "https://std.samr.gov.cn/gb"
    licence = "facts of a public register; texts are not stored"
    rank = 20
    date_formats = ("%Y-%m-%d",)
    expect = Expect(min=300, max=90000, filled={"title_zh": 0.98, "status": 0.98, "published": 0.97})
    routes = (
        Route(HOST + r"/search/stdPage(?:\?|$)", "results", "list"),
        Route(HOST + r"/(?:gb|hb|db)/search/(?:gb|hb|db)(?:Advanced|Query)?(?:Search)?Page(?:\?|$)", "rows", "api"),
        Route(HOST + r"/(?:gb|hb|db)/search/(?:gb|std(?:HB|DB))Detailed\?(?:[^#]*&)?id=", "standard", "detail"),
        Route(HOST + r"/gb/search/gbDetailInfo\?(?:[^#]*&)?id=", "single", "api"),
    )

    def live_requests(self) -> Iterator[scrapy.Request]:
        for register in ("2", "1"):  # national standards, then the projects that are to become some
            for committee in COMMITTEES:
                yield self.request(SEARCH.format(register=register, committee=committee))

    def results(self, response: Response) -> Iterator[Record]:
        page = html_page(response)
        blocks = page.css("div.panel.post")
        if not blocks and not page.css("div.nums") and "没有找到" not in response.text:
            raise PageRefused("no result blocks and no count of results on the page")
        for block in blocks:
            yield block_record(block)

    def rows(self, response: Response, seen: tuple[str, ...] = ()) -> Iterator[Record | scrapy.Request]:
        answer = self.read_json(response)
        if not isinstance(answer, dict) or not isinstance(answer.get("rows"), list):
            raise PageRefused("the answer has no list of rows")
        found: list[str] = []
        register = re.search(r"[?&]tid=(\d)", response.url)
        for row in answer["rows"]:
            record = row_record(row, REGISTERS.get(register[1]) if register else None)
            yield record
            found.append(str(row.get("id") or row.get("C_STD_CODE")) if isinstance(row, dict) else str(row))
            if isinstance(record, Document) and record.url and record.keywords:
                yield self.request(record.url)  # only the detail page prints what is adopted, and how
        yield from self.next_page(answer, response.url, seen, found)

    def next_page(
        self, answer: dict[str, Any], url: str, seen: tuple[str, ...], found: list[str]
    ) -> Iterator[Record | scrapy.Request]:
        """Page n+1 while pages bring new rows; after the last one the different rows must be as many as announced."""
        number, size = (int(match[1]) if (match := re.search(rf"[?&]{name}=(\d+)", url)) else 0 for name in PAGING)
        total = answer.get("total")
        if not number or not size or not isinstance(total, int) or (number > 1 and not seen):
            return
        together = tuple(dict.fromkeys((*seen, *found)))
        if len(together) < total and len(together) > len(seen):
            yield self.request(
                re.sub(r"([?&]pageNumber=)\d+", rf"\g<1>{number + 1}", url), cb_kwargs={"seen": together}
            )
        elif len(together) != total:
            yield Refused(reason="paging does not add up", text=f"{len(together)} of {total} after page {number}")

    def standard(self, response: Response) -> Iterator[Record]:
        yield detail_record(html_page(response), response.url)

    def single(self, response: Response) -> Iterator[Record]:
        answer = self.read_json(response)
        data = answer.get("data") if isinstance(answer, dict) else None
        row = data.get("gb") if isinstance(data, dict) else None
        if not isinstance(row, dict):
            raise PageRefused("the answer has no standard")
        yield row_record(row)


def field(row: dict[str, Any], *names: str) -> str | None:
    """The first of the named values that says something, without highlight tags."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int) and (text := clean(TAG.sub("", str(value)))) and text not in NOTHING:
            return text
    return None


def row_record(row: Any, register: str | None = None) -> Record:
    """One row of a JSON list of this register. Drafting persons and units are among its keys and stay there."""
    if not isinstance(row, dict):
        return Refused(reason="row without a standard number", text=str(row)[:100])
    identity = field(row, "id")
    kind = field(row, "TABLE_NAME") or register or ("BV_HB" if row.get("TRADE_NO") else "BV_GB")
    state = field(row, "STATE", "G_STATE")
    is_project = kind.endswith("_PLAN")
    number = field(row, *(("C_PLAN_CODE", "PLAN_CODE") if is_project else ()), "C_STD_CODE", "STD_CODE")
    if not number:
        return Refused(reason="row without a standard number", text=str(row.get("id"))[:100])
    if is_project and state in FINISHED:
        return Refused(reason="a finished project: its standard has a row of its own", text=number, key=identity)
    path = DETAIL.get(kind)
    return Document(
        designation=number,
        title=field(row, "C_E_NAME"),
        title_zh=field(row, "C_C_NAME", "C_NAME"),
        status_text=state,
        kind_text="project" if is_project else field(row, "STD_NATURE"),
        published_text=field(row, "ISSUE_DATE"),
        implemented_text=field(row, "ACT_DATE"),
        ics=split(field(row, "ICS")),
        ccs=split((field(row, "CCS") or "").replace(" ", "")),
        committee_text=committee(field(row, "TA_CODE"), field(row, "TA_NAME")),
        owner_text=field(row, "CD_NAME", "CHARGE_DEPT"),
        keywords=("采标",) if field(row, "ADOPT_TYPE") else (),
        url=SITE + path.format(id=identity) if path and identity else None,
        as_of=field(row, "SYS_INPUTIME"),
        relations=tuple(
            relation
            for name in ("TOTAL_REPE", "REVISE_STD_CODES")
            for relation in codes("supersedes", field(row, name) or "", name)
        ),
    )


def committee(code: str | None, name: str | None) -> str | None:
    """Code and name, "TC260 全国网络安全标准化技术委员会": the code stays while the name changes."""
    parts = [part for part in (code if code and code.startswith("TC") else None, name) if part]
    return " ".join(parts) or None


def codes(kind: str, text: str, label: str) -> Iterator[Relation]:
    for code in CODE.findall(text):
        yield Relation(type=kind, target_text=code.strip(), evidence=f"{label}: {text}")


def split(text: str | None) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[,，;；、\s]+", text) if part) if text else ()


def joined(node: Selector) -> str:
    """Text of a node whose inline highlight tags split words: nothing is put between the pieces."""
    return clean("".join(node.css("::text").getall())) or ""


def block_record(block: Selector) -> Record:
    link = block.css("a[pid]")
    code = block.css("span.en-code")
    number = joined(code[0]) if code else ""
    kind = link[0].attrib.get("tid", "") if link else ""
    if not link or not number:
        return Refused(reason="result without number or link", text=joined(block)[:100])
    heads = [joined(node) for node in block.css(".s-status")]
    is_project = kind.endswith("_PLAN")
    if is_project and (not heads or heads[0] in FINISHED):
        key = link[0].attrib["pid"]
        return Refused(reason="a finished project: its standard has a row of its own", text=number, key=key)
    pairs = {joined(pair.css(".media-left")): joined(pair.css(".media-body")) for pair in block.css(".media-inner")}
    classes = labels_after(block.css(".post-flex span"))
    times = {joined(time.xpath("./preceding-sibling::span[1]")): joined(time) for time in block.css("time")}
    path = DETAIL.get(kind)
    return Document(
        designation=number,
        title=pairs.get("英文标题") or None,
        title_zh=clean("".join(link[0].xpath(".//text()[not(ancestor::span[contains(@class,'en-code')])]").getall())),
        status_text=heads[0] if heads and heads[0] else None,
        kind_text="project" if is_project else None,
        published_text=times.get("发布于"),
        implemented_text=times.get("实施于"),
        withdrawn_text=times.get("废止于"),
        ics=split(classes.get("国际标准分类号（ICS）")),
        ccs=split((classes.get("中国标准分类号（CCS）") or "").replace(" ", "")),
        committee_text=pairs.get("归口单位") or pairs.get("归口部门") or None,
        keywords=("采标",) if "采" in heads[1:] else (),
        url=SITE + path.format(id=link[0].attrib["pid"]) if path else None,
        relations=tuple(adoptions(pairs.get("采标关系", ""))),
    )


def labels_after(spans: Any) -> dict[str, str]:
    """Label and value stand in neighbouring spans; icons between them are empty."""
    texts = [text for span in spans if (text := joined(span))]
    return {label: value for label, value in pairwise(texts) if "分类号" in label and "分类号" not in value}


def adoptions(text: str) -> Iterator[Relation]:
    """The printed adoption, "等同 ISO/IEC 27001:2022": degree first, then one or more targets."""
    if not text or text in NOTHING:
        return
    match = ADOPTION.match(text)
    degree, rest = (match[1], match[2]) if match else (None, text)
    for target in SEPARATOR.split(rest):
        if target := clean(target) or "":
            yield Relation(type="adopts", target_text=target, degree_text=degree, evidence=text)


def detail_record(page: Selector, url: str) -> Record:
    pairs = detail_pairs(page)
    number = pairs.get("标准号")
    if not number:
        raise PageRefused("no standard number among the page's labels")
    states = [joined(node) for node in page.css(".page-header .s-status")]
    code = page.xpath("//a[@ta_code][starts-with(normalize-space(.), 'TC')]/text()").get()
    name = pairs.get("归口单位") or pairs.get("归口部门")
    identity = re.search(r"[?&]id=([0-9A-Za-z]+)", url)
    path = next((path for path in DETAIL.values() if path.split("?")[0].lower() in url.lower()), None)
    return Document(
        designation=number,
        title=joined(page.css(".page-header h5")) or None,
        title_zh=joined(page.css(".page-header h4")) or None,
        status_text=states[-1] if states else None,
        kind_text=states[1] if len(states) > 2 else None,
        published_text=pairs.get("发布日期"),
        implemented_text=pairs.get("实施日期"),
        withdrawn_text=pairs.get("废止日期"),
        ics=split(pairs.get("国际标准分类号")),
        ccs=split(pairs.get("中国标准分类号", "").replace(" ", "")),
        committee_text=committee(clean(code), name),
        owner_text=pairs.get("主管部门"),
        issuer_text=pairs.get("批准发布部门") or pairs.get("发布单位"),
        url=SITE + path.format(id=identity[1]) if path and identity else url,
        relations=(
            *codes("supersedes", pairs.get("全部代替标准", ""), "全部代替标准"),
            *codes("partly supersedes", pairs.get("部分代替标准", "") or pairs.get("部分代替", ""), "部分代替"),
            *detail_adoptions(pairs, [joined(node) for node in page.css("p")]),
        ),
    )


def detail_pairs(page: Selector) -> dict[str, str]:
    """Label and value of the basic data; pop-ups inside a value are left out."""
    found: dict[str, str] = {}
    for label in page.css("dt.basicInfo-item.name"):
        value = label.xpath("./following-sibling::*[1][self::dd]")
        texts = value.xpath(".//text()[not(ancestor::div[contains(@class, 'Pop')])]").getall()
        if text := clean("".join(texts)):
            found.setdefault(joined(label).rstrip(":："), text)
    return found


def detail_adoptions(pairs: dict[str, str], sentences: list[str]) -> Iterator[Relation]:
    """The adoption section, as a sentence ("本标准等同采用ISO/IEC国际标准：…") or as labels."""
    if target := pairs.get("采用国际标准号") or pairs.get("采标号"):
        yield Relation(type="adopts", target_text=target, degree_text=pairs.get("采标程度"), evidence=target)
        return
    seen: set[str] = set()
    for match in filter(None, map(ADOPTED.search, sentences)):
        for part in SEPARATOR.split(match[2]):
            if (name := clean(part)) and name not in seen:
                seen.add(name)
                yield Relation(type="adopts", target_text=name, degree_text=match[1], evidence=clean(match[0]))
