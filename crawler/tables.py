"""Messy tables made regular: a page that can be trusted to be text, and the rows of HTML and workbooks as dicts.

The only user of BeautifulSoup: its tree builder closes what the pages leave open (header rows in a body of their own,
cells without a row, text after `</html>`); everywhere else parsel is fifteen times faster.
"""

from __future__ import annotations

import csv
import html as markup
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime
from itertools import count
from typing import Any

from bs4 import BeautifulSoup, Tag
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from parsel import Selector
from scrapy.http import Response, TextResponse

from standards_db.records import PageRefused, Refused

SPAN_LIMIT = 100
# Characters that no XML holds: inside the name of an attribute they make the parser's own answers fail.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
UNDECODED_LIMIT = 3
GARBLED = 0.01  # share of undecodable characters above which a text was read in the wrong encoding
# What openpyxl raises for a workbook that a zip reader accepts: parts missing, broken XML, impossible cells.
BROKEN_WORKBOOK = (
    InvalidFileException,
    zipfile.BadZipFile,
    SyntaxError,  # XML that does not parse
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    OSError,
)


def html_page(response: Response) -> Selector:
    """The selector of a response that is a readable HTML page.

    Raises PageRefused for another content type, an empty body, or text that was not decoded (U+FFFD all over).
    """
    if not isinstance(response, TextResponse):
        raise PageRefused(f"expected HTML, got {response.headers.get('Content-Type', b'no type').decode('latin-1')}")
    if not response.text.strip():
        raise PageRefused("empty page")
    if response.text.count("\ufffd") > UNDECODED_LIMIT:
        raise PageRefused(f"{response.text.count(chr(0xFFFD))} undecodable characters")
    if response.text.lstrip()[:1] in "{[":
        raise PageRefused(f"expected HTML, got {response.text.lstrip()[:40]!r}")
    # not response.selector, which reads HTML served as JSON with a JSON parser
    return Selector(CONTROL.sub("", response.text), type="html")


def page_text(response: Response) -> str:
    """The body as text: UTF-8, or windows-1252 where it is not. Raises PageRefused when it is neither, or nothing."""
    if not response.body.strip():
        raise PageRefused("empty page")
    try:
        text = response.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = response.body.decode("cp1252", "replace")
    if "\x00" in text or text.count("\ufffd") > GARBLED * len(text) + 20:
        raise PageRefused("undecodable text")
    return text


def csv_records(
    response: Response, needed: Sequence[str], *, delimiter: str = ","
) -> Iterator[dict[str, str] | Refused]:
    """The rows of a CSV file as {column name in lower case: cell text without entities}, or why a row is none.

    Raises PageRefused for a page in its place and for a header without the columns in `needed` (lower case).
    """
    text = page_text(response)
    if text.lstrip().startswith("<"):
        raise PageRefused("HTML where CSV is due")
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=False)
    try:
        header = [" ".join(name.split()).lower() for name in next(reader, [])]
    except csv.Error as error:
        raise PageRefused(f"broken CSV: {error}") from error
    if missing := [name for name in needed if name not in header]:
        raise PageRefused(f"header row without the columns {', '.join(missing)}")
    return _csv_rows(reader, header)


def _csv_rows(reader: Iterator[list[str]], header: list[str]) -> Iterator[dict[str, str] | Refused]:
    for number in count(2):
        try:
            cells = next(reader, None)
        except csv.Error as error:  # a lost quotation mark: the rest of the file has become one cell
            yield Refused(reason=f"broken CSV: {error}", key=f"row {number}")
            return
        if cells is None:
            return
        if not any(cells):
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} cells under {len(header)} columns"
            yield Refused(reason=reason, text=", ".join(cells)[:300], key=f"row {number}")
            continue
        yield {name: cell_text(markup.unescape(cell)) for name, cell in zip(header, cells, strict=True)}


