"""sca.gov.cn: announcements, rules and catalogues of the State Cryptography Administration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Document, PageRefused, Record, Refused

HOST = r"(?i)^https?://(?:www\.)?(?:sca|oscca)\.gov\.cn(?::\d+)?"
SITE = "https://www.sca.gov.cn"
CONTENT = re.compile(r"/sca/(?:xwdt|xxgk)/(\d{4})-(\d{2})/(\d{2})/content_(\d+)\.shtml", re.I)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
ABOUT_RULES = re.compile("解读|专家|答记者问|宣传|案例|考核|题库|收费|培训")
KINDS = (
    ("catalogue", re.compile(r"(?:认证|产品|检测|算法)[^《》]{0,12}目录")),
    ("announcement", re.compile(r"公告[（(]第\s*\d+\s*号[）)]")),
    ("regulation", re.compile(r"(?:规定|办法|条例)》?\s*(?:[（(]|$)")),
    ("standard", re.compile(r"GM/[TYZ]\s*\d|密码[^《》]{0,20}(?:标准|技术规范|技术要求)》?$")),
)


class Sca(SourceSpider):
    """Register: numbered announcements, rules and catalogues on commercial cryptography.

    Publisher: State Cryptography Administration of China (the same office as OSCCA, under either name and host).
    Caveats: read from the links of the home page and of the notices, never from the texts; these documents have titles
    and no standard numbers; news, explanations and personnel notices are left out with a reason; lists of certified
    products stand on a service that is not read. Standards (GM/T) are read from the industry register.
    """

    name = "sca"
    title = "State Cryptography Administration: announcements and rules (China)"
    body = "oscca"
    homepage = "https://www.sca.gov.cn/"
    licence = "facts of a public site; texts are not stored"
    rank = 40
    date_formats = ("%Y-%m-%d",)
    expect = Expect(min=1, max=2000, filled={"title_zh": 0.98, "published": 0.98})
    start_urls = [f"{SITE}/sca/index.shtml", f"{SITE}/sca/xwdt/tzgg.shtml"]
    routes = (
        Route(HOST + r"/?(?:(?:sca/)?index\.shtml)?(?:[?#]|$)", "notices", "list"),
        Route(HOST + r"/sca/(?:xwdt|xxgk)/(?:[a-z]+/)*[a-z]+(?:_\d+)?\.shtml(?:[?#]|$)", "notices", "list"),
    )

    def notices(self, response: Response) -> Iterator[Record]:
        page = html_page(response)
        titles: dict[str, Record] = {}
        for link in page.css("a[href*='content_']"):
            if (item := CONTENT.search(link.attrib["href"])) and (record := notice(link, item, response.url)):
                titles.setdefault(item[4], record)
        if not titles:
            raise PageRefused("no link to a notice on the page")
        yield from titles.values()


def notice(link: Selector, item: re.Match[str], base: str) -> Record | None:
    """What one link announces; None for the "more" link beside a title and for a picture."""
    title = clean("".join(link.css("::text").getall()))
    if not title or title.strip("[]【】") in ("详情", "更多"):
        return None
    kind = next((kind for kind, words in KINDS if words.search(title)), None)
    if kind is None or ABOUT_RULES.search(title):
        return Refused(reason="neither an announcement nor a rule nor a catalogue", text=title, key=item[4])
    beside = DATE.search(" ".join(link.xpath("./ancestor::li[1]/span//text()").getall()))
    return Document(
        designation=title,
        key=item[4],
        title_zh=title,
        kind_text=kind,
        published_text=beside[0] if beside else "-".join(item.groups()[:3]),
        url=urljoin(base, link.attrib["href"].strip()),
    )
