"""Responses that were kept: folders with `index.jsonl`, WARC files, and the embedded sample. Read here, written here.

Every archived response keeps its real URL; bodies are read when they are asked for. What cannot be read becomes a
`Problem` that names file, row and reason: one bad line never hides the rest.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from standards_db.pages import Page

SAMPLE_DIR = Path(__file__).parent / "sample"
BODY_LIMIT = 512 * 2**20
ISO_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")
NOT_MODIFIED = "http://netpreserve.org/warc/1.0/revisit/server-not-modified"
HOP_HEADERS = {"transfer-encoding", "connection", "keep-alive", "content-encoding", "content-length", "set-cookie"}


class ArchiveError(Exception):
    """The archive cannot be read at all: names the path and the reason."""


@dataclass(frozen=True)
class Problem:
    """One entry of an archive that cannot be used: `where` is file and row or offset."""

    where: str
    url: str
    reason: str


@dataclass(frozen=True)
class Archived:
    """One kept response. `recorded_at` is ISO (UTC) or "" when the archive does not say; `ref` is file and row; `size`
    is that of the kept body in bytes, as far as it is known without reading it."""

    url: str
    method: str
    status: int
    headers: dict[str, str]
    recorded_at: str
    ref: str
    load: Callable[[], bytes] = field(repr=False, compare=False)
    size: int = 0


def read_archive(folder: Path) -> Iterator[Archived | Problem]:
    """Everything under `folder`: rows of each index.jsonl (nested folders too) and records of each WARC file.

    Raises ArchiveError when `folder` is not there or holds neither.
    """
    if not folder.exists():
        raise ArchiveError(f"{folder}: no such file or folder")
    files = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    indexes = [path for path in files if path.name == "index.jsonl"]
    warcs = [path for path in files if path.name.endswith((".warc", ".warc.gz"))]
    if not indexes and not warcs:
        raise ArchiveError(f"{folder}: neither an index.jsonl nor a WARC file in it")
    base = folder if folder.is_dir() else folder.parent
    for path in indexes:
        yield from read_index(path, base)
    for path in warcs:
        yield from read_warc(path, base)


def read_index(path: Path, base: Path) -> Iterator[Archived | Problem]:
    name = path.relative_to(base).as_posix()
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            where = f"{name}:{number}"
            try:
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError("not an object")
            except ValueError as error:
                yield Problem(where, "", f"malformed index row: {error}")
                continue
            yield from_row(row, path.parent, where)


def from_row(row: dict[str, Any], folder: Path, where: str) -> Archived | Problem:
    url = text_of(row, "url")
    body = text_of(row, "body")
    if not url.startswith(("http://", "https://")):
        return Problem(where, url, "no URL of a page" if not url else "not an http URL")
    if not body:
        return Problem(where, url, "no body named")
    if is_derived(row, body):
        return Problem(where, url, "somebody's parse of the source, not its response")
    path = (folder / body).resolve()
    if not path.is_relative_to(folder.resolve()):
        return Problem(where, url, f"body {body!r} lies outside the archive")
    if not path.is_file():
        return Problem(where, url, f"body {body!r} is missing")
    size = path.stat().st_size
    if size > BODY_LIMIT:
        return Problem(where, url, f"body {body!r} is larger than {BODY_LIMIT} bytes")
    status = row.get("status")
    if status is not None and not isinstance(status, int):
        return Problem(where, url, f"status {status!r} is not a number")
    headers = {"Content-Type": text_of(row, "content_type")} if text_of(row, "content_type") else {}
    return Archived(
        url=url,
        method=text_of(row, "method").upper() or "GET",
        status=status or 200,
        headers=headers,
        recorded_at=iso_time(text_of(row, "recorded_at")),
        ref=f"{where} {body}",
        load=path.read_bytes,
        size=size,
    )


def is_derived(row: dict[str, Any], body: str) -> bool:
    """Whether an index row says that its body was made from the site's pages, or for a test, and never served."""
    if fidelity := text_of(row, "fidelity"):
        return fidelity.startswith(("derived", "synthetic"))
    return text_of(row, "kind") == "dataset" and body.startswith("datasets/")


