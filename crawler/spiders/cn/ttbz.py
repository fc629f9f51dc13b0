"""ttbz.org.cn: group standards (T/…) of Chinese associations, as the site printed them until 2022."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

import scrapy
from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page, table_rows
from standards_db.records import Document, PageRefused, Record, Refused

HOST = r"(?i)^https?://(?:www\.)?ttbz\.org\.cn(?::\d+)?"
SITE = "http://www.ttbz.org.cn"
ICS = re.compile(r"(?<![\d.])\d{2}(?:\.\d{2,3}){0,2}(?![\d.])")
CCS = re.compile(r"(?<![A-Z])[A-Z]\s?\d{2}(?:/\d{2})?(?!\d)")
LAST_CHANGE = re.compile(r"最后修改时间\s*[:：]\s*(\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:\s+[\d:]+)?)")


class Ttbz(SourceSpider):
    """Register: national platform of group standards (T/…): number, title, association, status, dates.

    Publisher: China National Institute of Standardization.
    Caveats: numbers carry an em dash; the classification cell can hold stray text; lists print the day on which a
    standard was made public on the platform (kept as the day of the record), pages the day of its publication.
    """

    name = "ttbz"
    title = "National platform of group standards (China)"
    body = "cn_group"
    homepage = "https://www.ttbz.org.cn/"
    licence = "facts of a public register; texts are not stored"
    enabled: ClassVar[bool] = False
    why_off: ClassVar[str] = (
        "the publisher does not want it read: robots.txt disallows /ms/, the path of the data behind today's pages, "
        "and since 2026-01 a firewall answers 403; archived pages of 2018-2022 are read"
    )
    rank = 30
    date_formats = ("%Y年%m月%d日", "%Y-%m-%d", "%Y/%m/%d", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S")
    expect = Expect(min=1000, max=300000, filled={"title_zh": 0.98, "published": 0.3})
    start_urls: ClassVar[list[str]] = [f"{SITE}/Home/Standard?searchType=2&key="]
    routes = (
        Route(HOST + r"/Home/Standard/?(?:[?#]|$)", "standards", "list"),
        Route(HOST + r"/StandardManage/Detail/\d+/?(?:[?#]|$)", "standard", "detail"),
    )

    def standards(self, response: Response) -> Iterator[Record | scrapy.Request]:
        page = html_page(response)
        tables = [table for table in page.css("table.standard_list_table") if table.css("th")]
        heads = {clean("".join(head.css("::text").getall())) for head in tables[0].css("th")} if tables else set()
        if not {"标准编号", "标准名称"} <= heads:
            raise PageRefused(f"no table of standards: {sorted(filter(None, heads))}")
        for row in table_rows(tables[0].get(), attribute="href"):
            url = detail_url(row.get("@href", ""))
            yield list_record(row, url)
            if url:
                yield self.request(url)

    def standard(self, response: Response) -> Iterator[Record]:
        yield page_record(html_page(response), response.url)


def detail_url(link: str) -> str | None:
    found = re.search(r"/StandardManage/Detail/(\d+)", link, re.I)
    return f"{SITE}/StandardManage/Detail/{found[1]}/" if found else None


def list_record(row: dict[str, str], url: str | None) -> Record:
    if not (number := row.get("标准编号")):
        return Refused(reason="row without a standard number", text=str(row)[:200])
    return Document(
        designation=number,
        title_zh=row.get("标准名称") or None,
        status_text=row.get("状态") or None,
        updated_text=row.get("公布日期") or None,
        issuer_text=row.get("团体名称") or None,
        url=url,
    )


def page_record(page: Selector, url: str) -> Record:
    """One standard. Drafters and the association's responsible person stand among the rows and stay there."""
    pairs: dict[str, str] = {}
    for row in page.css("table.tctable tr"):
        cells = [clean("".join(cell.css("::text").getall())) for cell in row.xpath("./td")[:2]]
        if len(cells) == 2 and cells[0] and cells[1]:
            pairs.setdefault(cells[0].rstrip(":： "), cells[1])
    if not (number := pairs.get("标准编号")):
        raise PageRefused("no standard number among the page's labels")
    changed = LAST_CHANGE.search(" ".join(page.css(".well ::text").getall()))
    return Document(
        designation=number,
        title=pairs.get("英文标题"),
        title_zh=pairs.get("中文标题"),
        status_text=pairs.get("标准状态"),
        published_text=pairs.get("发布日期"),
        implemented_text=pairs.get("实施日期"),
        withdrawn_text=pairs.get("废止日期"),
        updated_text=changed[1] if changed else None,
        ics=tuple(ICS.findall(pairs.get("国际标准分类号", ""))),
        ccs=tuple(code.replace(" ", "") for code in CCS.findall(pairs.get("中国标准分类号", ""))),
        issuer_text=pairs.get("团体名称"),
        full_text=pairs.get("标准文本"),
        url=detail_url(url) or url,
    )
