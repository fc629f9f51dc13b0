"""Run folders: what a worker ships. Written here under a name that nobody loads, renamed when they are complete.

    <job>-<mark>/manifest.json     who read what, when, how it ended, and size and SHA-256 of every other file
    <job>-<mark>/observed.jsonl    one line per observation, in the order they were made (see standards_db.wire)
    <job>-<mark>/pages.jsonl       live: validators of the pages, which were the same, which cannot be remembered
    <job>-<mark>/<source>-….warc.gz  live: every exchange

A folder that comes in is hostile: nothing in it is believed but what is checked here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from crawler.archive import BODY_LIMIT
from crawler.ledger import Account
from crawler.pages import PageLog
from crawler.pipelines import Rejected
from standards_db import wire
from standards_db.pages import Page, Visit
from standards_db.records import Observation, Provenance, Refused
from standards_db.store import now
from standards_db.version import VERSION
from standards_db.wire import Broken, WireError

FORMAT = 1
MANIFEST, OBSERVED, PAGES = "manifest.json", "observed.jsonl", "pages.jsonl"
PART = ".part"
WARC_NAME = re.compile(r"([a-z0-9_]+)-\d{8}T\d{6}Z(?:-[0-9a-f]+)?\.warc\.gz")
LONGEST_LINE = 8 * 2**20
LARGEST_MANIFEST = 2**20
LARGEST_COUNT = 10**9
LONGEST_WORD = 200
BLOCK = 2**20


class FolderError(Exception):
    """The folder cannot be loaded: names folder, file, row and reason."""


@dataclass(frozen=True, kw_only=True)
class FileLine:
    """One file of a folder, as its manifest states it."""

    name: str
    byte_count: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class HostLine:
    """What was asked of one host: a row of table `host_reports`."""

    host: str
    request_count: int
    unchanged_count: int
    retry_count: int
    failure_count: int
    byte_count: int
    waited_seconds: float
    crawl_delay: float | None
    statuses: str


@dataclass(frozen=True, kw_only=True)
class PageLine:
    """One page of a live crawl: `state` is "read", "kept" (it was the same) or "spoiled" (its address alone does not
    lead to all it gave, so it is not remembered)."""

    state: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    sha256: str = ""
    side_sha256: str | None = None
    links: tuple[str, ...] = ()
    read_at: str = ""

    @classmethod
    def of(cls, page: Page, state: str) -> PageLine:
        names = ("url", "etag", "last_modified", "sha256", "side_sha256", "read_at")
        return cls(state=state, links=tuple(page.links), **{name: getattr(page, name) for name in names})

    def page(self) -> Page:
        values = {name: value for name, value in vars(self).items() if name != "state"}
        return Page(**{**values, "links": list(self.links), "counts": {"filled": {}, "unnamed": []}})


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a folder says of itself. `reader` names the code that read the pages; the counts are inputs of the verdict
    that only the crawl itself knows; `observed_count` is the number of lines of observed.jsonl."""

    format: int
    job: str
    source: str
    mode: str
    version: str
    started_at: str
    finished_at: str
    finish_reason: str
    response_count: int
    link_count: int
    observed_count: int
    worker: str
    input: str | None = None
    reader: str = ""
    hosts: tuple[HostLine, ...] = ()
    files: tuple[FileLine, ...] = ()


class FolderBook:
    """The book of a crawl whose rows are judged elsewhere: writes them into a folder below `runs` and ships it."""

    def __init__(self, runs: Path, *, job: str, source: str, mode: str, input_name: str | None, worker: str) -> None:
        self.about = {"job": job, "source": source, "mode": mode, "input": input_name, "worker": worker}
        self.path = runs / f".{job}-{secrets.token_hex(4)}{PART}"
        self.path.mkdir(parents=True)
        self.started_at = now()
        self.count = 0
        self.failure: Exception | None = None
        self.account = Account("the crawl broke before its end")
        self.observed = (self.path / OBSERVED).open("w", encoding="utf-8", newline="\n")

    def open(self) -> None:
        self.started_at = now()

    def take(self, item: Observation) -> None:
        self.write(wire.encode(item))

    def drop(self, rejected: Rejected) -> None:
        raise TypeError("a worker has no pipelines that could reject a row")

    def error(self, origin: Provenance | None, reason: str, text: str) -> None:
        self.write(wire.encode_broken(origin, Broken(reason=reason, text=text)))

    def write(self, line: str) -> None:
        self.observed.write(f"{line}\n")
        self.count += 1

    def close(self, account: Account) -> None:
        self.account = account

    def ship(self, pages: PageLog | None) -> Path:
        """Complete the folder and give it its name; the folder. Raises what kept an observation from being written."""
        if self.failure is not None:
            raise self.failure
        self.observed.close()
        if self.about["mode"] == "live":
            lines = [wire.as_line(wire.plain(line)) for line in page_lines(pages)] if pages else []
            (self.path / PAGES).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
        account = self.account
        manifest = Manifest(
            format=FORMAT,
            version=VERSION,
            started_at=self.started_at,
            finished_at=now(),
            finish_reason=account.reason,
            response_count=account.response_count,
            link_count=account.link_count,
            observed_count=self.count,
            reader=pages.visit.reader if pages else "",
            hosts=tuple(HostLine(**row) for row in account.hosts),
            files=tuple(file_line(path) for path in sorted(self.path.iterdir())),
            **self.about,  # type: ignore[arg-type]
        )
        text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
        (self.path / MANIFEST).write_text(text, encoding="utf-8")
        for path in (*self.path.iterdir(), self.path):
            sync(path)
        shipped = self.path.with_name(self.path.name.removeprefix(".").removesuffix(PART))
        self.path.rename(shipped)
        sync(shipped.parent)
        return shipped

    def discard(self) -> None:
        """Remove what was written; nothing is shipped."""
        self.observed.close()
        shutil.rmtree(self.path, ignore_errors=True)


