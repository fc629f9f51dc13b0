"""The page behind a row: found again in the archive, its hash checked, and read again by today's parser."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from sqlite_utils import Database

from crawler import settings
from crawler.archive import Archived, ArchiveError, read_index, read_warc
from crawler.base import SourceSpider
from crawler.job import Job
from crawler.pipelines import Judged, Rejected
from crawler.runs import shelf_of_folder
from standards_db.merge import TRACKED, coarser, tracked


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


class Readings:
    """Extension of a reading that stores nothing: gathers the rows that pass, by key, with the page they came from."""

    def __init__(self, crawler: Crawler) -> None:
        self.rows: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        crawler.readings = self.rows
        crawler.signals.connect(self.scraped, signals.item_scraped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Readings:
        return cls(crawler)

    def scraped(self, item: list[Judged | Rejected]) -> None:
        for one in item:
            if isinstance(one, Judged):
                self.rows.setdefault(one.row.key, []).append((one.provenance.page_sha256, one.row.payload))


def read(source: type[SourceSpider], responses: list[Archived]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """What today's parser reads from these pages: for each record key its page hashes and payloads."""

    async def run() -> Any:
        job = Job(Database(memory=True), "archive", tuple(responses))
        values = {**settings.replay(), "JOB": job, "EXTENSIONS": {"crawler.evidence.Readings": 500}}
        runner = AsyncCrawlerRunner(values)
        crawler = runner.create_crawler(source)
        await runner.crawl(crawler)
        return crawler.readings

    found: dict[str, list[tuple[str, dict[str, Any]]]] = asyncio.run(run())
    return found


def differences(stored: dict[str, Any], reading: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Fields that today's reading gives otherwise, and fields that it leaves blank: they may be from another page."""
    other, blank = [], []
    for name in TRACKED:
        before, after = tracked(stored, name), tracked(reading, name)
        if after is None and before is not None:
            blank.append(name)
        elif before != after and not coarser(before, after):
            other.append(f"{name}: {before!r} is now {after!r}")
    return other, blank


def read_again(db: Database, one: Evidence, sources: dict[str, type[SourceSpider]]) -> tuple[str, list[str]]:
    """Whether today's parser still reads the record from its page: ("the same" or why not, the fields that differ)."""
    if one.archived is None or one.source not in sources:
        return "not read", []
    readings = read(sources[one.source], [one.archived]).get(one.key)
    if not readings:
        return "no longer reads this record from the page", []
    sql = "select payload from records where source=? and key=?"
    stored = json.loads(db.execute(sql, [one.source, one.key]).fetchone()[0])
    found = min((differences(stored, payload)[0] for _, payload in readings), key=len)
    return ("reads something else", found) if found else ("the same", [])


@dataclass(frozen=True)
class Comparison:
    """One source read again: records by how today's reading of their own page compares with what is stored.

    `blank_now` are fields that the page no longer gives (or that another page gave); `not_kept` are records whose page
    is not in the archive; `unstored` are records that are read today and not stored.
    """

    source: str
    pages: int
    same: int
    differing: int
    lost: int
    blank_now: int
    unstored: int
    not_kept: int
    example: str


def reparse(db: Database, folder: Path, sources: dict[str, type[SourceSpider]]) -> Iterator[Comparison]:
    """Read every kept page again with today's parsers; nothing is stored."""
    shelf = shelf_of_folder(folder, sources)
    for name, responses in shelf.by_source.items():
        readings = read(sources[name], responses)
        hashes = {hashlib.sha256(response.load()).hexdigest() for response in responses}
        counts: Counter[str] = Counter()
        example = ""
        keys = set()
        for key, digest, text in db.execute("select key, page_sha256, payload from records where source=?", [name]):
            keys.add(key)
            of_page = [payload for sha256, payload in readings.get(key, ()) if sha256 == digest]
            if digest not in hashes:
                counts["not_kept"] += 1
            elif not of_page:
                counts["lost"] += 1
                example = example or f"{key}: not read"
            else:
                other, blank = min((differences(json.loads(text), payload) for payload in of_page), key=first_length)
                counts["differing" if other else "same"] += 1
                counts["blank_now"] += len(blank)
                example = example or (f"{key}: {other[0]}" if other else "")
        counts["unstored"] = len(readings.keys() - keys)
        names = ("same", "differing", "lost", "blank_now", "unstored", "not_kept")
        yield Comparison(name, len(responses), *(counts[n] for n in names), example=example)


def first_length(found: tuple[list[str], list[str]]) -> int:
    return len(found[0])
