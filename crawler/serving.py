"""Publishing a snapshot and starting Datasette on it with the settings it needs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from standards_db import snapshot
from standards_db.resolve import is_due, resolve
from standards_db.schema import open_db

METADATA = Path(__file__).resolve().parent.parent / "metadata.yml"
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

# What a stranger may ask of the browsing process: no SQL of their own, no facet that metadata.yml does not name.
PUBLIC_SETTINGS = {
    "default_allow_sql": "off",
    "allow_facet": "off",  # twelve facets at once took 2.3 s over a million rows
    "sql_time_limit_ms": "1000",
    "max_returned_rows": "1000",
    "max_csv_mb": "50",
}
# The second process runs visitors' SQL, each query on its own, so that it delays other queries and no page.
SQL_SETTINGS = {"allow_facet": "off", "sql_time_limit_ms": "1000", "max_returned_rows": "1000", "max_csv_mb": "10"}
SQL_NICENESS = 10
STOP_SECONDS = 10


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


def start_datasette(path: Path, host: str, port: int) -> NoReturn:
    """Replace this process with Datasette. The file is opened as immutable: it never changes under a reader."""
    arguments = datasette_arguments(path, host, port, {})
    click.echo(f"Open http://{host}:{port}/ (stop with Ctrl-C)")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *arguments])


def datasette_arguments(path: Path, host: str, port: int, settings: dict[str, str]) -> list[str]:
    """The command line after the interpreter; `settings` come over the usual ones."""
    if not METADATA.is_file():
        raise snapshot.SnapshotError(f"{METADATA}: not found; run from a checkout of the project")
    arguments = ["-m", "datasette", "serve", "-i", str(path), "-m", str(METADATA), "--host", host, "--port", str(port)]
    inspected = path.with_name(f"{path.stem}-inspect.json")
    if inspected.is_file():
        arguments += ["--inspect-file", str(inspected)]
    for name, value in {**DATASETTE_SETTINGS, **settings}.items():
        arguments += ["--setting", name, value]
    return arguments


def serve_public(path: Path, host: str, port: int, sql_port: int, sql_url: str) -> int:
    """Serve pages at `port` without visitors' SQL, and their SQL from a second, less favoured process at `sql_port`.

    Returns the exit code when the first of them ends or this process is told to stop; both are gone by then.
    """
    web = datasette_arguments(path, host, port, PUBLIC_SETTINGS)
    sql = datasette_arguments(path, host, sql_port, SQL_SETTINGS)
    signal.signal(signal.SIGTERM, raise_exit)
    environment = {**os.environ, "SPHERES_SQL_URL": sql_url}
    nice = ["nice", "-n", str(SQL_NICENESS)]
    processes = [
        subprocess.Popen([sys.executable, *web], env=environment),
        subprocess.Popen([*nice, sys.executable, *sql], env=environment),
    ]
    click.echo(f"Open http://{host}:{port}/; SQL of visitors at {sql_url} (stop with Ctrl-C)")
    sys.stdout.flush()
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        return next(process.returncode or 0 for process in processes if process.poll() is not None) or 1
    except KeyboardInterrupt:
        return 0
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def raise_exit(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
