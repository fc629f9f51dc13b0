"""The page behind a row: found again in the archive, its hash checked, and read again by today's parser."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from crawler.archive import Archived, ArchiveError, read_index, read_warc


def file_of(ref: str) -> str:
    """The file that an archive reference names: "toy-20261128T070000Z.warc.gz@1234" or "iso/index.jsonl:7 body"."""
    name = ref.partition("@")[0] if "@" in ref else ref.partition(":")[0]
    return name.strip()


def expire(db: Database, folder: Path, days: int) -> list[str]:
    """Remove WARC files of `folder` older than so many days; the names of those removed.

    A file that holds the page of a row which still stands is kept, however old: a row never loses its evidence.
    """
    before = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    needed = {file_of(row["ref"]) for row in db.query("select distinct archive_ref as ref from records") if row["ref"]}
    old = [
        path for path in sorted(folder.glob("*.warc.gz")) if path.stat().st_mtime < before and path.name not in needed
    ]
    for path in old:
        path.unlink()
    return [path.name for path in old]


@dataclass(frozen=True)
class Evidence:
    """One record with its page. `state` begins with "verified", "altered", "damaged", "missing", "not"."""

    source: str
    key: str
    entity: str
    page_url: str
    page_sha256: str
    retrieved_at: str
    archive_ref: str | None
    state: str
    archived: Archived | None


def evidence_of(db: Database, entity: str, folder: Path | None) -> Iterator[Evidence]:
    """The evidence of every record of an entity: its id, or the key a source gives it."""
    rows = db.query(
        "select source, key, entity, page_url, page_sha256, retrieved_at, archive_ref from records"
        " where entity=? or key=? order by source, key",
        [entity, entity],
    )
    for row in rows:
        archived, state = find(row, folder)
        yield Evidence(**row, state=state, archived=archived)


def find(row: dict[str, Any], folder: Path | None) -> tuple[Archived | None, str]:
    """The stored page of a record and whether it is the one that was read."""
    if not row["archive_ref"]:
        return None, "not kept: the crawl had no --archive"
    if folder is None:
        return None, "not looked for: name the archive with --archive"
    archived = locate(folder, row["archive_ref"])
    if archived is None:
        return None, f"missing: {row['archive_ref']} is not in {folder}"
    try:
        digest = hashlib.sha256(archived.load()).hexdigest()
    except ArchiveError as error:
        return None, f"damaged: {error}"
    return archived, "verified" if digest == row["page_sha256"] else f"altered: the stored page has SHA-256 {digest}"


def locate(folder: Path, ref: str) -> Archived | None:
    """The archived response that a reference names, below `folder`."""
    path = next((p for p in (folder / file_of(ref), *folder.rglob(Path(file_of(ref)).name)) if p.is_file()), None)
    if path is None or not path.resolve().is_relative_to(folder.resolve()):
        return None
    base = path.parents[len(Path(file_of(ref)).parts) - 1]
    entries = read_index(path, base) if path.name == "index.jsonl" else read_warc(path, base)
    return next((entry for entry in entries if isinstance(entry, Archived) and entry.ref == ref), None)
