"""The zip reader gives what is inside and refuses what is broken or hostile, saying why."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from crawler.platforms import zip_members
from standards_db.records import PageRefused


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def test_members_come_in_order_and_folders_are_skipped() -> None:
    """Every file is given with its whole path; directory entries are not members."""
    body = zipped(("a/", b""), ("a/one.yaml", b"x: 1\n"), ("a/two.json", b"[]"))
    assert list(zip_members(body)) == [("a/one.yaml", b"x: 1\n"), ("a/two.json", b"[]")]


@pytest.mark.parametrize("keep", [30, 200, -1, -22])
def test_truncated_zip_is_refused(keep: int) -> None:
    """A download that ended early is refused as truncated, before a member is given."""
    body = zipped(*((f"{number}.yaml", bytes(range(256)) * 4) for number in range(3)))
    with pytest.raises(PageRefused, match="truncated"):
        next(zip_members(body[:keep]))


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><title>Rate limit</title>", b"PK\x05", b"{}"])
def test_other_content_is_refused_with_its_start(body: bytes) -> None:
    """A page where a zip is due is refused, and the reason shows how it starts."""
    with pytest.raises(PageRefused, match="not a zip") as caught:
        list(zip_members(body))
    assert repr(body[:10])[2:-1] in str(caught.value)


def test_empty_body_is_refused() -> None:
    """An empty answer is refused."""
    with pytest.raises(PageRefused, match="empty"):
        list(zip_members(b""))


@pytest.mark.parametrize("name", ["../up.yaml", "a/../../up.yaml", "/etc/x.yaml", "..\\up.yaml", "C:\\x.yaml"])
def test_paths_out_of_the_archive_are_refused(name: str) -> None:
    """No member may carry an absolute path or climb out of the archive."""
    with pytest.raises(PageRefused, match="path out of the archive"):
        next(zip_members(zipped(("fine.yaml", b"a: 1"), (name, b"b: 2"))))


def test_encrypted_member_is_refused() -> None:
    """The encryption flag in the directory is enough to refuse."""
    body = bytearray(zipped(("a.yaml", b"a: 1")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(signature) + offset] |= 1
    with pytest.raises(PageRefused, match="encrypted"):
        list(zip_members(bytes(body)))


def test_declared_size_over_the_limit_is_refused() -> None:
    """A member larger than the member limit is refused before it is unpacked."""
    with pytest.raises(PageRefused, match=r"'big\.yaml' declares 2000 bytes"):
        next(zip_members(zipped(("a.yaml", b"a"), ("big.yaml", b"x" * 2000)), member_limit=1000))


def test_bomb_by_ratio_is_refused() -> None:
    """Zeros packed a thousand to one are a bomb, as one member and as many."""
    with pytest.raises(PageRefused, match="zip bomb: member"):
        next(zip_members(zipped(("zeros", bytes(4 << 20)))))
    many = zipped(*((f"{number}", bytes(900_000)) for number in range(5)))
    with pytest.raises(PageRefused, match="zip bomb: 5 members"):
        next(zip_members(many))


def test_total_over_the_limit_is_refused() -> None:
    """All members together may not exceed the total."""
    with pytest.raises(PageRefused, match="declare 3000 bytes"):
        next(zip_members(zipped(*((f"{number}", b"y" * 1000) for number in range(3))), limit_bytes=2999))


def test_lying_directory_is_refused() -> None:
    """A directory that declares fewer bytes than the member holds does not get past the checksum."""
    body = bytearray(zipped(("a.yaml", b"a: 1\n" * 5000)))
    struct.pack_into("<L", body, body.index(b"PK\x01\x02") + 24, 10)
    with pytest.raises(PageRefused, match="broken zip member"):
        list(zip_members(bytes(body)))


def test_overlapping_entries_are_counted() -> None:
    """Two hundred directory entries over one packed member do not multiply its content without end."""
    body = zipped(("a", bytes(range(256)) * 40))
    start = body.index(b"PK\x01\x02")
    end = body.index(b"PK\x05\x06")
    entries = body[start:end] * 200
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 200, 200, len(entries), start, 0)
    with pytest.raises(PageRefused, match=r"zip bomb|broken zip member"):
        list(zip_members(body[:start] + entries + tail, limit_bytes=1 << 20))


def test_flipped_byte_is_refused() -> None:
    """A member whose checksum does not hold is refused by name."""
    body = bytearray(zipped(("a.yaml", bytes(range(200)))))
    body[60] ^= 0xFF
    with pytest.raises(PageRefused, match=r"broken zip member 'a\.yaml'"):
        list(zip_members(bytes(body)))
