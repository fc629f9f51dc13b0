"""OASIS: the list of standards on one page, and archived front pages of specifications."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Document, PageRefused, Refused, Relation

LABEL = re.compile(r"\[+\s*([A-Za-z0-9][\w.+-]*(?: [\w.+-]+){0,2})\s*\]")
# What a citation says after its label: title, editors (never read), day, approval and address.
CITATION = re.compile(
    r"^(?P<title>.*?)[.,]?\s*(?:Edited by\b.*?)?\b(?P<date>\d{1,2} [A-Z][a-z]+ \d{4})\b\.?\s*(?P<status>[^.]*)"
)
ADDRESS = re.compile(r"https?://[^\s\]]+[^\s\].,]")
VERSION = r"(?:[vV]\.?\s*|[vV]ersion\s+)(\d+(?:\.\d+)+)"
NAMED = re.compile(rf"(?:^|\()([A-Za-z][\w.-]*)\)?,?\s+{VERSION}\b(?!.*\b[vV]ersion)")
NUMBERED_STAGE = re.compile(r"^(?:OASIS\s+)?(?:Project|Committee)\s+(Specification|Note)(?:\s+Draft)?\s+(\d+)", re.I)
STAGE_CODES = {"specification": "CS", "note": "CN"}
DAY = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}")
FRONT = ".//p | .//h1 | .//h2 | .//h3 | .//h4"


class Oasis(SourceSpider):
    """Register: OASIS Standards and Committee Specifications, one entry each, on one page.
    Publisher: OASIS Open, https://www.oasis-open.org/standards/.
    Caveats: an entry can hold several texts (parts, errata): each that has a citation label is a document of its own.
    The label is the designation, with the number of a Committee Specification added ("-CS02"), which shares its label
    with the others of the same version; older entries have none, there abbreviation and version of the title name it,
    and where it has no abbreviation the identifier stays blank. The day of the list is up to a day later than that
    of the citation, which is kept. "Additional approvals" name the ISO, ITU or W3C text that took the standard over.
    """

    name = "oasis"
    title = "OASIS standards"
    body = "oasis"
    homepage = "https://www.oasis-open.org/standards/"
    licence = "© OASIS Open; bibliographic facts only"
    routes = (
        Route(
            r"(?i)^https?://(?:www\.)?oasis-open\.org(?::\d+)?/standards/?(?:[?#]|$)",
            "standards",
            "list",
            complete=True,
            min_rows=250,
        ),
        Route(r"(?i)^https?://docs\.oasis-open\.org(?::\d+)?/[^?#]+\.html?(?:[?#]|$)", "front_page", "detail"),
    )
    start_urls = (homepage,)
    expect = Expect(min=300, max=3_000, filled={"identifier": 0.75, "title": 0.99, "published": 0.95, "status": 0.9})
    interval_days = 30

    def standards(self, response: Response) -> Iterator[Document | Refused]:
        entries = html_page(response).css("details[data-title]")
        if not entries:
            raise PageRefused("no entries of standards on the page")
        for entry in entries:
            yield from entry_documents(entry)

    def front_page(self, response: Response) -> Iterator[Document | Refused]:
        """The first page of one text: title, approval, day, and what stands under its headings."""
        page = html_page(response)
        title, subtitles, parts = front_matter(page)
        cited = [text for name, texts in parts.items() if name.startswith("citation format") for text in texts]
        label = LABEL.search(" ".join(cited))
        if not title or not parts.keys() & {"this version", "this stage"}:
            raise PageRefused("no title page of a specification: " + (joined(page.css("title")) or "no title"))
        approval = next((text for text in subtitles if not DAY.search(text)), None)
        found = Document(
            designation=designation(label[1] if label else None, title, approval) or title,
            key=response.url.partition("://")[2].partition("?")[0].partition("#")[0],
            title=title,
            published_text=next((day[0] for text in subtitles if (day := DAY.search(text))), None),
            committee_text=next((text for texts in in_order(parts, "technical committee") for text in texts), None),
            abstract=" ".join(text for texts in in_order(parts, "abstract") for text in texts) or None,
            url=response.url,
            relations=tuple(replaced(parts)),
            **approved(approval),
        )
        yield found


def entry_documents(entry: Selector) -> Iterator[Document | Refused]:
    """The texts of one entry: the entry itself, and each of its texts where it cites several."""
    title = clean(entry.attrib["data-title"])
    post = re.search(r"\bpost-(\d+)\b", entry.attrib.get("class", ""))
    kind = re.search(r"\bstandard_type-([\w-]+)", entry.attrib.get("class", ""))
    if not title or not post:
        yield Refused(reason="entry without a title or number", text=joined(entry)[:200], key=post[1] if post else None)
        return
    texts = list(citations(entry))
    only = texts[0] if len(texts) == 1 else {}
    stage = only.get("status") or next(iter(joined(line) for line in entry.css(".standard__grid--links p")[:1]), "")
    stage = stage if NUMBERED_STAGE.match(stage) or only.get("status") else (kind[1].replace("-", " ") if kind else "")
    yield Document(
        designation=designation(only.get("label"), title, stage) or title,
        key=post[1],
        title=only.get("title") or title,
        published_text=only.get("date") or approval_day(entry),
        committee_text=joined(entry.xpath(".//h3[starts-with(normalize-space(), 'Produced by')]/following::a[1]"))
        or None,
        keywords=tuple(text for area in entry.css(".technology-areas__item") if (text := joined(area))),
        abstract=" ".join(text for part in entry.css(".standard__description > p") if (text := joined(part))) or None,
        url=only.get("url") or web_link(entry.css(".standard__grid--links a::attr(href)").getall()),
        relations=tuple(approvals(entry)),
        **approved(stage),
    )
    for text in texts if len(texts) > 1 else ():
        yield Document(
            designation=designation(text["label"], "", text.get("status")) or text["label"],
            key=f"{post[1]}/{text['label']}",
            title=text.get("title"),
            published_text=text.get("date"),
            url=text.get("url"),
            **approved(text.get("status")),
        )


def citations(entry: Selector) -> Iterator[dict[str, str]]:
    """Label, title, day, approval and address of each text that the entry tells how to cite."""
    cell = entry.css(".standard__grid--cite-as")
    printed = joined(cell)
    marks = list(LABEL.finditer(printed))
    if not marks:  # some labels have lost their brackets
        words = [text for bold in cell.css("strong") if (text := joined(bold)) and re.fullmatch(r"[\w.+-]+", text)]
        marks = [mark for word in words[:1] if (mark := re.search(f"({re.escape(word)})", printed))]
    ends = [mark.start() for mark in marks[1:]] + [len(printed)] * bool(marks)
    seen: set[str] = set()
    for mark, end in zip(marks, ends, strict=True):
        rest = printed[mark.end() : end].strip()
        told = CITATION.match(ADDRESS.split(rest)[0])
        address = ADDRESS.search(rest)
        found = {"label": mark[1].strip().replace(" ", "-"), "url": address[0] if address else ""}
        if told:
            found.update({name: clean(text) or "" for name, text in told.groupdict().items()})
        if told and found["label"] not in seen:  # an entry can cite one text twice, with its errata worked in
            seen.add(found["label"])
            yield {name: text for name, text in found.items() if text}


def designation(label: str | None, title: str, approval: str | None) -> str | None:
    """The name to cite: its label, else abbreviation and version of the title, with the number of a stage."""
    if label is None:
        named = NAMED.search(title)
        label = f"{named[1]}-v{named[2]}" if named else None
    if label is None:
        return None
    stage = NUMBERED_STAGE.match(approval or "")
    code = f"-{STAGE_CODES[stage[1].lower()]}{int(stage[2]):02d}" if stage else ""
    return f"OASIS {label}{'' if code and label.upper().endswith(code) else code}"


def approved(text: str | None) -> dict[str, str | None]:
    """Status and kind of an approval as printed, without the number that is part of the designation."""
    word = clean(re.sub(r"\s*\d+$", "", re.sub(r"^OASIS (?!Standard\b)", "", text or "", flags=re.IGNORECASE)))
    return {"status_text": word, "kind_text": word}


def approval_day(entry: Selector) -> str | None:
    """The day of the list: as printed, else that of its number of seconds since 1970 (UTC)."""
    if day := DAY.search(joined(entry.css("time"))):
        return day[0]
    seconds = entry.attrib.get("data-approved_date", "")
    if re.fullmatch(r"\d{8,11}", seconds, re.ASCII):
        return datetime.fromtimestamp(int(seconds), UTC).date().isoformat()
    return None


def approvals(entry: Selector) -> Iterator[Relation]:
    """Texts of other bodies named under "Additional approvals": they adopt the OASIS text, not the other way round."""
    head = entry.xpath(".//p[contains(., 'dditional approval')][1]")
    for link in head.xpath("(. | following-sibling::p)//a[@href]"):
        target = joined(link)
        if target and not re.match(r"(?i)https?://(?:[\w-]+\.)*oasis-open\.org/", link.attrib["href"].strip()):
            yield Relation(type="adopted by", target_text=target, evidence=f"Additional approvals: {target}")


def front_matter(page: Selector) -> tuple[str | None, list[str], dict[str, list[str]]]:
    """Title, subtitles, and the texts under each heading of a title page, of Word and of Markdown make."""
    title, subtitles, parts = None, [], {}
    under: list[str] | None = None
    for node in page.xpath(FRONT):
        text, style = joined(node), node.attrib.get("class", "").lower()
        if not text:
            continue
        if re.search(r"subtitle$", style) or (node.root.tag == "h2" and title and not parts):
            subtitles.append(text)
        elif re.search(r"(?:^|oasis|mso)title$", style) or (node.root.tag == "h1" and not title):
            title = title or text
        elif re.search(r"titlepageinfo$", style) or (node.root.tag in ("h3", "h4") and text.endswith(":")):
            under = parts.setdefault(text.rstrip(":").lower(), [])
        elif re.match(r"(?i)notices\b", text) or node.root.tag in ("h1", "h2", "h3", "h4"):
            under = None  # the end of the title page
        elif under is not None and "contributor" not in style:  # names of editors and chairs are not read
            under.append(text)
    return title, subtitles, parts


def in_order(parts: dict[str, list[str]], name: str) -> list[list[str]]:
    return [texts for heading, texts in parts.items() if heading.startswith(name)]


def replaced(parts: dict[str, list[str]]) -> Iterator[Relation]:
    """What the title page says that the text replaces."""
    telling = False
    for text in (text for texts in in_order(parts, "related work") for text in texts):
        if text.endswith(":"):
            telling = "supersede" in text or "replace" in text
        elif telling:
            target = clean(ADDRESS.split(text.lstrip("·•- "))[0].rstrip(". ")) or text
            yield Relation(type="supersedes", target_text=target, evidence=text[:300], method="source text")


def web_link(addresses: list[str]) -> str | None:
    return next((text.strip() for text in addresses if re.match(r"(?i)\s*https?://", text)), None)


def joined(node: Any) -> str:
    return clean("".join(node.xpath(".//text()").getall())) or ""
