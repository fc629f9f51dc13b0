"""IETF: the RFC index in both its forms, the page of an RFC, and the datatracker: its list, pages of drafts, groups."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, ParseError

import scrapy
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Document, PageRefused, Record, Refused, Relation

EDITOR = r"(?i)^https?://(?:www\.|ftp\.)?rfc-editor\.org(?::\d+)?"
TRACKER = r"(?i)^https?://datatracker\.ietf\.org(?::\d+)?"
ACTIVE_DRAFTS = "https://datatracker.ietf.org/api/v1/doc/document/?type=draft&states=1&limit=100&offset=0&format=json"
INFO = "https://www.rfc-editor.org/info/rfc"
# The index also states the inverse of "updates"; it is left to the entry that does the updating.
RELATIONS = {
    "obsoletes": "supersedes",
    "obsoleted by": "superseded by",
    "updates": "amends",
    "also": "references",
    "see also": "references",
    "is also": "references",
    "replaces": "supersedes",
    "replaced by": "superseded by",
    "obsoletes (if approved)": "supersedes",
    "updates (if approved)": "amends",
}
NAME = re.compile(r"(?:RFC|BCP|STD|FYI)[ -]?\d{1,5}\b|draft-[a-z0-9][\w.+-]*[a-z0-9]", re.IGNORECASE)
ENTRY = re.compile(r"^(?P<number>\d{4,5}) (?P<text>\S.*)$")
FACT = re.compile(r"\((Format|Obsoletes|Obsoleted by|Updates|Updated by|Also|Status|Stream|Area|WG|DOI):?\s+([^()]*)\)")
FACTS = re.compile(r"\((?:(?:Format|Status|DOI): |(?:Obsolete[sd]|Update[sd]|Also)(?: by)? (?:RFC|BCP|STD|FYI))")
DATED = re.compile(
    r"^(?P<head>.*\.)\s+(?P<date>(?:\d{1,2} )?(?:January|February|March|April|May|June|July|August|September|October"
    r"|November|December) (?:\d{1,2},? )?\d{4})\.$"
)
SUFFIX = r"(?:Jr|Sr|Ed|Eds)\.?|I{2,3}|IV|\dr?[dnst]{1,2}"
PERSON = re.compile(
    r"(?:[A-Z][\w’'()-]{0,4}\.[ -]?|[A-Z]{1,2} (?=[A-Z]))+ ?[^\W\d_][\w’'`-]*(?:\.[A-Z]\w*)?"
    rf"(?: [^\W\d_][\w’'`.-]*){{0,4}}(?: (?:{SUFFIX}))?\.?"
)
GROUP = re.compile(r"[A-Z][\w/&’()-]*(?: [\w/&’()-]+)*\.?")
ANY_PERSON = re.compile(r"[.?!]\s+(?=(?:[A-Z][\w-]{0,2}\.[ -]?)+ ?[A-Z][a-z]+)")
ENTRY_TAGS = ("rfc-entry", "rfc-not-issued-entry", "bcp-entry", "std-entry", "fyi-entry")
DRAFT = re.compile(r"draft-[a-z0-9][a-z0-9.+_-]*?(?:-(?P<revision>\d\d))?$")
LISTED = ("name", "title", "rev")
STATE = re.compile(
    r"/doc/state/([1-6])/?$"
)  # the first numbers are a draft's own states, later ones those of its reviews
HITS = re.compile(r"\s*\(\d+ hits?\)$")


class Ietf(SourceSpider):
    """Register: every RFC with status, stream and what it obsoletes and updates; drafts as far as pages are at hand.
    Publisher: RFC Editor and the Internet Engineering Task Force.
    Caveats: an obsoleted RFC keeps its status word, the relation tells; sub-series numbers (BCP, STD, FYI) stand for
    groups of RFCs and have no text of their own; the text form of the index has neither stream nor keywords; a live
    crawl reads the index, drafts come from archived pages of the datatracker. Authors are not kept.
    """

    name = "ietf"
    title = "RFC index and Internet-Drafts"
    body = "ietf"
    homepage = "https://www.rfc-editor.org/"
    licence = "bibliographic facts of a public index"
    rank = 10
    date_formats = ("%Y-%m-%d", "%d %B %Y", "%B %d, %Y")
    expect = Expect(min=8000, max=30_000, filled={"title": 0.99, "identifier": 0.99, "published": 0.98, "status": 0.95})
    start_urls = ("https://www.rfc-editor.org/rfc-index.xml", ACTIVE_DRAFTS)
    routes = (
        # No number ever leaves the index, so a short excerpt of it must not make the others vanish: not complete.
        Route(EDITOR + r"/(?:in-notes/|rfc/)?rfc-index\.xml(?:[?#]|$)", "index_xml", "feed"),
        Route(
            EDITOR + r"/(?:in-notes/|rfc/)?rfc-index\.txt(?:[?#]|$)",
            "index_text",
            "feed",
            complete=True,
            min_rows=5000,
        ),
        Route(EDITOR + r"/rfc/rfc\d+(?:\.html)?(?:[?#]|$)", "rfc_page", "detail"),
        Route(TRACKER + r"/api/v1/doc/document/(?:[^/?#]+/)?(?:[?#]|$)", "documents", "api"),
        Route(TRACKER + r"/doc/draft-[^/?#]+/(?:\d\d/)?(?:[?#]|$)", "draft_page", "detail"),
        Route(TRACKER + r"/(?:wg|rg)/[\w-]+/(?:documents/)?(?:[?#]|$)", "group_page", "list"),
    )

    def index_xml(self, response: Response) -> Iterator[Record]:
        records: list[Record] = []  # a file that breaks off gives nothing rather than a part
        try:
            for _, element in iterparse(io.BytesIO(response.body), events=("end",)):
                tag = local(element)
                if tag in ENTRY_TAGS:
                    records.append(xml_record(tag, element))
                    element.clear()
        except (ParseError, DefusedXmlException, ValueError) as error:
            raise PageRefused(f"the index is not well-formed XML: {error or type(error).__name__}") from error
        if not records:
            raise PageRefused("XML without an entry of the RFC index")
        yield from records

    def index_text(self, response: Response) -> Iterator[Record]:
        found = False
        for entry in text_entries(response.body.decode("utf-8", "replace")):
            found = True
            yield text_record(entry)
        if not found:
            raise PageRefused("text without an entry of the RFC index")

    def rfc_page(self, response: Response) -> Iterator[Record]:
        yield rfc_page(html_page(response), response.url)

    def documents(self, response: Response) -> Iterator[Record | scrapy.Request]:
        """A page of the datatracker's list (`meta`, `objects`), or one document of it."""
        answer = self.read_json(response)
        rows = answer.get("objects", [answer]) if isinstance(answer, dict) else None
        if not isinstance(rows, list) or (rows and not any(isinstance(row, dict) and "name" in row for row in rows)):
            raise PageRefused("the answer is no list of documents")
        for row in rows:
            yield listed_document(row)
        meta = answer.get("meta")
        link = meta.get("next") if isinstance(meta, dict) and rows else None
        if isinstance(link, str) and link and self.route_of(following := urljoin(response.url, link)):
            yield self.request(following)

    def draft_page(self, response: Response) -> Iterator[Record]:
        yield draft_page(html_page(response), response.url)

    def group_page(self, response: Response) -> Iterator[Record]:
        page = html_page(response)
        group = re.search(r"\(([\w-]+)\)\s*$", clean(page.css("h1").xpath("string()").get()) or "")
        table = next((t for t in page.css("table") if t.css("td.doc")), None)
        if table is None:
            raise PageRefused("no table of documents")
        yield from group_rows(table, group[1] if group else None, response.url)


