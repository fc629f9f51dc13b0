"""Publishing a snapshot, and serving what is published."""

from __future__ import annotations

from pathlib import Path

import click

from crawler.launcher import METADATA, Launcher
from standards_db import generations, snapshot
from standards_db.resolve import is_due, resolve
from standards_db.schema import open_db


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
    if not METADATA.is_file():
        raise snapshot.SnapshotError(f"{METADATA}: not found; run from a checkout of the project")
    launcher = Launcher(path, host, port)
    click.echo(f"Open http://{host}:{port}/ (stop with Ctrl-C)")
    launcher.run()
