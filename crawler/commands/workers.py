"""Crawls spread over machines: `spheres enqueue` gives jobs out, `spheres worker` does them, `spheres load` takes what
they bring into the ingest database."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from sqlite_utils import Database

from crawler import base, loading, orders, refresh, runs
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
from crawler.orders import Order
from crawler.run_folder import FolderError
from crawler.show import closing_row, show, tell_unread
from standards_db import jobs, registry
from standards_db.resolve import is_due, resolve
from standards_db.schema import open_db

WATCH_SECONDS = 5.0
LOADED, REFUSED = "loaded", "refused"

redis_option = click.option(
    "--redis",
    "url",
    envvar="SPHERES_REDIS",
    default="redis://127.0.0.1:6379/0",
    show_default=True,
    help="The Redis that holds the queue [env: SPHERES_REDIS].",
)


def queue_module() -> ModuleType:
    """The module that needs the extra."""
    try:
        from crawler import queue
    except ImportError as error:
        fail(f"{error.name} is missing: pip install 'cyber-spheres[workers]'", EXIT_BAD_INPUT)
    return queue


@click.command()
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@click.option("--due", is_flag=True, help="The sources that a refresh would crawl now.")
@click.option("--all", "every", is_flag=True, help="Every source that is on.")
@click.option(
    "--from-archive",
    type=click.Path(exists=True, path_type=Path),
    help="Read kept responses instead of the sites; every worker must reach this folder by the same path.",
)
@redis_option
@delay_option
@budget_option
@click.option("--hours", default=24.0, show_default=True, help="Hours that one source's run may take (0: no limit).")
@db_option()
@json_option
def enqueue(
    names: tuple[str, ...],
    due: bool,
    every: bool,
    from_archive: Path | None,
    url: str,
    delay: float,
    budget: int | None,
    hours: float,
    db_path: Path,
    as_json: bool,
) -> None:
    """Give sources to workers on other machines, one job each, and say what was queued.

    A source that workers have already is left out until its folder is loaded, or three days have passed. Exit code 1
    says that a source that was named was left out.
    """
    queue = queue_module()
    sources = chosen(names, every or due or bool(from_archive and not names), ())
    try:
        line = queue.Queue(url)
    except queue.QueueError as error:
        fail(str(error), EXIT_BAD_INPUT)
    db = open_db(db_path)
    registry.register_sources(db, runs.source_rows(base.all_sources()))
    left: dict[str, str] = {}
    if from_archive:
        shelf = runs.shelf_of_folder(from_archive, base.all_sources())
        runs.note_unread(db, shelf)
        tell_unread(shelf)
        given = orders.archive_orders(from_archive, shelf, sources)
        left = {name: "the archive has no response for it" for name in names if name not in shelf.by_source}
    else:
        plans = {plan.source: plan for plan in refresh.plan(db, sources)}
        wanted = {"due"} if due and not names else {"due", "fresh", "resting"}
        left = {name: f"{plan.state}: {plan.why}" for name, plan in plans.items() if plan.state not in wanted}
        given = [
            orders.live_order(db, source, delay=delay, budget=budget, hours=hours)
            for name, source in sources.items()
            if name not in left
        ]
    rows = []
    try:
        for order in given:
            if since := jobs.open_since(db, order.source, order.mode, order.input):
                left[order.source] = f"queued: given to workers at {since}"
                continue
            give_out(db, line, order)
            rows.append(queued_row(order))
    except queue.QueueError as error:
        fail(f"{error}; {len(rows)} of {len(given)} jobs were queued", EXIT_BAD_INPUT)
    show(rows, as_json)
    for name, why in left.items():
        if not (due and not names):
            click.echo(f"{name}: not queued: {why}", err=True)
    if any(name in left for name in names):
        sys.exit(EXIT_REJECTED)


def give_out(db: Database, line: Any, order: Order) -> None:
    jobs.add(db, order.job, order.source, order.mode, order.input)
    try:
        line.give_out(order)
    except Exception:
        jobs.withdraw(db, order.job)
        raise


def queued_row(order: Order) -> dict[str, Any]:
    return {
        "job": order.job,
        "source": order.source,
        "reads": order.input or order.lane,
        "responses": len(order.refs) if order.mode == "archive" else None,
        "pages known": len(order.known) if order.mode == "live" else None,
    }


@click.command()
@redis_option
@click.option(
    "--runs",
    "runs_folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where run folders are shipped to: what `spheres load` reads, or what is copied to it.",
)
@contact_option
@click.option("--jobs", "count", default=1, show_default=True, type=click.IntRange(1, 64), help="Jobs at a time.")
def worker(url: str, runs_folder: Path, contact: str | None, count: int) -> None:
    """Do jobs from the queue until told to end, each in a process of its own, and ship a run folder for each.

    Nothing is stored here. It may be killed at any moment: another worker does its jobs again.
    """
    queue = queue_module()
    if not contact:
        fail("a live crawl names a contact in its user agent: --contact you@example.org", EXIT_BAD_INPUT)
    runs_folder.mkdir(parents=True, exist_ok=True)
    try:
        queue.Worker(url, runs_folder.absolute(), contact, count).serve()
    except queue.QueueError as error:
        fail(str(error), EXIT_BAD_INPUT)


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[RUNFOLDER]...")
@click.option(
    "--watch",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Load what arrives in this folder, again and again; what is done is moved into its subfolders "
    f"{LOADED} and {REFUSED}.",
)
@archive_option
@db_option()
@json_option
def load(folders: tuple[Path, ...], watch: Path | None, record_to: Path | None, db_path: Path, as_json: bool) -> None:
    """Take run folders of workers into the ingest database, each judged like any run.

    RUNFOLDER is one, or a folder of them. Loading one twice, or a job that was done twice, changes nothing. A folder
    that is torn, altered or not asked for is not loaded: the message names file and row, and the exit code is 2.
    """
    if bool(folders) == bool(watch):
        fail("name run folders, or a folder to --watch", EXIT_BAD_INPUT)
    db = open_db(db_path, create=False)
    if watch:
        keep_loading(db, watch, record_to, db_path)
        return
    found = [one for folder in folders for one in loading.folders_in(folder)]
    with refresh.locked(db_path):
        loaded, refused = load_all(db, found, record_to)
    show([row_of(one) for one in loaded], as_json)
    if refused:
        sys.exit(EXIT_BAD_INPUT)
    if any(one.outcome and one.outcome.verdict != "accepted" for one in loaded):
        sys.exit(EXIT_REJECTED)


def load_all(db: Database, found: list[Path], record_to: Path | None) -> tuple[list[loading.Loaded], list[Path]]:
    """Load each folder and resolve what came; those that were read, and those that could not be."""
    sources = base.all_sources()
    loaded, refused = [], []
    for folder in found:
        try:
            loaded.append(loading.load(db, folder, sources, record_to))
        except FolderError as error:
            click.echo(f"spheres: {error}", err=True)
            refused.append(folder)
    if is_due(db):
        resolve(db)
    return loaded, refused


def keep_loading(db: Database, watch: Path, record_to: Path | None, db_path: Path) -> None:
    """Load what arrives, until the process is told to end."""
    while True:
        if found := list(loading.folders_in(watch)):
            try:
                with refresh.locked(db_path):
                    loaded, refused = load_all(db, found, record_to)
            except refresh.Held as error:  # a refresh is running: what has arrived waits
                click.echo(f"spheres: {error}", err=True)
                loaded, refused = [], []
            for one in loaded:
                click.echo(
                    " ".join(f"{name}: {value}" for name, value in row_of(one).items() if value not in (None, ""))
                )
            for place, folders in ((LOADED, [one.folder for one in loaded]), (REFUSED, refused)):
                for folder in folders:
                    move(folder, watch / place)
        time.sleep(WATCH_SECONDS)


def move(folder: Path, place: Path) -> None:
    """Out of the way of the next round. A name that is taken there already gets a number."""
    place.mkdir(exist_ok=True)
    names = (folder.name, *(f"{folder.name}-{number}" for number in range(2, 1000)))
    folder.rename(next(place / name for name in names if not (place / name).exists()))


def row_of(one: loading.Loaded) -> dict[str, Any]:
    row: dict[str, Any] = {"folder": one.folder.name}
    if one.outcome:
        return {**row, **closing_row(one.outcome)}
    assert one.before
    run, verdict = one.before
    return {**row, "verdict": "loaded before", "why": f"run {run} of this job is {verdict}"}
