"""A killed crawl that kept its pages goes on: the site is not asked again for what it had given."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from support import rows
from toy_server import Reply, ToyServer, serving
from toy_site import TEN, command, crawl, item_page, site

from crawler.archive import Archived, read_archive


def killed(server: ToyServer, folder: Path, pages: Path | None) -> None:
    """A crawl that is killed with -9 while the server holds back a page; the last of the list is asked for first."""
    order: dict[str, Any] = {"base": server.base, "db": str(folder / "live.db"), "delay": 0.0, "settings": {}}
    with subprocess.Popen(command({**order, "record_to": str(pages) if pages else None})) as process:
        ended = time.monotonic() + 60
        while server.paths().count("/item/15") == 0:
            assert time.monotonic() < ended and process.poll() is None
            time.sleep(0.02)
        process.kill()


def held_back() -> dict[str, list[Reply]]:
    return site(TEN, item_15=[Reply(item_page(15), stall=4), Reply(item_page(15))])


def asked(server: ToyServer) -> list[str]:
    return [path for path in server.paths() if path != "/robots.txt"]


def test_a_killed_crawl_goes_on(tmp_path: Path) -> None:
    """Every page but the one that was under way is asked for once; the rows, their times and evidence are whole."""
    pages = tmp_path / "pages"
    with serving(held_back()) as server:
        killed(server, tmp_path, pages)
        outcome = crawl(server, tmp_path, record_to=pages)

    assert outcome["verdict"] == "accepted" and outcome["tally"]["response_count"] == len(TEN) + 1
    assert sorted(asked(server)) == sorted(["/list", "/item/15", *(f"/item/{number}" for number in TEN)])
    assert outcome["warnings"] == ["6 pages were fetched by a run that was killed"]
    archived = {entry.ref: entry for entry in read_archive(pages) if isinstance(entry, Archived)}
    found = rows(tmp_path / "live.db", "select page_url, archive_ref, retrieved_at from records")
    assert len(found) == len(TEN)
    assert all(archived[row["archive_ref"]].url == row["page_url"] for row in found)
    assert all(archived[row["archive_ref"]].recorded_at[:16] == row["retrieved_at"][:16] for row in found)
    assert len({row["archive_ref"].partition("@")[0] for row in found}) == 2


def test_without_kept_pages_it_starts_again(tmp_path: Path) -> None:
    with serving(held_back()) as server:
        killed(server, tmp_path, None)
        outcome = crawl(server, tmp_path, record_to=tmp_path / "pages")

    assert outcome["verdict"] == "accepted" and outcome["warnings"] == []
    assert asked(server).count("/list") == 2


@pytest.mark.parametrize("verdict", ["accepted", "rejected"])
def test_what_a_judged_run_fetched_is_asked_for_anew(tmp_path: Path, verdict: str) -> None:
    """A page kept by a run that ended is no page of today, whatever came of the run."""
    pages = tmp_path / "pages"
    with serving(site(TEN)) as server:
        first = crawl(server, tmp_path, record_to=pages, more={"budget": 5} if verdict == "rejected" else {})
        second = crawl(server, tmp_path, record_to=pages)

    assert (first["verdict"], second["verdict"]) == (verdict, "accepted")
    assert asked(server).count("/list") == 2 and not json.dumps(second["warnings"]).count("killed")