def table_rows(html: str, *, attribute: str = "onclick") -> list[dict[str, str]]:
    """The rows of the first table in `html` as {header text: cell text}, white space made single blanks.

    The first row with header cells names the columns; `colspan` and `rowspan` repeat their cell; a row with fewer
    cells has no value for the last columns. The key "@attribute" holds the row's first `attribute` value, if any.
    Without a header row the answer is an empty list.
    """
    table = BeautifulSoup(html, "lxml").find("table")
    if table is None:
        return []
    heads: list[str] = []
    rows: list[dict[str, str]] = []
    hanging: dict[int, tuple[int, str]] = {}
    for row in table.find_all("tr"):
        if row.find_parent("table") is not table:
            continue
        cells = row.find_all(["td", "th"], recursive=False)
        if not heads:
            if any(cell.name == "th" for cell in cells):
                heads = spread(cells, {})
            continue
        texts = spread(cells, hanging)
        if not any(texts) or all(cell.name == "th" for cell in cells):
            continue
        record = dict(zip(heads, texts, strict=False))
        tagged = row if row.has_attr(attribute) else row.find(attrs={attribute: True})
        if tagged is not None:
            record[f"@{attribute}"] = str(tagged[attribute])
        rows.append(record)
    return rows


def spread(cells: list[Tag], hanging: dict[int, tuple[int, str]]) -> list[str]:
    """Cell texts by column; `hanging` carries {column: (rows left, text)} of `rowspan` cells from row to row."""
    texts: list[str] = []
    waiting = list(cells)
    while waiting or len(texts) in hanging:
        column = len(texts)
        if column in hanging:
            left, text = hanging.pop(column)
            if left > 1:
                hanging[column] = (left - 1, text)
            texts.append(text)
            continue
        cell = waiting.pop(0)
        text = " ".join(cell.get_text(" ").split())
        for _ in range(span(cell, "colspan")):
            if (down := span(cell, "rowspan")) > 1:
                hanging[len(texts)] = (down - 1, text)
            texts.append(text)
    return texts


def span(cell: Tag, name: str) -> int:
    value = str(cell.get(name, "1")).strip()
    return min(int(value), SPAN_LIMIT) if value.isdigit() and int(value) else 1


def sheet_rows(body: bytes, header: Sequence[str]) -> list[dict[str, str]]:
    """The rows of the first sheet that has `header`, as {column name: cell text}; rows without any text are left out.

    The header row is the first that holds every name in `header`, compared without case and outer blanks; further
    columns keep their own names. White space in cells, line breaks and no-break spaces too, is made single blanks, a
    date cell gives its ISO date, a formula the value last computed.
    `body` must be a zip that was found harmless before (see `crawler.platforms.workbook_rows`).
    Raises PageRefused for a damaged workbook and for one without the header.
    """
    wanted = {name.casefold() for name in header}
    try:
        with warnings.catch_warnings(), closing(io.BytesIO(body)) as stream:
            warnings.simplefilter("ignore")  # a workbook without a default style is no fault
            for sheet in load_workbook(stream, read_only=True, data_only=True).worksheets:
                sheet.reset_dimensions()  # the size that a file states may be smaller than what it holds
                lines = ([cell_text(value) for value in row] for row in sheet.iter_rows(values_only=True))
                if names := next((line for line in lines if wanted <= {text.casefold() for text in line}), None):
                    return list(named(names, lines))
    except BROKEN_WORKBOOK as error:
        raise PageRefused(f"damaged workbook: {error or type(error).__name__}") from error
    raise PageRefused(f"no sheet with the columns {', '.join(header)}")


def named(names: list[str], lines: Iterable[list[str]]) -> Iterator[dict[str, str]]:
    """Rows under the first column of each name."""
    columns = {name: index for index, name in reversed(list(enumerate(names))) if name}
    for line in lines:
        if any(line):
            yield {name: line[index] if index < len(line) else "" for name, index in columns.items()}


def cell_text(value: Any) -> str:
    if isinstance(value, datetime):
        return (value.date() if value.time() == datetime.min.time() else value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else " ".join(str(value).split())
