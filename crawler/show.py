"""What the command prints: tables, JSON, progress, the closing account of a run."""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import click
from tabulate import tabulate
from tqdm import tqdm

from crawler.runs import Outcome, Shelf

tqdm.monitor_interval = 0  # no thread beside the main one: sources may be read in forked processes


class Bar:
    """Progress of one source: a bar on a terminal, nothing in a log (the closing line says it all)."""

    def __init__(self, name: str) -> None:
        self.bar = tqdm(desc=name, unit=" rows", leave=False, disable=not sys.stderr.isatty())

    def rows(self, count: int) -> None:
        self.bar.update(count)

    def close(self) -> None:
        self.bar.close()


def closing_row(outcome: Outcome) -> dict[str, Any]:
    tally = outcome.tally
    return {
        "source": outcome.source,
        "verdict": outcome.verdict,
        "responses": tally.response_count,
        "documents": tally.document_count,
        "certificates": tally.certificate_count,
        "relations": tally.relation_count,
        "rejects": tally.reject_count + tally.refused_count,
        "unknown identifiers": tally.unknown_identifier_count,
        "links not fetched": tally.link_count,
        "new": tally.new_count,
        "changed": tally.changed_count,
        "vanished": tally.vanished_count,
        "seconds": tally.seconds,
        "why": outcome.why or "",
    }


def tell_unread(shelf: Shelf) -> None:
    """What the archive holds and nobody reads: counted by reason and host; each one is a row of table `unread`."""
    for problem in shelf.problems:
        click.echo(f"spheres: {problem.where}: {problem.reason}", err=True)
    if not shelf.unread:
        return
    counts = Counter((reason, urlsplit(url).hostname or "-") for url, reason, _ in shelf.unread)
    click.echo(f"{len(shelf.unread)} archived responses were not read (table `unread` lists them):", err=True)
    for (reason, host), count in counts.most_common():
        click.echo(f"  {count:5}  {reason}  {host}", err=True)


def age(time: str | None) -> str | None:
    """How long ago an ISO time was, in words."""
    if not time:
        return None
    seconds = (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds()
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "under a minute"


def show(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        echo_json(rows)
    else:
        click.echo(table(rows))


def echo_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "nothing to show"
    return str(tabulate(rows, headers="keys", tablefmt="simple", missingval=""))
