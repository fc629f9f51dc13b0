"""Curated facts that no register publishes: one tab-separated file per subject, one fact a row, each with a source.

Plain text without quoting, split on tabs. `confidence` is "verified" (seen at the publisher or in two independent
places) or "partial" (read in a secondary place, or one cell rests on a reading). A blank cell means not known.

recognition       a member of an arrangement that recognises certificates, or the finding that there is none
crypto_suites     the status of an algorithm with one authority; several rows for one algorithm and sphere are wanted;
                  `keys` names the primitives that a row speaks of, blank for modes, paddings and whole documents
instruments       a law, regulation or order that makes standards bind; `topics` are keys of the taxonomy; `relation`
                  says how it stands to `standards_cited`: it cites or mandates them, or they were prepared for it
competing         one problem solved by different specifications; only `sides_with_evidence` rest on a source
reverse_uptake    national first and international later, refusals included
cn_standards      an edition of a Chinese standard with its adoption as its cover or register prints it

The files of STORED are tables of the database, number of the row first; cn_standards is what suggestions are tested on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
GATHERED = "2026-11-22"  # the day that the pages of the sample with these facts bear
SPHERES = frozenset({"us", "cn", "eu", "intl"})
CONFIDENCE = frozenset({"verified", "partial"})


class FactError(ValueError):
    """A facts file is not what it must be; the message names the file, the row (1 is the header) and the reason."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of one file in order, those that must be filled, and those whose values are enumerated."""

    columns: tuple[str, ...]
    filled: tuple[str, ...]
    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)


def _table(columns: str, filled: str, **allowed: str) -> Table:
    named = {name: frozenset(values.split("|")) for name, values in allowed.items()}
    if "confidence" in columns.split():
        named["confidence"] = CONFIDENCE
    return Table(tuple(columns.split()), (*filled.split(), "source_url"), named)


TABLES: dict[str, Table] = {
    "recognition": _table(
        "arrangement member country role from_date to_date max_level scope source_url confidence", "arrangement member"
    ),
    "crypto_suites": _table(
        "algorithm keys family sphere authority status evidence_id date source_url confidence note",
        "algorithm sphere authority status evidence_id date",
        sphere="|".join(SPHERES),
        status="approved|allowed|legacy|disallowed|draft|not listed",
    ),
    "instruments": _table(
        "id title sphere kind topics subjects adopted_date in_force_date standards_cited relation official_id "
        "source_url confidence",
        "id title sphere kind",
        sphere="|".join(SPHERES),
        kind="technical regulation|certification scheme|exclusion list|procurement rule|mandatory standard regime",
        relation="|cites|mandates|prepared for",
    ),
    "competing": _table(
        "problem cn_spec us_spec eu_spec intl_spec what_differs sides_with_evidence source_url",
        "problem what_differs sides_with_evidence",
    ),
    "reverse_uptake": _table(
        "item first_national_publication national_date international_publication international_date outcome "
        "source_url confidence note",
        "item national_date international_publication international_date outcome",
        outcome="taken up|published without endorsement|not taken up|international first",
    ),
    "cn_standards": _table(
        "identifier title_zh title_en status published implemented withdrawn replaces ics ccs committee adopts degree "
        "mandatory topic_hint source_url confidence note",
        "identifier",
        degree="|IDT|MOD|NEQ",
        mandatory="|Y|N",
        status="|现行|废止",
    ),
}

STORED = ("competing", "crypto_suites", "reverse_uptake")  # recognition is stored with the scheme beside it


def stored_rows(name: str) -> list[tuple[Any, ...]]:
    """The rows of a stored file as its table holds them: number from 1, then the columns; a blank cell is None."""
    return [(number, *(cell or None for cell in row.values())) for number, row in enumerate(_rows(name), 1)]


def load(name: str) -> list[dict[str, str]]:
    """The rows of one facts file as fresh dicts, column to text.

    Raises FactError for an unknown name, a missing file, another header, a row of the wrong width, a blank cell that
    must be filled, a value outside its list, or a source that is no address.
    """
    return [dict(row) for row in _rows(name)]


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    table = TABLES.get(name)
    if table is None:
        raise FactError(f"{name}: no such facts; known are {', '.join(sorted(TABLES))}")
    return read(FOLDER / f"{name}.tsv", table)


def read(path: Path, table: Table) -> tuple[dict[str, str], ...]:
    """Rows of a file checked against its table. Raises FactError."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FactError(f"{path.name}: {error}") from error
    if lines and not lines[-1]:
        lines.pop()
    header = tuple(lines[0].split("\t")) if lines else ()
    if header != table.columns:
        raise FactError(f"{path.name} row 1: header {header} is not {table.columns}")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) != len(header):
            raise FactError(f"{path.name} row {number}: {len(cells)} cells instead of {len(header)}")
        row = dict(zip(header, cells, strict=True))
        if reason := _fault(row, table):
            raise FactError(f"{path.name} row {number}: {reason}")
        rows.append(row)
    return tuple(rows)


def _fault(row: dict[str, str], table: Table) -> str | None:
    for name in table.filled:
        if not row[name].strip():
            return f"{name} is blank"
    for name, values in table.allowed.items():
        if row[name] not in values:
            return f"{name} {row[name]!r} is none of {', '.join(sorted(values))}"
    for address in row["source_url"].split():
        if not address.startswith(("http://", "https://")):
            return f"source_url {address!r} is no address"
    return None
