"""IEEE standards: files of the bibliographic feed (IDAMS), and the answers of the site's own search before 2023."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import scrapy
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from standards_db.records import Document, PageRefused, Record, Refused, Relation

SEARCH = "https://standards.ieee.org/wp-admin/admin-ajax.php"
LIVE_QUERIES = ("IEEE 802", "IEEE 1363", "IEEE 1609", "IEEE 1619", "IEEE 1686", "IEEE 2410", "IEEE 2621")
# What a relationship code says of the standard that carries it.
RELATIONSHIPS = {
    "S": "superseded by",
    "V": "supersedes",
    "T": "amends",
    "C": "amends",
    "O": "adopts",
    "P": "references",
}
NAMED = re.compile(
    r"^(?P<lead>(?:ANSI[/ ]|ISO/IEC/|IEC/)?(?:IEEE|ANSI|AIEE|IRE)(?: Std\.?| No\.?)?|ISO/IEC(?:/IEEE)?)"
    r" (?P<number>\S*\d\S*)",
    re.IGNORECASE,
)
DRAFT_DATE = re.compile(r"[.,]?\s*\b(?P<date>(?:[A-Z][a-z]{2,8}\.?\s+)(?:\d{1,2},?\s+)?\d{4})$")
REDLINE = re.compile(r"\bredline\b", re.I)
STANDARD_URL = re.compile(
    r"/(?:ieee/[^/]+/\d+|(?:content/ieee-standards/en/)?standard/[^/]+\.html|project/[^/]+\.html)"
)
STATUS = re.compile(r"\bStatus ((?:Active|Superseded|Inactive|Withdrawn)(?:-\w+)?) (?:Standard|Project|Draft)\b")
AFTER_STATUS = 900
LABELS = (
    "PAR Approval|Superseded by|Superseding|Corrigend[aum]+|Amend\\w+|Erratas?|Joint Sponsors?|Board Approval|History"
    "|ANSI Approved:|ANSI Withdrawn:|Published:|Reaffirmed:|Withdrawn:|Inactivated Date:|Additional Resources"
    "|Working Group"
)
NUMBER = re.compile(r"\bP?[A-Z]{0,2}\d[\w.]*(?:-\d{4})(?:/(?:Cor|Amd|INT) ?\d+(?:-\d{4})?)?|\bP\d[\w.]*")


class Ieee(SourceSpider):
    """Register: IEEE standards, projects and drafts with status, classification, committee and revisions.
    Publisher: IEEE Standards Association.
    Caveats: the bibliographic feed is for subscribers, so its files are read from an archive where an operator keeps
    them under ieeexplore.ieee.org; they name related standards by an internal number only. The site's search is
    undocumented and was last seen in 2022. Redlines repeat a standard with its changes marked and are refused. The
    full catalogue is read from a bulk copy.
    """

    name = "ieee"
    title = "IEEE Standards Association: standards and projects"
    body = "ieee-sa"
    homepage = "https://standards.ieee.org/"
    licence = "© IEEE; bibliographic facts only"
    rank = 30
    interval_days = 30
    date_formats = ("%Y-%m-%d",)
    expect = Expect(min=20, max=60_000, filled={"title": 0.95, "identifier": 0.8})
    routes = (
        Route(r"(?i)^https?://standards\.ieee\.org(?::\d+)?/wp-admin/admin-ajax\.php", "search", "api", method="POST"),
        Route(
            r"(?i)^https?://standards\.ieee\.org(?::\d+)?/wp-admin/admin-ajax\.php\?(?=.*action=ieee_cloudsearch)",
            "search",
            "api",
        ),
        Route(r"(?i)^https?://standards\.ieee\.org(?::\d+)?/bin/standards/search/?\?", "old_search", "api"),
        Route(r"(?i)^https?://(?:www\.)?ieeexplore\.ieee\.org(?::\d+)?/[^?#]+\.xml(?:[?#]|$)", "publication", "bulk"),
    )

    def live_requests(self) -> Iterator[scrapy.Request]:
        for query in LIVE_QUERIES:
            yield self.page_of(query, 1, ())

    def page_of(self, query: str, page: int, seen: tuple[str, ...]) -> scrapy.Request:
        form = {"action": "ieee_cloudsearch", "q": query, "page": str(page)}
        return self.request(
            SEARCH,
            method="POST",
            body=scrapy.FormRequest(SEARCH, formdata=form).body,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            cb_kwargs={"query": query, "page": page, "seen": seen},
            dont_filter=True,
        )

    def search(
        self, response: Response, query: str | None = None, page: int = 1, seen: tuple[str, ...] = ()
    ) -> Iterator[Record | scrapy.Request]:
        answer = self.read_json(response)
        if not isinstance(answer, dict) or "status" not in answer:
            raise PageRefused("the answer is not that of the site's search")
        hits = hits_of(answer)
        found = [url for hit in hits if (url := text_of(hit.get("doc_id_l")))]
        for hit in hits:
            yield search_hit(hit)
        if query is None:
            return
        together = tuple(dict.fromkeys((*seen, *found)))
        last = answer.get("total_pages")
        if isinstance(last, int) and page < last and len(together) > len(seen):
            yield self.page_of(query, page + 1, together)
        elif len(together) != total_of(answer):
            text = f"{len(together)} of {total_of(answer)} after page {page} of {query}"
            yield Refused(reason="paging does not add up", text=text)

    def old_search(self, response: Response) -> Iterator[Record]:
        answer = self.read_json(response)
        try:
            rows = json.loads(answer["message"])["response"]["searchResults"]["resultsMapList"]
            records = [row["record"] for row in rows]
        except (KeyError, TypeError, ValueError) as error:
            raise PageRefused(f"the answer has no list of results: {error!r}") from error
        titles: dict[str, Record] = {}
        for record in records:
            if isinstance(record, dict) and (title := text_of(record.get("recordTitle"))):
                titles.setdefault(title, old_hit(title, text_of(record.get("recordURL"))))
        yield from titles.values()

    def publication(self, response: Response) -> Iterator[Record]:
        try:
            root = fromstring(response.body)
        except (ParseError, DefusedXmlException, ValueError) as error:
            raise PageRefused(f"not a well-formed XML file: {error or type(error).__name__}") from error
        publications = [root] if root.tag == "publication" else root.findall(".//publication")
        if not publications:
            raise PageRefused(f"an XML file of {root.tag!r}, not of publications")
        for element in publications:
            yield idams_record(element)


def text_of(value: Any) -> str | None:
    return clean(html.unescape(value)) if isinstance(value, str) else None


def hits_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of every hit; an answer without results has no `results` at all."""
    if "results" not in answer:
        if answer.get("total_pages") == 0 or "no-results" in str(answer.get("html")):
            return []
        raise PageRefused("the answer has neither results nor a note that there are none")
    try:
        return [hit["fields"] for hit in answer["results"]["hits"]["hit"] if isinstance(hit["fields"], dict)]
    except (KeyError, TypeError) as error:
        raise PageRefused(f"the results have another shape: {error!r}") from error


