"""Commands around the published snapshot: build it, serve it."""

from __future__ import annotations

from pathlib import Path

import click

from crawler.commands.common import db_option
from crawler.serving import default_snapshot, publish_to, start_datasette


@click.command()
@db_option()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The snapshot  [default: published/standards.db beside the database]",
)
def publish(db_path: Path, out: Path | None) -> None:
    """Build the snapshot that Datasette serves: indexes, full-text search, every measure as a table."""
    publish_to(db_path, out or default_snapshot(db_path))


@click.command()
@db_option()
@click.option(
    "--snapshot",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The snapshot  [default: the one beside the database]",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve at.")
@click.option("--port", default=8001, show_default=True, help="Port to serve at.")
def serve(db_path: Path, path: Path | None, host: str, port: int) -> None:
    """Serve the published snapshot with Datasette and the settings it needs."""
    path = path or default_snapshot(db_path)
    if not path.exists():
        publish_to(db_path, path)
    start_datasette(path, host, port)
