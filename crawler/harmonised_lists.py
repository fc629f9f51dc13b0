"""The Commission's summary lists of harmonised standards: workbooks of two layouts, taken apart to records.

Columns are known by their names, which may take two rows below some lines of preamble; a cell of references may hold
title, amendments and notices line by line.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, pairwise, zip_longest
from typing import Any

import xlrd
from openpyxl import load_workbook
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from crawler.base import clean
from crawler.platforms import zip_members
from crawler.tables import BROKEN_WORKBOOK, cell_text
from standards_db.records import Citation, Document, PageRefused, Record, Refused, Relation

FAULTS = (*BROKEN_WORKBOOK, ArithmeticError, AssertionError, EOFError, RuntimeError)
MEMBER_LIMIT = 160 << 20  # a list of 10 MB unpacks to more than the usual limit
LAST_ROW = 1 << 20  # no sheet has more; a row may claim any number
EVIDENCE_LIMIT = 4_000

MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3}\d{1,7}):([A-Z]{1,3}\d{1,7})"')
LINE_BREAK = re.compile(r"_x000D_|<br\s*/?>|\r\n?|\v|\f|\x85|\u2028|\u2029")
NOTHING = {"-", "–", "—", "--", "/", "n/a", "N/A", "none", "None"}

HEAD_REFERENCE = re.compile(
    r"(?:standard )?references?\b(?!.*(?:\boj|journal|supersed|replac|decision|publication))"
    r"|harmonised standards?\b|standards?(?: number| no\.?)?$",
    re.IGNORECASE,
)
HEAD_OTHER = re.compile(
    r"\b(?:legislation|directive|regulation|act|esos?|title|provision|start|end|date|publication|withdrawal"
    r"|restrictions?|notices?|oj|ojeu|official journal|decision)\b",
    re.IGNORECASE,
)
HEAD_ACT = re.compile(r"(?:(?:union |eu )?legislation|(?:legal )?act|directive|regulation)\b", re.IGNORECASE)
HEAD_ESO = re.compile(r"(?:esos?|oeso|european standardi[sz]ation)\b", re.IGNORECASE)
HEAD_TITLE = re.compile(r"(?:standard )?title\b", re.IGNORECASE)
# What each column of a publication says, by its name; the first that fits counts.
HEAD_PUBLICATION = (
    ("restriction", re.compile(r"restrictions?\b|notices?\b|remarks?\b", re.IGNORECASE)),
    ("withdrawal_text", re.compile(r"(?!.*\bdate of\b).*\bwithdrawal\b", re.IGNORECASE)),
    ("end_text", re.compile(r"end of\b|.*\bdate of (?:withdrawal|end)\b", re.IGNORECASE)),
    ("start_text", re.compile(r"(?:date of )?start of\b", re.IGNORECASE)),
    ("decision_text", re.compile(r".*\bdecision\b", re.IGNORECASE)),
    ("date_text", re.compile(r".*\bdate\b", re.IGNORECASE)),
    ("reference_text", re.compile(r".*\b(?:oj|ojeu|official journal)\b", re.IGNORECASE)),
)
PRINTED_DATE = re.compile(r"\b(\d{1,2}[./]\d{1,2}[./]\d{4}|\d{4}-\d{2}-\d{2})\b")
HEAD_DATE = re.compile(r"\bdate\b|\b(?:start|end) of\b", re.IGNORECASE)

SUPPLEMENT = r"(?:AC|AMD|COR|A|C)\s?\d*(?:\s?:\s?\d{4}(?:-\d{2})?)?"
BASE = (
    r"(?:(?:CEN|CLC|CENELEC|ETSI|CEN/CLC)[ /])?(?:pr)?(?:EN|HD|TS|TR|ES|CWA|ETS|TBR)(?:[ -][A-Z]{2,5}(?:/[A-Z]{2,5})*)*"
    r"\s?\d+(?: \d{3}\b)?(?:-\d+)*(?:\s+V\d+(?:\.\d+)+|\s?:\s?\d{4}(?:-\d{2})?)?"
)
STANDARD = re.compile(rf"(?P<base>{BASE})(?P<more>(?:\s?[+/]\s?{SUPPLEMENT})*)(?!\w)", re.IGNORECASE)
BARE = re.compile(rf"[+/]?\s?(?P<supplement>(?=AC|AMD|COR|A\d|C\d){SUPPLEMENT})", re.IGNORECASE)
LEAD_IN = re.compile(r"(?:(?:as )?amended by|amendments?(?: \d+)?|corrigend(?:um|a)|and|with)\s*:?\s+", re.IGNORECASE)
NOTICE = re.compile(r"[(*\[]*\s*(?:notice|note|restriction|remark|warning|limitation)s?\b", re.IGNORECASE)
ACT = re.compile(r"(?<![\d/.])(?:\d{2,4}/\d{1,4}/(?:EU|EC|EEC)|\d{4}/\d{1,4}|\d{3,4}/\d{4})(?![\d/])", re.IGNORECASE)
LIKE_REFERENCE = re.compile(r"(?!OJ\b)(?=\D*[A-Z]{2})[A-Za-z][A-Za-z/ .-]{0,30}\d")
CHANGED = re.compile(r"\b(?:amend|repeal|correct|replac)\w*\b.*", re.IGNORECASE | re.DOTALL)

OLD_FORM = b"\xd0\xcf\x11\xe0"
Line = tuple[int, list[str]]  # the number of a row in its sheet, the texts of its cells
Merge = tuple[int, int, int]  # a merged cell: row, column from 0, last row


def sheets_of(body: bytes) -> tuple[list[list[Line]], datetime]:
    """The rows with text of every visible sheet (of all when none is visible), and the day the workbook counts from.

    Line breaks in cells are kept; a cell merged over several rows stands in each of them. Both forms are read, the zip
    of today and the old .xls. Raises PageRefused for what is no workbook or a broken one.
    """
    if body.startswith(OLD_FORM):
        return old_sheets_of(body)
    merged: dict[str, list[Merge]] = {}
    is_workbook = False
    for name, content in zip_members(body, member_limit=MEMBER_LIMIT):
        is_workbook |= name.lower().endswith("workbook.xml")
        if "worksheets/" in name.lower():
            merged[name.lstrip("/")] = [merge(*ends) for ends in MERGED.findall(content)]
    if not is_workbook:
        raise PageRefused("a zip that is no workbook")
    visible: list[list[Line]] = []
    hidden: list[list[Line]] = []
    try:
        with warnings.catch_warnings(), closing(io.BytesIO(body)) as stream:
            warnings.simplefilter("ignore")  # a workbook without a default style is no fault
            book = load_workbook(stream, read_only=True, data_only=True)
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # the size that a file states may be smaller than what it holds
                path = str(getattr(sheet, "_worksheet_path", "")).lstrip("/")
                lines = list(lines_of(islice(sheet.iter_rows(values_only=True), LAST_ROW), merged.get(path, [])))
                (visible if sheet.sheet_state == "visible" else hidden).append(lines)
    except FAULTS as error:
        raise PageRefused(f"damaged workbook: {error or type(error).__name__}") from error
    return visible or hidden, book.epoch


def old_sheets_of(body: bytes) -> tuple[list[list[Line]], datetime]:
    """The same of a workbook in the old form."""
    visible: list[list[Line]] = []
    hidden: list[list[Line]] = []
    try:
        book = xlrd.open_workbook(file_contents=body, formatting_info=True, logfile=io.StringIO())
        epoch = MAC_EPOCH if book.datemode else WINDOWS_EPOCH
        for sheet in book.sheets():
            merged = [(top + 1, left, bottom) for top, bottom, left, _ in sheet.merged_cells if bottom - top > 1]
            rows = ([old_value(cell, epoch) for cell in sheet.row(number)] for number in range(sheet.nrows))
            (hidden if sheet.visibility else visible).append(list(lines_of(rows, merged)))
    except (*FAULTS, xlrd.XLRDError, xlrd.compdoc.CompDocError, struct.error) as error:
        raise PageRefused(f"damaged or encrypted workbook: {error or type(error).__name__}") from error
    return visible or hidden, epoch


def old_value(cell: xlrd.sheet.Cell, epoch: datetime) -> Any:
    if cell.ctype == xlrd.XL_CELL_DATE:
        return from_excel(cell.value, epoch=epoch)
    return cell.value if cell.ctype in (xlrd.XL_CELL_TEXT, xlrd.XL_CELL_NUMBER) else None


def merge(first: bytes, last: bytes) -> Merge:
    row, column = coordinate_to_tuple(first.decode())
    return row, column - 1, coordinate_to_tuple(last.decode())[0]


def lines_of(rows: Iterable[Iterable[Any]], merged: list[Merge]) -> Iterator[Line]:
    down: dict[int, list[tuple[int, int]]] = {}  # row -> (column, last row) of the cells that reach further down
    for row, column, end in merged:
        if end > row:
            down.setdefault(row, []).append((column, end))
    hanging: dict[int, tuple[int, str]] = {}
    for number, values in enumerate(rows, 1):
        texts = [printed(value) for value in values]
        for column, (end, text) in list(hanging.items()):
            if number > end:
                del hanging[column]
            elif column < len(texts) and not texts[column]:
                texts[column] = text
        for column, end in down.get(number, ()):
            if column < len(texts) and texts[column]:
                hanging[column] = (end, texts[column])
        if any(texts):
            yield number, texts


def printed(value: Any) -> str:
    """A cell as text whose lines are clean; the signs that stand for nothing give nothing."""
    if not isinstance(value, str):
        return cell_text(value)
    lines = [clean(line) for line in LINE_BREAK.sub("\n", value).split("\n")]
    text = "\n".join(line for line in lines if line)
    return "" if text in NOTHING else text


def day(text: str, epoch: datetime) -> str:
    """The date behind a bare number of days, which is how a workbook keeps dates; other texts stay as they are."""
    if not re.fullmatch(r"[2-7]\d{4}(?:\.\d+)?", text):
        return text
    found = from_excel(int(float(text)), epoch=epoch)
    return found.date().isoformat() if isinstance(found, datetime) else text


def is_header(texts: list[str]) -> bool:
    heads = [clean(text) or "" for text in texts]
    named = {head for head in heads if HEAD_OTHER.search(head) and not HEAD_REFERENCE.match(head) and len(head) < 250}
    return len(named) >= 2 and any(HEAD_REFERENCE.match(head) for head in heads)


def harmonised(sheets: list[list[Line]], epoch: datetime) -> Iterator[Record]:
    """The standards of a list, one document per act and reference; rows that repeat one add to its evidence.

    Raises PageRefused when no sheet has a row of column names.
    """
    tables = [table for lines in sheets for table in tables_of(lines, epoch)]
    if not tables:
        raise PageRefused("no sheet with a column of references and columns of publication")
    found: dict[str, list[Entry]] = {}
    for table in tables:
        for record in table.entries():
            if isinstance(record, Refused):
                yield record
            else:
                found.setdefault(record.key, []).append(record)
    for key, entries in found.items():
        yield together(key, entries)
    if found and not any(entry.acts for entries in found.values() for entry in entries):
        yield Refused(reason="the list does not say which act it belongs to", text=next(iter(found)))


@dataclass
class Entry:
    """One reference of one row. `base` is what it amends, where the row prints it as an amendment."""

    reference: str
    acts: tuple[str, ...]
    title: str | None
    eso: str | None
    evidence: str
    citation: Citation
    base: str | None = None

    @property
    def key(self) -> str:
        return " ".join((*self.acts, self.reference))


def together(key: str, entries: list[Entry]) -> Document:
    """One document of all rows that print its reference under the same act."""
    first = entries[0]
    said = " | ".join(dict.fromkeys(entry.evidence for entry in entries))[:EVIDENCE_LIMIT] or None
    citations = tuple(dict.fromkeys(entry.citation for entry in entries))
    return Document(
        designation=first.reference,
        key=key,
        title=next((entry.title for entry in entries if entry.title), None),
        issuer_text=next((entry.eso for entry in entries if entry.eso), None),
        relations=(
            *(
                Relation(type="harmonised under", target_text=act, evidence=said, citations=citations)
                for act in first.acts
            ),
            *(Relation(type="amends", target_text=e.base, evidence=e.reference) for e in entries[:1] if e.base),
        ),
    )


def tables_of(lines: list[Line], epoch: datetime) -> Iterator[Table]:
    """What stands under each row of column names; names may take two rows, and what stands above may name the act."""
    starts = [place for place, (_, texts) in enumerate(lines) if is_header(texts)]
    starts = [place for place in starts if place - 1 not in starts]  # merged down, the second row repeats the first
    acts = acts_in(" ".join(text for _, texts in lines[: starts[0] if starts else 0] for text in texts))
    for place, end in pairwise([*starts, len(lines)]):
        names = [clean(text) or "" for text in lines[place][1]]
        begin = place + 1
        if begin < end and is_second_row(below := [clean(text) or "" for text in lines[begin][1]]):
            names, begin = list(joined_names(names, below)), begin + 1
        yield Table(names, lines[begin:end], acts if len(acts) == 1 else (), epoch)


def is_second_row(texts: list[str]) -> bool:
    heads = [text for text in texts if text]
    return not any(re.search(r"\d", head) for head in heads) and sum(bool(HEAD_OTHER.search(h)) for h in heads) >= 2


def joined_names(above: list[str], below: list[str]) -> Iterator[str]:
    """Names of two rows as one: what stands on the left of the upper row reaches over blanks there."""
    last = ""
    for upper, lower in zip_longest(above, below, fillvalue=""):
        last = upper or (last if lower else "")
        yield last if last == lower else f"{last} {lower}".strip()


def acts_in(text: str | None) -> tuple[str, ...]:
    """Numbers of the acts in a text, as the register of CEN-CENELEC prints them: "2014/53/EU", "2023/1230"."""
    return tuple(dict.fromkeys(match.upper() for match in ACT.findall(CHANGED.sub("", text or ""))))


class Table:
    """Rows under one row of column names."""

    def __init__(self, names: list[str], lines: list[Line], acts: tuple[str, ...], epoch: datetime) -> None:
        self.names, self.lines, self.epoch, self.acts = names, lines, epoch, acts
        self.reference = self.column(HEAD_REFERENCE) or 0
        self.act, self.eso, self.title = self.column(HEAD_ACT), self.column(HEAD_ESO), self.column(HEAD_TITLE)

    def column(self, head: re.Pattern[str]) -> int | None:
        return next((i for i, name in enumerate(self.names) if head.match(name)), None)

    def entries(self) -> Iterator[Entry | Refused]:
        acts: tuple[str, ...] = self.acts
        for number, texts in self.lines:
            cells = dict(enumerate(texts))
            legislation = clean(cells.get(self.act, "")) if self.act is not None else None
            reference = cells.get(self.reference, "")
            acts = acts_in(legislation) or self.acts or ((legislation,) if legislation and reference else acts)
            if not LIKE_REFERENCE.match(reference.replace("\n", " ")):
                text = " ".join(clean(text) or "" for text in texts)[:300]
                yield Refused(reason="row without the reference of a standard", text=text, key=f"row {number}")
                continue
            yield from self.row(reference, cells, acts)

    def row(self, reference: str, cells: dict[int, str], acts: tuple[str, ...]) -> Iterator[Entry]:
        cell = split_cell(reference, has_title=self.title is None)
        evidence = "; ".join([*self.said(cells), *cell.remarks])
        citation = self.citation(cells, [remark for remark in cell.remarks if NOTICE.match(remark)])
        title = cell.title if self.title is None else clean(cells.get(self.title))
        eso = clean(cells.get(self.eso)) if self.eso is not None else None
        yield Entry(cell.reference, acts, title, eso, evidence, citation)
        for amendment in cell.amendments:
            yield Entry(amendment, acts, None, eso, evidence, citation, base=cell.base)

    def said(self, cells: dict[int, str]) -> Iterator[str]:
        """What the other columns print, with their names: "Start of legal effect: 30.01.2025"."""
        for index, text in cells.items():
            if not text or index in (self.reference, self.act, self.eso, self.title):
                continue
            name, value = self.printed(index, text)
            yield f"{name}: {value}" if name else value

    def printed(self, index: int, text: str) -> tuple[str, str]:
        """A column's name and what a cell of it prints, with the day behind a bare number."""
        name = self.names[index] if index < len(self.names) else ""
        return name, day(text, self.epoch) if HEAD_DATE.search(name) else clean(text) or ""

    def citation(self, cells: dict[int, str], notices: list[str]) -> Citation:
        """What the columns of a row say of the publication; a later column of one meaning adds to the first."""
        found: dict[str, list[str]] = {"restriction": []}
        for index, text in cells.items():
            if not text or index in (self.reference, self.act, self.eso, self.title):
                continue
            name, value = self.printed(index, text)
            meaning = next((meaning for meaning, head in HEAD_PUBLICATION if head.match(name)), None)
            if meaning:
                found.setdefault(meaning, []).append(value)
        found["restriction"] += notices
        days = ("date_text", "start_text", "end_text")  # of several dates the first counts, all are in the evidence
        texts = {name: values[0] if name in days else "; ".join(values) for name, values in found.items() if values}
        if "date_text" not in texts and (dated := PRINTED_DATE.search(texts.get("reference_text", ""))):
            texts["date_text"] = dated[1]
        return Citation(**texts)


