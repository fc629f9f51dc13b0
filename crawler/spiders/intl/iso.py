"""ISO: the Open Data feeds of deliverables and committees, and archived pages of the web catalogue."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import scrapy
from parsel import Selector
from scrapy.http import Response
from w3lib.html import remove_tags, replace_entities

from crawler.base import Expect, Route, SourceSpider, clean
from standards_db.records import Document, Membership, PageRefused, Refused, Relation

FEEDS = "https://isopublicstorageprod.blob.core.windows.net/opendata/_latest"
PAGES = "https://www.iso.org"
HOST = r"^https?://(?:www\.)?iso\.org(?::\d+)?/"
STAGE = re.compile(r"\b(\d{2}\.\d{2})\b")
ICS = re.compile(r"\b\d{2}(?:\.\d{2,3}(?:\.\d{2})?)?\b")
CATALOGUE_NUMBER = re.compile(r"/(\d+)\.html")
TRANSLATED = re.compile(r"iso\.org(?::\d+)?/(?!en/)[a-z]{2}/|/render/live/(?!en/)[a-z]{2}/")
EDITION = re.compile(r"[EÉ]dition\s*:\s*(\d+)")
# "ISO/IEC TR 27023:2015 Information technology …": the designation ends where the title begins.
HEADED = re.compile(
    r"^((?:ISO|IEC|IWA)(?:/[A-Z]+)*(?: (?:Guide|[A-Z]+(?:/[A-Z]+)*))*? \d+(?:-\d+)*(?:\.\d)?(?::\d{4})?"
    r"(?:/(?:[A-Za-z]+ )+\d+(?:\.\d+)?(?::\d{4})?)*)(?:\s+(.*))?$"
)
REFERENCE = "[id^=itemReference]::text, #docRef::text, [itemprop=name]::text, nav h1 span::text, h1::text"
CURRENT_STAGE = "#stageId, .current-stage strong, li.dropdown.active li.active .stage-code"
SEARCH_SERVICE = r"^https?://[\w-]+\.(?:algolia\.net|algolianet\.com)/1/indexes/all_[a-z]{2}"
LIFE_CYCLE = {
    "previously": "supersedes",
    "précédemment": "supersedes",
    "revised by": "superseded by",
    "révisée par": "superseded by",
    "will be replaced by": "to be superseded by",
    "sera remplacée par": "to be superseded by",
}
SUCCEEDED = ("to be superseded by", "superseded by")
PUBLISHED, WITHDRAWN = "60.00", "95.99"
DELETED = "Withdrawn "
ISSUED = ("ENT_ACTIVE", "ENT_INACTIVE")


class Iso(SourceSpider):
    """Register: ISO Open Data (all deliverables, all technical committees with their members), in one file each.
    Publisher: International Organization for Standardization, https://www.iso.org/open-data.html.
    Caveats: the feed states the current stage, not its date, and no withdrawal date; relations are numbers of the same
    file. The web catalogue asks robots to stay away: it is never crawled, only archived copies of it are read.
    """

    name = "iso"
    title = "ISO Open Data"
    body = "iso"
    homepage = "https://www.iso.org/open-data.html"
    licence = "ISO Open Data terms"
    routes = (
        Route(r"/iso_deliverables_metadata/(?:json|csv)/[^/?#]+\.(?:jsonl|json|csv)(?:[?#]|$)", "parse_feed", "bulk"),
        Route(r"/iso_technical_committees/(?:json|csv)/[^/?#]+\.jsonl?(?:[?#]|$)", "parse_committees", "bulk"),
        Route(
            HOST + r"(?:[a-z]{2}/)?(?:cms/render/live/[a-z]{2}/sites/isoorg/)?(?:contents/data/)?standard/"
            r"(?:\d{2}/\d{2}/)?\d+\.html(?:[?#]|$)",
            "parse_standard",
            "detail",
        ),
        Route(HOST + r"cms/render/live/[a-z]{2}/sites/isoorg\.advancedSearch\.do", "parse_search", "api"),
        Route(SEARCH_SERVICE + r"/query(?:[?#]|$)", "parse_hits", "api", "POST"),
        Route(SEARCH_SERVICE + r"(?:/query)?\?", "parse_hits", "api"),
    )
    expect = Expect(min=20_000, max=200_000, filled={"identifier": 0.9, "status": 0.9})
    date_formats = ("%Y-%m-%d", "%Y-%m")
    rank = 10

    def live_requests(self) -> Iterable[scrapy.Request]:
        # Some 100 MB in one file: more time and size than the settings allow a page.
        large = {"download_maxsize": 384 << 20, "download_warnsize": 0, "download_timeout": 900}
        for name in ("iso_deliverables_metadata", "iso_technical_committees"):
            yield self.request(f"{FEEDS}/{name}/json/{name}.jsonl", meta=large)

    def parse_feed(self, response: Response) -> Iterator[Document | Refused]:
        """All deliverables: a first pass learns which number is which reference, the second gives the records."""
        references: dict[str, str] = {}
        projects: set[str] = set()
        for row in feed_rows(response, "reference"):
            if isinstance(row, dict):
                number = text_of(row.get("id"))
                references[number] = clean(text_of(row.get("reference"))) or ""
                if (stage_code(row.get("currentStage")) or PUBLISHED) < PUBLISHED:
                    projects.add(number)
        if not references:
            raise PageRefused("no row with a reference")
        for row in feed_rows(response, "reference"):
            yield row if isinstance(row, Refused) else deliverable(row, references, projects)

    def parse_committees(self, response: Response) -> Iterator[Membership | Refused]:
        for row in list(feed_rows(response, "reference")):  # a cut-off file is refused before its first row is given
            if isinstance(row, Refused):
                yield row
            else:
                yield from memberships(row)

    def parse_standard(self, response: Response) -> Iterator[Document]:
        """A page of the web catalogue (archived only), any of its templates since 2019, English or French."""
        page = response.selector if hasattr(response, "selector") else None
        if page is None or page.type != "html":
            raise PageRefused("not an HTML page")
        number = CATALOGUE_NUMBER.search(response.url)
        found = standard(page, number[1] if number else None)
        if found is None:
            raise PageRefused("no reference on the page")
        # Texts of a translated page would replace the English ones of the same number.
        yield replace(found, title=None, abstract=None) if TRANSLATED.search(response.url) else found

    def parse_search(self, response: Response) -> Iterator[Document | Refused]:
        """The JSON answer of the catalogue's advanced search of 2021 (archived only)."""
        answer = self.read_json(response)
        if not isinstance(answer, dict) or not isinstance(answer.get("standards"), list):
            raise PageRefused("no list `standards` in the answer")
        for row in answer["standards"]:
            yield searched(row)

    def parse_hits(self, response: Response) -> Iterator[Document | Refused]:
        """The JSON answer of the site's search service (archived only)."""
        answer = self.read_json(response)
        if not isinstance(answer, dict) or not isinstance(answer.get("hits"), list):
            raise PageRefused("no list `hits` in the answer")
        for row in answer["hits"]:
            if not isinstance(row, dict) or row.get("category", "standard") != "standard":
                continue  # news and pages of the site answer the same search
            yield hit(row)


