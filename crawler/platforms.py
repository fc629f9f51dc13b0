"""What two or more sources share: reading a zip that arrived over the network without trusting it."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from standards_db.records import PageRefused

_CHUNK = 1 << 20
# Deflate squeezes small repetitive texts hard, and what is this small can do no harm.
_RATIO_FLOOR = 1 << 20


def zip_members(
    body: bytes, *, limit_bytes: int = 2 << 30, member_limit: int = 64 << 20, limit_ratio: int = 200
) -> Iterator[tuple[str, bytes]]:
    """The files of a zip as (name, bytes), in the order of its directory, one at a time in memory.

    `limit_bytes` bounds all members together and `member_limit` each one, both in bytes after decompression;
    `limit_ratio` bounds bytes out per byte in, for a member and for the whole. Names and declared sizes of all members
    are judged before the first is given, the bytes really decompressed while they come.
    Raises PageRefused: not a zip, truncated, encrypted, a path that leaves the archive, a bomb, a broken member.
    """
    with _opened(body) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        _judge(infos, len(body), limit_bytes, member_limit, limit_ratio)
        total = 0
        for info in infos:
            content = _content(archive, info, member_limit)
            total += len(content)
            if total > limit_bytes or _is_bomb(total, len(body), limit_ratio):
                raise PageRefused(f"zip bomb: {total} bytes came out of {len(body)} by member {info.filename!r}")
            yield info.filename, content


def _opened(body: bytes) -> zipfile.ZipFile:
    if not body:
        raise PageRefused("empty body where a zip is due")
    try:
        return zipfile.ZipFile(io.BytesIO(body))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        if body.startswith(b"PK\x03\x04"):
            raise PageRefused(f"truncated zip of {len(body)} bytes: {error}") from error
        raise PageRefused(f"not a zip, starts with {body[:40]!r}") from error


def _judge(
    infos: list[zipfile.ZipInfo], packed: int, limit_bytes: int, member_limit: int, limit_ratio: int
) -> None:
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


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, member_limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        with archive.open(info) as member:
            while chunk := member.read(_CHUNK):
                chunks.append(chunk)
                size += len(chunk)
                if size > member_limit:
                    raise PageRefused(f"zip bomb: member {info.filename!r} gives more than {member_limit} bytes")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise PageRefused(f"broken zip member {info.filename!r}: {error or type(error).__name__}") from error
    if size != info.file_size:
        raise PageRefused(f"broken zip member {info.filename!r}: {size} bytes where {info.file_size} are declared")
    return b"".join(chunks)
