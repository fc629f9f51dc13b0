"""NIST Technical Series: the frozen list pages of some series, the page of drafts, and the catalogue as MODS."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import parse_qs
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.nist import split_stage
from crawler.tables import html_page
from standards_db.records import Document, PageRefused, Record, Refused, Relation

PAGES = "https://pages.nist.gov/NIST-Tech-Pubs"
SERIES = ("FIPS", "SP500", "SP800", "SP1800", "CSWP", "IR", "AI")
ELSEWHERE = re.compile(r"List\s+available\s+on\s+the\s+NIST\s+Computer\s+Security\s+Resource\s+Center", re.IGNORECASE)
DOI = re.compile(r"10\.6028/(?P<name>N(?:IST|BS)\.[A-Z]+(?:\.[A-Z]+)*\.[\w.()+-]*[\w)])", re.IGNORECASE)
# Series that hold publications on information technology; the catalogue has dozens of others, from baseball to bridges.
KEPT = re.compile(r"^N(?:IST|BS)\.(?:FIPS|SP\.(?:500|800|1800)-|IR|NISTIR|CSWP|AI)\b", re.IGNORECASE)
LANGUAGE = re.compile(r"(?:[. ]?(?:fre|ukr|slo|spa|por|pol|ara|jpn|chi)|(?<=\d)(?:pt|es|id|vi|fr|pl|it))$")
MODS = "{http://www.loc.gov/mods/v3}"
RELATED = {"preceding": "supersedes", "succeeding": "superseded by"}


class NistTechpubs(SourceSpider):
    """Register: the Technical Series of NIST with its predecessor's (NBS): FIPS, SP 500, SP 800, SP 1800, IR, drafts.

    Publisher: NIST Research Library.
    Caveats: the list pages were frozen on 2024-03-13 and the catalogue moved to a library system; no record says
    whether it still holds, so none counts as in force by this source; translations are refused. The catalogue (MODS)
    has no lasting address and is read from archives only, its series on information technology alone.
    """

    name = "nist_techpubs"
    title = "NIST Technical Series publication list"
    body = "nist"
    tier = "secondary"
    homepage = f"{PAGES}/series.html"
    licence = "work of the United States government, not subject to copyright there"
    rank = 40
    interval_days = 90
    date_formats = ("%Y-%m-%d", "%B %Y", "%Y-%m", "%Y")
    expect = Expect(min=800, max=60_000, filled={"title": 0.98, "identifier": 0.8, "published": 0.95})
    start_urls = tuple(f"{PAGES}/{name}.html" for name in ("FIPS", "SP500", "SP800", "SP1800", "CSWP", "DRAFT"))
    routes = (
        Route(
            rf"(?i)^https?://pages\.nist\.gov(?::\d+)?/NIST-Tech-Pubs/(?:{'|'.join(SERIES)})\.html(?:[?#]|$)",
            "series",
            "list",
        ),
        Route(r"(?i)^https?://pages\.nist\.gov(?::\d+)?/NIST-Tech-Pubs/DRAFT\.html(?:[?#]|$)", "drafts", "list"),
        Route(
            r"(?i)^https?://github\.com/usnistgov/NIST-Tech-Pubs/releases/download/[^/?#]+/allrecords-MODS\.xml",
            "catalogue",
            "bulk",
        ),
    )

    def series(self, response: Response) -> Iterator[Record]:
        page = html_page(response)
        papers = page.css("div.report-paper")
        if not papers and not ELSEWHERE.search(page.xpath("string(//body)").get() or ""):
            raise PageRefused("no publication on the page, and no note that the list is elsewhere")
        heading = clean(page.css("h1#title").xpath("string()").get())
        for paper in papers:
            yield listed_record(paper, heading)

    def drafts(self, response: Response) -> Iterator[Record]:
        page = html_page(response)
        entries = page.css("div.csl-entry")
        if not entries:
            raise PageRefused("no draft on the page")
        for entry in entries:
            yield draft_record(entry)

    def catalogue(self, response: Response) -> Iterator[Record]:
        records: list[Record] = []  # a file that breaks off gives nothing rather than a part
        others: Counter[str] = Counter()
        try:
            for _, element in iterparse(io.BytesIO(response.body), events=("end",)):
                if element.tag != f"{MODS}mods":
                    continue
                name = doi_name(mods_url(element))
                if name and not KEPT.match(name):
                    others[".".join(name.split(".")[:2])] += 1
                else:
                    records.append(mods_record(element, name))
                element.clear()
        except (ParseError, DefusedXmlException, ValueError) as error:
            raise PageRefused(f"the catalogue is not well-formed XML: {error or type(error).__name__}") from error
        if not records and not others:
            raise PageRefused("XML without a record of the catalogue")
        yield from records
        for series, count in sorted(others.items()):
            yield Refused(reason="series of other subjects", text=f"{count} records of {series}", key=series)


def doi_name(text: str | None) -> str | None:
    """ "NIST.SP.800-218A.ipd" of a DOI or its address."""
    match = DOI.search(text or "")
    return match["name"] if match else None


def printed_name(doi: str) -> str:
    """A designation out of a DOI: "NIST SP 800-218A ipd"."""
    owner, series, number = doi.split(".", 2)
    return f"{owner} {series} {number}"


def record(printed: str, key: str, **facts: object) -> Record:
    """A publication by its printed number, its draft or update marker set apart."""
    if LANGUAGE.search(printed):
        return Refused(reason="translation", text=printed, key=key)
    designation, stage = split_stage(printed)
    values = {name: value for name, value in facts.items() if value}
    return Document(designation=designation, key=key, iteration=stage, **values)  # type: ignore[arg-type]


def labelled(paper: Selector, name: str) -> str | None:
    """The text of one part of an entry without its label."""
    pieces = paper.xpath(f".//span[@class='{name}']//text()[not(ancestor::label)]").getall()
    return clean("".join(pieces).replace("\xa0", " "))


def listed_record(paper: Selector, heading: str | None) -> Record:
    """One entry of a list page. Its heading stands as the status text: the page says no more of its standing."""
    number, title = labelled(paper, "report-number"), labelled(paper, "titles")
    doi = doi_name(labelled(paper, "doi_data"))
    if not number or not title:
        return Refused(reason="entry without number or title", text=number or title or "", key=doi)
    address = f"https://doi.org/10.6028/{doi}" if doi else None
    published = labelled(paper, "publication_date")
    return record(number, doi or number, title=title, published_text=published, status_text=heading, url=address)


def draft_record(entry: Selector) -> Record:
    """One entry of the page of drafts: a citation, whose facts stand in the machine-readable span behind it."""
    doi = doi_name(entry.css("a::attr(href)").get())
    facts = parse_qs(entry.xpath("string(following-sibling::*[1][self::span]/@title)").get() or "")
    title = clean(next(iter(facts.get("rft.btitle") or facts.get("rft.title") or []), None))
    if not doi or not title:
        text = clean(entry.css("a").xpath("string()").get()) or title or ""
        return Refused(reason="draft without identifier or title", text=text, key=doi)
    published = next(iter(facts.get("rft.date", [])), None)
    designation, stage = split_stage(printed_name(doi))
    return record(
        f"{designation} {stage or 'draft'}",
        doi,
        title=title,
        published_text=published,
        status_text="draft",
        url=f"https://doi.org/10.6028/{doi}",
    )


def mods_url(element: Element) -> str | None:
    return next((e.text for e in element.iterfind(f"{MODS}location/{MODS}url") if doi_name(e.text)), None)


def words(element: Element, *path: str) -> list[str]:
    found = element.iterfind("/".join(f"{MODS}{name}" for name in path))
    return [text for child in found if (text := clean(child.text))]


def mods_record(element: Element, doi: str | None) -> Record:
    """One record of the catalogue. Names of authors are not read."""
    main = next(element.iterfind(f"{MODS}titleInfo"), element)
    lead, title, subtitle = ("".join(words(main, name)[:1]) for name in ("nonSort", "title", "subTitle"))
    if not doi or not title:
        return Refused(reason="record without identifier or title", text=title, key=doi)
    dates = [e for e in element.iterfind(f"{MODS}originInfo/{MODS}dateIssued") if clean(e.text)]
    coded = [clean(e.text) for e in dates if e.get("encoding") == "marc"]
    return record(
        printed_name(doi),
        doi,
        title=f"{lead} {title}".strip() + (f": {subtitle}" if subtitle else ""),
        published_text=next((text for text in coded if text and re.fullmatch(r"(?:19|20)\d\d", text)), None),
        status_text="Technical Series catalogue",
        keywords=tuple(dict.fromkeys(words(element, "subject", "topic"))),
        url=f"https://doi.org/10.6028/{doi}",
        relations=tuple(mods_relations(element)),
    )


def mods_relations(element: Element) -> Iterator[Relation]:
    for related in element.iterfind(f"{MODS}relatedItem"):
        kind = RELATED.get(related.get("type") or "")
        texts = [*words(related, "location", "url"), *words(related, "identifier")]
        target = next((name for text in texts if (name := doi_name(text))), None)
        if kind and target:
            yield Relation(type=kind, target_text=printed_name(target), evidence=f"relatedItem {related.get('type')}")