def page_lines(pages: PageLog) -> Iterator[PageLine]:
    visit = pages.visit
    for state, found in (("read", visit.read), ("kept", visit.kept)):
        for page in found.values():
            yield PageLine.of(page, state)
    for url in sorted(pages.spoiled):
        yield PageLine(state="spoiled", url=url)


def file_line(path: Path) -> FileLine:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return FileLine(name=path.name, byte_count=path.stat().st_size, sha256=digest)


def sync(path: Path) -> None:
    """Have the disk hold it before anybody is told of it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class RunFolder:
    """A folder that came in: whole, with the bytes its manifest states. Raises FolderError when it is not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest, self.digest = self.read_manifest()
        found = {entry.name for entry in os.scandir(path)} - {MANIFEST}
        stated = {line.name: line for line in self.manifest.files}
        if odd := sorted(found ^ stated.keys()):
            raise self.fault(odd[0], "is in the folder and not in its manifest" if odd[0] in found else "is missing")
        for name, line in stated.items():
            if not (name in (OBSERVED, PAGES) or self.is_warc(name)):
                raise self.fault(name, "is no file of a run folder")
            with self.open(name) as stream:
                size = os.fstat(stream.fileno()).st_size
                if size != line.byte_count:
                    raise self.fault(name, f"has {size} bytes, its manifest says {line.byte_count}: torn or altered")
                if hashlib.file_digest(stream, "sha256").hexdigest() != line.sha256:
                    raise self.fault(name, "has not the SHA-256 that its manifest says: torn or altered")
        if OBSERVED not in stated:
            raise self.fault(OBSERVED, "is missing")
        warcs = [name for name in stated if self.is_warc(name)]
        if len(warcs) > 1:
            raise self.fault(warcs[1], "is a second WARC file; a run has one")
        self.warc = warcs[0] if warcs else None

    def read_manifest(self) -> tuple[Manifest, str]:
        if self.path.is_symlink() or not self.path.is_dir():
            raise FolderError(f"{self.path}: no folder")
        if self.path.name.startswith("."):
            raise FolderError(f"{self.path}: not complete: a worker is writing it, or died while it was")
        with self.open(MANIFEST) as stream:
            text = stream.read(LARGEST_MANIFEST + 1)
        if len(text) > LARGEST_MANIFEST:
            raise self.fault(MANIFEST, f"is larger than {LARGEST_MANIFEST} bytes")
        try:
            manifest: Manifest = wire.build(Manifest, wire.load_line(text), "manifest")
        except WireError as error:
            raise self.fault(MANIFEST, str(error)) from None
        if manifest.format != FORMAT:
            raise self.fault(MANIFEST, f"format {manifest.format}, this code reads {FORMAT}")
        if len({line.name for line in manifest.files}) < len(manifest.files):
            raise self.fault(MANIFEST, "names a file twice")
        counted = (manifest, *manifest.hosts)
        counts = [v for one in counted for name, v in vars(one).items() if name.endswith("_count")]
        if any(not 0 <= count <= LARGEST_COUNT for count in counts):
            raise self.fault(MANIFEST, "a count is below 0 or beyond measure")
        for name in ("started_at", "finished_at"):
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", getattr(manifest, name)):
                raise self.fault(MANIFEST, f"{name} is no time")
        if max(len(manifest.finish_reason), len(manifest.version), len(manifest.reader)) > LONGEST_WORD:
            raise self.fault(MANIFEST, f"finish_reason, version or reader has more than {LONGEST_WORD} characters")
        if manifest.started_at > manifest.finished_at:
            raise self.fault(MANIFEST, "the run ends before it starts")
        return manifest, hashlib.sha256(text).hexdigest()

    def is_warc(self, name: str) -> bool:
        match = WARC_NAME.fullmatch(name)
        return match is not None and match[1] == self.manifest.source and self.manifest.mode == "live"

    def fault(self, name: str, reason: str) -> FolderError:
        return FolderError(f"{self.path.name}/{name[:80]!s}: {reason}")

    def open(self, name: str) -> BinaryIO:
        """A regular file of the folder; no link is followed out of it and no pipe is waited for."""
        try:
            handle = os.open(self.path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise self.fault(name, f"cannot be read: {error.strerror}") from None
        stream = os.fdopen(handle, "rb")
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            stream.close()
            raise self.fault(name, "is no file")
        return stream

    def lines(self, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """(row, object) of a file of JSON lines."""
        with self.open(name) as stream:
            for number, line in enumerate(iter(lambda: stream.readline(LONGEST_LINE + 1), b""), 1):
                if len(line) > LONGEST_LINE:
                    raise self.fault(f"{name}:{number}", f"a line of more than {LONGEST_LINE} bytes")
                try:
                    yield number, wire.load_line(line)
                except WireError as error:
                    raise self.fault(f"{name}:{number}", str(error)) from None

    def observed(self, routes: set[str]) -> Iterator[Observation | tuple[Broken, Provenance | None]]:
        """What was observed, in order: each of a route of the source, and of a live crawl each from a page that the
        folder holds with that hash."""
        held = self.warc_pages() if self.warc else {}
        number = 0
        for number, row in self.lines(OBSERVED):
            try:
                found = wire.decode(row)
                if isinstance(found, Observation):
                    self.check_page(found, routes, held)
            except WireError as error:
                raise self.fault(f"{OBSERVED}:{number}", str(error)) from None
            yield found
        if number != self.manifest.observed_count:
            raise self.fault(OBSERVED, f"has {number} rows, its manifest says {self.manifest.observed_count}")

    def check_page(self, found: Observation, routes: set[str], held: dict[str, str]) -> None:
        page, is_refused = found.provenance, isinstance(found.record, Refused)
        if page.route not in routes:
            raise WireError(f"page.route: {page.route[:80]!r} is no route of {self.manifest.source}")
        if page.retrieved_at > self.manifest.finished_at:
            raise WireError("page.retrieved_at: lies after the end of the run")
        if self.manifest.mode != "live" or (is_refused and page.archive_ref is None):
            return
        if page.archive_ref is None or held.get(page.archive_ref) != page.page_sha256:
            raise WireError(f"page.archive_ref: the folder holds no page {page.archive_ref!r} with this hash")

    def warc_pages(self) -> dict[str, str]:
        """SHA-256 of the body of each response in the WARC file, by its reference."""
        assert self.warc
        pages: dict[str, str] = {}
        offset = 0
        try:
            with self.open(self.warc) as stream:
                records = ArchiveIterator(stream)
                for record in records:
                    digest = self.body_digest(record) if record.rec_type == "response" else None
                    offset = records.get_record_offset()  # reads to the record's end
                    if digest:
                        pages[f"{self.warc}@{offset}"] = digest
        except (ArchiveLoadFailed, EOFError, OSError, ValueError) as error:
            raise self.fault(self.warc, f"malformed WARC after the record at {offset}: {error}") from None
        return pages

    def body_digest(self, record: Any) -> str:
        digest, size, body = hashlib.sha256(), 0, record.content_stream()
        while block := body.read(BLOCK):
            size += len(block)
            if size > BODY_LIMIT:
                raise ValueError(f"a body of more than {BODY_LIMIT} bytes")
            digest.update(block)
        return digest.hexdigest()

    def visit(self) -> tuple[Visit, set[str]]:
        """What the crawl did with pages, those that were the same named only, and the addresses that are spoiled."""
        visit, spoiled = Visit(reader=self.manifest.reader), set()
        for number, row in self.lines(PAGES):
            try:
                line: PageLine = wire.build(PageLine, row, "page")
                if line.state not in ("read", "kept", "spoiled"):
                    raise WireError(f"page.state: {line.state[:40]!r}")
                if line.state == "read" and not (wire.TIME.fullmatch(line.read_at) and len(line.read_at) == 20):
                    raise WireError("page.read_at: no time")
            except WireError as error:
                raise self.fault(f"{PAGES}:{number}", str(error)) from None
            if line.state == "spoiled":
                spoiled.add(line.url)
                continue
            (visit.read if line.state == "read" else visit.kept)[line.url] = line.page()
        return visit, spoiled