def total_of(answer: dict[str, Any]) -> Any:
    return answer["results"]["hits"].get("found") if "results" in answer else 0


def search_hit(hit: dict[str, Any]) -> Record:
    """One hit: a standard's page as the search engine read it; the site's other pages are refused."""
    url = text_of(hit.get("doc_id_l")) or ""
    name = (text_of(hit.get("meta_designation_l")) or text_of(hit.get("doc_title_t")) or "").removeprefix("IEEE SA - ")
    page = text_of(hit.get("doc_text_t")) or ""
    if not STANDARD_URL.search(url) or not name:
        return Refused(reason="not a standard", text=name, key=url or None)
    if REDLINE.search(name):
        return Refused(reason="redline", text=name, key=url)
    status = STATUS.search(page)
    facts = dict(labelled(page[status.end() : status.end() + AFTER_STATUS])) if status else {}
    topics = hit.get("meta_topic_la")
    committee = re.search(r"\bSponsor Committee (.{3,120}?) Learn More", page)
    return Document(
        designation=name,
        title=hit_title(hit, name, page),
        status_text=status[1] if status else None,
        published_text=facts.get("Published"),
        withdrawn_text=facts.get("Withdrawn") or facts.get("Inactivated Date"),
        committee_text=committee[1] if committee else None,
        keywords=tuple(topic for text in listed(topics) for topic in text.split(",")),
        abstract=text_of(hit.get("meta_description_l")),
        url=url,
        relations=tuple(hit_relations(name, facts)),
    )


def listed(values: Any) -> list[str]:
    return [text for value in values if (text := text_of(value))] if isinstance(values, list) else []


def hit_title(hit: dict[str, Any], name: str, page: str) -> str | None:
    """The title field, which older answers lack: there it stands in the page's text after the designation."""
    if title := text_of(hit.get("meta_title_t")):
        return title.removeprefix("IEEE SA - ")
    name = re.escape(name)
    match = re.search(rf"\b(?:Standard|Project) {name} (.{{5,400}}?) (?:Purchase|Home Standards|Get Involved)\b", page)
    return match[1] if match else None


