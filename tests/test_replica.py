"""Replicas behind a cache: a tag that is the snapshot's, and an answer without a page for who still holds it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from served import Served
from small_snapshot import build_snapshot

from standards_db.datasette_plugin import replica

PAGES = ("/", "/standards", "/standards/documents", "/standards/documents.json", "/standards/documents.csv?_stream=1")


def ask(site: Served, path: str, tag: str | None = None) -> Any:
    headers = {"If-None-Match": tag} if tag else {}
    return site.loop.run_until_complete(site.datasette.client.get(path, headers=headers))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_snapshot(tmp_path_factory.mktemp("replica"))


@pytest.fixture(scope="module")
def served(path: Path) -> Iterator[Served]:
    site = Served(path)
    yield site
    site.close()


@pytest.mark.parametrize("page", PAGES)
def test_two_replicas_say_the_same(served: Served, path: Path, page: str) -> None:
    """Another process on the same snapshot sends the same tag: a cache may ask either. It names the snapshot."""
    other = Served(path)
    one, two = ask(served, page), ask(other, page)
    sha256 = other.sql("select sha256 from snapshot")[0]["sha256"]
    other.close()

    assert one.status_code == 200 and one.headers["etag"] == two.headers["etag"]
    assert one.headers["x-snapshot"] == sha256[:16] and one.headers["cache-control"] == "max-age=5"


@pytest.mark.parametrize("page", PAGES)
def test_who_holds_the_page_gets_no_page(served: Served, page: str) -> None:
    """The tag is answered with 304 and no body, with the headers that every response has; another one with the page."""
    tag = ask(served, page).headers["etag"]

    held, stale = ask(served, page, f'"old", {tag}'), ask(served, page, 'W/"old"')

    assert (held.status_code, held.content, held.headers["etag"]) == (304, b"", tag)
    assert held.headers["x-content-type-options"] == "nosniff"
    assert stale.status_code == 200 and stale.content


@pytest.mark.parametrize("page", ["/-/health", "/-/metrics", "/standards/no_such_table"])
def test_what_is_no_page_of_the_snapshot_has_no_tag(served: Served, page: str) -> None:
    assert "etag" not in ask(served, page).headers


def test_a_tag_ends_with_the_snapshot_and_with_the_hour() -> None:
    """Another snapshot has another tag; a page that tells an age is made anew within the hour."""
    moment, later = datetime(2026, 11, 28, 11, 59, tzinfo=UTC), datetime(2026, 11, 28, 12, 0, tzinfo=UTC)

    tags = {replica.tag_of(name, at) for name in ("a", "b") for at in (moment, later)}

    assert len(tags) == 4 and all(tag.startswith(b'W/"') for tag in tags)
