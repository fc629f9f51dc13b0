"""What two or more sources share: reading a zip without trusting it, Relaton's bulk data of one publisher, and the
application that serves both the industry and the local standards of China."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import Any, ClassVar

import scrapy
import yaml
from parsel import Selector
from scrapy.http import Response

from crawler.base import Route, SourceSpider, clean
from crawler.relaton import RelatonRecord, publication_date, relaton_record
from crawler.tables import html_page, sheet_rows
from standards_db.records import Document, PageRefused, Record, Refused, Relation

_CHUNK = 1 << 20
_KEPT_IN_MEMORY = 16 << 20  # bytes; a larger archive is unpacked to a temporary file
_DATA_FILE = re.compile(r"(?:^|\W)data/[^/]+\.ya?ml\W*$", re.IGNORECASE)
_TAG = re.compile(r"</?\w+[^>]*>")
_CN_CODE = re.compile(r"[A-Z]{1,5}\d{0,6}(?:/[A-Z]+)*\s*[A-Z]*\s?\d[\d.]*\s*[-—–－]\s*\d{2,4}")
_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_FILED = re.compile(r"(备案号|备案日期|备案公告)\s*[:：]\s*([^\s:：]+)(?=\s|$)")
_NOTHING = {"", "无", "-", "/", ","}
# Deflate squeezes small repetitive texts hard, and what is this small can do no harm.
_RATIO_FLOOR = 1 << 20


def zip_members(
    body: bytes, *, limit_bytes: int = 2 << 30, member_limit: int = 64 << 20, limit_ratio: int = 200
) -> Iterator[tuple[str, bytes]]:
    """The files of a zip as (name, bytes), in the order of its directory, one at a time in memory.

    `limit_bytes` bounds all members together and `member_limit` each one, both in bytes after decompression;
    `limit_ratio` bounds bytes out per byte in, for a member and for the whole. Every member is unpacked and checked
    before the first is given: a damaged archive gives nothing rather than a part that looks like a whole.
    Raises PageRefused: not a zip, truncated, encrypted, a path that leaves the archive, a bomb, a broken member.
    """
    with _opened(body) as archive, SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY) as unpacked:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        _judge(infos, len(body), limit_bytes, member_limit, limit_ratio)
        total = 0
        for info in infos:
            total += sum(unpacked.write(chunk) for chunk in _chunks(archive, info, member_limit))
            if total > limit_bytes or _is_bomb(total, len(body), limit_ratio):
                raise PageRefused(f"zip bomb: {total} bytes came out of {len(body)} by member {info.filename!r}")
        unpacked.seek(0)
        for info in infos:
            yield info.filename, unpacked.read(info.file_size)


def _opened(body: bytes) -> zipfile.ZipFile:
    if not body:
        raise PageRefused("empty body where a zip is due")
    try:
        return zipfile.ZipFile(io.BytesIO(body))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        if body.startswith(b"PK\x03\x04"):
            raise PageRefused(f"truncated zip of {len(body)} bytes: {error}") from error
        raise PageRefused(f"not a zip, starts with {body[:40]!r}") from error


def _judge(infos: list[zipfile.ZipInfo], packed: int, limit_bytes: int, member_limit: int, limit_ratio: int) -> None:
    """Raise PageRefused for what the directory alone gives away."""
    for info in infos:
        name = info.filename
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
            raise PageRefused(f"zip member with a path out of the archive: {name!r}")
        if info.flag_bits & 0x1:
            raise PageRefused(f"zip member {name!r} is encrypted")
        if info.file_size > member_limit:
            raise PageRefused(f"zip member {name!r} declares {info.file_size} bytes, more than {member_limit}")
        if _is_bomb(info.file_size, info.compress_size, limit_ratio):
            raise PageRefused(f"zip bomb: member {name!r} declares {info.file_size} bytes in {info.compress_size}")
    total = sum(info.file_size for info in infos)
    if total > limit_bytes or _is_bomb(total, packed, limit_ratio):
        raise PageRefused(f"zip bomb: {len(infos)} members declare {total} bytes in {packed}")


def _is_bomb(unpacked: int, packed: int, limit_ratio: int) -> bool:
    return unpacked > _RATIO_FLOOR and unpacked > limit_ratio * max(packed, 1)


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo, member_limit: int) -> Iterator[bytes]:
    size = 0
    try:
        with archive.open(info) as member:
            while chunk := member.read(_CHUNK):
                size += len(chunk)
                if size > member_limit:
                    raise PageRefused(f"zip bomb: member {info.filename!r} gives more than {member_limit} bytes")
                yield chunk
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise PageRefused(f"broken zip member {info.filename!r}: {error or type(error).__name__}") from error
    if size != info.file_size:
        raise PageRefused(f"broken zip member {info.filename!r}: {size} bytes where {info.file_size} are declared")


def workbook_rows(response: Response, header: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a workbook that a site sent (see `sheet_rows`), after its zip was unpacked once within limits.

    Raises PageRefused: no zip, truncated, a bomb, no workbook, or one without the columns in `header`.
    """
    if not any(name == "xl/workbook.xml" for name, _ in zip_members(response.body)):
        raise PageRefused("a zip that is no workbook")
    return sheet_rows(response.body, header)


