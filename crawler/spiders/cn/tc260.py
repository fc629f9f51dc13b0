"""tc260.org.cn: drafts out for comment and documents of China's cybersecurity standards committee."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urljoin, urlsplit

import scrapy
from parsel import Selector, SelectorList
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Document, PageRefused, Record, Refused

HOST = r"(?i)^https?://(?:www\.)?tc260\.org\.cn(?::\d+)?"
SITE = "https://www.tc260.org.cn"
CHANNELS = ("tzgg", "sjzn", "xwdt1")  # notices, practice guides, news
DRAFT = "征求意见"
QUOTED = re.compile(r"《((?:[^《》]|《[^《》]*》)+)》")
DATE = r"\d{4}\s*[-年./]\s*\d{1,2}\s*[-月./]\s*\d{1,2}\s*日?"
DEADLINE = re.compile(rf"(?:截[至止](?:日期|时间)?\s*[:：]?\s*({DATE})|({DATE})\s*(?:之|以)?前)")
JUMP = re.compile(r"jumpDetail\(\s*['\"]([0-9A-Za-z]+)['\"]\s*(?:,\s*['\"]([^'\"]*)['\"])?")
ITEM = re.compile(r"/tc260/([0-9a-z_]+)/\d{6}/([0-9a-z]+)\.shtml", re.I)


class Tc260(SourceSpider):
    """Register: drafts for public comment with their deadlines, practice guides and published documents of TC260.

    Publisher: National Technical Committee 260 on Cybersecurity of the Standardization Administration of China.
    Caveats: drafts have titles and no numbers, so the quoted title is the designation and the site's own id the key;
    three sites in one year, each with ids of its own, so one draft can appear under two keys; the deadline is kept
    among the keywords ("comments until …"). The committee's published standards are read from the national platform.
    """

    name = "tc260"
    title = "TC260: drafts for comment and practice guides (China)"
    body = "tc260"
    homepage = "https://www.tc260.org.cn/"
    licence = "facts of a public site; texts are not stored"
    rank = 40
    date_formats = ("%Y-%m-%d", "%Y年%m月%d日", "%Y/%m/%d", "%Y.%m.%d")
    expect = Expect(min=10, max=5000, filled={"title_zh": 0.98, "published": 0.9})
    start_urls = [f"{SITE}/tc260/{channel}/list.shtml" for channel in CHANNELS]
    routes = (
        Route(HOST + r"/front/bzzqyjList\.html(?:[?#]|$)", "front_list", "list"),
        Route(HOST + r"/front/(?:bzzqyj|post)Detail\.html\?(?:[^#]*&)?id=\d", "front_page", "detail"),
        Route(HOST + r"/portal/suggestion/?(?:[?#]|$)", "portal_list", "list"),
        Route(HOST + r"/portal/suggestion-detail/[0-9a-z]+/?(?:[?#]|$)", "portal_page", "detail"),
        Route(HOST + r"/tc260/[0-9a-z_]+/list(?:_\d+)?\.shtml(?:[?#]|$)", "static_list", "list"),
    )

    def front_list(self, response: Response) -> Iterator[Record | scrapy.Request]:
        page = html_page(response)
        items = page.css("li.list_title_news")
        if not items and not page.css("ul.list-group, .list_time"):
            raise PageRefused("no list of drafts on the page")
        for item in items:
            link = urljoin(response.url, item.css("a::attr(href)").get(default="").strip())
            deadline = DEADLINE.search(text(item.css(".list_time")))
            yield from drafts(front_id(link), text(item.css("a")), deadline=day(deadline), url=link)
            if self.route_of(link):
                yield self.request(link)

    def front_page(self, response: Response) -> Iterator[Record]:
        body = html_page(response).css("div.news_end")
        lines = [line for node in body.css("p, h1, h2, h3") if (line := text(node))]
        lines = lines or [line for node in body.css("::text").getall() if (line := clean(node))]
        if not lines:
            raise PageRefused("no text of a notice on the page")
        head = next((line for line in lines if "《" in line), lines[0])
        published = next((line for line in lines if re.fullmatch(DATE, line)), None)
        deadline = next(filter(None, map(DEADLINE.search, lines)), None)
        yield from announced(
            front_id(response.url), head, published=published, deadline=day(deadline), url=response.url
        )

    def portal_list(self, response: Response) -> Iterator[Record | scrapy.Request]:
        page = html_page(response)
        links = [link for link in page.css("a[onclick]") if JUMP.search(link.attrib["onclick"])]
        if not links and not page.css(".publication"):
            raise PageRefused("no list of drafts on the page")
        for link in links:
            key, deadline = JUMP.findall(link.attrib["onclick"])[0]
            url = f"{SITE}/portal/suggestion-detail/{key}"
            published = text(link.xpath("./following-sibling::span[1] | ../span[1]")) or None
            yield from drafts(key, text(link), published=published, deadline=deadline or None, url=url)
            yield self.request(url)

    def portal_page(self, response: Response) -> Iterator[Record]:
        """The notice itself; where its heading is missing, the name of the attached draft has the title."""
        page = html_page(response)
        files = {text(item.css("label")).rstrip(":："): text(item.css("a")) for item in page.css(".list li")}
        head = text(page.css(".advice .title h1, .title h1")) or files.get("征求意见稿") or ""
        if not head:
            raise PageRefused("neither a heading nor an attached draft on the page")
        time = text(page.css(".advice .title .time, .title .time"))
        until = DEADLINE.search(time) or DEADLINE.search(text(page.css(".info")))
        posted = re.search(DATE, DEADLINE.sub("", time))
        key = urlsplit(response.url).path.rstrip("/").rpartition("/")[2]
        yield from drafts(
            key,
            head,
            published=clean(posted[0]) if posted else None,
            deadline=day(until),
            url=f"{SITE}/portal/suggestion-detail/{key}",
            files=", ".join(filter(None, files)) or None,
        )

    def static_list(self, response: Response) -> Iterator[Record | scrapy.Request]:
        page = html_page(response)
        lists = page.css("ul.inList")
        if not lists:
            raise PageRefused("no list of items on the page")
        for link in lists.css("li a[href]"):
            url = urljoin(response.url, link.attrib["href"].strip())
            title = clean(link.attrib.get("title")) or clean(re.sub(DATE, "", text(link))) or ""
            item = ITEM.search(url)
            if item is None:
                yield Refused(reason="a link to another site", text=title)
                continue
            published = text(link.css(".date") or link.xpath("../span")) or None
            yield from announced(item[2], title, channel=item[1], published=published, url=url)
        for link in page.css("a::attr(href)").re(r".*list_\d+\.shtml"):
            if self.route_of(following := urljoin(response.url, link)):
                yield self.request(following)


def text(nodes: Selector | SelectorList[Selector]) -> str:
    """All printed text of a node or of the first of several; nothing is put between inline pieces of a title."""
    first = nodes if isinstance(nodes, Selector) else nodes[:1]
    return clean("".join(first.css("::text").getall())) or ""


def day(match: re.Match[str] | None) -> str | None:
    return clean(next(filter(None, match.groups()), None)) if match else None


def front_id(url: str) -> str:
    """The notice's id among the parameters; two others name the project and the vote."""
    return next(iter(parse_qs(urlsplit(url).query).get("id", [])), "")