def text_of(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""


def iso_time(text: str) -> str:
    """A recording time in any of the spellings archives use, as ISO UTC to the second; "" when there is none."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            time = read(text)
        except ValueError:
            continue
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        return time.strftime("%Y-%m-%dT%H:%M:%SZ")
    match = ISO_DATE.search(text)
    return match[0] if match else ""


def read_warc(path: Path, base: Path) -> Iterator[Archived | Problem]:
    name = path.relative_to(base).as_posix()
    methods: dict[str, str] = {}
    waiting: list[tuple[Archived, list[str]]] = []
    offset = 0
    has_revisits = False
    with path.open("rb") as stream:
        records = ArchiveIterator(stream)
        end = 0
        try:
            for record in records:
                offset = records.get_record_offset()
                if record.rec_type == "request" and record.http_headers:
                    for header in ("WARC-Concurrent-To", "WARC-Record-ID"):  # writers point either way
                        methods[record.rec_headers.get_header(header) or ""] = record.http_headers.protocol
                if record.rec_type == "revisit":
                    has_revisits = True
                    url = record.rec_headers.get_header("WARC-Target-URI") or ""
                    yield Problem(f"{name}@{offset}", url, "revisit: the page is kept elsewhere")
                if record.rec_type == "response" and record.http_headers:
                    waiting.append(from_warc(record, path, f"{name}@{offset}", offset))
                end = offset + records.get_record_length()
        except (ArchiveLoadFailed, EOFError, OSError, ValueError) as error:
            yield Problem(f"{name}@{offset}", "", f"malformed WARC after this record: {error}")
        else:
            if path.stat().st_size > end > 0:
                yield Problem(f"{name}@{end}", "", "malformed WARC: the file ends inside this record")
            if not waiting and not has_revisits:
                yield Problem(name, "", "no response in this WARC file")
    for archived, ids in waiting:
        yield replace(archived, method=next((methods[i] for i in ids if i in methods), archived.method))


def from_warc(record: Any, path: Path, where: str, offset: int) -> tuple[Archived, list[str]]:
    """The response of a WARC record, and the record ids by which its request is found."""
    headers = {key: value for key, value in record.http_headers.headers if key.lower() not in HOP_HEADERS}
    status = record.http_headers.get_statuscode()
    archived = Archived(
        url=record.rec_headers.get_header("WARC-Target-URI") or "",
        method="GET",
        status=int(status) if status.isdigit() else 200,
        headers=headers,
        recorded_at=iso_time(record.rec_headers.get_header("WARC-Date") or ""),
        ref=where,
        load=lambda: warc_body(path, offset),
        size=record.payload_length or 0,
    )
    ids = [record.rec_headers.get_header(name) for name in ("WARC-Record-ID", "WARC-Concurrent-To")]
    return archived, [i for i in ids if i]


def warc_body(path: Path, offset: int) -> bytes:
    """The payload of the record at `offset`, transfer and content encodings undone.

    Raises ArchiveError when the record is cut short, damaged or larger than the limit.
    """
    with path.open("rb") as stream:
        stream.seek(offset)
        try:
            record = next(iter(ArchiveIterator(stream)))
            raw = record.raw_stream.read(BODY_LIMIT + 1)
            if len(raw) < (record.payload_length or 0) <= BODY_LIMIT:
                raise EOFError("the file ends inside it")
            record.raw_stream = io.BytesIO(raw)
            body: bytes = record.content_stream().read(BODY_LIMIT + 1)
        except (StopIteration, ArchiveLoadFailed, EOFError, OSError) as error:
            raise ArchiveError(f"{path.name}@{offset}: record cannot be read: {error}") from error
    if len(body) > BODY_LIMIT:
        raise ArchiveError(f"{path.name}@{offset}: body is larger than {BODY_LIMIT} bytes")
    return body


def read_sample(root: Path = SAMPLE_DIR) -> Iterator[Archived | Problem]:
    """The embedded sample: one folder per source with `pages.json` (a list of index rows) and its pages.

    `zip_member` names the single member that the page becomes inside a zip; `zip_members` marks a text that holds
    several members, each after a line `%%% name`: archives are kept as text that can be read and reviewed.
    """
    for path in sorted(root.glob("*/pages.json")):
        for number, row in enumerate(json.loads(path.read_text(encoding="utf-8")), 1):
            row = {**row, "body": row.get("file")}
            archived = from_row(row, path.parent, f"{path.parent.name}/pages.json:{number}")
            if isinstance(archived, Archived) and (row.get("zip_member") or row.get("zip_members")):
                load = zipped(archived.load, row.get("zip_member"))
                archived = replace(archived, load=load)
            yield archived


def zipped(load: Callable[[], bytes], member: str | None) -> Callable[[], bytes]:
    def build() -> bytes:
        text = load().decode("utf-8")
        members = [(member, text)] if member else split_members(text)
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members:
                archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
        return target.getvalue()

    return build


def split_members(text: str) -> list[tuple[str, str]]:
    parts = re.split(r"^%%% (\S+)\n", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


class ReplayHandler(BaseDownloadHandler):
    """Answers every request from the archived response in its meta. Nothing is ever fetched."""

    lazy = False

    async def download_request(self, request: Request) -> Response:
        archived: Archived = request.meta["archived"]
        body = archived.load()
        headers = Headers(archived.headers)
        kind = responsetypes.from_args(headers=headers, url=archived.url, body=body)
        return kind(url=archived.url, status=archived.status, headers=headers, body=body, request=request)


class WarcFile:
    """A WARC file being written: one request and one response record per exchange. An answer that the page is the same
    is a revisit record, which names the page it stands for."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.stream = path.open("ab")
        self.writer = WARCWriter(self.stream, gzip=True)

    def add(self, request: Request, response: Response) -> str:
        """Append one exchange; returns the reference of its response record (file name and offset)."""
        offset = self.stream.tell()
        headers = [(k, v) for k, v in pairs(response.headers) if k.lower() not in HOP_HEADERS]
        page = request.meta.get("known") if response.status == 304 else None
        answer = self.writer.create_warc_record(
            response.url,
            "revisit" if page else "response",
            payload=io.BytesIO(response.body),
            http_headers=StatusAndHeaders(str(response.status), headers, protocol="HTTP/1.1"),
            warc_headers_dict=revisited(page) if page else None,
        )
        question = self.writer.create_warc_record(
            response.url,
            "request",
            payload=io.BytesIO(request.body),
            http_headers=StatusAndHeaders(f"{request.method} {response.url} HTTP/1.1", [], is_http_request=True),
            warc_headers_dict={"WARC-Concurrent-To": answer.rec_headers.get_header("WARC-Record-ID")},
        )
        self.writer.write_record(answer)
        self.writer.write_record(question)
        self.stream.flush()
        return f"{self.path.name}@{offset}"

    def close(self) -> None:
        self.stream.close()


def revisited(page: Page) -> dict[str, str]:
    """What a revisit record says of the page that its server calls unchanged."""
    return {
        "WARC-Profile": NOT_MODIFIED,
        "WARC-Refers-To-Target-URI": page.url,
        "WARC-Refers-To-Date": page.read_at,
        "WARC-Payload-Digest": f"sha256:{page.sha256}",
    }


def pairs(headers: Headers) -> Iterable[tuple[str, str]]:
    for name, values in headers.items():
        for value in values:
            yield name.decode("latin-1"), value.decode("latin-1")
