"""Commands that look and change nothing of what is known: sources, identifiers, the health of the database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from crawler import base
from crawler.commands.common import EXIT_BAD_INPUT, EXIT_REJECTED, db_option, fail, json_option
from crawler.show import age, echo_json, show, table
from standards_db import checks
from standards_db.identifiers import parse
from standards_db.resolve import is_due, resolve
from standards_db.schema import open_db


@click.command()
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
    for name, source in base.all_sources().items():
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


@click.command()
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


@click.command()
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