def local(element: Element) -> str:
    """The tag without its namespace, which the index has had over http and https."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element: Element, name: str) -> list[Element]:
    return [child for child in element if local(child) == name]


def words(element: Element, *path: str) -> list[str]:
    found = [element]
    for name in path:
        found = [child for parent in found for child in children(parent, name)]
    return [text for child in found if (text := clean("".join(child.itertext())))]


def xml_record(tag: str, entry: Element) -> Record:
    number = next(iter(words(entry, "doc-id")), None)
    title = next(iter(words(entry, "title")), None)
    if tag == "rfc-not-issued-entry":
        return Refused(reason="number never issued", text=number or "", key=number)
    if tag != "rfc-entry":
        return Refused(reason="sub-series number, not a text", text=title or "", key=number)
    if not number or not title:
        return Refused(reason="entry without number or title", text=title or "", key=number)
    doi = next(iter(words(entry, "doi")), "")
    if (named := re.search(r"RFC0*(\d+)$", doi, re.I)) and named[1] != number.upper().removeprefix("RFC").lstrip("0"):
        return Refused(reason="number and DOI name different RFCs", text=f"{number} {doi}: {title}", key=number)
    streams = words(entry, "stream")
    groups = [group for group in words(entry, "wg_acronym") if group.upper() != "NON WORKING GROUP"]
    return Document(
        designation=spaced(number),
        title=title,
        status_text=next(iter(words(entry, "current-status")), None),
        published_text=xml_date(entry),
        committee_text=groups[0] if groups else None,
        owner_text=streams[0] if streams else None,
        keywords=tuple(dict.fromkeys(words(entry, "keywords", "kw"))),
        abstract=" ".join(words(entry, "abstract", "p")) or None,
        url=INFO + number[3:].lstrip("0"),
        relations=tuple(
            Relation(type=kind, target_text=spaced(target), evidence=label)
            for label, kind in RELATIONS.items()
            for target in words(entry, label.replace(" ", "-"), "doc-id")
        ),
    )


def spaced(number: str) -> str:
    """ "RFC0822" as it is cited: "RFC 822"."""
    return re.sub(r"(?i)^(RFC|BCP|STD|FYI)[ -]?0*(?=\d)", lambda m: m[1].upper() + " ", number)


def xml_date(entry: Element) -> str | None:
    parts = [next(iter(words(entry, "date", name)), "") for name in ("day", "month", "year")]
    return " ".join(part for part in parts if part) or None


def text_entries(text: str) -> Iterator[str]:
    """Every entry with its wrapped lines joined: "0013 Zero Text Length EOF Message. V. Cerf. August 1969. (…)"."""
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        if lines and line[:1] == " " and line.strip():
            lines.append(line.strip())
            continue
        if lines:
            yield " ".join(lines)
        lines = [line.strip()] if ENTRY.match(line) else []


def text_record(entry: str) -> Record:
    """One entry of the text form. The facts stand in brackets behind title, authors and date."""
    number, _, text = entry.partition(" ")
    name = f"RFC {int(number)}"
    if re.match(r"Not Issued\b", text, re.I):
        return Refused(reason="number never issued", key=name)
    first = FACTS.search(text)
    dated = DATED.match(text[: first.start()].strip() if first else text.strip())
    if not dated:
        return Refused(reason="entry without a date", text=entry, key=name)
    facts = {label.lower(): clean(value) or "" for label, value in FACT.findall(text[first.start() :] if first else "")}
    return Document(
        designation=name,
        title=without_authors(dated["head"]),
        status_text=facts.get("status"),
        published_text=dated["date"],
        url=f"{INFO}{int(number)}",
        relations=tuple(named_relations(facts)),
    )


def named_relations(facts: dict[str, str]) -> Iterator[Relation]:
    for label, text in facts.items():
        if kind := RELATIONS.get(label.lower()):
            for target in dict.fromkeys(NAME.findall(text)):
                yield Relation(type=kind, target_text=spaced(target), evidence=f"{label} {text}")


def without_authors(head: str) -> str:
    """The title of "Title. A. Author, B. Author.": all before the first full stop that only names follow.

    Where names are of no known form, all before the first that looks like a person's, else before the last full stop.
    """
    stops = [match.end() for match in re.finditer(r"[.?!]\s", head)]
    for stop in stops:
        if are_authors(head[stop:]):
            return title_of(head[:stop])
    if person := ANY_PERSON.search(head):
        return title_of(head[: person.end()])
    return title_of(head[: stops[-1]] if stops else head)


def are_authors(text: str) -> bool:
    """Whether a text is a list of names, one person at least among them."""
    names = [name for name in re.split(r",\s*", text.strip().rstrip(".")) if not re.fullmatch(SUFFIX, name)]
    persons = [name for name in names if PERSON.fullmatch(name)]
    return bool(persons) and all(name in persons or GROUP.fullmatch(name) for name in names)


def title_of(text: str) -> str:
    """Without the full stop of the index; that of an abbreviation stays."""
    text = text.strip()
    return text if re.search(r"\b(?:[A-Z]\.){2,}$|\.\.$", text) else text.removesuffix(".")


def rfc_page(page: Selector, url: str) -> Record:
    """The HTML page of an RFC (since 2019): facts in a list at its head."""
    facts = {
        (clean(term.xpath("string()").get()) or "").rstrip(":"): clean(
            term.xpath("string(following-sibling::dd[1])").get()
        )
        for term in page.css("dl#identifiers > dt")
    }
    number = facts.get("RFC") or next(iter(re.findall(r"/rfc(\d+)", url)), None)
    title = clean(page.css("h1#title").xpath("string()").get())
    if not number or not title:
        raise PageRefused("no number or title at the head of the page")
    return Document(
        designation=f"RFC {number}",
        title=title,
        status_text=facts.get("Category"),
        published_text=facts.get("Published"),
        keywords=tuple(page.css("meta[name=keyword]::attr(content)").getall()),
        url=INFO + number,
        relations=tuple(
            Relation(type=RELATIONS[label.lower()], target_text=f"RFC {target}", evidence=f"{label} {text}")
            for label, text in facts.items()
            if label.lower() in RELATIONS
            for target in re.findall(r"\d+", text or "")
        ),
    )


def draft_page(page: Selector, url: str) -> Record:
    """The datatracker's page of a draft: a table of labels and values."""
    name = clean(page.css("h1 small").xpath("string()").get()) or ""
    title = clean("".join(page.css("h1").xpath("./text()").getall()))
    facts: dict[str, str] = {}
    for row in page.css("tbody.meta tr"):
        label = clean(row.xpath("string(./th[last()])").get())
        value = clean(row.xpath("string(./td[last()])").get())
        if label and value and value != "(None)":
            facts.setdefault(label, value)
    if not DRAFT.match(name) or not title:
        raise PageRefused("no name and title of a draft at the head of the page")
    kind = re.match(r"(?P<kind>.*?Internet-Draft)(?: \((?P<group>[\w-]+) [WR]G\))?", facts.get("Type", ""))
    return Document(
        designation=name,
        title=title,
        status_text=kind["kind"] if kind else facts.get("Type"),
        kind_text=facts.get("Intended RFC status"),
        published_text=facts.get("Last updated"),
        committee_text=kind["group"] if kind else None,
        owner_text=facts.get("RFC stream"),
        url=urljoin(url, f"/doc/{re.sub(r'-[0-9][0-9]$', '', name)}/"),
        relations=tuple(named_relations(facts)),
    )


