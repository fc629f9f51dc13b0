"""Commands that go back to the pages: what a row rests on, and what today's parsers read from the archive."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from crawler import base, evidence
from crawler.commands.common import EXIT_BAD_INPUT, EXIT_REJECTED, chosen, db_option, fail, json_option
from crawler.show import show
from standards_db.schema import open_db

folder_option = click.option(
    "--archive",
    "folder",
    type=click.Path(exists=True, path_type=Path),
    help="Where the pages are kept: what `crawl --archive` or `refresh --archive` wrote.",
)


@click.command("evidence")
@click.argument("entity", metavar="ID")
@folder_option
@click.option(
    "--save", type=click.Path(file_okay=False, path_type=Path), help="Write the stored pages into this folder."
)
@db_option()
@json_option
def evidence_command(entity: str, folder: Path | None, save: Path | None, db_path: Path, as_json: bool) -> None:
    """Show the page that a row rests on: where it is kept, whether its hash holds, what is read from it today.

    ID is the identifier of a document, the number of a certificate, or the key of a record. Exit code 1 says that a
    page is missing or altered, or that today's parser reads something else from it.
    """
    db = open_db(db_path, create=False)
    found = list(evidence.evidence_of(db, entity, folder))
    if not found:
        fail(f"{db_path}: no row is called {entity!r}", EXIT_BAD_INPUT)
    sources = base.all_sources()
    rows: list[dict[str, Any]] = []
    for one in found:
        reading, differences = evidence.read_again(db, one, sources)
        rows.append(
            {
                "source": one.source,
                "key": one.key,
                "page": one.page_url,
                "sha256": one.page_sha256,
                "retrieved": one.retrieved_at,
                "kept as": one.archive_ref,
                "page is": one.state,
                "today's parser": reading,
                "differences": "; ".join(differences),
            }
        )
        if save and one.archived:
            save.mkdir(parents=True, exist_ok=True)
            path = save / f"{one.source}-{one.page_sha256[:12]}"
            path.write_bytes(one.archived.load())
            click.echo(f"{one.page_url}: {path}", err=True)
    show(rows, as_json)
    if folder and any(row["page is"] != "verified" or row["today's parser"] != "the same" for row in rows):
        sys.exit(EXIT_REJECTED)


@click.command()
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@click.option(
    "--archive", "folder", required=True, type=click.Path(exists=True, path_type=Path), help="Where the pages are kept."
)
@click.option("--all", "every", is_flag=True, help="Every source that the archive has a page of.")
@db_option()
@json_option
def reparse(names: tuple[str, ...], folder: Path, every: bool, db_path: Path, as_json: bool) -> None:
    """Read the kept pages again with today's parsers and count, per source, what comes out differently.

    Nothing is stored; `crawl --from-archive` takes the new reading over. Each record is compared with the reading of
    the very page it rests on, so history does not count as a difference.
    """
    db = open_db(db_path, create=False)
    sources = chosen(names, every or not names, ())
    rows = [vars(one) for one in evidence.reparse(db, folder, sources)]
    show([{name.replace("_", " "): value for name, value in row.items()} for row in rows], as_json)
    if any(row["differing"] or row["lost"] for row in rows):
        sys.exit(EXIT_REJECTED)