def relaton_url(publisher: str) -> str:
    return f"https://github.com/relaton/relaton-data-{publisher}/archive/refs/heads/main.zip"


def relaton_routes(publisher: str) -> tuple[Route, ...]:
    """The zip of a publisher's repository under its addresses at GitHub, of any branch."""
    repository = rf"relaton/relaton-data-{publisher}"
    return (
        Route(
            rf"^https?://(?:(?:www\.)?github\.com/{repository}/(?:archive/|zipball/|legacy\.zip/)"
            rf"|codeload\.github\.com/{repository}/(?:legacy\.)?zip/"
            rf"|api\.github\.com/repos/{repository}/zipball(?:/|$))",
            "parse_bulk",
            "bulk",
            complete=True,
        ),
    )


class RelatonBulk(SourceSpider):
    """One repository of bibliographic records by Relaton: a zip of YAML files, one per edition, of two generations."""

    tier = "secondary"
    licence = "Relaton bibliographic data (facts of the publisher's register)"
    interval_days = 30
    rank = 80
    published_dates: ClassVar[tuple[str, ...]] = ("published", "issued")  # date types that are the publication
    not_standards: ClassVar[dict[str, str]] = {}  # designation pattern -> why such a record is not a standard

    def parse_bulk(self, response: Response) -> Iterator[Document | Refused]:
        found = 0
        for name, content in zip_members(response.body):
            if _DATA_FILE.search(name):
                found += 1
                yield self.read_member(name, content)
        if not found:
            raise PageRefused("a zip without a single data/*.yaml")

    def read_member(self, name: str, content: bytes) -> Document | Refused:
        """The document of one file, or why there is none: a fault of one file never ends the reading."""
        file = name.rpartition("/")[2]
        try:
            record = relaton_record(content.decode("utf-8-sig"))
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
            return Refused(reason="unreadable YAML", text=" ".join(str(error).split())[:300], key=file)
        designations = record.designations()
        if not designations:
            return Refused(reason="no identifier", text=record.title() or "", key=file)
        if reason := self.why_no_standard(designations[0], record.kind()):
            return Refused(reason=reason, text=record.title() or "", key=designations[0])
        return self.document(record, designations)

    def why_no_standard(self, designation: str, kind: str | None) -> str | None:
        if kind == "redline":
            return "redline"
        return next((why for pattern, why in self.not_standards.items() if re.search(pattern, designation)), None)

    def document(self, record: RelatonRecord, designations: list[str]) -> Document:
        designation = designations[0]
        dates = record.dates()
        published = publication_date(designation, dates, self.published_dates)
        updated = dates.get("corrected") or dates.get("updated")
        return Document(
            designation=designation,
            key=designation,
            title=record.title(),
            title_zh=record.title("zh"),
            status_text=record.status(),
            kind_text=record.kind(),
            published_text=published,
            withdrawn_text=dates.get("obsoleted") or dates.get("withdrawn"),
            updated_text=updated if updated != published else None,
            edition_text=record.edition(),
            ics=tuple(record.texts(record.part("ics"), "code")),
            committee_text="; ".join(record.committees()) or None,
            keywords=tuple(record.keywords()),
            url=record.url(),
            as_of=record.age(),
            relations=tuple(record.relations(designations)),
        )


