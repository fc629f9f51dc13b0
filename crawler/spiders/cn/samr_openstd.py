"""openstd.samr.gov.cn: the register of Chinese national standards whose text is public (lists and detail pages)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import scrapy
from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page, table_rows
from standards_db.records import Document, PageRefused, Record, Refused, Relation

HOST = r"(?i)^https?://(?:openstd\.samr\.gov\.cn|(?:www\.)?gb688\.cn)(?::\d+)?/bzgk/(?:gb|std)"
LIST = "https://openstd.samr.gov.cn/bzgk/std/std_list?p.p1={kind}&p.p6=35&p.p90=circulation_date&p.p91=desc&pageSize=50&page=1"
DETAIL = "https://openstd.samr.gov.cn/bzgk/std/newGbInfo?hcno={hcno}"
HCNO = re.compile(r"[0-9A-F]{32}", re.I)
NUMBER = re.compile(r"^[A-Z].*\d")
MIDNIGHT = re.compile(r" 00:00:00(?:\.0)?$")
TOTAL = re.compile(r"共\s*(\d+)\s*条标准\s*(\d+)\s*/\s*(\d+)")
REPLACED = re.compile(
    r"(部分)?(?:代替|替代)[:：]?\s*((?:[A-Z]{2,4}(?:/[A-Z])?\s*[\d.]+\s*[-—–－]\s*\d{2,4}[、,，;；和及\s]*)+)"
)
CODE = re.compile(r"[A-Z]{2,4}(?:/[A-Z])?\s*[\d.]+\s*[-—–－]\s*\d{2,4}")
NOT_FOUND = "尚未收录"
FLAG = "采"


class SamrOpenstd(SourceSpider):
    """Register: full-text disclosure of Chinese national standards (GB, GB/T, GB/Z).

    Publisher: State Administration for Market Regulation and Standardization Administration of China.
    Caveats: says that a standard adopts an international one, never which; supersession only as a remark; no standards
    on food safety, environment or construction; the site renames ministries in old records.
    """

    name = "samr_openstd"
    title = "Full-text disclosure system of Chinese national standards"
    body = "sac"
    homepage = "https://openstd.samr.gov.cn/bzgk/std/"
    licence = "facts of a public register; texts are not stored"
    rank = 30
    date_formats = ("%Y-%m-%d",)
    expect = Expect(min=500, max=90000, filled={"title_zh": 0.99, "status": 0.99, "published": 0.98})
    routes = (
        Route(HOST + r"/std_list(?:_type)?(?:\?|$)", "standards", "list"),
        Route(HOST + r"/newGbInfo\?(?:[^#]*&)?hcno=", "standard", "detail"),
    )

    def live_requests(self) -> Iterator[scrapy.Request]:
        """Lists of ICS 35 (information technology), one for each kind: mandatory, recommended, guidance."""
        for kind in (1, 2, 3):
            yield self.request(LIST.format(kind=kind))

    def standards(self, response: Response, seen: tuple[str, ...] = ()) -> Iterator[Record | scrapy.Request]:
        page = html_page(response)
        found: list[str] = []
        for record, hcno in list_records(page):
            yield record
            found.append(hcno)
            yield self.request(DETAIL.format(hcno=hcno))
        yield from self.next_page(page, response.url, seen, found)

    def next_page(
        self, page: Selector, url: str, seen: tuple[str, ...], found: list[str]
    ) -> Iterator[Record | scrapy.Request]:
        """Page n+1 while pages bring new rows; after the last one the different rows must be as many as announced."""
        counts = TOTAL.search(clean(" ".join(page.xpath("//body//text()[not(parent::script)]").getall())) or "")
        if counts is None or "pageSize=" not in url or not re.search(r"[?&]page=\d", url):
            return
        total, number, last = (int(count) for count in counts.groups())
        together = tuple(dict.fromkeys((*seen, *found)))
        if number > 1 and not seen:
            return
        if number < last and len(together) > len(seen):
            yield self.request(re.sub(r"([?&]page=)\d+", rf"\g<1>{number + 1}", url), cb_kwargs={"seen": together})
        elif len(together) != total:
            yield Refused(
                reason="paging does not add up", text=f"{len(together)} of {total} after page {number} of {last}"
            )

    def standard(self, response: Response) -> Iterator[Record]:
        yield standard_record(html_page(response), response.url)


def list_records(page: Selector) -> Iterator[tuple[Record, str]]:
    """Rows of the result table with the hcno each one opens; a result without hits has a table without rows."""
    table = page.css("table.result_list")
    if not table:
        raise PageRefused("no result table on the page")
    heads = {clean("".join(head.css("::text").getall())) for head in table[0].css("th")}
    if "标准号" not in heads or not heads & {"标准名称", "名称"}:
        raise PageRefused(f"result table without its columns: {sorted(filter(None, heads))}")
    for row in table_rows(table[0].get()):
        hcno = HCNO.search(row.get("@onclick", ""))
        number = row.get("标准号", "")
        if hcno is None or not number:
            yield Refused(reason="row without number or link", text=str(row)[:200]), ""
            continue
        yield list_record(row, number, hcno[0]), hcno[0]


def list_record(row: dict[str, str], number: str, hcno: str) -> Document:
    flagged = FLAG in (row.get("是否采标") or row.get("采") or row.get("采标") or "")
    return Document(
        designation=number,
        title_zh=row.get("标准名称") or row.get("名称"),
        status_text=row.get("状态") or row.get("标准状态") or None,
        kind_text=row.get("类别") or None,
        published_text=day(row.get("发布日期") or row.get("发布")),
        implemented_text=day(row.get("实施日期") or row.get("实施")),
        keywords=("采标",) if flagged else (),
        url=DETAIL.format(hcno=hcno),
    )


def day(text: str | None) -> str | None:
    return clean(MIDNIGHT.sub("", text)) if text else None


def standard_record(page: Selector, url: str) -> Record:
    head = page.css("div.bor2 h1, table.mk1 h1, h1")
    printed = clean("".join(head[0].xpath("./text()").getall())) if head else None
    whole = clean(" ".join(head[0].css("::text").getall())) if head else None
    hcno = next(iter(parse_qs(urlsplit(url).query).get("hcno", [])), None)
    if whole and NOT_FOUND in whole:
        return Refused(reason="not found at the publisher", text=whole, key=hcno)
    number = clean(re.sub(r"^标准号\s*[:：]?", "", printed or ""))
    if not number or not NUMBER.match(number):
        raise PageRefused(f"no standard number in the page's heading: {whole!r}")
    names = labelled(page)
    fields = titled(page)
    remark = fields.get("备注") or ""
    return Document(
        designation=number,
        title=names.get("英文标准名称"),
        title_zh=names.get("中文标准名称"),
        status_text=names.get("标准状态"),
        published_text=day(fields.get("发布日期")),
        implemented_text=day(fields.get("实施日期")),
        ics=split(fields.get("国际标准分类号（ICS）")),
        ccs=split(fields.get("中国标准分类号（CCS）")),
        committee_text=fields.get("归口部门") or fields.get("归口单位"),
        owner_text=fields.get("主管部门"),
        issuer_text=fields.get("发布单位"),
        keywords=("采标",) if head.css(".label").re(FLAG) else (),
        full_text=full_text(page),
        url=DETAIL.format(hcno=hcno) if hcno else url,
        relations=tuple(replaced(remark)),
    )


def labelled(page: Selector) -> dict[str, str]:
    """Cells of the upper table that print a label, a colon and a value."""
    found: dict[str, str] = {}
    for cell in page.css("table.tdlist td"):
        match = re.match(r"([^:：]+)[:：]\s*(.+)", clean(" ".join(cell.css("::text").getall())) or "")
        if match:
            found.setdefault(match[1].strip(), match[2].strip())
    return found


def titled(page: Selector) -> dict[str, str]:
    """Pairs of a `title` box and the `content` box after it; an empty box gives nothing."""
    found: dict[str, str] = {}
    for title in page.css("div.title"):
        content = title.xpath("./following-sibling::div[1][contains(concat(' ', @class, ' '), ' content ')]")
        label = clean(" ".join(title.css("::text").getall()))
        value = clean(" ".join(content.css("::text").getall())) if content else None
        if label and value:
            found.setdefault(label.replace("(", "（").replace(")", "）"), value)
    return found


def full_text(page: Selector) -> str | None:
    """What the page offers: reading on line, a download, or the sentence why there is none."""
    offers = [
        label for button, label in (("ck_btn", "在线预览"), ("xz_btn", "下载标准")) if page.css(f"button.{button}")
    ]
    if offers:
        return ", ".join(offers)
    return clean(" ".join(page.css("table.tdlist span.text-danger:not([style])::text").getall()))


def replaced(remark: str) -> Iterator[Relation]:
    """Supersession told in the remark: "2005-03-01实施,代替GB/T 5606.1-1996"."""
    for match in REPLACED.finditer(remark):
        kind = "partly supersedes" if match[1] else "supersedes"
        for code in CODE.findall(match[2]):
            yield Relation(type=kind, target_text=code, evidence=remark, method="source text")


def split(text: str | None) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[,，;；、\s]+", text) if part) if text else ()
