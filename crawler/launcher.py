"""Serving the published snapshot without a gap: listening sockets, and Datasette processes per socket and generation.

The launcher owns the sockets and never closes them. When the published name leads to another snapshot it starts other
processes on it, waits until they answer, and lets the first ones finish what they are answering. Each process holds one
snapshot as immutable from start to end, so no request is refused and none is answered from two generations.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

import click
import uvicorn
import yaml
from datasette.app import Datasette

from crawler.serving import METADATA, Door

SETTINGS = {
    "suggest_facets": False,  # 1,134 ms -> 35 ms per table page
    "allow_facet": True,
    "facet_time_limit_ms": 1000,
    "sql_time_limit_ms": 2000,
    "default_page_size": 50,
    "max_returned_rows": 2000,
    "allow_download": False,  # a large file is better served by a web server
    "truncate_cells_html": 200,
}
LOOK_SECONDS = 1.0
START_SECONDS = 120
FINISH_SECONDS = 30
DRAIN_SECONDS = 1.0
REST_SECONDS = 5


class Child:
    """One Datasette process on one snapshot behind one door."""

    def __init__(self, path: Path, door: Door) -> None:
        self.path, self.door = path, door
        ready, ready_here = os.pipe()
        alive_here, self.alive = os.pipe()
        fds = (door.listener.fileno(), ready_here, alive_here)
        nice = ["nice", "-n", str(door.niceness)] if door.niceness else []
        started = [sys.executable, "-m", "crawler.launcher", str(path), *map(str, fds), json.dumps(dict(door.settings))]
        self.process = subprocess.Popen([*nice, *started], pass_fds=fds)
        os.close(ready_here)
        os.close(alive_here)
        self.ready = ready

    def wait_until_ready(self) -> bool:
        """Whether it answers; False when it ended or took too long."""
        answered, _, _ = select.select([self.ready], [], [], START_SECONDS)
        is_ready = bool(answered) and os.read(self.ready, 1) == b"1"
        os.close(self.ready)
        return is_ready

    def stop(self) -> None:
        """Let it finish what it is answering, then end."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(FINISH_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self.alive)


class Launcher:
    """Serves what `link` leads to, behind one or more doors, until told to stop."""

    def __init__(self, link: Path, doors: list[Door]) -> None:
        self.link, self.doors = link, doors
        self.asked_to_stop = threading.Event()

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        groups = [self.start(door) for door in self.doors]
        answers = [child.wait_until_ready() for group in groups for child in group]  # each is waited for
        is_ready = all(answers)
        while is_ready and not self.asked_to_stop.wait(LOOK_SECONDS):
            groups = [self.tend(group) for group in groups]
        for group in groups:
            for child in group:
                child.stop()
        if not is_ready:
            sys.exit(1)

    def start(self, door: Door) -> list[Child]:
        """The processes behind one door, on the snapshot that is current now."""
        return [Child(self.link.resolve(), door) for _ in range(door.processes)]

    def tend(self, group: list[Child]) -> list[Child]:
        """The processes that stand behind the door now: the same, some started again, or all on a newer snapshot."""
        if any(child.process.poll() is not None for child in group):
            return [child if child.process.poll() is None else self.again(child) for child in group]
        if self.link.exists() and self.link.resolve() != group[0].path:
            return self.follow(group)
        return group

    def again(self, ended: Child) -> Child:
        """Another process in the place of one that ended, on the same snapshot as its neighbours."""
        click.echo(f"Datasette ended with code {ended.process.returncode}; starting it again", err=True)
        self.asked_to_stop.wait(REST_SECONDS)
        ended.stop()
        child = Child(ended.path if ended.path.exists() else self.link.resolve(), ended.door)
        child.wait_until_ready()
        return child

    def follow(self, old: list[Child]) -> list[Child]:
        """Start the snapshot that is current now, then end the old one; the old one stays if the new does not start."""
        new = self.start(old[0].door)
        answers = [child.wait_until_ready() for child in new]
        is_ready = all(answers)
        for child in old if is_ready else new:
            child.stop()
        if is_ready:
            click.echo(f"Now serving {new[0].path}", err=True)
            return new
        click.echo(f"{new[0].path}: could not be served; still serving {old[0].path}", err=True)
        self.asked_to_stop.wait(REST_SECONDS)
        return old

    def stop(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop.set()


class Host(Datasette):
    """Datasette with fixed descriptions: it copies all of them for every table that it asks permission for (15 ms)."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._table_permission_allows = lru_cache(maxsize=1000)(super()._table_permission_allows)


def datasette_on(path: Path, settings: Mapping[str, int | bool]) -> Datasette:
    """Datasette over a snapshot with the settings and the descriptions it needs."""
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    return Host(
        [], immutables=[str(path)], metadata=metadata, settings={**SETTINGS, **settings}, inspect_data=inspected(path)
    )


def inspected(path: Path) -> dict[str, Any] | None:
    """What Datasette would find by hashing the file and counting its tables; None where the snapshot does not tell."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            sha256, counted = connection.execute("select sha256, table_rows from snapshot").fetchone()
        except sqlite3.OperationalError:  # of an older version, or no snapshot
            return None
    tables = {table: {"count": count} for table, count in json.loads(counted).items()}
    return {path.stem: {"hash": sha256, "size": path.stat().st_size, "file": path.name, "tables": tables}}


class Server(uvicorn.Server):
    """Says on a pipe that it has begun to accept, and at its end answers whatever it has accepted."""

    def __init__(self, config: uvicorn.Config, ready: int) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        os.write(self.ready, b"1")
        os.close(self.ready)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, then wait for the requests of connections already accepted: uvicorn resets those at once."""
        for server in self.servers:
            server.close()
        self.server_state.default_headers.append((b"connection", b"close"))  # the next request goes to the next process
        await asyncio.sleep(DRAIN_SECONDS)
        await super().shutdown(sockets=sockets)


async def serve_here(path: Path, listener: int, ready: int, alive: int, settings: Mapping[str, int | bool]) -> None:
    """Serve a snapshot on an inherited socket until told to stop or until the launcher is gone."""
    served = datasette_on(path, settings)
    await served.invoke_startup()
    for page in ("/", f"/{path.stem}"):  # the first visitor does not wait for templates, connections and foreign keys
        await served.client.get(page)
    config = uvicorn.Config(
        served.app(), log_level="warning", lifespan="on", timeout_graceful_shutdown=FINISH_SECONDS - 5
    )
    server = Server(config, ready)

    def watch() -> None:
        os.read(alive, 1)  # ends when the launcher does, however that is
        server.should_exit = True

    threading.Thread(target=watch, daemon=True).start()
    await server.serve(sockets=[socket.socket(fileno=listener)])


if __name__ == "__main__":
    asyncio.run(serve_here(Path(sys.argv[1]), *(int(fd) for fd in sys.argv[2:5]), json.loads(sys.argv[5])))
