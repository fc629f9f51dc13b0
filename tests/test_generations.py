"""Snapshots side by side: publishing, going back, and a swap under load that refuses nobody."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
import uvicorn
from small_snapshot import build_snapshot

from crawler.launcher import METADATA, Server
from standards_db import generations, snapshot
from standards_db.generations import Generation, SnapshotError

ROOT = METADATA.parent


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small ingest database that each test copies."""
    return build_snapshot(tmp_path_factory.mktemp("small")).with_name("ingest.db")


@pytest.fixture
def ingest(small: Path, tmp_path: Path) -> Path:
    (tmp_path / "published").mkdir()
    return copyfile(small, tmp_path / "ingest.db")


def change(ingest: Path, title: str) -> None:
    connection = sqlite3.connect(ingest)
    with connection:
        connection.execute("update documents set title=? where id=(select min(id) from documents)", [title])
    connection.close()


def publish_three(ingest: Path, keep: int = 5) -> tuple[Path, list[Path]]:
    """Three generations of it: where they are published and their own paths."""
    out = ingest.parent / "published" / "standards.db"
    paths = []
    for title in ("One", "Two", "Three"):
        change(ingest, title)
        paths.append(generations.publish(ingest, out, keep=keep)[1])
    return out, paths


def kept(out: Path) -> list[Generation]:
    return generations.generations(out)


def test_each_is_kept_and_named(ingest: Path) -> None:
    """The name leads to the newest; each generation says its hash, time, counts and sources."""
    out, paths = publish_three(ingest)

    assert out.is_symlink() and out.resolve() == paths[-1]
    found = kept(out)
    assert [one.is_current for one in found] == [False, False, True]
    assert [one.name for one in found] == [path.parent.name for path in paths]
    assert all(one.name.endswith(f"-{one.sha256[:12]}") and one.documents > 0 and one.sources for one in found)
    assert len({one.sha256 for one in found}) == 3


def test_nothing_new_is_not_published_again(ingest: Path) -> None:
    """The same rows give the same hash: no second generation, and the report says so."""
    out = ingest.parent / "published" / "standards.db"
    _, first = generations.publish(ingest, out)
    report, second = generations.publish(ingest, out)

    assert first == second and len(kept(out)) == 1
    assert "nothing has changed" in report.warnings[-1]


def test_only_the_last_are_kept(ingest: Path) -> None:
    """Older ones are removed, and so is what a killed publisher left."""
    leftover = ingest.parent / "published" / ".building"
    leftover.mkdir()
    (leftover / "standards.db.tmp").write_text("half")

    out, paths = publish_three(ingest, keep=2)

    assert [one.name for one in kept(out)] == [path.parent.name for path in paths[1:]]
    assert not leftover.exists()


def test_rollback(ingest: Path) -> None:
    """One step back, one more, then no further; by name forward again; the current one is never removed."""
    out, paths = publish_three(ingest)
    names = [path.parent.name for path in paths]

    assert [generations.roll_back(out).name for _ in range(2)] == [names[1], names[0]]
    with pytest.raises(SnapshotError, match="no snapshot before"):
        generations.roll_back(out)
    assert generations.prune(out, keep=1) == [names[1]]
    assert out.resolve() == paths[0] and out.exists()
    assert generations.roll_back(out, names[2].rpartition("-")[2][:6]).name == names[2]
    with pytest.raises(SnapshotError, match="0 snapshots are called 'nothing'"):
        generations.roll_back(out, "nothing")


def test_a_plain_file_becomes_a_generation(ingest: Path) -> None:
    """What an older version published is kept as the first generation."""
    out = ingest.parent / "published" / "standards.db"
    snapshot.publish(ingest, out)
    before = kept_hash(out)
    change(ingest, "Newer")
    generations.publish(ingest, out)

    assert [one.sha256 == before for one in kept(out)] == [True, False]
    assert generations.roll_back(out).sha256 == before


def kept_hash(path: Path) -> str:
    connection = sqlite3.connect(path)
    found = connection.execute("select sha256 from snapshot").fetchone()[0]
    connection.close()
    return str(found)


def test_two_publishers(ingest: Path) -> None:
    """While one publishes, another is told so and changes nothing."""
    out = ingest.parent / "published" / "standards.db"
    with generations.one_publisher(out), pytest.raises(SnapshotError, match="another process is publishing"):
        generations.publish(ingest, out)

    assert not out.exists()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(out: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`spheres serve` on this snapshot; its address and process."""
    port = free_port()
    command = [sys.executable, "-m", "crawler.cli", "serve", "--snapshot", str(out), "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                ask(base)
                break
            except OSError:
                time.sleep(0.2)
        yield base, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def ask(base: str) -> str:
    """The hash of the snapshot that answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{base}/standards/snapshot.json?_shape=array", timeout=90) as answer:
        return str(json.loads(answer.read())[0]["sha256"])


async def hello(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def test_a_connection_accepted_before_the_end_is_answered() -> None:
    """A visitor who is connected when the process is told to end, and asks a moment later, gets an answer; the
    connection ends with it."""
    ready, ready_there = os.pipe()
    listener = socket.create_server(("127.0.0.1", 0))

    async def visit() -> bytes:
        server = Server(uvicorn.Config(hello, log_level="warning", lifespan="off"), ready_there)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        while not server.server_state.connections:
            await asyncio.sleep(0.01)
        server.should_exit = True
        while server.servers and server.servers[0].is_serving():
            await asyncio.sleep(0.01)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = await reader.read()  # to the end of the connection
        writer.close()
        await serving
        return answer

    answer = asyncio.run(visit())
    os.close(ready)

    assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"hello")
    assert b"connection: close" in answer.lower()


def test_swap_under_load(ingest: Path) -> None:
    """While visitors ask without pause, going back and forth is followed: every request is answered, from one
    generation at a time, and at last from the current one."""
    out, paths = publish_three(ingest)
    answers: list[str] = []
    failures: list[Exception] = []
    done = threading.Event()

    def visit(base: str) -> None:
        while not done.is_set():
            try:
                answers.append(ask(base))
            except Exception as error:
                failures.append(error)

    def wait_for(sha256: str) -> None:
        deadline = time.monotonic() + 60
        while answers[-20:] != [sha256] * 20 and time.monotonic() < deadline:
            time.sleep(0.1)

    with served(out) as (base, _):
        visitor = threading.Thread(target=visit, args=[base])
        visitor.start()
        order = [kept_hash(path) for path in (paths[2], paths[1], paths[2])]
        wait_for(order[0])
        generations.roll_back(out)
        wait_for(order[1])
        generations.roll_back(out, paths[2].parent.name)
        wait_for(order[2])
        done.set()
        visitor.join(90)

    assert failures == []
    assert [*dict.fromkeys(answers)] == order[:2] and answers[-1] == order[2]


def test_a_server_outlives_a_snapshot_that_cannot_be_served(ingest: Path) -> None:
    """A broken file under the published name is not taken over; a launcher that is killed leaves no process behind."""
    out, paths = publish_three(ingest)
    broken = out.parent / "999999-20990101T000000Z-0123456789ab"
    with served(out) as (base, process):
        before = ask(base)
        broken.mkdir()
        (broken / out.name).write_bytes(b"not a database, not at all" * 100)
        generations.point(out, broken)
        time.sleep(3)
        after = ask(base)
        process.kill()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                ask(base)
                time.sleep(0.2)
            except OSError:
                break

    assert before == after == kept_hash(paths[-1])
    with pytest.raises(OSError):
        ask(base)
