"""A list that a person brings: a CSV becomes records, interpreted, checked and judged like those of any source.

For registers that may not or cannot be crawled. The rows belong to a source of their own, `import_<name>`, marked as
secondary; who brought the list, from where and when is the operator's own text.
"""

from __future__ import annotations

import csv
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from crawler.runs import Outcome
from standards_db import checks, facts, notes, registry, store, taxonomy
from standards_db.interpret import Source, interpret
from standards_db.records import Certificate, Document, Observation, Provenance, Relation
from standards_db.store import Tally
from standards_db.version import VERSION

LIMIT_BYTES = 256 * 2**20
DOCUMENT_COLUMNS = {
    "designation": "the identifier as printed (required)",
    "title": "title in English",
    "title_zh": "title in Chinese",
    "status_text": "status as printed",
    "published_text": "publication date",
    "implemented_text": "date it takes effect",
    "withdrawn_text": "withdrawal date",
    "ics": "ICS codes, separated by ;",
    "ccs": "CCS codes, separated by ;",
    "committee_text": "committee",
    "issuer_text": "issuing body",
    "adopts": "adopted standard with its edition",
    "degree_text": "degree of the adoption as printed",
    "supersedes": "replaced standards, separated by ;",
    "url": "page of the document",
}
CERTIFICATE_COLUMNS = {
    "number": "the certificate's number",
    "scheme_text": "the scheme (required)",
    "product": "product (required)",
    "vendor_text": "holder or maker",
    "country_text": "country of the holder",
    "category_text": "category",
    "level_text": "level",
    "issued_text": "date of issue",
    "expires_text": "date of expiry",
    "status_text": "status as printed",
    "lab_text": "laboratory",
    "standards": "standards evaluated against, separated by ;",
    "url": "page of the certificate",
}
REQUIRED = {"documents": ("designation",), "certificates": ("scheme_text", "product")}
COLUMNS = {"documents": DOCUMENT_COLUMNS, "certificates": CERTIFICATE_COLUMNS}


class ListError(Exception):
    """The file cannot be imported: names file, row and reason."""


@dataclass(frozen=True)
class Brought:
    """What the operator says of a list: `note` is their own words on who brought it, from where and how."""

    name: str
    body: str
    holds: str
    retrieved: str
    note: str

    @property
    def source(self) -> str:
        return f"import_{self.name}"


