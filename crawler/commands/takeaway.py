"""The command that gives the snapshot away as files."""

from __future__ import annotations

from pathlib import Path

import click
import yaml

from crawler.commands.common import EXIT_BAD_INPUT, db_option, fail
from crawler.serving import METADATA, default_snapshot
from standards_db.export import FORMATS, ExportError, export


@click.command("export")
@db_option()
@click.option(
    "--snapshot",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The snapshot  [default: the one beside the database]",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A new or empty folder.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    default=FORMATS,
    show_default=True,
    help="Parquet needs the extra `export`.",
)
@click.option(
    "--partitioned",
    is_flag=True,
    help="Write the large tables' Parquet as folders by source and month first seen (documents/source=…/month=…/).",
)
def export_package(db_path: Path, path: Path | None, out: Path, formats: tuple[str, ...], partitioned: bool) -> None:
    """Write the snapshot as a data package: CSV, JSON lines and Parquet of every table, and datapackage.json."""
    if partitioned and "parquet" not in formats:
        fail("--partitioned is a way to write Parquet: add --format parquet", EXIT_BAD_INPUT)
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    try:
        counts = export(
            path or default_snapshot(db_path), out, metadata, tuple(dict.fromkeys(formats)), partitioned=partitioned
        )
    except ExportError as error:
        fail(str(error), EXIT_BAD_INPUT)
    click.echo(f"Exported {out}: {len(counts)} tables, {sum(counts.values()):,} rows")
