"""Commands that bring rows in: the embedded sample, the sites, archives, lists that people bring."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from pathlib import Path

import click
from sqlite_utils import Database

from crawler import all_cores, base, importer, runs
from crawler.base import SourceSpider
from crawler.commands.common import (
    EXIT_BAD_INPUT,
    EXIT_REJECTED,
    archive_option,
    budget_option,
    chosen,
    contact_option,
    db_option,
    delay_option,
    fail,
    json_option,
)
from crawler.refresh import locked
from crawler.runs import Outcome, Shelf
from crawler.serving import default_snapshot, publish_to, start_datasette
from crawler.show import Bar, closing_row, echo_json, table, tell_unread
from standards_db import registry, taxonomy
from standards_db.resolve import is_due, resolve
from standards_db.schema import connect, open_db


@click.command()
@db_option("demo.db")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve at.")
@click.option("--port", default=8001, show_default=True, help="Port to serve at.")
@click.option("--no-serve", is_flag=True, help="Build the databases and stop.")
def demo(db_path: Path, host: str, port: int, no_serve: bool) -> None:
    """Run the real spiders over the embedded sample, publish, and serve the result.

    The sample's pages are written for it in each site's structure and hold real facts; nothing is fetched.
    """
    db = open_db(db_path)
    real = list(db.query("select 1 from runs where verdict='accepted' and mode<>'sample' limit 1"))
    if real:
        fail(f"{db_path}: holds crawled rows; give the demo a database of its own with --db", EXIT_BAD_INPUT)
    sources = base.all_sources()
    shelf = runs.shelf_of_sample(sources)
    db.close()
    outcomes = read_shelf(db_path, shelf, sources, "sample", 1)
    ok = close_up(connect(db_path), outcomes, shelf, as_json=False)
    path = publish_to(db_path, default_snapshot(db_path))
    if not ok:
        sys.exit(EXIT_REJECTED)
    if no_serve:
        click.echo(f"Serve it with:  spheres serve --db {db_path} --port {port}")
        return
    start_datasette(path, host, port)


@click.command()
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every source that is on.")
@click.option(
    "--sphere", "spheres", multiple=True, type=click.Choice(["us", "cn", "eu", "intl"]), help="Sources of a sphere."
)
@click.option(
    "--from-archive",
    type=click.Path(path_type=Path),
    help="Read kept responses (folders with index.jsonl, WARC files) instead of the sites. Nothing is fetched.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=all_cores.default_jobs,
    show_default="one more than there are cores",
    help="Sources read from an archive at the same time, each in a process of its own. The rows are the same.",
)
@archive_option
@contact_option
@delay_option
@budget_option
@db_option()
@json_option
def crawl(
    names: tuple[str, ...],
    every: bool,
    spheres: tuple[str, ...],
    from_archive: Path | None,
    jobs: int,
    record_to: Path | None,
    contact: str | None,
    delay: float,
    budget: int | None,
    db_path: Path,
    as_json: bool,
) -> None:
    """Crawl sources, or read them from an archive. Each run is judged before anything of it becomes visible.

    A run that did not finish, met an error, lost too many rows or filled too few fields is rejected with its reason
    and changes nothing. Name the sources (`spheres sources` lists them), or use --all or --sphere.
    """
    sources = chosen(names, every or bool(from_archive and not names and not spheres), spheres)
    if from_archive:
        everything = base.all_sources()
        shelf = runs.shelf_of_folder(from_archive, everything)
        outcomes = read_shelf(db_path, shelf, sources, "archive", jobs)
        db = connect(db_path)
        runs.note_unread(db, shelf)
        missing = [name for name in names if name not in shelf.by_source]
        if missing:
            click.echo(f"spheres: the archive has no response for {', '.join(missing)}", err=True)
        if not close_up(db, outcomes, shelf, as_json=as_json) or missing:
            sys.exit(EXIT_REJECTED)
        return
    off = {name: source.why_off for name, source in sources.items() if not source.enabled}
    for name, why in off.items():
        click.echo(f"{name}: off. {why}", err=True)
    sources = {name: source for name, source in sources.items() if name not in off}
    if not contact:
        fail("a live crawl names a contact in its user agent: --contact you@example.org", EXIT_BAD_INPUT)
    db = open_db(db_path)
    registry.register_sources(db, runs.source_rows(base.all_sources()))
    with locked(db_path):
        outcomes = runs.crawl_live(db, sources, contact=str(contact), delay=delay, record_to=record_to, budget=budget)
    if not close_up(db, outcomes, None, as_json=as_json) or (off and names):
        sys.exit(EXIT_REJECTED)


def read_shelf(
    db_path: Path, shelf: Shelf, sources: dict[str, type[SourceSpider]], mode: str, jobs: int
) -> list[Outcome]:
    """Run the sources over a shelf, up to `jobs` at once, one line each as they end."""
    db = open_db(db_path)
    registry.register_sources(db, runs.source_rows(base.all_sources()))

    def tell(outcome: Outcome) -> None:
        tally = outcome.tally
        line = f"{outcome.source}: {outcome.verdict}, {tally.row_count} rows of {tally.response_count} responses"
        reason = outcome.why or "; ".join(outcome.warnings)
        click.echo(f"{line} in {tally.seconds:.1f} s{f' ({reason})' if reason else ''}", err=True)

    if jobs == 1:
        return runs.replay(db, shelf, sources, mode, Bar, tell)
    db.close()
    return all_cores.replay(db_path, shelf, sources, mode, jobs, Bar, tell)


def close_up(db: Database, outcomes: list[Outcome], shelf: Shelf | None, *, as_json: bool) -> bool:
    """Resolve what the accepted runs brought and print the closing table; whether all went well."""
    if is_due(db):
        resolve(db)
    rows = [closing_row(outcome) for outcome in outcomes]
    if as_json:
        echo_json(rows)
    else:
        numbers = [name for name in rows[0] if isinstance(rows[0][name], int | float)] if rows else []
        total = {name: round(sum(row[name] for row in rows), 1) for name in numbers}
        click.echo(table([*rows, {"source": "total", **total}] if len(rows) > 1 else rows))
    if shelf:
        tell_unread(shelf)
    return all(outcome.verdict == "accepted" for outcome in outcomes) and not (shelf and shelf.problems)


def columns_help(holds: str) -> str:
    return "\n".join(f"  {name:17} {text}" for name, text in importer.COLUMNS[holds].items())


@click.command(
    "import",
    epilog="\b\nColumns of documents:\n"
    + columns_help("documents")
    + "\n\n\b\nColumns of certificates:\n"
    + columns_help("certificates"),
)
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", required=True, help="A short name for the list: letters, digits, underscores.")
@click.option("--body", required=True, help="Key of the publishing body (see table `bodies`).")
@click.option("--holds", type=click.Choice(["documents", "certificates"]), default="documents", show_default=True)
@click.option(
    "--retrieved", required=True, type=click.DateTime(["%Y-%m-%d"]), help="When the list was taken, YYYY-MM-DD."
)
@click.option("--note", required=True, help="Who brings it, from where and how: shown with the source, in your words.")
@db_option()
@json_option
def import_list(
    path: Path, name: str, body: str, holds: str, retrieved: datetime, note: str, db_path: Path, as_json: bool
) -> None:
    """Import a CSV of a register that may not be crawled, checked and judged like any source."""
    if not re.fullmatch(r"[a-z0-9_]{2,40}", name):
        fail(f"--name {name!r}: two to forty lower-case letters, digits or underscores", EXIT_BAD_INPUT)
    if body not in taxonomy.BODIES:
        fail(f"--body {body!r}: no such body; the keys are in table `bodies`", EXIT_BAD_INPUT)
    brought = importer.Brought(name, body, holds, retrieved.strftime("%Y-%m-%dT00:00:00Z"), note)
    db = open_db(db_path)
    outcome = importer.import_csv(db, path, brought)
    if not close_up(db, [outcome], None, as_json=as_json):
        fail(f"{path.name}: rejected: {outcome.why}", EXIT_REJECTED)


@click.command("import-curated")
@db_option()
@json_option
def import_curated(db_path: Path, as_json: bool) -> None:
    """Bring the curated facts on Chinese editions and their adoptions, each row with its source, as a list.

    For databases read from archives, in which the registers of China are thin: the list is secondary, so it fills gaps
    and never overrides a register. The embedded sample holds these facts already.
    """
    outcome = importer.import_curated(open_db(db_path))
    if not close_up(open_db(db_path), [outcome], None, as_json=as_json):
        fail(f"curated facts: rejected: {outcome.why}", EXIT_REJECTED)