def read_rows(path: Path, holds: str) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, row) of a CSV whose header has documented columns only.

    Raises ListError on a missing or unknown column, a row of another width, a wrong encoding or an oversized file.
    """
    if path.stat().st_size > LIMIT_BYTES:
        raise ListError(f"{path.name}: larger than {LIMIT_BYTES} bytes")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = [name.strip() for name in next(reader, [])]
            if missing := [name for name in REQUIRED[holds] if name not in header]:
                raise ListError(f"{path.name}: row 1: column {missing[0]} is missing")
            if unknown := [name for name in header if name not in COLUMNS[holds]]:
                raise ListError(f"{path.name}: row 1: unknown column {unknown[0]!r}; see `spheres import --help`")
            if len(set(header)) < len(header):
                raise ListError(f"{path.name}: row 1: a column is named twice")
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(header):
                    raise ListError(f"{path.name}: row {reader.line_num}: {len(cells)} cells, {len(header)} columns")
                yield reader.line_num, dict(zip(header, (cell.strip() for cell in cells), strict=True))
    except UnicodeDecodeError as error:
        raise ListError(f"{path.name}: not UTF-8: {error}") from error
    except csv.Error as error:
        raise ListError(f"{path.name}: malformed CSV: {error}") from error


def parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def document(row: dict[str, str]) -> Document:
    plain = {name: value or None for name, value in row.items()}
    edges = [Relation(type="supersedes", target_text=text) for text in parts(row.get("supersedes", ""))]
    if row.get("adopts"):
        degree = row.get("degree_text") or None
        edges.append(Relation(type="adopts", target_text=row["adopts"], degree_text=degree))
    given: dict[str, Any] = {n: v for n, v in plain.items() if n not in ("adopts", "degree_text", "supersedes")}
    given |= {name: parts(row.get(name, "")) for name in ("ics", "ccs")}
    return Document(**{**given, "designation": row["designation"], "relations": tuple(edges)})


def certificate(row: dict[str, str]) -> Certificate:
    plain: dict[str, Any] = {name: value or None for name, value in row.items()}
    key = "|".join(row.get(n, "") for n in ("scheme_text", "number", "vendor_text", "product", "issued_text"))
    plain |= {"key": key, "scheme_text": row["scheme_text"], "standards": parts(row.get("standards", ""))}
    return Certificate(**plain)


def source_row(brought: Brought) -> dict[str, Any]:
    return {
        "key": brought.source,
        "title": f"Imported list: {brought.name}",
        "sphere": taxonomy.BODIES[brought.body].sphere,
        "body": brought.body,
        "holds": brought.holds,
        "tier": "secondary",
        "rank": 80,
        "homepage": taxonomy.BODIES[brought.body].url,
        "licence": None,
        "expected_min": 1,
        "expected_max": None,
        "interval_days": None,
        "is_on": 1,
        "why_off": None,
        "description": brought.note,
    }


def import_csv(db: Database, path: Path, brought: Brought) -> Outcome:
    """Import a CSV as one run of the list's own source: staged, judged, accepted or rejected.

    Raises ListError before anything is staged when the file is not what its columns promise.
    """
    return import_rows(db, list(read_rows(path, brought.holds)), brought, path)


def curated_rows() -> list[tuple[int, dict[str, str]]]:
    """The curated facts on Chinese editions in the columns of a list; `url` is the source of the fact."""
    return [
        (
            line,
            {
                "designation": fact["identifier"],
                "title": fact["title_en"],
                "title_zh": fact["title_zh"],
                "status_text": fact["status"],
                "published_text": fact["published"],
                "implemented_text": fact["implemented"],
                "withdrawn_text": fact["withdrawn"],
                "ics": fact["ics"],
                "ccs": fact["ccs"],
                "committee_text": fact["committee"],
                "adopts": fact["adopts"],
                "degree_text": fact["degree"],
                "supersedes": fact["replaces"],
                "url": fact["source_url"].split()[0],
            },
        )
        for line, fact in enumerate(facts.load("cn_standards"), 2)
    ]


def import_curated(db: Database) -> Outcome:
    """Bring the curated facts on Chinese editions as a list of their own: it fills gaps and overrides no register."""
    note = (
        "Editions of Chinese standards with their adoptions, as covers and catalogues print them, gathered by hand with"
        " a source per row. No register: a small part of what China has published, chosen for cybersecurity."
    )
    brought = Brought("cn_facts", "sac", "documents", f"{facts.GATHERED}T00:00:00Z", note)
    return import_rows(db, curated_rows(), brought, facts.FOLDER / "cn_standards.tsv")


def import_rows(db: Database, rows: list[tuple[int, dict[str, str]]], brought: Brought, path: Path) -> Outcome:
    """Rows of the file at `path`, each with its line, as one run."""
    began = time.monotonic()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    registry.register_source(db, source_row(brought))
    run = store.begin_run(db, brought.source, "import", path.name, VERSION)
    tally = Tally(response_count=1)
    source = Source(brought.source, brought.body, "secondary")
    batch, faults = [], []
    build = document if brought.holds == "documents" else certificate
    for line, cells in rows:
        origin = Provenance(
            page_url=cells.get("url") or f"imported:{path.name}",
            page_sha256=digest,
            retrieved_at=brought.retrieved,
            archive_ref=f"{path.name}:{line}",
            route="import",
        )
        row = interpret(Observation(record=build(cells), provenance=origin), source)
        if reason := checks.row_fault(row):
            faults.append(reject_row(brought.source, run, origin, reason, cells))
            continue
        batch.append((row, origin, "import"))
        tally.unknown_count += len(row.unknowns)
        tally.unknown_identifier_count += any(name == "identifier" for name, _ in row.unknowns)
        tally.relation_count += len(row.payload.get("relations", ()))
    tally.row_count = tally.catalogue_rows = len(batch)
    tally.document_count = len({row.entity for row, _, _ in batch if row.kind == "document"})
    tally.certificate_count = len({row.entity for row, _, _ in batch if row.kind == "certificate"})
    tally.reject_count = tally.fault_count = len(faults)
    notes.note_rejects(db, faults)
    store.stage(db, run, batch)
    tally.seconds = round(time.monotonic() - began, 2)
    why, warnings = checks.verdict(tally, "finished", checks.Limits(floor=1, ceiling=None))
    if why:
        store.reject(db, run, why, "finished", tally, warnings)
        return Outcome(brought.source, "rejected", why, warnings, tally, run)
    store.accept(db, run, "finished", tally, warnings)
    return Outcome(brought.source, "accepted", None, warnings, tally, run)


def reject_row(source: str, run: int, origin: Provenance, reason: str, cells: dict[str, str]) -> dict[str, Any]:
    return {
        "level": "check",
        "reason": f"{origin.archive_ref}: {reason}",
        "text": str(cells)[:500],
        "source": source,
        "run": run,
        "page_url": origin.page_url,
        "page_sha256": origin.page_sha256,
        "retrieved_at": origin.retrieved_at,
        "archive_ref": origin.archive_ref,
    }