def sacinfo_routes(host: str) -> tuple[Route, ...]:
    """The list and the detail pages of the application at `host`, over http and https."""
    site = rf"(?i)^https?://{re.escape(host)}(?::\d+)?"
    return (
        Route(site + r"/stdQueryList/?(?:[?#]|$)", "standards", "api", method="POST"),
        Route(site + r"/stdQueryList/?(?:[?#]|$)", "standards", "api"),
        Route(site + r"/stdDetail/[0-9a-z]{32,64}/?(?:[?#]|$)", "standard", "detail"),
    )


class SacinfoApp(SourceSpider):
    """The record-keeping application of industry and local standards: a JSON list by form post, a page per standard."""

    licence = "facts of a public register; texts are not stored"
    interval_days = 30
    date_formats = ("epoch_ms_shanghai", "%Y-%m-%d")
    site: ClassVar[str]
    queries: ClassVar[tuple[dict[str, str], ...]]  # the form fields of each list that a live crawl reads to its end
    page_size: ClassVar[int] = 100

    def live_requests(self) -> Iterator[scrapy.Request]:
        for query in self.queries:
            yield self.list_request(query, 1, ())

    def list_request(self, query: dict[str, str], page: int, seen: tuple[str, ...]) -> scrapy.Request:
        form = {"current": str(page), "size": str(self.page_size), **query}
        body = scrapy.FormRequest(self.site, formdata=form).body
        return self.request(
            f"{self.site}/stdQueryList",
            method="POST",
            body=body,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            cb_kwargs={"query": query, "page": page, "seen": seen},
        )

    def standards(
        self, response: Response, query: dict[str, str] | None = None, page: int = 1, seen: tuple[str, ...] = ()
    ) -> Iterator[Record | scrapy.Request]:
        answer = self.read_json(response)
        if not isinstance(answer, dict) or not isinstance(answer.get("records"), list):
            raise PageRefused("the answer has no list of records")
        found: list[str] = []
        for row in answer["records"]:
            record = sacinfo_row(row, self.site)
            yield record
            found.append(str(row.get("pk") or row.get("code")) if isinstance(row, dict) else str(row))
            if isinstance(record, Document) and record.url:
                yield self.request(record.url)  # only the page prints the classifications
        if query is not None:
            yield from self.next_page(answer, query, page, seen, found)

    def next_page(
        self, answer: dict[str, Any], query: dict[str, str], page: int, seen: tuple[str, ...], found: list[str]
    ) -> Iterator[Record | scrapy.Request]:
        """Page n+1 while pages bring new rows; after the last one the different rows must be as many as announced."""
        together = tuple(dict.fromkeys((*seen, *found)))
        total = answer.get("total")
        if isinstance(total, int) and len(seen) < len(together) < total:
            yield self.list_request(query, page + 1, together)
        elif len(together) != total:
            reason = f"{len(together)} of {total} after page {page} of {query}"
            yield Refused(reason="paging does not add up", text=reason)

    def standard(self, response: Response) -> Iterator[Record]:
        yield sacinfo_page(html_page(response), response.url, self.site)


def sacinfo_row(row: Any, site: str) -> Record:
    """One record of the JSON list; dates are milliseconds that mean a midnight in Shanghai."""
    if not isinstance(row, dict) or not (code := _printed(row.get("code"))):
        text = str(row.get("pk") if isinstance(row, dict) else row)
        return Refused(reason="record without a standard number", text=text[:100])
    key = _printed(row.get("pk"))
    number = _printed(row.get("recordNo"))
    revised = row.get("reviseStdCodes")
    replaced = ", ".join(map(str, revised)) if isinstance(revised, list) else _printed(revised) or ""
    return Document(
        designation=code,
        title=_printed(row.get("enName")),
        title_zh=_printed(row.get("chName")),
        status_text=_printed(row.get("status")),
        published_text=_printed(row.get("issueDate")),
        implemented_text=_printed(row.get("actDate")),
        withdrawn_text=_printed(row.get("abolishDate")),
        issuer_text=_printed(row.get("chargeDept")),
        keywords=_filled(_printed(row.get("industry")), f"备案号 {number}" if number else None),
        url=f"{site}/stdDetail/{key}" if key and re.fullmatch(r"[0-9A-Za-z]{32,64}", key) else None,
        relations=tuple(_codes("supersedes", replaced, "reviseStdCodes")),
    )


