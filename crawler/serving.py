"""Publishing a snapshot, and serving what is published."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from standards_db import generations, snapshot
from standards_db.resolve import is_due, resolve
from standards_db.schema import open_db

METADATA = Path(__file__).resolve().parent.parent / "metadata.yml"
# What a stranger may ask of the browsing process: no SQL of their own, no facet that metadata.yml does not name.
PUBLIC_SETTINGS: dict[str, int | bool] = {
    "default_allow_sql": False,
    "allow_facet": False,  # twelve facets at once took 2.3 s over a million rows
    "sql_time_limit_ms": 1000,
    "max_returned_rows": 1000,
    "max_csv_mb": 50,
}
# The second process runs visitors' SQL, each query on its own, so that it delays other queries and no page.
SQL_SETTINGS: dict[str, int | bool] = {
    "allow_facet": False,
    "sql_time_limit_ms": 1000,
    "max_returned_rows": 1000,
    "max_csv_mb": 10,
}
SQL_NICENESS = 10
PROCESSES = min(os.cpu_count() or 1, 4)  # one process answers one page at a time


@dataclass
class Door:
    """A socket to serve at; `settings` of Datasette come over the usual ones, `niceness` is that of its processes."""

    host: str
    port: int
    settings: Mapping[str, int | bool] = field(default_factory=dict)
    niceness: int = 0
    processes: int = 1
    listener: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.listener = socket.create_server((self.host, self.port), backlog=1024)
        self.listener.set_inheritable(True)


def default_snapshot(db_path: Path) -> Path:
    return db_path.parent / "published" / "standards.db"


def up_to_date(db_path: Path) -> None:
    """Resolve what was accepted since the last time."""
    db = open_db(db_path, create=False)
    if is_due(db):
        resolve(db)
    db.close()


def publish_to(db_path: Path, out: Path, keep: int = generations.KEEP) -> Path:
    up_to_date(db_path)
    out.parent.mkdir(parents=True, exist_ok=True)
    report, path = generations.publish(db_path, out, keep=keep)
    click.echo(f"Published {out} -> {path.parent.name}: {report}", err=True)
    return out


def start_datasette(path: Path, host: str, port: int) -> None:
    """Serve a snapshot, or what the published name leads to, until stopped."""
    launch(path, [Door(host, port)], f"Open http://{host}:{port}/ (stop with Ctrl-C)")


def serve_public(path: Path, host: str, port: int, sql_port: int, sql_url: str, processes: int) -> None:
    """Serve pages at `port` without visitors' SQL, and their SQL from another, less favoured process at `sql_port`."""
    os.environ["SPHERES_SQL_URL"] = sql_url  # pages link to it
    pages = Door(host, port, PUBLIC_SETTINGS, processes=processes)
    doors = [pages, Door(host, sql_port, SQL_SETTINGS, SQL_NICENESS)]
    launch(path, doors, f"Open http://{host}:{port}/; SQL of visitors at {sql_url} (stop with Ctrl-C)")


def launch(path: Path, doors: list[Door], greeting: str) -> None:
    if not METADATA.is_file():
        raise snapshot.SnapshotError(f"{METADATA}: not found; run from a checkout of the project")
    from crawler.launcher import Launcher  # loads Datasette, which no other command needs

    launcher = Launcher(path, doors)
    click.echo(greeting)
    launcher.run()