def listed_document(row: Any) -> Record:
    """One document of the datatracker's list; other kinds than drafts and RFCs are refused."""
    if not isinstance(row, dict):
        return Refused(reason="row is not an object", text=str(row)[:100])
    name, title, revision = (clean(row[key]) if isinstance(row.get(key), str) else None for key in LISTED)
    if not name or not title or not re.match(r"draft-|rfc\d", name, re.IGNORECASE):
        return Refused(reason="neither a draft nor an RFC", text=name or title or "", key=name)
    is_draft = name.startswith("draft-")
    states = row.get("states")
    found = [STATE.search(str(state)) for state in states] if isinstance(states, list) else []
    own = next((match[1] for match in found if match), None)
    time, stream, summary = (
        row[key] if isinstance(row.get(key), str) else "" for key in ("time", "stream", "abstract")
    )
    return Document(
        designation=f"{name}-{revision}" if is_draft and revision else spaced(name),
        title=title,
        status_text=f"document state {own}" if is_draft and own else None,
        published_text=time[:10] if is_draft else None,
        owner_text=stream.rstrip("/").rpartition("/")[2] or None,
        abstract=clean(summary),
        url=f"https://datatracker.ietf.org/doc/{name}/",
    )


def group_rows(table: Selector, group: str | None, url: str) -> Iterator[Record]:
    """The documents of a working group; rows with one cell across are headings and say what state follows."""
    state = ""
    for row in table.css("tbody tr"):
        if not row.css("td.doc"):
            state = HITS.sub("", clean(row.xpath("string(./th[last()])").get()) or state)
            continue
        link = row.css("td.doc a")
        name, title = clean(link.xpath("string()").get()), clean(row.css("td.doc b").xpath("string()").get())
        if not name or not title or not NAME.match(name):
            yield Refused(reason="row without a document", text=clean(row.xpath("string()").get()) or "")
            continue
        is_rfc = name.upper().startswith("RFC")
        cell = clean(row.xpath("string(./td[contains(@class, 'status')])").get()) or ""
        yield Document(
            designation=name,
            title=title,
            status_text=(re.match(r"(.*?) RFC\b", cell) or [None, None])[1] if is_rfc else state.rstrip("s") or None,
            published_text=clean(row.xpath("string(./td[contains(@class, 'doc')]/following-sibling::td[1])").get()),
            committee_text=group,
            url=urljoin(url, link.attrib.get("href", "")),
        )