def labelled(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of the status block, which the search engine read as one line: "Superseded by 528-2001"."""
    parts = re.split(rf"\s*\b({LABELS})\s*", text)
    for label, value in zip(parts[1::2], parts[2::2], strict=True):
        if label == "Working Group":
            return
        yield label.rstrip(":"), value.strip()


def hit_relations(name: str, facts: dict[str, str]) -> Iterator[Relation]:
    for label, kind in (("Superseded by", "superseded by"), ("Superseding", "supersedes")):
        for number in NUMBER.findall(facts.get(label, "")):
            if not name.endswith(f" {number}"):  # reserved standards are said to supersede themselves
                yield Relation(type=kind, target_text=f"IEEE {number}", evidence=f"{label} {facts[label]}")


def old_hit(line: str, url: str | None) -> Record:
    """A result of the search before 2022: "528-2019 - IEEE Standard for Inertial Sensor Terminology"."""
    name, dash, title = line.partition(" - ")
    if not dash or not NUMBER.match(name) or not (url and STANDARD_URL.search(url)):
        return Refused(reason="not a standard", text=line, key=url)
    if REDLINE.search(line):
        return Refused(reason="redline", text=line, key=url)
    return Document(designation=f"IEEE {name}", title=title, url=url)


def idams_record(publication: Element) -> Record:
    """One publication of the bibliographic feed."""
    number = inner(publication, "publicationinfo/stdnumber")
    printed = inner(publication, "title") or ""
    modifiers = texts(publication, "publicationinfo/standardmodifierset/standard_modifier")
    article = publication.find("volume/article")
    title = inner(article, "title") or inner(publication, "standardsfamilytitle")
    if not number:
        return Refused(reason="publication without a standard number", text=printed)
    if "Redline" in modifiers or REDLINE.search(printed):
        return Refused(reason="redline", text=printed, key=number)
    designation, dated = idams_designation(printed, number)
    document = inner(article, "articleinfo/amsid")
    info = publication.find("publicationinfo")
    relations = info.findall("standard_relationship") if info is not None else ()
    return Document(
        designation=designation,
        title=title,
        status_text=idams_status(inner(info, "standard_status"), modifiers),
        published_text=publication_date(article) or dated,
        ics=tuple(code for e in publication.iterfind(".//icscodes/code_term") if (code := clean(e.get("codenum")))),
        committee_text="; ".join(texts(info, "pubsponsoringcommitteeset/pubsponsoringcommittee")) or None,
        keywords=tuple(dict.fromkeys(texts(article, "articleinfo/keywordset/keyword/keywordterm"))),
        abstract=inner(article, "articleinfo/abstract"),
        url=f"https://ieeexplore.ieee.org/document/{document}" if document else None,
        relations=tuple(idams_relations(relations)),
    )


def idams_status(status: str | None, modifiers: list[str]) -> str | None:
    """The status word; "Inactive" is said of withdrawn, of reserved and of draft texts, and the modifier says which."""
    return "/".join([status, *modifiers]) if status == "Inactive" else status


def inner(element: Element | None, path: str) -> str | None:
    return text_of(element.findtext(path)) if element is not None else None


def texts(element: Element | None, path: str) -> list[str]:
    found = element.iterfind(path) if element is not None else ()
    return [text for child in found if (text := text_of(child.text))]


def idams_designation(printed: str, number: str) -> tuple[str, str | None]:
    """The designation with its publisher, and the date that some drafts carry behind their number.

    The title names publisher and draft ("IEEE Std P802.11u/D9.0"), though not always the number.
    """
    number = number.strip()
    date = DRAFT_DATE.search(number)
    bare = number[: date.start()] if date else number
    named = NAMED.match(printed)
    own = named and named["number"].rstrip(",.;:").casefold().startswith(bare.casefold())
    designation = f"{named['lead']} {named['number'].rstrip(',.;:')}" if named and own else f"IEEE Std {bare}"
    return designation, date["date"] if date else None


def publication_date(article: Element | None) -> str | None:
    """The first publication; "ePub" is the day the text came online, decades later for old ones."""
    if article is None:
        return None
    for date in article.iterfind("articleinfo/date"):
        if date.get("datetype") == "OriginalPub":
            year, month, day = (inner(date, name) for name in ("year", "month", "day"))
            if month and month.isdigit():
                return "-".join([year or "", month.zfill(2), *([day.zfill(2)] if day else [])])
            return " ".join(part for part in (day if month else None, month, year) if part) or None
    return None


def idams_relations(elements: Iterable[Element]) -> Iterator[Relation]:
    """Related standards; most are named by the feed's internal number, which is kept as it is printed."""
    for element in elements:
        kind = RELATIONSHIPS.get((element.get("type") or "").strip())
        target = clean(element.get("prodnum")) or clean(element.text)
        if kind and target:
            name = f"standard_id {target}" if target.isdigit() else target
            yield Relation(type=kind, target_text=name, evidence=f"standard_relationship {element.get('type')}")
