"""Two workers, one of them killed with -9 in the middle of its jobs: the same rows as a crawl on one machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
import toy_redis
from click.testing import CliRunner
from contents import contents, differences
from support import rows
from toy_live import CONTACT, LiveToy, list_page
from toy_server import Reply, ToyServer, serving
from toy_site import TEN, site, start, tagged

import crawler
from crawler import cli, runs
from crawler.archive import read_sample
from crawler.orders import Order
from crawler.queue import AWAY, BUSY_WAIT, Queue, SharedHosts, Worker, connect, key
from standards_db import jobs, registry
from standards_db.schema import open_db

pytestmark = pytest.mark.skipif(not toy_redis.IS_HERE, reason=toy_redis.WHY_NOT)
HERE = Path(__file__).parent
ALSO = ["sca", "tc260", "w3c"]
PATIENCE = 240


@dataclass
class World:
    """A site, an archive, a Redis, and two databases: `alone` was filled on one machine, `shared` by workers."""

    server: ToyServer
    folder: Path
    url: str

    @property
    def alone(self) -> Path:
        return self.folder / "alone.db"

    @property
    def shared(self) -> Path:
        return self.folder / "shared.db"

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    def order(self, **more: Any) -> dict[str, Any]:
        settings = {"HOST_DELAY": 0.02, "BACK_OFF_SECONDS": ["0.1"]}
        return {"base": self.server.base, "twin": True, "also": ALSO, "settings": settings, **more}

    def call(self, db: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """A command of `spheres` with the toy sources."""
        done = start(self.order(cli=[*arguments, "--db", str(db)]))
        assert done.returncode == code, done.stderr + done.stdout
        return done

    def worker(self, *, count: int = 1, stall: Path | None = None) -> subprocess.Popen[bytes]:
        told = json.dumps(self.order(**({"stall": str(stall)} if stall else {})))
        command = [sys.executable, str(HERE / "toy_worker.py"), "--redis", self.url, "--runs", str(self.runs)]
        path = os.pathsep.join([str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")])
        return subprocess.Popen(
            [*command, "--contact", CONTACT, "--jobs", str(count)],
            env={**os.environ, "TOY_ORDER": told, "PYTHONPATH": path},
        )

    def left(self) -> list[bytes]:
        return connect(self.url).keys(key("order", "*"))


def wait_for(what: Callable[[], object]) -> None:
    ended = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < ended, "nothing happened"
        time.sleep(0.2)


def archive_of_sample(folder: Path) -> Path:
    """The sample's pages of some sources as an archive."""
    folder.mkdir()
    lines = []
    for number, entry in enumerate(read_sample()):
        if entry.ref.partition("/")[0] in ALSO:
            (folder / f"{number}.body").write_bytes(entry.load())
            row = {"url": entry.url, "method": entry.method, "body": f"{number}.body", "recorded_at": entry.recorded_at}
            lines.append(json.dumps({**row, "content_type": entry.headers.get("Content-Type", "")}))
    (folder / "index.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything crawled twice: by one process, and by two workers of which one is killed in the middle of two jobs."""
    folder = tmp_path_factory.mktemp("workers")
    pages = site(TEN) | {"/twin": [Reply(list_page(TEN))]}
    with serving(tagged(pages)) as server, toy_redis.serving(folder) as url:
        world = World(server, folder, url)
        archive = archive_of_sample(folder / "archive")
        live = ("--contact", CONTACT, "--archive", str(folder / "pages-alone"))
        for name in ("toy", "twin"):  # each asks for robots.txt, as two workers do
            world.call(world.alone, "crawl", name, *live)
        world.call(world.alone, "crawl", "--from-archive", str(archive), code=1)  # w3c is rejected
        world.call(world.shared, "enqueue", "toy", "twin", "--redis", url)
        world.call(world.shared, "enqueue", "--from-archive", str(archive), "--redis", url)
        stalled = folder / "stalled"
        first = world.worker(count=2, stall=stalled)
        wait_for(lambda: stalled.exists() and len(stalled.read_text().split()) == 2)
        second = world.worker()
        wait_for(lambda: any(world.runs.glob("[0-9a-f]*")))
        first.kill()
        first.wait()
        wait_for(lambda: not world.left())
        second.terminate()
        assert second.wait(PATIENCE) == 0
        yield world


@pytest.fixture(scope="module")
def loaded(world: World) -> World:
    """The folders of the workers are in the database, their pages in `pages`."""
    world.call(world.shared, "load", str(world.runs), "--archive", str(world.folder / "pages"), code=1)
    return world


def shipped(world: World) -> list[Path]:
    return sorted(path for path in world.runs.iterdir() if not path.name.startswith("."))


def test_each_job_is_done_although_a_worker_was_killed(world: World) -> None:
    """Two jobs were killed in the middle and done by the other worker; what they had written has no loadable name."""
    stalled = (world.folder / "stalled").read_text().split()
    assert len(set(stalled)) == 2 and {"toy", "twin"} & set(stalled) and set(ALSO) & set(stalled)
    done = {json.loads((path / "manifest.json").read_text())["source"] for path in shipped(world)}
    assert done == {"toy", "twin", *ALSO}
    torn = [path for path in world.runs.iterdir() if path.name.startswith(".")]
    lines = [len((path / "observed.jsonl").read_text().splitlines()) for path in torn]
    assert lines.count(3) >= 2  # on a slow machine a job may be begun once more: its lease ran out


def test_a_killed_worker_loses_and_doubles_nothing(loaded: World) -> None:
    """Table by table the rows are those of one machine, and they were last seen when the crawl ended."""
    world, pages = loaded, loaded.folder / "pages"

    assert differences(world.alone, world.shared) == {}
    assert len(contents(world.shared)["records"]) > 2 * len(TEN) and len(contents(world.shared)["runs"]) == 5
    assert len(contents(world.shared)["pages"]) == 2 * (len(TEN) + 1)
    assert {path.name.partition("-")[0] for path in pages.iterdir()} == {"toy", "twin"}
    seen = rows(world.shared, "select distinct last_seen as at from records where source='toy'")
    assert seen == rows(world.shared, "select finished_at as at from runs where source='toy'")


def test_loading_twice_changes_nothing(loaded: World) -> None:
    """Neither the same folders nor a second doing of a job bring rows or another accepted run."""
    world, before = loaded, contents(loaded.shared)

    again = world.call(world.shared, "load", str(world.runs), "--json")

    told = json.loads(again.stdout)
    assert {row["verdict"] for row in told} == {"loaded before"} and len(told) >= 5
    assert contents(world.shared) == before
    counts = rows(world.shared, "select job, count(*) as n from runs where verdict='accepted' group by job")
    assert counts and all(row["n"] == 1 for row in counts)


def test_evidence_of_a_shipped_row(loaded: World) -> None:
    """The page behind a row of a worker is found in the archive, and today's parser reads the same from it."""
    kept = str(loaded.folder / "pages")

    done = loaded.call(loaded.shared, "evidence", "NIST SP 800-11", "--archive", kept, "--json")

    assert {(row["page is"], row["today's parser"]) for row in json.loads(done.stdout)} == {("verified", "the same")}


def test_a_source_that_workers_have_is_not_given_out_again(world: World) -> None:
    """Until its folder is loaded a source is neither queued again nor refreshed; then it is fresh."""
    db = world.folder / "queued.db"
    world.call(db, "enqueue", "toy", "--redis", world.url)

    again = world.call(db, "enqueue", "toy", "--redis", world.url, code=1)
    plan = json.loads(world.call(db, "refresh", "--dry-run", "--json").stdout)
    due = json.loads(world.call(db, "enqueue", "--due", "--redis", world.url, "--json").stdout)

    assert "given to workers" in again.stderr
    assert {row["source"]: row["state"] for row in plan}["toy"] == "queued"
    assert "twin" in {row["source"] for row in due} and "toy" not in {row["source"] for row in due}
    connect(world.url).flushall()


def test_unchanged_pages_are_not_read_again_by_a_worker(loaded: World) -> None:
    """A worker is told what the database remembers: it asks with the tags, and the loader keeps the rows."""
    world, asked = loaded, len(loaded.server.asked)
    world.call(world.shared, "enqueue", "toy", "--redis", world.url)
    worker = world.worker()
    wait_for(lambda: not world.left())
    worker.terminate()
    assert worker.wait(PATIENCE) == 0

    world.call(world.shared, "load", str(world.runs))

    new = [one for one in world.server.asked[asked:] if one.path != "/robots.txt"]
    assert len(new) == len(TEN) + 1 and all(one.tag for one in new)
    run = rows(world.shared, "select * from runs where source='toy' order by id desc limit 1")[0]
    assert (run["verdict"], run["unchanged_count"], run["new_count"], run["vanished_count"]) == ("accepted", 11, 0, 0)


class Messages:
    """A worker whose messages are kept instead of sent."""

    def __init__(self, world: World) -> None:
        self.worker = Worker(world.url, world.runs, CONTACT, 1)
        self.back: list[tuple[str, int]] = []
        self.worker.put_back = lambda job, wait: self.back.append((job, wait))  # type: ignore[method-assign]


def test_sources_of_one_host_wait_for_each_other(world: World) -> None:
    """While another worker has the lane, a job is put back undone."""
    client = connect(world.url)
    order = Order(job="aa", source="toy", mode="live", lane="register.example")
    client.set(key("order", "aa"), order.encode())
    lease = client.lock(key("lane", order.lane), timeout=60)
    assert lease.acquire(blocking=False)
    one = Messages(world)

    one.worker.work("aa")

    assert one.back == [("aa", BUSY_WAIT)] and client.get(key("starts", "aa")) is None
    lease.release()
    client.flushall()


def test_a_job_that_kills_its_process_ends_in_a_rejected_run(loaded: World) -> None:
    """After some starts a folder without rows says so, and the run is rejected with that reason."""
    world = loaded
    db = open_db(world.shared)
    jobs.add(db, "bb", "toy", "live", None)
    db.close()
    client = connect(world.url)
    order = Order(job="bb", source="no such source", mode="live", lane="x")
    client.set(key("order", "bb"), order.encode())
    one = Messages(world)
    for _ in range(5):
        one.worker.work("bb")
    assert [job for job, _ in one.back] == ["bb"] * 5
    client.set(key("order", "bb"), Order(job="bb", source="toy", mode="live", lane="x").encode())

    one.worker.work("bb")

    assert len(one.back) == 5 and client.get(key("order", "bb")) is None
    world.call(world.shared, "load", str(world.runs), code=1)
    why = rows(world.shared, "select why from runs where job='bb'")
    assert why == [{"why": "the crawl ended with 'its process died 5 times'"}]


def test_the_pace_of_a_host_is_shared(world: World) -> None:
    """Two workers take turns at one host; a wish to wait holds for both, and a shorter one does not cut it."""
    import asyncio

    client = connect(world.url)
    one, other = SharedHosts(client), SharedHosts(connect(world.url))

    asyncio.run(one.turn("h", 30))

    assert 20_000 < client.pttl(key("host", "h")) <= 30_000
    other.hold("h", 600)
    one.hold("h", 5)
    assert 590_000 < client.pttl(key("host", "h")) <= 600_000
    client.delete(key("host", "h"))
    assert asyncio.run(other.turn("h", 0.001)) < 5


def test_without_redis_nothing_is_asked(world: World) -> None:
    """A host is not asked while its pace is not known; a command says what is missing."""
    import asyncio

    gone = SharedHosts(redis.Redis(port=1, socket_connect_timeout=1))
    with pytest.raises(AWAY):
        asyncio.run(gone.turn("h", 0.001))

    done = world.call(world.folder / "none.db", "enqueue", "toy", "--redis", "redis://:secret@127.0.0.1:1/0", code=2)
    assert "Redis at 127.0.0.1:1/0" in done.stderr and "secret" not in done.stderr


def test_without_the_extra_the_command_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Dramatiq is not installed, the message names it and the extra."""
    monkeypatch.delattr(crawler, "queue")
    monkeypatch.delitem(sys.modules, "crawler.queue")
    monkeypatch.setitem(sys.modules, "dramatiq", None)

    done = CliRunner().invoke(cli.main, ["worker", "--runs", str(world.runs)])

    assert done.exit_code == 2 and "dramatiq is missing: pip install 'cyber-spheres[workers]'" in done.output


def test_a_job_is_known_before_it_is_given_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the queue does not take a job, the database forgets it."""
    from crawler.commands.workers import give_out

    db = open_db(world.folder / "withdrawn.db")
    registry.register_sources(db, runs.source_rows({"toy": LiveToy}))
    line = Queue(world.url)

    def broken(order: Order) -> None:
        assert jobs.find(db, order.job)
        raise OSError("no")

    monkeypatch.setattr(line, "give_out", broken)
    with pytest.raises(OSError, match="no"):
        give_out(db, line, Order(job="cc", source="toy", mode="live", lane="x"))
    assert jobs.find(db, "cc") is None
