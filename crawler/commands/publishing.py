"""Commands around the published snapshot: build it, serve it."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import asdict
from pathlib import Path

import click

from crawler.commands.common import EXIT_BAD_INPUT, EXIT_REJECTED, db_option, fail, json_option
from crawler.serving import PROCESSES, default_snapshot, publish_to, serve_public, start_datasette, up_to_date
from crawler.show import echo_json, show, table
from standards_db import duck, generations, measuring
from standards_db.measures import mapping
from standards_db.measures.compute import summary
from standards_db.measures.model import MeasureError


@click.command()
@db_option()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The snapshot  [default: published/standards.db beside the database]",
)
@click.option("--keep", default=generations.KEEP, show_default=True, help="Snapshots kept for `spheres rollback`.")
def publish(db_path: Path, out: Path | None, keep: int) -> None:
    """Build the snapshot that Datasette serves: indexes, full-text search, every measure as a table.

    Each is a folder of its own that never changes; the published name leads to the newest. `spheres serve` follows.
    """
    publish_to(db_path, out or default_snapshot(db_path), keep)


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
@click.option(
    "--public", is_flag=True, help="For strangers: pages without SQL, and SQL in a second process with tight limits."
)
@click.option("--sql-port", type=int, help="With --public: port of the SQL process  [default: one above --port]")
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    help="With --public: processes that show pages  [default: one per processor, at most 4]",
)
@click.option("--sql-url", help="With --public: address of the SQL process as visitors reach it, behind a proxy.")
def serve(
    db_path: Path,
    path: Path | None,
    host: str,
    port: int,
    public: bool,
    sql_port: int | None,
    processes: int | None,
    sql_url: str | None,
) -> None:
    """Serve the published snapshot with Datasette and the settings it needs."""
    path = path or default_snapshot(db_path)
    if not public and (sql_port or sql_url or processes):
        fail("--sql-port, --sql-url and --processes belong to --public", EXIT_BAD_INPUT)
    if not path.exists():
        publish_to(db_path, path)
    if not public:
        start_datasette(path, host, port)
        return
    sql_port = sql_port or port + 1
    serve_public(path, host, port, sql_port, sql_url or f"http://{host}:{sql_port}", processes or PROCESSES)


@click.command()
@db_option()
@click.option(
    "--mapping",
    "mapping_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML file: bodies counted to another sphere, each with a reason (see standards_db/taxonomy/mappings).",
)
@click.option(
    "--parquet",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Instead: compute the figures of this folder, written by `spheres export`, again with DuckDB, and compare.",
)
@json_option
def measure(db_path: Path, mapping_path: Path | None, folder: Path | None, as_json: bool) -> None:
    """Compute every measure for every year and say what it took; with --mapping, what another reading changes.

    Works on a temporary copy and writes nothing: `spheres publish` computes the same for the snapshot, and the shipped
    mappings with it. With --parquet no database is needed: the same SQL runs on DuckDB over the exported tables, and
    every row is compared with the one that SQLite computed. Exit code 1 when one differs. Needs the extra `duckdb`.
    """
    if folder:
        if mapping_path:
            fail("--parquet compares what is published, and --mapping is another reading", EXIT_BAD_INPUT)
        measure_again(folder, as_json)
        return
    up_to_date(db_path)
    started = time.monotonic()
    try:
        accounts, default = measuring.figures_of(db_path)
        other = mapping.read(mapping_path) if mapping_path else None
        moved = changes(default, measuring.figures_of(db_path, other)[1]) if other else None
    except MeasureError as error:
        fail(str(error), EXIT_BAD_INPUT)
    seconds = time.monotonic() - started
    rows = summary(accounts)
    if as_json:
        echo_json(rows if moved is None else moved)
        return
    click.echo(table(rows))
    total = sum(row["figures"] for row in rows)
    click.echo(f"{total:,} figures in {seconds:.1f} s, peak memory {peak_megabytes():.0f} MB")
    if other and moved is not None:
        click.echo(f"\n{other.label}: {len(moved)} figures of today change")
        click.echo(table(moved))


def measure_again(folder: Path, as_json: bool) -> None:
    """Say of every view and measure of a package how many rows DuckDB computes otherwise."""
    started = time.monotonic()
    found = list(duck.compare(folder, lambda line: click.echo(line, err=True)))
    differing = [one for one in found if not one.is_equal]
    if as_json:
        echo_json([asdict(one) for one in found])
    else:
        click.echo(table([asdict(one) for one in found]))
        rows, seconds = sum(one.rows for one in found), time.monotonic() - started
        click.echo(f"{len(found)} tables, {rows:,} rows: {len(differing)} tables differ; {seconds:.1f} s")
    if differing:
        sys.exit(EXIT_REJECTED)


def changes(default: list[measuring.Figure], mapped: list[measuring.Figure]) -> list[dict[str, object]]:
    """The figures of today that differ between two mappings, with both values."""
    before = {row[:5]: row for row in default}
    return [
        {
            **dict(zip(("measure", "topic", "sphere_a", "sphere_b", "year"), row[:5], strict=True)),
            "default": before[row[:5]][5] if row[:5] in before else None,
            "mapped": row[5],
        }
        for row in mapped
        if row[:5] not in before or before[row[:5]][5] != row[5]
    ]


def peak_megabytes() -> float:
    """The most memory that this process has held, in MB (the system counts in kB, on macOS in bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


@click.command()
@click.option("--to", metavar="NAME", help="Another kept snapshot: its name or the start of its hash.")
@click.option("--list", "lists", is_flag=True, help="Show the snapshots that are kept and change nothing.")
@db_option()
@json_option
def rollback(to: str | None, lists: bool, db_path: Path, as_json: bool) -> None:
    """Publish the snapshot before the current one again. A running `spheres serve` follows without a gap."""
    out = default_snapshot(db_path)
    if not lists:
        now = generations.roll_back(out, to)
        click.echo(f"{out} -> {now.name}", err=True)
    show(
        [{**vars(one), "is_current": "current" if one.is_current else ""} for one in generations.generations(out)],
        as_json,
    )
