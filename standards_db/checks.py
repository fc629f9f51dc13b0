"""What makes a row, a run and a database acceptable. Everything answers with a reason, never with a bare no."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlite_utils import Database

from standards_db import validity
from standards_db.interpret import Row
from standards_db.store import Tally

DAMAGED = "\ufffd"
REJECT_SHARE = 0.2
ENOUGH_FOR_SHARES = 20
LONGEST_TEXT = 20_000
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")


def row_fault(row: Row) -> str | None:
    """Why a row cannot be stored, or None."""
    if row.kind == "document":
        designation = row.text("identifier_text")
        if not designation:
            return "no designation"
        if DAMAGED in designation:
            return "undecodable designation"
        titles = [title for title in (row.text("title"), row.text("title_zh")) if title]
        if any(title.count(DAMAGED) > max(1, len(title) // 20) for title in titles):
            return "undecodable title"
    if row.kind == "certificate" and not row.text("product"):
        return "certificate without a product"
    if row.kind == "exclusion" and not row.text("subject"):
        return "exclusion without a subject"
    if row.kind == "membership" and not row.text("member"):
        return "committee seat without a member"
    if not row.key.strip():
        return "no key"
    if any(isinstance(value, str) and len(value) > LONGEST_TEXT for value in row.payload.values()):
        return f"a text of more than {LONGEST_TEXT} characters"
    return None


@dataclass(frozen=True)
class Limits:
    """What a run is held against. `floor` and `filled` come from the source's Expect; `before` is the number of
    rows of the last accepted comparable run (None when there is none); `refused` is the largest share of pages that
    may be refused: an archive holds odd pages of many years and is read page by page, so it may lose half."""

    floor: int
    ceiling: int | None
    filled: dict[str, float] = field(default_factory=dict)
    shrink: float = 0.2
    before: int | None = None
    refused: float = 0.1


def verdict(tally: Tally, finish_reason: str, limits: Limits) -> tuple[str | None, list[str]]:
    """(why the run is rejected or None, warnings)."""
    warnings: list[str] = []
    pages, rows = tally.response_count, tally.row_count
    if finish_reason != "finished":
        return f"the crawl ended with {finish_reason!r}", warnings
    if tally.error_count:
        return f"{tally.error_count} error(s) in the spider or its pipelines; see rejects", warnings
    if pages and tally.refused_count > pages * limits.refused:
        return f"{tally.refused_count} of {pages} pages refused; see rejects", warnings
    if rows == 0:
        return "no rows", warnings
    if rows < limits.floor:
        return f"{rows} rows, fewer than the floor of {limits.floor}", warnings
    if tally.fault_count > max(2, (rows + tally.fault_count) * REJECT_SHARE):
        return f"{tally.fault_count} of {rows + tally.fault_count} rows failed a check; see rejects", warnings
    if limits.before and rows_compared(tally) < limits.before * (1 - limits.shrink):
        return f"{rows_compared(tally)} rows where the last accepted run had {limits.before}: shrunk too far", warnings
    for name, share in sorted(limits.filled.items()):
        filled, total = tally.filled.get(name, (0, 0))
        if total >= ENOUGH_FOR_SHARES and filled < share * total:
            return f"field {name} is filled in {filled} of {total} rows, floor {share:.0%}", warnings
    if limits.ceiling is not None and rows > limits.ceiling:
        warnings.append(f"{rows} rows, more than the {limits.ceiling} expected")
    if tally.refused_count:
        warnings.append(f"{tally.refused_count} of {pages} pages refused")
    if tally.reject_count:
        warnings.append(f"{tally.reject_count} rows rejected")
    return None, warnings


def rows_compared(tally: Tally) -> int:
    return tally.catalogue_rows or tally.row_count


INVARIANTS = {
    "every document has a source that exists": "select id from documents where source not in (select key from sources)",
    "every row was accepted by a run": (
        "select id from documents where run not in (select id from runs where verdict='accepted')"
        " union all select id from certificates where run not in (select id from runs where verdict='accepted')"
    ),
    "every document carries page, hash and time": (
        "select id from documents where page_url is null or length(page_sha256)<>64 or retrieved_at is null"
    ),
    "every certificate carries page, hash and time": (
        "select id from certificates where page_url is null or length(page_sha256)<>64 or retrieved_at is null"
    ),
    "a secondary source is never kept before a primary one": (
        "select d.id from documents d join records r on r.entity=d.id and r.vanished_at is null"
        " join sources s on s.key=r.source where d.tier='secondary' and s.tier='primary'"
    ),
    "a document is its identifier": "select id from documents where identifier is not null and id<>identifier",
    "an edge has a degree only when it is an adoption": (
        "select document from relations where degree is not null and type<>'adopts'"
    ),
    "a document is not its own target": "select document from relations where target_document=document",
    "in force is the interval judged today": (
        "select id from documents join state on state.key='as_of' where valid_from is not null"
        " and is_in_force<>(valid_from<=state.value and coalesce(valid_until, '')>state.value)"
    ),
    "an end before the beginning is listed as a conflict": (
        "select id from documents where valid_until<valid_from"
        f" and id not in (select entity from conflicts where field='{validity.CONFLICT}')"
    ),
    "a blank end says why": (
        "select id from documents where valid_until is null"
        " and valid_until_basis not glob 'draft*' and valid_until_basis not glob '*date missing'"
    ),
    "dates are ISO dates": (
        "select id from documents where (published is not null and published not glob '[12][0-9][0-9][0-9]*')"
        " or (withdrawn is not null and withdrawn not glob '[12][0-9][0-9][0-9]*')"
    ),
    "a work has at most one newest edition": (
        "select work from documents where is_newest=1 group by work having count(*)>1"
    ),
    "every record is visible as a row": (
        "select entity from records where kind='document' and entity not in (select id from documents)"
        " union all select entity from records where kind='certificate' and entity not in (select id from certificates)"
        " union all select entity from records where kind='exclusion' and entity not in (select id from exclusions)"
    ),
    "nothing is left staged by an ended run": (
        "select run from staged where run not in (select id from runs where verdict='running')"
    ),
    "derived columns are up to date": "select key from state where key='resolve' and value='due'",
}


@dataclass(frozen=True)
class Fault:
    """One invariant that does not hold: how many rows break it and the first of them."""

    rule: str
    count: int
    example: str


def invariants(db: Database) -> list[Fault]:
    """Every rule of the whole database that is broken; an empty list is a healthy database."""
    faults = []
    for rule, sql in INVARIANTS.items():
        rows = db.execute(sql).fetchall()
        if rows:
            faults.append(Fault(rule, len(rows), str(rows[0][0])))
    addressed = [
        row[0]
        for row in db.execute("select entity, payload from records where payload glob '*@*'")
        if EMAIL.search(row[1])
    ]
    if addressed:
        faults.append(Fault("no e-mail address is stored", len(addressed), addressed[0]))
    broken = db.execute('select "table", rowid, parent from pragma_foreign_key_check').fetchall()
    if broken:
        faults.append(Fault("foreign keys hold", len(broken), f"{broken[0][0]} row {broken[0][1]} -> {broken[0][2]}"))
    integrity = db.execute("pragma quick_check").fetchall()
    if integrity != [("ok",)]:
        faults.append(Fault("the file is whole", len(integrity), str(integrity[0][0])))
    return faults
