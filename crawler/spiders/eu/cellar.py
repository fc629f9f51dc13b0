"""Cellar, the repository behind EUR-Lex: acts of EU law as answers to SPARQL queries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import scrapy
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from standards_db.records import Document, PageRefused, Record, Refused

ENDPOINT = "https://publications.europa.eu/webapi/rdf/sparql"
PAGE_SIZE = 200
LAST_PAGE = 50  # a query that is not answered after so many pages has gone astray
# The curated acts of the EU that make standards bind (a test holds the list to them), and further acts under which the
# lists of harmonised standards that are read here publish theirs: EMC, low voltage, machinery of 2006, medical devices.
ACTS = (
    "32006L0042",
    "32012R1025",
    "32014L0030",
    "32014L0035",
    "32014L0053",
    "32014R0910",
    "32016R0679",
    "32017R0745",
    "32019R0881",
    "32022L2555",
    "32022L2557",
    "32022R0030",
    "32022R2554",
    "32023R1230",
    "32024R0482",
    "32024R1183",
    "32024R1689",
    "32024R2847",
    "32024R3144",
    "32025R2462",
)
VALUES = " ".join(f'"{number}"^^xsd:string' for number in ACTS)
DECISION = "<http://publications.europa.eu/resource/authority/resource-type/DEC_IMPL>"
# What selects the works; the titles of all decisions are searched, so the type comes first.
QUERIES = {
    "acts": (
        f"VALUES ?celex {{ {VALUES} }} ?work cdm:resource_legal_id_celex ?celex ; cdm:work_has_resource-type ?kind ."
    ),
    "decisions": (
        f"?work cdm:work_has_resource-type {DECISION} ; cdm:work_has_resource-type ?kind ;"
        ' cdm:resource_legal_id_celex ?celex . FILTER(CONTAINS(LCASE(STR(?name)), "harmonised standards"))'
    ),
}
SPARQL = """PREFIX cdm: <http://publications.europa.eu/ontology/cdm#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT ?celex (SAMPLE(?kind) AS ?type) (MIN(?day) AS ?date) (SAMPLE(?name) AS ?title)
 (GROUP_CONCAT(DISTINCT STR(?force); separator=", ") AS ?forces) (MAX(?last) AS ?end)