def _printed(value: Any) -> str | None:
    """A value of the list as text without highlight tags; None for what says nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = clean(_TAG.sub("", str(value)))
    return text if text and text not in _NOTHING else None


def _filled(*values: str | None) -> tuple[str, ...]:
    return tuple(value for value in values if value)


def _codes(kind: str, text: str, label: str) -> Iterator[Relation]:
    for code in _CN_CODE.findall(text):
        yield Relation(type=kind, target_text=code.strip(), evidence=f"{label}: {text}")


def sacinfo_page(page: Selector, url: str, site: str) -> Record:
    """The page of one standard, of every generation since 2018: labels moved and changed their words."""
    head = page.css(".page-header")
    pairs = _basic_info(page)
    number = pairs.get("标准号") or _text(head.css("b"))
    if not number:
        raise PageRefused("no standard number among the page's labels")
    badges = [badge for badge in head.css(".s-status") if _text(badge)]
    industry = next((_text(badge) for badge in badges if badge.css(".label-info")), None)
    states = [_text(badge) for badge in badges if _text(badge) != industry and not (_text(badge) or "").endswith("性")]
    filed = dict(_FILED.findall(" ".join(_text(node) or "" for node in page.css("p"))))
    events = {label: day for item in page.css(".timeline li a") for label, day in _event(item)}
    key = re.search(r"/stdDetail/([0-9A-Za-z]+)", url, re.I)
    category = pairs.get("标准类别")
    return Document(
        designation=number,
        title=_text(head.css("h5")),
        title_zh=_text(head.css("h4")),
        status_text=states[-1] if states else None,
        kind_text=category if category not in _NOTHING else None,
        published_text=pairs.get("发布日期") or events.get("发布"),
        implemented_text=pairs.get("实施日期") or events.get("实施"),
        withdrawn_text=pairs.get("废止日期") or events.get("废止"),
        ics=tuple(re.findall(r"\d{2}(?:\.\d{2,3})*", pairs.get("国际标准分类号", ""))),
        ccs=tuple(re.findall(r"[A-Z]\d{2}(?:/\d{2})?", pairs.get("中国标准分类号", "").replace(" ", ""))),
        committee_text=pairs.get("归口单位") or pairs.get("技术归口"),
        issuer_text=pairs.get("批准发布部门") or pairs.get("主管部门") or pairs.get("发布单位"),
        keywords=_filled(industry, *(f"{label} {value}" for label, value in filed.items())),
        url=f"{site}/stdDetail/{key[1]}" if key else url,
        relations=(
            *_codes("supersedes", pairs.get("代替标准") or pairs.get("全部代替标准", ""), "代替标准"),
            *_codes("partly supersedes", pairs.get("部分代替标准", ""), "部分代替标准"),
            *_codes("superseded by", pairs.get("被代替标准", ""), "被代替标准"),
        ),
    )


def _text(nodes: Any) -> str | None:
    """Printed text of the first node, without blanks between its pieces: highlight tags split words."""
    first = nodes[0] if not isinstance(nodes, Selector) and nodes else nodes
    return clean("".join(first.css("::text").getall())) if first else None


def _basic_info(page: Selector) -> dict[str, str]:
    found: dict[str, str] = {}
    for label in page.css("dt.basicInfo-item.name"):
        value = _text(label.xpath("./following-sibling::*[1][self::dd]"))
        if value:
            found.setdefault((_text(label) or "").rstrip(":："), value)
    return found


def _event(item: Selector) -> Iterator[tuple[str, str]]:
    """Label and day of one point of the time line: "发布于 2018-02-09"; a point without a day gives nothing."""
    text = (_text(item) or "").replace(" ", "")
    if day := _DAY.search(text):
        yield text[:2], day[0]
