"""The loader: takes run folders of workers into the ingest database, each as one run that is interpreted, checked and
judged like any other. A folder that comes twice, or a job that was done twice, changes nothing the second time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from crawler.base import SourceSpider
from crawler.ledger import Account, Ledger
from crawler.pages import PageLog
from crawler.pipelines import Check, Interpret, Rejected, source_of
from crawler.run_folder import MANIFEST, OBSERVED, FolderError, RunFolder, file_line
from crawler.runs import Outcome, closed
from standards_db import jobs
from standards_db.pages import Page, known_page
from standards_db.records import Observation
from standards_db.store import Shipped

CLOCK_SLACK = timedelta(hours=1)
OVERTAKEN = "overtaken by a newer run"
FORGOTTEN = "pages were kept that are no longer remembered"


@dataclass(frozen=True)
class Loaded:
    """What came of one folder: the outcome of its run, or the run (and its verdict) that had settled it before."""

    folder: Path
    outcome: Outcome | None = None
    before: tuple[int, str] | None = None


def folders_in(path: Path) -> Iterator[Path]:
    """The run folder at `path`, or those directly below it; what is still being written has no name yet."""
    if (path / MANIFEST).exists() or (path / OBSERVED).exists():
        yield path
        return
    if not path.is_dir():
        raise FolderError(f"{path}: no folder")
    for below in sorted(path.iterdir()):
        if not below.name.startswith(".") and (below / MANIFEST).exists():
            yield below


def load(db: Database, path: Path, sources: dict[str, type[SourceSpider]], archive: Path | None) -> Loaded:
    """Take one folder in; its WARC file is copied to `archive` first, so that no row lacks its evidence.

    Raises FolderError when it is not whole or not the answer to a job of this database; nothing is visible then.
    """
    folder = RunFolder(path)
    manifest = folder.manifest
    job = jobs.find(db, manifest.job)
    if job is None:
        raise folder.fault(MANIFEST, f"job {manifest.job[:80]!r} was not given out by this database")
    for name in ("source", "mode", "input"):
        stated, asked = getattr(manifest, name), getattr(job, name)
        if stated != asked:
            raise folder.fault(MANIFEST, f"{name} is {stated!r:.80}, job {job.id} is for {asked!r}")
    source = sources.get(job.source)
    if source is None:
        raise folder.fault(MANIFEST, f"no source named {job.source!r}")
    if datetime.fromisoformat(manifest.finished_at) > datetime.now(UTC) + CLOCK_SLACK:
        raise folder.fault(MANIFEST, "the run ends in the future: set the worker's clock")
    if before := jobs.judged(db, job.id, folder.digest):
        return Loaded(path, before=before)
    if archive and folder.warc:
        keep_warc(folder, archive)
    return Loaded(path, outcome=read_in(db, folder, job, source))


def keep_warc(folder: RunFolder, archive: Path) -> None:
    """Copy the WARC file to where evidence is kept. The bytes that arrive there are those of the manifest."""
    assert folder.warc
    stated = next(line for line in folder.manifest.files if line.name == folder.warc)
    archive.mkdir(parents=True, exist_ok=True)
    target, part = archive / folder.warc, archive / f".{folder.warc}.part"
    if not target.exists():
        with folder.open(folder.warc) as stream, part.open("wb") as copy:
            shutil.copyfileobj(stream, copy)
            copy.flush()
            os.fsync(copy.fileno())
        if file_line(part).sha256 == stated.sha256:
            part.rename(target)
        part.unlink(missing_ok=True)
    if not target.exists() or file_line(target).sha256 != stated.sha256:
        raise folder.fault(folder.warc, f"another file of this name is in {archive}")


def read_in(db: Database, folder: RunFolder, job: jobs.Job, source: type[SourceSpider]) -> Outcome:
    """One run of what the folder holds."""
    manifest = folder.manifest
    later = jobs.accepted_since(db, source.name, manifest.finished_at)
    seen_at = None if later else manifest.finished_at
    reason = OVERTAKEN if job.mode == "live" and "live" in later else manifest.finish_reason
    pages = None
    if job.mode == "live":
        pages, is_known = page_log(db, folder, source)
        reason = reason if is_known else FORGOTTEN
    shipped = Shipped(
        started_at=manifest.started_at, version=manifest.version, job=job.id, digest=folder.digest, seen_at=seen_at
    )
    ledger = Ledger(db, source, job.mode, job.input, pages, shipped)
    ledger.open()
    try:
        fill(ledger, folder, source)
    except FolderError as error:
        ledger.close(Account(f"a damaged folder: {error}"))
        raise
    except Exception as error:  # what could not be stored, as in a crawl
        ledger.failure = error
    hosts = [vars(line) for line in manifest.hosts]
    ledger.close(Account(reason, manifest.response_count, manifest.link_count, hosts=hosts))
    return closed(ledger)


def fill(ledger: Ledger, folder: RunFolder, source: type[SourceSpider]) -> None:
    """The way of every item: interpreted, checked, and taken or dropped."""
    interpret, check = Interpret(source_of(source)), Check()
    for found in folder.observed(set(ledger.routes)):
        if not isinstance(found, Observation):
            broken, origin = found
            ledger.error(origin, broken.reason, broken.text)
            continue
        for one in check.process_item(interpret.process_item(found)):
            if isinstance(one, Rejected):
                ledger.drop(one)
            else:
                ledger.take(one)


def page_log(db: Database, folder: RunFolder, source: type[SourceSpider]) -> tuple[PageLog, bool]:
    """What the crawl did with pages, and whether those it kept are still what this database remembers of them."""

    def known(url: str, reader: str) -> Page | None:
        return known_page(db, source.name, url, reader)

    log = PageLog(source, known)
    log.visit, log.spoiled = folder.visit()
    for url, told in log.visit.kept.items():
        page = known(url, log.visit.reader)
        if page is None or page.sha256 != told.sha256:
            log.visit.kept = {}
            return log, False
        for name in ("etag", "last_modified", "side_sha256"):
            setattr(page, name, getattr(told, name))
        log.visit.kept[url] = page
    return log, True