WHERE {
 %s
 ?work cdm:work_date_document ?day .
 ?expression cdm:expression_belongs_to_work ?work ; cdm:expression_title ?name ;
  cdm:expression_uses_language <http://publications.europa.eu/resource/authority/language/ENG> .
 OPTIONAL { ?work cdm:resource_legal_date_entry-into-force ?force }
 OPTIONAL { ?work cdm:resource_legal_date_end-of-validity ?last }
}
GROUP BY ?celex ORDER BY ?celex LIMIT %d OFFSET %d"""

CELEX = re.compile(r"(?:celex:\s*)?([0-9CE]\d{4}[A-Z]{1,2}\d{4}\w*(?:\(\d+\))*(?:-\d{8})?(?:R\(\d+\))?)", re.IGNORECASE)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
FOR_EVER = "9999"  # the year in which the validity of an act ends that has no end
# Variables that a query may give a column of its own name.
COLUMNS = {
    "celex": re.compile(r"celex", re.IGNORECASE),
    "type": re.compile(r"type|kind", re.IGNORECASE),
    "title": re.compile(r"title|label", re.IGNORECASE),
    "force": re.compile(r"force|applicab|application|effect", re.IGNORECASE),
    "deadline": re.compile(r"deadline|transpos", re.IGNORECASE),
    "end": re.compile(r"end|valid|repeal", re.IGNORECASE),
    "date": re.compile(r"date", re.IGNORECASE),
}


class Cellar(SourceSpider):
    """Register: acts of EU law on cybersecurity and the implementing decisions on harmonised standards, as drafts too.
    Publisher: Publications Office of the European Union.
    Caveats: an act is known by its CELEX number; `published` is the date of the document, not that of the Official
    Journal; the first of several dates of entry into force is kept as a date, all are in the abstract. A live crawl
    asks two questions, not for the whole of EU law.
    """

    name = "cellar"
    title = "EUR-Lex Cellar: acts of EU law"
    body = "ec"
    homepage = "https://publications.europa.eu/"
    licence = "© European Union; reuse with acknowledgement (Commission Decision 2011/833/EU)"
    rank = 10
    date_formats = ("%Y-%m-%d",)
    expect = Expect(min=12, max=3000, filled={"title": 0.9, "published": 0.9})
    routes = (
        Route(r"(?i)^https?://publications\.europa\.eu(?::\d+)?/webapi/rdf/sparql/?(?:[?#]|$)", "answer", "api"),
        Route(
            r"(?i)^https?://publications\.europa\.eu(?::\d+)?/webapi/rdf/sparql/?(?:[?#]|$)",
            "answer",
            "api",
            method="POST",
        ),
    )

    def live_requests(self) -> Iterator[scrapy.Request]:
        for query in QUERIES:
            yield self.page_request(query, 0, ())

    def page_request(self, query: str, page: int, seen: tuple[str, ...]) -> scrapy.Request:
        """Page n starts with the last row of page n-1: pages that do not join were cut from different orders."""
        text = SPARQL % (QUERIES[query], PAGE_SIZE, page * (PAGE_SIZE - 1))
        address = f"{ENDPOINT}?{urlencode({'query': text, 'format': 'application/sparql-results+json'})}"
        return self.request(address, cb_kwargs={"query": query, "page": page, "seen": seen})

    def answer(
        self, response: Response, query: str | None = None, page: int = 0, seen: tuple[str, ...] = ()
    ) -> Iterator[Record | scrapy.Request]:
        rows = self.bindings(response)
        yield from acts(rows)
        if query is not None:
            yield from self.next_page(query, page, seen, [first(row, "celex") or "" for row in rows])

    def bindings(self, response: Response) -> list[dict[str, list[str]]]:
        """The rows of an answer as {column of COLUMNS: printed values}. Raises PageRefused for any other answer."""
        try:
            value = self.read_json(response)
        except RecursionError as error:
            raise PageRefused("JSON nested too deeply") from error
        results = value.get("results") if isinstance(value, dict) else None
        rows = results.get("bindings") if isinstance(results, dict) else None
        if not isinstance(rows, list):
            raise PageRefused("no answer to a SPARQL query")
        head = value.get("head")
        names = head.get("vars") if isinstance(head, dict) else None
        found = {name for row in rows if isinstance(row, dict) for name in row}
        if not any(
            COLUMNS["celex"].search(str(name)) for name in (*(names if isinstance(names, list) else ()), *found)
        ):
            raise PageRefused("an answer without CELEX numbers")
        refuse_partial(response, len(rows))
        return [columns(row) for row in rows]

    def next_page(
        self, query: str, page: int, seen: tuple[str, ...], numbers: list[str]
    ) -> Iterator[Refused | scrapy.Request]:
        together = tuple(dict.fromkeys((*seen, *numbers)))
        if page and (not numbers or numbers[0] != seen[-1] or len(together) != len(seen) + len(numbers) - 1):
            yield Refused(reason="paging does not add up", text=f"page {page} does not join the one before", key=query)
        elif len(numbers) >= PAGE_SIZE and page < LAST_PAGE:
            yield self.page_request(query, page + 1, together)
        elif len(numbers) >= PAGE_SIZE:
            yield Refused(reason="paging does not add up", text=f"more than {page} full pages", key=query)
        elif query == "acts":
            for number in sorted(set(ACTS) - set(together)):
                yield Refused(reason="an act that was asked for is not in the answer", text=number, key=number)


def refuse_partial(response: Response, rows: int) -> None:
    """Virtuoso says in its headers that it stopped at a limit of time or of rows; the body does not show it."""
    state = (response.headers.get("X-SQL-State") or b"").decode("latin-1").strip()
    most = (response.headers.get("X-SPARQL-MaxRows") or b"").decode("latin-1").strip()
    if state.upper().startswith("S1TAT") or (most.isdecimal() and rows >= int(most)):
        raise PageRefused(f"a part of the answer only: {state or f'{rows} rows, the most that are given'}")


def columns(row: Any) -> dict[str, list[str]]:
    """Printed values by column; a variable belongs to the first column whose words it holds.

    Values in another language than English stand apart, under "foreign title".
    """
    found: dict[str, list[str]] = {}
    for name, cell in row.items() if isinstance(row, dict) else ():
        value = clean(str(cell.get("value") or "")) if isinstance(cell, dict) else None
        column = next((column for column, words in COLUMNS.items() if words.search(str(name))), None)
        if value and column and isinstance(cell, dict):
            is_english = str(cell.get("xml:lang") or "en").lower()[:2] == "en"
            found.setdefault(column if is_english else f"foreign {column}", []).append(value)
    return found


def celex(row: dict[str, list[str]]) -> str | None:
    match = CELEX.fullmatch(first(row, "celex") or "")
    return match[1].upper() if match else None


def first(row: dict[str, list[str]], column: str) -> str | None:
    return next(iter(row.get(column, ())), None)


def acts(rows: list[dict[str, list[str]]]) -> Iterator[Record]:
    """One document per CELEX number: an answer repeats it for every title and every date."""
    together: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        number = celex(row)
        if number is None:
            text = "; ".join(f"{name}: {', '.join(values)}" for name, values in row.items())
            yield Refused(reason="row without a CELEX number", text=text[:300], key=first(row, "celex"))
            continue
        known = together.setdefault(number, {})
        for name, values in row.items():
            known[name] = list(dict.fromkeys((*known.get(name, ()), *values)))
    for number, row in together.items():
        yield act(number, row)


def act(number: str, row: dict[str, list[str]]) -> Document:
    type_ = (first(row, "type") or "").rpartition("/")[2] or None
    forces = sorted(set(DATE.findall(" ".join(row.get("force", ())))))
    end = first(row, "end")
    said = [f"{name}: {', '.join(row[column])}" for column, name in SAID.items() if row.get(column)]
    return Document(
        designation=number,
        key=number,
        title=first(row, "title") or first(row, "foreign title"),
        kind_text=kind(number, type_ or ""),
        published_text=first(row, "date"),
        implemented_text=forces[0] if forces else first(row, "force"),
        withdrawn_text=end if end and not end.startswith(FOR_EVER) else None,
        keywords=(type_,) if type_ else (),
        abstract="; ".join(said) or None,
        url=f"https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX:{number}",
    )


def kind(number: str, type_: str) -> str | None:
    """What the number says: sectors 0 to 4 hold law, sector 5 what prepares it, the others case law and notices."""
    if type_.upper().startswith("PROP") or number[5:7] == "PC":
        return "draft"
    if number.endswith(")") and "R(" in number:
        return "corrigendum"
    return "act" if number[0] in "01234" else None


SAID = {"force": "entry into force", "deadline": "deadlines", "end": "end of validity"}
