"""The command `spheres`. It talks to people; the work is done in `crawler.runs` and `standards_db`."""

from __future__ import annotations

import logging
import re
import sqlite3
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlite_utils import Database

from crawler import importer, runs
from crawler.archive import ArchiveError
from crawler.base import SourceSpider, all_sources
from crawler.runs import Outcome, Shelf
from crawler.serving import default_snapshot, publish_to, start_datasette
from crawler.show import Bar, age, closing_row, echo_json, show, table, tell_unread
from standards_db import checks, registry, snapshot, taxonomy
from standards_db.identifiers import parse
from standards_db.resolve import is_due, resolve
from standards_db.schema import DatabaseError, open_db
from standards_db.version import VERSION

EXIT_REJECTED, EXIT_BAD_INPUT, EXIT_LOCKED = 1, 2, 75
EXIT_CODES = """\b
Exit codes:
  0   everything asked for was done
  1   a source's run was rejected, a check failed, or part of an archive could not be read
  2   the command or its input is wrong (message on standard error)
  75  the database is locked by another process; try again
"""


class Spheres(click.Group):
    """Turns what can go wrong outside the program into one clear line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (DatabaseError, ArchiveError, importer.ListError, snapshot.SnapshotError) as error:
            fail(str(error), EXIT_BAD_INPUT)
        except sqlite3.OperationalError as error:
            locked = "locked" in str(error)
            fail(f"database: {error}", EXIT_LOCKED if locked else EXIT_BAD_INPUT)
        except sqlite3.DatabaseError as error:
            fail(f"database: {error}", EXIT_BAD_INPUT)
        except OSError as error:
            fail(str(error), EXIT_BAD_INPUT)


def fail(message: str, code: int) -> None:
    click.echo(f"spheres: {message}", err=True)
    sys.exit(code)


def db_option(default: str = "ingest.db") -> Callable[[Any], Any]:
    return click.option(
        "--db",
        "db_path",
        type=click.Path(dir_okay=False, path_type=Path),
        default=default,
        show_default=True,
        help="The ingest database.",
    )


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


@click.group(cls=Spheres, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="spheres")
def main() -> None:
    """Collect the standards and certificates of the US-, China- and EU-aligned spheres; see where they diverge.

    \b
    Try it without a network:    spheres demo
    Read kept responses again:   spheres crawl --all --from-archive DIR
    Crawl one source:            spheres crawl nist_csrc --contact you@example.org
    Publish and look:            spheres publish && spheres serve
    """
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")


@main.command()
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
    sources = all_sources()
    shelf = runs.shelf_of_sample(sources)
    outcomes = read_shelf(db, shelf, sources, "sample")
    ok = close_up(db, outcomes, shelf, as_json=False)
    path = publish_to(db_path, default_snapshot(db_path))
    if not ok:
        sys.exit(EXIT_REJECTED)
    if no_serve:
        click.echo(f"Serve it with:  spheres serve --db {db_path} --port {port}")
        return
    start_datasette(path, host, port)


@main.command()
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
    "--archive",
    "record_to",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep what is fetched as WARC here.",
)
@click.option("--contact", envvar="SPHERES_CONTACT", help="Your address for the user agent [env: SPHERES_CONTACT].")
@click.option(
    "--delay",
    default=1.0,
    show_default=True,
    type=click.FloatRange(min=0.5),
    help="Seconds between requests to a host.",
)
@db_option()
@json_option
def crawl(
    names: tuple[str, ...],
    every: bool,
    spheres: tuple[str, ...],
    from_archive: Path | None,
    record_to: Path | None,
    contact: str | None,
    delay: float,
    db_path: Path,
    as_json: bool,
) -> None:
    """Crawl sources, or read them from an archive. Each run is judged before anything of it becomes visible.

    A run that did not finish, met an error, lost too many rows or filled too few fields is rejected with its reason
    and changes nothing. Name the sources (`spheres sources` lists them), or use --all or --sphere.
    """
    sources = chosen(names, every or bool(from_archive and not names and not spheres), spheres)
    if from_archive:
        everything = all_sources()
        shelf = runs.shelf_of_folder(from_archive, everything)
        db = open_db(db_path)
        outcomes = read_shelf(db, shelf, sources, "archive")
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
    registry.register_sources(db, runs.source_rows(all_sources()))
    outcomes = runs.crawl_live(db, sources, contact=str(contact), delay=delay, record_to=record_to)
    if not close_up(db, outcomes, None, as_json=as_json) or (off and names):
        sys.exit(EXIT_REJECTED)


def chosen(names: tuple[str, ...], every: bool, spheres: tuple[str, ...]) -> dict[str, type[SourceSpider]]:
    """The sources a command line asks for; a name that is not one is an error with the nearest names."""
    sources = all_sources()
    if unknown := [name for name in names if name not in sources]:
        fail(f"no source named {unknown[0]!r}; there are: {', '.join(sources)}", EXIT_BAD_INPUT)
    if not (names or every or spheres):
        fail("name a source, or use --all or --sphere; `spheres sources` lists them", EXIT_BAD_INPUT)
    return {name: source for name, source in sources.items() if every or name in names or source.sphere() in spheres}


def read_shelf(db: Database, shelf: Shelf, sources: dict[str, type[SourceSpider]], mode: str) -> list[Outcome]:
    """Run the sources over a shelf, one line each as they end."""
    registry.register_sources(db, runs.source_rows(all_sources()))

    def tell(outcome: Outcome) -> None:
        tally = outcome.tally
        line = f"{outcome.source}: {outcome.verdict}, {tally.row_count} rows of {tally.response_count} responses"
        reason = outcome.why or "; ".join(outcome.warnings)
        click.echo(f"{line} in {tally.seconds:.1f} s{f' ({reason})' if reason else ''}", err=True)

    return runs.replay(db, shelf, sources, mode, Bar, tell)


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


@main.command()
@db_option()
@json_option
def sources(db_path: Path, as_json: bool) -> None:
    """List the sources: what each holds, how much is loaded, how old it is, and why one is off."""
    loaded: dict[str, dict[str, Any]] = {}
    if db_path.exists():
        db = open_db(db_path)
        sql = (
            "select r.source, count(*) as rows, (select max(finished_at) from runs where source=r.source"
            " and verdict='accepted') as last_good_run from records r where vanished_at is null group by 1"
        )
        loaded = {row["source"]: row for row in db.query(sql)}
    rows = []
    for name, source in all_sources().items():
        found = loaded.get(name, {})
        rows.append(
            {
                "source": name,
                "sphere": source.sphere(),
                "body": source.body,
                "kind": source.holds if source.tier == "primary" else f"{source.holds} ({source.tier})",
                "expected": f"{source.expect.min}-{source.expect.max}",
                "last good run": found.get("last_good_run"),
                "rows": found.get("rows", 0),
                "age": age(found.get("last_good_run")),
                "on": "on" if source.enabled else "off",
                "why": source.why_off,
            }
        )
    show(rows, as_json)


@main.command()
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@db_option()
@json_option
def identify(texts: tuple[str, ...], db_path: Path, as_json: bool) -> None:
    """Parse identifiers: arguments, or one per line on standard input.

    An identifier that no family reads, or that more than one could, has blank fields: nothing is guessed.
    """
    given = list(texts) or [line.strip() for line in sys.stdin if line.strip()]
    if not given:
        fail("nothing to identify: give arguments or lines on standard input", EXIT_BAD_INPUT)
    rows = []
    for text in given:
        found = parse(text)
        rows.append(
            {
                "text": text,
                "identifier": str(found) if found else None,
                "undated": found.undated if found else None,
                "family": found.family if found else None,
                "body": found.body if found else None,
                "edition": found.edition if found else None,
                "adopts": str(found.adopts) if found and found.adopts else None,
            }
        )
    show(rows, as_json)


def columns_help(holds: str) -> str:
    return "\n".join(f"  {name:17} {text}" for name, text in importer.COLUMNS[holds].items())


@main.command(
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


@main.command()
@db_option()
@json_option
def check(db_path: Path, as_json: bool) -> None:
    """Check the invariants of the whole database; exit 1 when one does not hold."""
    db = open_db(db_path, create=False)
    if is_due(db):
        resolve(db)
    faults = checks.invariants(db)
    rows = [{"rule": fault.rule, "rows": fault.count, "first": fault.example} for fault in faults]
    if as_json:
        echo_json(rows)
    elif rows:
        click.echo(table(rows))
    else:
        counts = {name: db.table(name).count for name in ("documents", "works", "relations", "certificates")}
        click.echo(
            f"{db_path}: {len(checks.INVARIANTS) + 3} rules hold; {', '.join(f'{v} {k}' for k, v in counts.items())}"
        )
    if faults:
        sys.exit(EXIT_REJECTED)


@main.command()
@db_option()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The snapshot  [default: published/standards.db beside the database]",
)
def publish(db_path: Path, out: Path | None) -> None:
    """Build the snapshot that Datasette serves: indexes, full-text search, every measure as a table."""
    publish_to(db_path, out or default_snapshot(db_path))


@main.command()
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


if __name__ == "__main__":
    main()
