"""A refresh asks only for what has changed: what a server calls unchanged stays seen, and nothing is lost by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support import rows
from toy_live import list_page
from toy_server import Reply, serving
from toy_site import NO_RULES, TEN, crawl, site, tagged

from standards_db.pages import FULL_AFTER, Page, Visit, iso, known_page, remember
from standards_db.schema import open_db
from standards_db.store import transaction

LONG_AGO = "2026-01-01T00:00:00Z"


def age_rows(folder: Path) -> None:
    """Let everything seem to have been seen last on a day long ago."""
    db = open_db(folder / "live.db")
    for table in ("records", "documents"):
        db.execute(f"update {table} set last_seen=?", [LONG_AGO])
    db.close()


def counts(outcome: dict[str, Any]) -> tuple[int, ...]:
    names = ("response_count", "unchanged_count", "row_count", "document_count", "new_count", "changed_count")
    return tuple(outcome["tally"][name] for name in (*names, "vanished_count"))


def test_unchanged_pages_stay_seen(tmp_path: Path) -> None:
    """A second crawl sends every validator, reads nothing, follows the links of the list, and keeps all rows seen."""
    with serving(tagged(site(TEN))) as server:
        first = crawl(server, tmp_path)
        age_rows(tmp_path)
        asked = len(server.asked)
        sent = server.sent
        second = crawl(server, tmp_path)

    again = server.asked[asked:]
    assert sorted(one.path for one in again[1:]) == [*(f"/item/{n}" for n in TEN), "/list"]
    assert all(one.tag for one in again[1:])
    assert server.sent - sent == len(NO_RULES.body)
    assert counts(first) == (11, 0, 20, 10, 10, 0, 0)
    assert (second["verdict"], counts(second)) == ("accepted", (11, 11, 20, 10, 0, 0, 0))
    for table in ("records", "documents"):
        assert [r["n"] for r in rows(tmp_path / "live.db", f"select count(*) as n from {table}")] == [10]
        assert rows(tmp_path / "live.db", f"select * from {table} where last_seen=?", LONG_AGO) == []
    report = rows(tmp_path / "live.db", "select * from host_reports order by run")
    assert [(r["request_count"], r["unchanged_count"], r["statuses"]) for r in report] == [
        (12, 0, "200: 12"),
        (12, 11, "200: 1, 304: 11"),
    ]
    assert report[1]["byte_count"] == len(NO_RULES.body) < report[0]["byte_count"]


def test_only_what_changed_is_read(tmp_path: Path) -> None:
    """One changed page of eleven: one change row, and the other rows are neither changed nor vanished."""
    replies = site(TEN)
    with serving(tagged(replies)) as server:
        crawl(server, tmp_path)
        replies["/item/15"] = [Reply("<h1>SP 800-15</h1><p>Guide fifteen</p>")]
        server.replies = tagged(replies)
        second = crawl(server, tmp_path)

    assert (second["verdict"], counts(second)) == ("accepted", (11, 10, 20, 10, 0, 1, 0))
    found = rows(tmp_path / "live.db", 'select "key", kind, field, old, new from changes where run=2')
    assert [(r["kind"], r["field"], r["old"], r["new"]) for r in found] == [
        ("changed", "title", "Guide 15", "Guide fifteen")
    ]


def test_same_bytes_without_a_validator(tmp_path: Path) -> None:
    """A server without validators sends the page again; the same bytes are not read again."""
    with serving(site(TEN)) as server:
        crawl(server, tmp_path)
        second = crawl(server, tmp_path)

    assert (second["verdict"], counts(second)) == ("accepted", (11, 11, 20, 10, 0, 0, 0))


def test_a_rejected_run_is_asked_for_again(tmp_path: Path) -> None:
    """What a rejected run met is not remembered: the next one sends the validators of the accepted run."""
    good = tagged(site(TEN))
    short = {**good, "/list": tagged({"/list": [Reply(list_page([11, 12]))]})["/list"]}
    with serving(good) as server:
        crawl(server, tmp_path)
        server.replies = short
        second = crawl(server, tmp_path)
        third = crawl(server, tmp_path)

    lists = [one.tag for one in server.asked if one.path == "/list"]
    assert second["verdict"] == third["verdict"] == "rejected"
    assert "shrunk too far" in second["why"]
    assert lists == [None, good["/list"][0].headers["ETag"], good["/list"][0].headers["ETag"]]
    assert rows(tmp_path / "live.db", "select id from documents where vanished_at is not null") == []


def test_vanished_and_returned(tmp_path: Path) -> None:
    """An item that leaves the list has vanished, one that comes back has returned; both are change rows."""
    whole, without = tagged(site(TEN)), tagged(site(TEN[:-1]))
    with serving(whole) as server:
        crawl(server, tmp_path)
        server.replies = without
        second = crawl(server, tmp_path)
        server.replies = whole
        third = crawl(server, tmp_path)

    assert (counts(second)[-1], second["tally"]["unchanged_count"]) == (1, 9)
    assert third["tally"]["changed_count"] == 1
    found = rows(tmp_path / "live.db", "select entity, kind, run from changes where run>1 order by run")
    assert [(r["entity"], r["kind"], r["run"]) for r in found] == [
        ("NIST SP 800-20", "vanished", 2),
        ("NIST SP 800-20", "returned", 3),
    ]
    documents = rows(tmp_path / "live.db", "select status, vanished_at from documents where id='NIST SP 800-20'")
    assert documents == [{"status": None, "vanished_at": None}]


def test_a_page_that_did_not_arrive_takes_nothing_away(tmp_path: Path) -> None:
    """The list stands, one of its pages is down: nothing vanishes. A page that is gone and unlisted does."""
    with serving(tagged(site(TEN))) as server:
        crawl(server, tmp_path)
        down = site(TEN, item_15=Reply("down", 503), list=Reply(list_page([*TEN[:4], *TEN[5:]])))
        down["/list"] = [Reply(list_page([*TEN[:4], *TEN[5:]]) + '<a href="/item/15">see also</a>')]
        server.replies = tagged(down)
        second = crawl(server, tmp_path, BACK_OFF_SECONDS=["0.1"])

    assert second["verdict"] == "accepted"
    assert rows(tmp_path / "live.db", "select entity from changes where kind='vanished'") == [
        {"entity": "NIST SP 800-15"}
    ]


def test_a_feed_is_asked_for_through_its_side_file(tmp_path: Path) -> None:
    """While the small file that describes it is the same the large one is not asked for at all."""
    replies = site(TEN)
    replies["/list.meta"] = [Reply("sha256:1")]
    more = {"sides": [["/list", "/list.meta"]]}
    with serving(replies) as server:
        crawl(server, tmp_path, more=more)
        second = crawl(server, tmp_path, more=more)
        server.replies["/list.meta"] = [Reply("dated anew sha256:1"), Reply("sha256:2")]
        third = crawl(server, tmp_path, more=more)
        crawl(server, tmp_path, more=more)

    assert [path for path in server.paths() if "list" in path] == [
        "/list.meta",
        "/list",
        "/list.meta",
        "/list.meta",
        "/list.meta",
        "/list",
    ]
    assert (second["verdict"], counts(second)) == ("accepted", (11, 11, 20, 10, 0, 0, 0))
    assert counts(third) == counts(second)


@pytest.mark.parametrize(
    ("read_at", "reader", "is_known"),
    [
        (timedelta(days=-1), "a", True),
        (timedelta(days=-1), "b", False),
        (-FULL_AFTER - timedelta(days=1), "a", False),
        (timedelta(days=1), "a", False),
    ],
)
def test_what_is_trusted(tmp_path: Path, read_at: timedelta, reader: str, is_known: bool) -> None:
    """A page is trusted by the code that read it, for some months, and not when it is dated after now."""
    db = open_db(tmp_path / "ingest.db")
    page = Page("http://register.example/1", sha256="0" * 64, keys=["k"], read_at=iso(datetime.now(UTC) + read_at))
    with transaction(db) as connection:
        remember(connection, "toy", 1, LONG_AGO, Visit(reader="a", read={page.url: page}))

    found = known_page(db, "toy", page.url, reader)

    assert (found == replace(page)) is is_known
    assert (found is None) is not is_known
    db.close()
