"""The FCC Covered List: communications equipment and services that may not be authorised or subsidised in the US."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Exclusion, PageRefused, Record, Refused

LIST = "FCC Covered List"
AUTHORITY = "Secure and Trusted Communications Networks Act of 2019, section 2"
SUBJECT, DATES = "covered equipment or services", "date of inclusion"
DATE = re.compile(r"[A-Z][a-z]{2,8}\.? \d{1,2}, \d{4}")
BEFORE_VENDOR = re.compile(r"(?:\bby|\bfrom|\bsubsidiar(?:y|ies)|\baffiliates?)\s*$", re.IGNORECASE)
NEXT_VENDOR = re.compile(r"(?:\band|,)\s*$")
MAKER = (
    r"(?:produced|provided|supplied|manufactured)(?:,[^,]{1,30},)?(?: or provided)? by|wholly-owned subsidiar(?:y|ies)"
)
VENDOR = re.compile(
    rf"\b(?:{MAKER}) (?!such |any |an? |the )(?P<name>[A-Z0-9].*?)"
    r"(?=,? (?:subject to|including|to the extent|or any|and its|and their)\b|,? except\b|\.?$)"
)
SLUG = re.compile(r"[^0-9a-z]+")
FIRST_WORDS = re.compile(r"^[\w\s()/'’&-]+")


class FccCoveredList(SourceSpider):
    """Register: the list of equipment and services found to threaten national security, one entry per maker.
    Publisher: Federal Communications Commission, under the Secure and Trusted Communications Networks Act of 2019.
    Caveats: the page gives entries no number, so an entry is known by its maker, or by its first words where it bars
    a whole sector; a name that is spelt anew makes a new entry; the site turns many robots away.
    """

    name = "fcc_covered_list"
    title = "FCC Covered List (United States)"
    body = "fcc"
    homepage = "https://www.fcc.gov/supplychain/coveredlist"
    holds = "exclusions"
    licence = "work of the United States government, not subject to copyright there"
    rank = 10
    date_formats = ("%B %d, %Y",)
    expect = Expect(min=10, max=500, filled={"subject": 0.99})
    start_urls = ("https://www.fcc.gov/supplychain/coveredlist",)
    routes = (
        Route(
            r"(?i)^https?://(?:www\.)?fcc\.gov(?::\d+)?/supply-?chain/covered-?list/?(?:[?#]|$)",
            "covered",
            "list",
            complete=True,
            min_rows=5,
        ),
    )

    def covered(self, response: Response) -> Iterator[Record]:
        is_csv = b"csv" in (response.headers.get("Content-Type") or b"").lower()
        rows = text_rows(response.body) if is_csv else page_rows(html_page(response))
        seen: set[str] = set()
        for record in (record for row in rows for record in entries(*row, response.url)):
            if isinstance(record, Exclusion) and record.key in seen:
                yield Refused(reason="the list repeats an entry", text=record.subject, key=record.key)
                continue
            if isinstance(record, Exclusion):
                seen.add(record.key)
            yield record


def page_rows(page: Selector) -> Iterator[tuple[str, str, list[str]]]:
    """(subject, text of the date cell, names in bold after "by") of every row of the table."""
    for table in page.css("table"):
        lines = [line for line in table.xpath(".//tr") if line.xpath("./td | ./th")]
        heads = [text_of(cell).casefold() for cell in lines[0].xpath("./td | ./th")] if lines else []
        subject = next((index for index, text in enumerate(heads) if SUBJECT in text), None)
        dates = next((index for index, text in enumerate(heads) if DATES in text), None)
        if subject is None or dates is None:
            continue
        for line in lines[1:]:
            cells = line.xpath("./td")
            if len(cells) > max(subject, dates):
                yield text_of(cells[subject]), text_of(cells[dates]), bold_names(cells[subject])
        return
    raise PageRefused("no table with the columns of the Covered List")


def text_rows(body: bytes) -> Iterator[tuple[str, str, list[str]]]:
    """The same rows from a plain extract of the two cells; a table with columns of its own is somebody else's."""
    text = body.decode("utf-8-sig", "replace")
    try:
        lines = [line for line in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in line)]
    except csv.Error as error:
        raise PageRefused(f"not the two columns of the Covered List: {error}") from error
    heads = [head.replace("_", " ").strip().casefold() for head in lines[0]] if lines else []
    if len(heads) != 2 or SUBJECT not in heads[0] or DATES not in heads[1]:
        raise PageRefused(f"not the two columns of the Covered List: {text[:60]!r}")
    for line in lines[1:]:
        if len(line) == 2:
            yield clean(line[0]) or "", clean(line[1]) or "", []


def text_of(cell: Selector) -> str:
    """The cell's text; a paragraph and a line break end a word, bold and superscript do not."""
    nodes = cell.xpath(".//text() | .//p | .//br | .//li | .//div")
    return clean("".join(node.root if isinstance(node.root, str) else " " for node in nodes)) or ""


def bold_names(cell: Selector) -> list[str]:
    """Bold text that stands where a maker is named, or goes on listing makers; other bold words are emphasis."""
    found: list[str] = []
    for bold in cell.css("strong, b"):
        before = "".join(bold.xpath("./preceding::text()").getall()[-3:])
        name = (clean(bold.xpath("string()").get()) or "").rstrip(",;")
        if name and (BEFORE_VENDOR.search(before) or (found and NEXT_VENDOR.search(before) and name[0].isupper())):
            found.append(name)
    return found


def entries(subject: str, dates: str, bold: list[str], url: str) -> Iterator[Record]:
    """One entry per maker; a row that bars a whole sector names none."""
    if not subject:
        yield Refused(reason="entry without equipment or services", text=dates)
        return
    included = tuple(DATE.findall(dates))
    names = list(dict.fromkeys(bold or (match["name"] for match in VENDOR.finditer(subject))))
    for name in names or [None]:
        yield Exclusion(
            key=slug(name or first_words(subject)),
            list_text=LIST,
            subject=subject,
            vendor_text=name,
            authority_text=AUTHORITY,
            included_texts=included,
            url=url,
        )


def first_words(subject: str) -> str:
    """The words before the first comma, dash or footnote sign, eight at most: later words change with every update."""
    match = FIRST_WORDS.match(subject)
    return " ".join((match[0] if match else subject).split()[:8])


def slug(text: str) -> str:
    return SLUG.sub("-", text.casefold()).strip("-")