def announced(
    key: str,
    title: str,
    *,
    channel: str = "",
    published: str | None = None,
    deadline: str | None = None,
    url: str | None = None,
) -> Iterator[Record]:
    """Documents that a notice, a guide or a news item is about; a news item that names none is refused."""
    if DRAFT in title:
        yield from drafts(key, title, published=published, deadline=deadline, url=url)
        return
    whole = QUOTED.fullmatch(title)
    if channel == "sjzn":
        names, kind = QUOTED.findall(title) or [title], "practice guide"
    elif whole or (QUOTED.search(title) and re.search("发布|印发", title)):
        names, kind = QUOTED.findall(title), "published document"
    else:
        yield Refused(reason="an item that announces no document", text=title, key=key or None)
        return
    for number, name in enumerate(names):
        key_of_name = numbered(key, number)
        yield Document(
            designation=name, key=key_of_name, title_zh=name, kind_text=kind, published_text=published, url=url
        )


def drafts(
    key: str,
    title: str,
    *,
    published: str | None = None,
    deadline: str | None = None,
    url: str | None = None,
    files: str | None = None,
) -> Iterator[Record]:
    """The drafts that one notice puts out for comment: the titles it quotes, else its own."""
    if not key or not title:
        yield Refused(reason="a draft without id or title", text=title or str(url))
        return
    for number, name in enumerate(QUOTED.findall(title) or [title]):
        yield Document(
            designation=name,
            key=numbered(key, number),
            title_zh=name,
            kind_text="draft for comment",
            status_text=DRAFT,
            published_text=published,
            keywords=(f"comments until {deadline}",) if deadline else (),
            full_text=files,
            url=url,
        )


def numbered(key: str, number: int) -> str:
    return f"{key}/{number + 1}" if number else key
