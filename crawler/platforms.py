"""What two or more sources share: reading a zip without trusting it, and Relaton's bulk data of one publisher."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import ClassVar

import yaml
from scrapy.http import Response

from crawler.base import Route, SourceSpider
from crawler.relaton import RelatonRecord, publication_date, relaton_record
from standards_db.records import Document, PageRefused, Refused

_CHUNK = 1 << 20
_DATA_FILE = re.compile(r"(?:^|\W)data/[^/]+\.ya?ml\W*$", re.IGNORECASE)
# Deflate squeezes small repetitive texts hard, and what is this small can do no harm.
_RATIO_FLOOR = 1 << 20


def zip_members(
    body: bytes, *, limit_bytes: int = 2 << 30, member_limit: int = 64 << 20, limit_ratio: int = 200
) -> Iterator[tuple[str, bytes]]:
    """The files of a zip as (name, bytes), in the order of its directory, one at a time in memory.

    `limit_bytes` bounds all members together and `member_limit` each one, both in bytes after decompression;
    `limit_ratio` bounds bytes out per byte in, for a member and for the whole. Every member is unpacked and checked
    once before the first is given: a damaged archive gives nothing rather than a part that looks like a whole.
    Raises PageRefused: not a zip, truncated, encrypted, a path that leaves the archive, a bomb, a broken member.
    """
    with _opened(body) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        _judge(infos, len(body), limit_bytes, member_limit, limit_ratio)
        total = 0
        for info in infos:
            total += sum(len(chunk) for chunk in _chunks(archive, info, member_limit))
            if total > limit_bytes or _is_bomb(total, len(body), limit_ratio):
                raise PageRefused(f"zip bomb: {total} bytes came out of {len(body)} by member {info.filename!r}")
        for info in infos:
            yield info.filename, b"".join(_chunks(archive, info, member_limit))


def _opened(body: bytes) -> zipfile.ZipFile:
    if not body:
        raise PageRefused("empty body where a zip is due")
    try:
        return zipfile.ZipFile(io.BytesIO(body))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        if body.startswith(b"PK\x03\x04"):
            raise PageRefused(f"truncated zip of {len(body)} bytes: {error}") from error
        raise PageRefused(f"not a zip, starts with {body[:40]!r}") from error


def _judge(infos: list[zipfile.ZipInfo], packed: int, limit_bytes: int, member_limit: int, limit_ratio: int) -> None:
    """Raise PageRefused for what the directory alone gives away."""
    for info in infos:
        name = info.filename
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
            raise PageRefused(f"zip member with a path out of the archive: {name!r}")
        if info.flag_bits & 0x1:
            raise PageRefused(f"zip member {name!r} is encrypted")
        if info.file_size > member_limit:
            raise PageRefused(f"zip member {name!r} declares {info.file_size} bytes, more than {member_limit}")
        if _is_bomb(info.file_size, info.compress_size, limit_ratio):
            raise PageRefused(f"zip bomb: member {name!r} declares {info.file_size} bytes in {info.compress_size}")
    total = sum(info.file_size for info in infos)
    if total > limit_bytes or _is_bomb(total, packed, limit_ratio):
        raise PageRefused(f"zip bomb: {len(infos)} members declare {total} bytes in {packed}")


def _is_bomb(unpacked: int, packed: int, limit_ratio: int) -> bool:
    return unpacked > _RATIO_FLOOR and unpacked > limit_ratio * max(packed, 1)


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo, member_limit: int) -> Iterator[bytes]:
    size = 0
    try:
        with archive.open(info) as member:
            while chunk := member.read(_CHUNK):
                size += len(chunk)
                if size > member_limit:
                    raise PageRefused(f"zip bomb: member {info.filename!r} gives more than {member_limit} bytes")
                yield chunk
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise PageRefused(f"broken zip member {info.filename!r}: {error or type(error).__name__}") from error
    if size != info.file_size:
        raise PageRefused(f"broken zip member {info.filename!r}: {size} bytes where {info.file_size} are declared")


def relaton_url(publisher: str) -> str:
    return f"https://github.com/relaton/relaton-data-{publisher}/archive/refs/heads/main.zip"


def relaton_routes(publisher: str) -> tuple[Route, ...]:
    """The zip of a publisher's repository under its addresses at GitHub, of any branch."""
    repository = rf"relaton/relaton-data-{publisher}"
    return (
        Route(
            rf"^https?://(?:(?:www\.)?github\.com/{repository}/(?:archive/|zipball/|legacy\.zip/)"
            rf"|codeload\.github\.com/{repository}/(?:legacy\.)?zip/"
            rf"|api\.github\.com/repos/{repository}/zipball(?:/|$))",
            "parse_bulk",
            "bulk",
            complete=True,
        ),
    )


class RelatonBulk(SourceSpider):
    """One repository of bibliographic records by Relaton: a zip of YAML files, one per edition, of two generations."""

    tier = "secondary"
    licence = "Relaton bibliographic data (facts of the publisher's register)"
    interval_days = 30
    rank = 80
    published_dates: ClassVar[tuple[str, ...]] = ("published", "issued")  # date types that are the publication
    not_standards: ClassVar[dict[str, str]] = {}  # designation pattern -> why such a record is not a standard

    def parse_bulk(self, response: Response) -> Iterator[Document | Refused]:
        found = 0
        for name, content in zip_members(response.body):
            if _DATA_FILE.search(name):
                found += 1
                yield self.read_member(name, content)
        if not found:
            raise PageRefused("a zip without a single data/*.yaml")

    def read_member(self, name: str, content: bytes) -> Document | Refused:
        """The document of one file, or why there is none: a fault of one file never ends the reading."""
        file = PurePosixPath(name).name
        try:
            record = relaton_record(content.decode("utf-8-sig"))
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
            return Refused(reason="unreadable YAML", text=" ".join(str(error).split())[:300], key=file)
        designations = record.designations()
        if not designations:
            return Refused(reason="no identifier", text=record.title() or "", key=file)
        if reason := self.why_no_standard(designations[0], record.kind()):
            return Refused(reason=reason, text=record.title() or "", key=designations[0])
        return self.document(record, designations)

    def why_no_standard(self, designation: str, kind: str | None) -> str | None:
        if kind == "redline":
            return "redline"
        return next((why for pattern, why in self.not_standards.items() if re.search(pattern, designation)), None)

    def document(self, record: RelatonRecord, designations: list[str]) -> Document:
        designation = designations[0]
        dates = record.dates()
        published = publication_date(designation, dates, self.published_dates)
        updated = dates.get("corrected") or dates.get("updated")
        return Document(
            designation=designation,
            key=designation,
            title=record.title(),
            title_zh=record.title("zh"),
            status_text=record.status(),
            kind_text=record.kind(),
            published_text=published,
            withdrawn_text=dates.get("obsoleted") or dates.get("withdrawn"),
            updated_text=updated if updated != published else None,
            edition_text=record.edition(),
            ics=tuple(record.texts(record.part("ics"), "code")),
            committee_text="; ".join(record.committees()) or None,
            keywords=tuple(record.keywords()),
            url=record.url(),
            as_of=record.age(),
            relations=tuple(record.relations(designations)),
        )
