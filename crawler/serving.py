"""Publishing a snapshot and starting Datasette on it with the settings it needs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from standards_db import snapshot
from standards_db.resolve import is_due, resolve
from standards_db.schema import open_db

PROJECT = Path(__file__).resolve().parent.parent
METADATA = PROJECT / "metadata.yml"
DATASETTE_SETTINGS = {
    "suggest_facets": "off",  # 1,134 ms -> 35 ms per table page
    "allow_facet": "on",
    "facet_time_limit_ms": "1000",
    "sql_time_limit_ms": "2000",
    "default_page_size": "50",
    "max_returned_rows": "2000",
    "allow_download": "off",  # a large file is better served by a web server
    "truncate_cells_html": "200",
}


def default_snapshot(db_path: Path) -> Path:
    return db_path.parent / "published" / "standards.db"


def up_to_date(db_path: Path) -> None:
    """Resolve what was accepted since the last time."""
    db = open_db(db_path, create=False)
    if is_due(db):
        resolve(db)
    db.close()


def publish_to(db_path: Path, out: Path) -> Path:
    up_to_date(db_path)
    out.parent.mkdir(parents=True, exist_ok=True)
    report = snapshot.publish(db_path, out)
    click.echo(f"Published {out}: {report}")
    return out


def start_datasette(path: Path, host: str, port: int) -> None:
    """Replace this process with Datasette. The file is opened as immutable: it never changes under a reader."""
    if not METADATA.is_file():
        raise snapshot.SnapshotError(f"{METADATA}: not found; run from a checkout of the project")
    arguments = ["serve", "-i", str(path), "-m", str(METADATA), "--host", host, "--port", str(port)]
    inspected = path.with_name(f"{path.stem}-inspect.json")
    if inspected.is_file():
        arguments += ["--inspect-file", str(inspected)]
    for name, value in DATASETTE_SETTINGS.items():
        arguments += ["--setting", name, value]
    click.echo(f"Open http://{host}:{port}/ (stop with Ctrl-C)")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "datasette", *arguments])
