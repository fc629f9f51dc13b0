"""NERC's One Stop Shop: the workbook of every reliability standard, the cybersecurity (CIP) ones among them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.platforms import workbook_rows
from standards_db.records import Document, Record, Refused, Relation

HEADER = ("Status", "Standard Number", "Standard Title", "Effective Date of Standard", "Inactive Date of Standard")
NUMBER = r"[A-Z]{3}-\d{3}(?:-[A-Z]{2,4})?-\d+(?:\.\d+)*(?:\([ivx]+\))?[a-z]?(?![\w.]*\w)"
REPLACEMENT = re.compile(
    rf"(?:(?P<who>{NUMBER})\s+)?(?:(?:is|was|were|will|has|have|been|be)\s+)*"
    r"(?:(?P<passive>(?:replaced?|superseded|retired)\s+(?:with|by))|(?P<active>replaces?|supersedes?))\s+"
    rf"(?:FERC\s+Approval\s+of\s+)?(?P<others>{NUMBER}(?:(?:,?\s+and\s+|\s*[,&]\s*){NUMBER})*)",
    re.IGNORECASE,
)


class NercCip(SourceSpider):
    """Register: the reliability standards of the North American power grid with the dates of their regulation.
    Publisher: North American Electric Reliability Corporation (NERC).
    Caveats: all families are kept, the cybersecurity ones have the committee text "NERC CIP"; replacements are read
    from the public notes, which are typed by hand and were rewritten as a whole in October 2025; the site was being
    rebuilt in 2025 and 2026, so the address may move.
    """

    name = "nerc_cip"
    title = "NERC One Stop Shop: reliability standards"
    body = "nerc"
    homepage = "https://www.nerc.com/pa/Stand/Pages/ReliabilityStandards.aspx"
    licence = "© NERC; bibliographic facts only"
    rank = 10
    date_formats = ("%Y-%m-%d", "%m/%d/%Y")
    expect = Expect(min=500, max=3000, filled={"title": 0.98, "identifier": 0.95, "status": 0.95, "published": 0.9})
    start_urls = ("https://www.nerc.com/pa/Stand/AlignRep/One%20Stop%20Shop.xlsx",)
    routes = (
        Route(
            r"(?i)^https?://(?:www\.)?nerc\.com(?::\d+)?/(?:[^?#]*/)?"
            r"One(?:%20|[ +_-])?Stop(?:%20|[ +_-])?Shop[^/?#]*\.xlsx",
            "workbook",
            "feed",
            complete=True,
            min_rows=400,
        ),
    )

    def workbook(self, response: Response) -> Iterator[Record]:
        seen: set[str] = set()
        for row in workbook_rows(response, HEADER):
            record = standard(row)
            if isinstance(record, Document) and record.designation in seen:
                record = Refused(reason="the workbook repeats a standard", text=str(row), key=record.designation)
            elif isinstance(record, Document):
                seen.add(record.designation)
            yield record


def standard(row: dict[str, str]) -> Record:
    """One row of the workbook; `row` maps column names to cell texts."""
    cell = {name.casefold(): clean(text) for name, text in row.items()}
    number = (cell["standard number"] or "").removeprefix("NERC ")
    if not number:
        return Refused(reason="row without a standard number", text=str({n: t for n, t in cell.items() if t}))
    return Document(
        designation=f"NERC {number}",
        title=cell["standard title"],
        status_text=cell["status"],
        published_text=cell.get("board adopted date"),
        implemented_text=cell["effective date of standard"],
        withdrawn_text=cell["inactive date of standard"],
        committee_text="NERC CIP" if number.upper().startswith("CIP-") else None,
        abstract=cell.get("purpose"),
        relations=tuple(replacements(number, cell.get("public notes") or "")),
    )


def replacements(number: str, notes: str) -> Iterator[Relation]:
    """What the notes of one standard say of replacements: "Replaced with CIP-003-2", "CIP-003-9 replaces CIP-003-8".

    A note may speak of two other standards; only what concerns this one is given.
    """
    for said in REPLACEMENT.finditer(notes):
        who = said["who"] or number
        others = re.findall(NUMBER, said["others"], re.IGNORECASE)
        kind, inverse = ("superseded by", "supersedes") if said["passive"] else ("supersedes", "superseded by")
        if who == number:
            targets = [other for other in others if other != number]
        else:
            kind, targets = inverse, [who] if number in others else []
        for target in targets:
            yield Relation(type=kind, target_text=f"NERC {target}", evidence=said[0], method="source text")
