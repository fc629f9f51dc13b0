"""`spheres refresh`: what a timer calls."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from crawler import base, notify, refresh, runs
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
from crawler.evidence import expire
from crawler.serving import METADATA, default_snapshot, publish_to
from crawler.show import closing_row, echo_json, table
from standards_db import registry
from standards_db.resolve import is_due, resolve
from standards_db.schema import open_db

HOST_COLUMNS = (
    "source",
    "host",
    "request_count",
    "unchanged_count",
    "retry_count",
    "failure_count",
    "byte_count",
    "statuses",
)


@click.command("refresh")
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Show the plan and ask nobody.")
@click.option("--force", is_flag=True, help="Also the sources that are fresh or resting.")
@contact_option
@delay_option
@budget_option
@click.option("--hours", default=24.0, show_default=True, help="Hours that one source's run may take (0: no limit).")
@archive_option
@click.option(
    "--keep-days", type=click.IntRange(min=1), help="Remove older WARC files that hold no page of a standing row."
)
@click.option("--publish", "publishes", is_flag=True, help="Publish afterwards if anything was accepted.")
@click.option(
    "--notify",
    "command",
    help="Command or URL that gets the account as JSON when a source failed or an answer changed.",
)
@click.option("--metrics", type=click.Path(dir_okay=False, path_type=Path), help="Write Prometheus metrics here.")
@db_option()
@json_option
def refresh_command(
    names: tuple[str, ...],
    dry_run: bool,
    force: bool,
    contact: str | None,
    delay: float,
    budget: int | None,
    hours: float,
    record_to: Path | None,
    keep_days: int | None,
    publishes: bool,
    command: str | None,
    metrics: Path | None,
    db_path: Path,
    as_json: bool,
) -> None:
    """Crawl the sources that are due, each judged on its own, and give an account. Made for timers.

    One refresh at a time: a second one ends at once with exit code 75. After a crash call it again: what was accepted
    is not due, and pages that are the same are not read again. Exit code 0 says that all that was due was accepted.
    """
    sources = chosen(names, not names, ())
    db = open_db(db_path)
    registry.register_sources(db, runs.source_rows(base.all_sources()))
    if dry_run:
        show_plan(refresh.plan(db, sources), as_json)
        return
    if not contact:
        fail("a live crawl names a contact in its user agent: --contact you@example.org", EXIT_BAD_INPUT)
    with refresh.locked(db_path):
        plans = refresh.plan(db, sources)  # under the lock: another refresh may just have ended
        wanted = {"due", "fresh", "resting"} if force else {"due"}
        due = {plan.source: sources[plan.source] for plan in plans if plan.state in wanted}
        number = refresh.begin(db, len(due))
        outcomes = runs.crawl_live(
            db,
            due,
            contact=str(contact),
            delay=delay,
            record_to=record_to,
            budget=budget,
            hours=hours,
        )
        if is_due(db):
            resolve(db)
        report = refresh.end(db, number, plans, outcomes)
        if record_to and keep_days:
            report["expired"] = expire(db, record_to, keep_days)
    report["changed_answers"] = []
    if publishes and any(outcome.verdict == "accepted" for outcome in outcomes):
        snapshot = default_snapshot(db_path)
        before = notify.answers(snapshot, METADATA)
        publish_to(db_path, snapshot)
        report["changed_answers"] = notify.changed_answers(before, notify.answers(snapshot, METADATA))
    tell(report, outcomes, as_json)
    if metrics:
        notify.write_metrics(metrics, db)
    has_news = report["missed"] or report["changed_answers"]
    if command and has_news and (reason := notify.send(command, report)):
        click.echo(f"spheres: the notification could not be delivered: {reason}", err=True)
    if report["verdict"] != "accepted":
        sys.exit(EXIT_REJECTED)


def show_plan(plans: list[refresh.Plan], as_json: bool) -> None:
    rows: list[dict[str, Any]] = [asdict(plan) for plan in plans]
    if as_json:
        echo_json(rows)
    else:
        click.echo(table([{name.replace("_", " "): value for name, value in row.items()} for row in rows]))


def tell(report: dict[str, Any], outcomes: list[runs.Outcome], as_json: bool) -> None:
    if as_json:
        echo_json(report)
        return
    if not outcomes:
        click.echo("nothing is due")
        return
    click.echo(table([closing_row(outcome) for outcome in outcomes]))
    hosts = [{name.removesuffix("_count"): row[name] for name in HOST_COLUMNS} for row in report["hosts"]]
    click.echo(f"\nAsked of each host:\n{table(hosts)}")