@dataclass
class Cell:
    """A cell of references taken apart. `remarks` are notices and whatever else stands there."""

    reference: str
    base: str
    title: str | None = None
    amendments: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def split_cell(text: str, *, has_title: bool) -> Cell:
    """Reference, title, amendments and notices of a cell whose lines say one each."""
    first, *lines = text.split("\n")
    if lines and not re.search(r"\d", first):
        first, lines = f"{first} {lines[0]}", lines[1:]  # the reference itself is broken
    match = STANDARD.match(first)
    rest = first[match.end() :].strip(" -–—:;,*") if match else ""
    cell = Cell(match[0].strip(), match["base"].strip()) if match else Cell(first, first)
    title = []
    if rest and has_title and not rest.startswith("("):
        title.append(rest)
    elif rest:
        cell.remarks.append(rest)
    for place, line in enumerate(lines):
        if NOTICE.match(line):
            cell.remarks.append(" ".join(lines[place:]))
            break
        if amendments := amendments_in(line, cell.base):
            cell.amendments += [amendment for amendment in amendments if amendment != cell.reference]
        elif has_title and not cell.amendments:
            title.append(line)
        else:
            cell.remarks.append(line)
    cell.title = clean(" ".join(title))
    return cell


def amendments_in(line: str, base: str) -> list[str]:
    """The amendments that a line lists and does nothing else: "/A11:2020", "EN 1:2015/AC:2016, EN 1:2015/A1:2017"."""
    found = []
    for part in re.split(r"\s*[,;]\s*(?=\S)", LEAD_IN.sub("", line, count=1).strip(" .;,")):
        if (whole := STANDARD.fullmatch(part)) and whole["more"]:
            found.append(part)
        elif bare := BARE.fullmatch(part):
            found.append(f"{base}/{bare['supplement']}")
        else:
            return []
    return found
