"""One job of a worker, in a process of its own, because Scrapy's reactor starts only once.

The worker holds the other end of a pipe; when that closes, the worker is gone and this process goes too, so that nobody
asks a site twice at once.
"""

from __future__ import annotations

import asyncio
import os
import platform
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from crawler import base, runs
from crawler.hosts import Hosts
from crawler.job import Job
from crawler.orders import Order
from crawler.pages import PageLog
from crawler.run_folder import FolderBook

GATHER_ONLY: dict[str, Any] = {"ITEM_PIPELINES": {}}  # rows are interpreted and judged by the loader


def do(order: Order, runs_folder: Path, contact: str, hosts: Hosts, extra: dict[str, Any] | None = None) -> Path:
    """Do one job and ship its run folder; the folder. Raises ValueError for a source that this worker does not have."""
    source = base.all_sources().get(order.source)
    if source is None:
        raise ValueError(f"this worker has no source named {order.source!r}")
    worker = f"{platform.node()}:{os.getpid()}"
    book = FolderBook(
        runs_folder, job=order.job, source=order.source, mode=order.mode, input_name=order.input, worker=worker
    )
    try:
        is_live = order.mode == "live"
        job = Job(
            None,
            order.mode,
            order.responses(),
            order.input,
            record_to=book.path if is_live else None,
            budget=order.budget,
            hosts=hosts,
            book=book,
            known=order.page,
        )
        settings = {**GATHER_ONLY, **(extra or {})}
        if is_live:
            ended = runs.visit_sites(
                job, {source.name: source}, contact=contact, delay=order.delay, hours=order.hours, extra=settings
            )
            crawler = ended[source.name]
        else:
            crawler = asyncio.run(runs.replay_one(job, source, settings))
        log = getattr(crawler, "run_log", None)
        pages = log.pages if log else PageLog(source, order.page) if is_live else None
        return book.ship(pages)
    except BaseException:
        book.discard()
        raise


@dataclass(frozen=True)
class Task:
    """What a worker hands to the process of one job: the encoded order, and what is the worker's own."""

    order: bytes
    runs: Path
    contact: str
    redis_url: str
    settings: dict[str, Any] | None = None


def run(task: Task, worker: Connection) -> None:
    """The process of one job."""
    os.setsid()  # an interrupt at the terminal is for the worker, which then ends this process
    threading.Thread(target=end_with, args=[worker], daemon=True).start()
    order = Order.decode(task.order)
    hosts = Hosts()
    if order.mode == "live":
        from crawler.queue import SharedHosts, connect

        hosts = SharedHosts(connect(task.redis_url))
    folder = do(order, task.runs, task.contact, hosts, task.settings)
    print(f"{order.source}: shipped {folder.name}", flush=True)


def end_with(worker: Connection) -> None:
    """End this process as soon as the worker does, whatever ended it."""
    try:
        worker.recv()
    finally:
        os._exit(1)
