"""A refresh with nobody watching: what is due, one at a time, what it says afterwards, and how it ends."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support import rows
from toy_live import CONTACT, LiveToy, LiveTwin, list_page
from toy_server import Reply, ToyServer, serving
from toy_site import TEN, site, start, tagged

from crawler import refresh, runs
from crawler.refresh import Plan
from standards_db import registry
from standards_db.schema import open_db

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def call(server: ToyServer, folder: Path, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """`spheres refresh` of the toy and its twin."""
    command = ["refresh", "--contact", CONTACT, "--json", "--db", str(folder / "live.db"), *arguments]
    options = {"BACK_OFF_SECONDS": ["0.1"], "HOST_DELAY": 0.01}
    return start({"base": server.base, "cli": command, "settings": options, "twin": True, **more})


def test_refresh(tmp_path: Path) -> None:
    """The first asks both, the second nobody because nothing is due; both end with 0 and leave an account."""
    with serving(tagged(site(TEN, twin=Reply(list_page(TEN))))) as server:
        first = call(server, tmp_path, "--metrics", str(tmp_path / "spheres.prom"))
        asked = len(server.asked)
        second = call(server, tmp_path)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert asked == len(server.asked) == 1 + 11 + 11
    report = json.loads(first.stdout)
    assert (report["verdict"], report["missed"]) == ("accepted", [])
    assert [(one["source"], one["row_count"]) for one in report["sources"]] == [("toy", 20), ("twin", 20)]
    assert sum(host["request_count"] for host in report["hosts"]) == asked
    stored = rows(tmp_path / "live.db", "select * from refreshes order by id")
    assert [(r["verdict"], r["due_count"], r["accepted_count"]) for r in stored] == [
        ("accepted", 2, 2),
        ("accepted", 0, 0),
    ]
    assert json.loads(stored[0]["report"])["hosts"] == report["hosts"]
    assert 'spheres_source_last_run_accepted{source="toy"} 1' in (tmp_path / "spheres.prom").read_text()


def test_one_fails_the_other_does_not(tmp_path: Path) -> None:
    """One source's site is broken: it is rejected and told of, the other is accepted, the exit code is 1."""
    told = tmp_path / "told.json"
    with serving(tagged(site(TEN, twin=Reply("<p>moved</p>")))) as server:
        first = call(server, tmp_path, "--notify", f"tee {told}")
        server.replies = tagged(site(TEN, twin=Reply(list_page(TEN))))
        asked = len(server.asked)
        second = call(server, tmp_path)

    assert (first.returncode, second.returncode) == (1, 0), first.stderr + second.stderr
    assert json.loads(told.read_text())["missed"] == ["twin"]
    found = rows(tmp_path / "live.db", "select source, verdict from runs order by id")
    assert [tuple(r.values()) for r in found] == [("toy", "accepted"), ("twin", "rejected"), ("twin", "accepted")]
    assert "/twin" in [one.path for one in server.asked[asked:]]
    assert "/list" not in [one.path for one in server.asked[asked:]]


def test_two_at_once(tmp_path: Path) -> None:
    """While one refresh holds the lock a second ends with 75, and so does a live crawl; neither asks anybody."""
    open_db(tmp_path / "live.db").close()
    with serving(site(TEN)) as server, refresh.locked(tmp_path / "live.db"):
        second = call(server, tmp_path)
        command = ["crawl", "toy", "--contact", CONTACT, "--db", str(tmp_path / "live.db")]
        third = start({"base": server.base, "cli": command})

    assert (second.returncode, third.returncode) == (75, 75), second.stderr + third.stderr
    assert "held by process" in second.stderr
    assert server.asked == []


def test_budget(tmp_path: Path) -> None:
    """A run that would ask more than its budget is ended and rejected; nothing of it becomes visible."""
    with serving(site(TEN)) as server:
        done = call(server, tmp_path, "toy", "--budget", "6")

    assert done.returncode == 1
    assert len(server.asked) == 6
    assert json.loads(done.stdout)["sources"][0]["why"] == "the crawl ended with 'budget spent'"
    assert rows(tmp_path / "live.db", "select key from records") == []


def planned(folder: Path, ended: list[tuple[str, str, str | None]], at: datetime = NOW) -> Plan:
    """The plan for the toy after runs that ended like this: (finished_at, verdict, why)."""
    db = open_db(folder / "plan.db")
    registry.register_sources(db, runs.source_rows({"toy": LiveToy, "twin": LiveTwin}))
    for finished, verdict, why in ended:
        db.execute(
            "insert into runs (source, mode, started_at, finished_at, verdict, why) values ('toy', 'live', ?, ?, ?, ?)",
            [finished, finished, verdict, why],
        )
    found = refresh.plan(db, {"toy": LiveToy}, at)
    db.close()
    return found[0]


BLOCKED = "the crawl ended with 'blocked'"


@pytest.mark.parametrize(
    ("ended", "state", "why"),
    [
        ([], "due", "never crawled"),
        ([("2026-11-27T12:00:00Z", "accepted", None)], "fresh", "every 7 days"),
        ([("2026-11-21T11:59:00Z", "accepted", None)], "due", "every 7 days"),
        ([("2026-11-21T11:00:00Z", "accepted", None), ("2026-11-28T11:00:00Z", "rejected", "no rows")], "due", "every"),
        ([("2026-11-28T11:00:00Z", "rejected", BLOCKED)], "resting", "blocked 1 times in a row"),
        ([("2026-11-27T11:00:00Z", "rejected", BLOCKED)], "due", "never crawled"),
        (
            [("2026-11-25T12:00:00Z", "rejected", BLOCKED), ("2026-11-27T11:00:00Z", "rejected", BLOCKED)],
            "resting",
            "2",
        ),
        ([("2027-03-01T00:00:00Z", "accepted", None)], "due", "the clock was set back"),
        ([("2027-03-01T00:00:00Z", "rejected", BLOCKED)], "due", "never crawled"),
    ],
)
def test_plan(tmp_path: Path, ended: list[tuple[str, str, str | None]], state: str, why: str) -> None:
    """Due after its interval, again after a rejection, at rest after a block, and due when the clock went backwards."""
    found = planned(tmp_path, ended)

    assert (found.state, why in found.why) == (state, True), found


def test_due_since(tmp_path: Path) -> None:
    """The plan says since when a source is due."""
    found = planned(tmp_path, [("2026-11-20T12:00:00Z", "accepted", None)])

    assert (found.last_good_run, found.due_since) == ("2026-11-20T12:00:00Z", "2026-11-27T12:00:00Z")
    assert datetime.fromisoformat(found.due_since) - datetime.fromisoformat(found.last_good_run) == timedelta(days=7)


def test_dry_run(tmp_path: Path) -> None:
    """The plan is printed without a contact, without a request, without a run."""
    with serving(site(TEN)) as server:
        done = start(
            {"base": server.base, "cli": ["refresh", "--dry-run", "--db", str(tmp_path / "live.db")], "twin": True}
        )

    assert done.returncode == 0, done.stderr
    assert "never crawled" in done.stdout and "toy" in done.stdout and "twin" in done.stdout
    assert server.asked == [] and rows(tmp_path / "live.db", "select id from runs") == []


def test_an_abandoned_refresh_is_named(tmp_path: Path) -> None:
    """A refresh whose process died is marked by the next."""
    db = open_db(tmp_path / "live.db")

    first, second = refresh.begin(db, 3), refresh.begin(db, 2)

    assert (first, second) == (1, 2)
    assert [r["verdict"] for r in db.query("select verdict from refreshes order by id")] == ["abandoned", "running"]
    db.close()
