"""CSV for spreadsheets: no cell starts a formula."""

from __future__ import annotations

import csv
import io
import re

NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
CELL_LIMIT = 16 * 2**20


def neutral_csv(text: str) -> str:
    """`text` (whole CSV records) with an apostrophe before every cell that a spreadsheet would run."""
    csv.field_size_limit(CELL_LIMIT)
    out = io.StringIO()
    writer = csv.writer(out)
    for record in csv.reader(io.StringIO(text, newline="")):
        writer.writerow([neutral_cell(cell) for cell in record])
    return out.getvalue()


def neutral_cell(cell: str) -> str:
    """Numbers stay numbers; a cell that begins like a formula, also behind blanks, becomes text."""
    start = cell.lstrip(" ")[:1]
    if start and start in FORMULA_STARTS and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