def feed_rows(response: Response, needed: str) -> Iterator[dict[str, Any] | Refused]:
    """The rows of a feed in its JSON-lines or CSV form, one at a time.

    Raises PageRefused when the first row lacks `needed` (another file, an error page) or the last one is cut off.
    """
    head = response.body[:200].lstrip(b"\xef\xbb\xbf \r\n")
    if not head:
        raise PageRefused("empty page")
    if head.startswith(b"{"):
        return json_rows(response.body, needed)
    if head.startswith((b"<", b"[")):
        raise PageRefused(f"expected rows, got {head[:60].decode('utf-8', 'replace')!r}")
    return csv_rows(response.body, needed)


def json_rows(body: bytes, needed: str) -> Iterator[dict[str, Any] | Refused]:
    for number, line in enumerate(io.BytesIO(body), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8-sig"))
        except ValueError as error:
            if number == 1:
                raise PageRefused(f"the first line is not JSON: {error}") from error
            if not line.endswith(b"\n"):
                raise PageRefused("the last line is cut off") from error
            yield Refused(reason="line is not JSON", text=shown(line), key=f"line {number}")
            continue
        if not isinstance(row, dict) or needed not in row:
            if number == 1:
                raise PageRefused(f"rows without the field {needed}")
            yield Refused(reason=f"row without {needed}", text=shown(line), key=f"line {number}")
            continue
        yield row


def shown(line: bytes) -> str:
    return line[:300].decode("utf-8", "replace")


def csv_rows(body: bytes, needed: str) -> Iterator[dict[str, Any] | Refused]:
    """Rows of the CSV form; its dotted columns become nested values (`title.en` -> title: en)."""
    lines = io.TextIOWrapper(io.BytesIO(body), encoding="utf-8-sig", errors="replace", newline="")
    reader = csv.DictReader(lines)
    if needed not in (reader.fieldnames or ()):
        raise PageRefused(f"header row without the column {needed}")
    for number, raw in enumerate(reader, start=2):
        if None in raw or None in raw.values():
            yield Refused(reason="row does not fit the header", text=str(raw)[:300], key=f"line {number}")
            continue
        row: dict[str, Any] = {}
        for name, value in raw.items():
            outer, _, inner = name.partition(".")
            if inner:
                row.setdefault(outer, {})[inner] = value or None
            else:
                row[outer] = value or None
        yield row


def deliverable(row: dict[str, Any], references: dict[str, str], projects: set[str]) -> Document | Refused:
    """One row of the feed; `references` and `projects` are the references of all numbers and which are unpublished."""
    number, reference = text_of(row.get("id")), clean(text_of(row.get("reference")))
    if not reference:
        return Refused(reason="deliverable without a reference", text=str(row)[:300], key=number)
    if reference.startswith(DELETED):
        return Refused(reason="deleted project", text=reference, key=number)
    return Document(
        designation=reference,
        key=number or None,
        title=localised(row.get("title")),
        status_text=stage_code(row.get("currentStage")),
        kind_text=clean(f"{text_of(row.get('deliverableType'))} {text_of(row.get('supplementType'))}"),
        published_text=clean(text_of(row.get("publicationDate"))),
        edition_text=clean(text_of(row.get("edition"))),
        ics=tuple(ICS.findall(text_of(row.get("icsCode")))),
        committee_text=clean(text_of(row.get("ownerCommittee"))),
        abstract=localised(row.get("scope")),
        url=f"{PAGES}/standard/{number}.html" if number else None,
        relations=(
            *numbered(row, "replaces", "supersedes", references),
            *numbered(row, "replacedBy", "superseded by", references, projects),
        ),
    )


def numbered(
    row: dict[str, Any], field: str, type_: str, references: dict[str, str], projects: set[str] | None = None
) -> Iterator[Relation]:
    """Edges from a field of catalogue numbers; a number that the file does not hold stays a number.

    With `projects` an edge of a text that stands to one of them, or to a number not held, is still "to be".
    """
    stands = projects is not None and stage_code(row.get("currentStage")) != WITHDRAWN
    for number in re.findall(r"\d+", text_of(row.get(field))):
        is_planned = stands and (number not in references or number in (projects or ()))
        target = references.get(number, "").removeprefix(DELETED) or f"project {number}"
        yield Relation(
            type=f"to be {type_}" if is_planned else type_, target_text=target, evidence=f"{field}: {number}"
        )


def stage_code(value: Any) -> str | None:
    """The stage as ISO prints it: 6060 -> 60.60, 0 -> 00.00; text that is not a stage is kept."""
    text = clean(text_of(value))
    if text and re.fullmatch(r"\d{1,4}(?:\.0)?", text):
        digits = text.split(".")[0].zfill(4)
        return f"{digits[:2]}.{digits[2:]}"
    return text


def memberships(row: dict[str, Any]) -> Iterator[Membership | Refused]:
    """The seats of one committee; who holds its offices is not read."""
    committee = clean(text_of(row.get("reference")))
    if not committee:
        yield Refused(reason="committee without a reference", text=str(row)[:200], key=text_of(row.get("id")))
        return
    secretariat = row.get("secretariat")
    seats = [(member, "participating") for member in listed(row.get("pMembers"))]
    seats += [(member, "observing") for member in listed(row.get("oMembers"))]
    # A committee without a secretariat prints one whose every field is empty.
    seats += [(member, "secretariat") for member in listed([secretariat]) if any(member.values())]
    for member, role in seats:
        name = clean(text_of(member.get("acronym"))) or clean(text_of(member.get("reference")))
        if not name:
            yield Refused(reason=f"{role} member without a name", text=str(member)[:200], key=committee)
            continue
        yield Membership(
            committee=committee,
            committee_title=localised(row.get("title")),
            member_text=name,
            country_text=clean(text_of(member.get("country"))),
            role=role,
            url=f"{PAGES}/committee/{row['id']}.html" if row.get("id") else None,
        )


def standard(page: Selector, number: str | None) -> Document | None:
    """The document a catalogue page shows, None when the page shows no reference."""
    reference = first(page, REFERENCE)
    if reference is None or not re.search(r"\b(?:ISO|IEC|IWA)\b.*\d", reference):
        return None
    facts = page.xpath('(//*[contains(@class, "refine")])[.//a[contains(@href, "/committee/")] or .//*[@itemprop]][1]')
    stage = STAGE.search(" ".join(page.css(CURRENT_STAGE).xpath("string()").getall()))
    code = stage[1] if stage else None
    label = facts.xpath('.//*[starts-with(normalize-space(), "Status") or starts-with(normalize-space(), "État")]')
    return Document(
        designation=reference,
        key=number or first(page, "[id^=csNumber]::text, [itemprop=productID]::text"),
        title=page_title(page, reference),
        status_text=code or clean(label.xpath("following-sibling::span[1]").xpath("string()").get()),
        published_text=first(page, "[itemprop=releaseDate]::text"),
        withdrawn_text=stage_date(page, WITHDRAWN) if code == WITHDRAWN else None,
        edition_text=match[1] if (match := EDITION.search(facts.xpath("string()").get() or "")) else None,
        ics=tuple(found for text in facts.css('a[href*="/ics/"]::text').getall() if (found := clean(text))),
        committee_text=first(facts, 'a[href*="/committee/"]::text'),
        abstract=clean(page.css("div[itemprop=description]").xpath("string()").get()),
        url=f"{PAGES}/standard/{number}.html" if number else None,
        relations=tuple(dict.fromkeys(life_cycle(page))),
    )


def page_title(page: Selector, reference: str) -> str | None:
    indexed = (page.css("[id^=indexReference]::attr(data-index)").get() or "").split(f" - {reference} - ", 1)
    if len(indexed) == 2 and (title := clean(indexed[1])):
        return title
    parts = page.css("h2[itemprop=description], nav.nav-relatives h2, nav.nav-relatives h3, nav.nav-relatives h4")
    parts = parts or page.css("h1.stdTitle [elementtiming^=standardTitle]")
    return " — ".join(part for text in parts.xpath("string()").getall() if (part := clean(text))) or None


def stage_date(page: Selector, code: str) -> str | None:
    entry = page.xpath(f'//*[contains(@class, "stage-code")][normalize-space()="{code}"]')
    return clean(entry.xpath('following-sibling::*[contains(@class, "stage-date")]/text()').get())


def life_cycle(page: Selector) -> Iterator[Relation]:
    """What came before and what comes after, from the steps of the life cycle."""
    for step in page.css("ul.steps > li"):
        heading = clean(step.xpath("string((./h3 | ./h4 | ./strong)[1])").get())
        type_ = LIFE_CYCLE.get((heading or "").lower())
        for link in step.css('a[href*="standard/"]') if type_ else ():
            if target := clean(link.xpath("string()").get()):
                yield Relation(type=type_, target_text=target, evidence=f"{heading}: {target}")


def searched(row: Any) -> Document | Refused:
    """A row of the advanced search."""
    if not isinstance(row, dict) or not (reference := clean(text_of(row.get("docRef")))):
        return Refused(reason="search row without docRef", text=str(row)[:300])
    state = row["publicationStatus"] if isinstance(row.get("publicationStatus"), dict) else {}
    stage = clean(text_of(row.get("stageId")))
    committee = row.get("committee")
    number = text_of(row.get("csnumber"))
    ended = [entry for entry in listed(row.get("stages")) if entry.get("stageId") == WITHDRAWN]
    return Document(
        designation=reference,
        key=number or None,
        title=localised(row.get("title")),
        status_text=stage or localised(state),
        # Drafts and deleted projects carry a date too: that of their last ballot text.
        published_text=clean(text_of(row.get("publicationDate"))) if state.get("key") in ISSUED else None,
        withdrawn_text=clean(text_of(ended[-1].get("stageStart"))) if ended and stage == WITHDRAWN else None,
        edition_text=clean(text_of(row.get("docEdition"))),
        ics=tuple(code for entry in listed(row.get("ics")) if (code := clean(text_of(entry.get("key"))))),
        committee_text=clean(text_of(committee.get("reference"))) if isinstance(committee, dict) else None,
        abstract=localised(row.get("abstracts")),
        url=f"{PAGES}/standard/{number}.html" if number else None,
        relations=(
            *referred(row, "revises", "supersedes"),
            *referred(row, "revisedBy", SUCCEEDED[state.get("key") != "ENT_ACTIVE"]),
        ),
    )


def referred(row: dict[str, Any], field: str, type_: str) -> Iterator[Relation]:
    for entry in listed(row.get(field)):
        if target := clean(text_of(entry.get("docRef"))):
            yield Relation(type=type_, target_text=target, evidence=f"{field}: {target}")


def hit(row: dict[str, Any]) -> Document | Refused:
    """A hit of the site search: its title begins with the designation."""
    printed = clean(text_of(row.get("title"))) or ""
    found = re.search(r"(\d+)(?:_\d+)?$", text_of(row.get("objectID")))
    number = found[1] if found else None
    headed = HEADED.match(printed)
    if headed is None:
        return Refused(reason="hit that does not begin with a designation", text=printed, key=number)
    return Document(
        designation=headed[1],
        key=number,
        title=clean(headed[2]),
        status_text=clean(text_of(row.get("status"))),
        abstract=clean(text_of(row.get("text"))),
        url=f"{PAGES}/standard/{number}.html" if number else None,
    )


def localised(value: Any) -> str | None:
    """The English text of a value by language, else the French one, without tags."""
    if isinstance(value, dict):
        value = value.get("translations", value)
    if not isinstance(value, dict):
        return clean(text_of(value))
    return clean(replace_entities(remove_tags(text_of(value.get("en") or value.get("fr")))))


def first(node: Any, query: str) -> str | None:
    return next((text for found in node.css(query).getall() if (text := clean(found))), None)


def listed(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
