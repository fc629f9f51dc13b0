"""`spheres worker` for the toy sources, in a process of its own: `python toy_worker.py ARGUMENT…`.

The environment variable TOY_ORDER is what toy_live.py is told; `stall` names a file: each job then writes three lines
and a name into it, and goes no further until it is killed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import toy_live

from crawler import base, cli, queue, worker_job
from crawler.run_folder import FolderBook
from crawler.worker_job import Task


def prepare() -> dict[str, object]:
    """Let this process know the toy sources only; its settings."""
    order = json.loads(os.environ["TOY_ORDER"])
    sources, extra = toy_live.prepare(order)
    base.all_sources = lambda: sources
    if stall := order.get("stall"):
        write = FolderBook.write

        def write_three(book: FolderBook, line: str) -> None:
            write(book, line)
            if book.count == 3:
                book.observed.flush()
                with Path(stall).open("a", encoding="utf-8") as file:
                    file.write(f"{book.about['source']}\n")
                time.sleep(600)

        FolderBook.write = write_three
    return extra


def run(task: Task, worker: Connection) -> None:
    """The process of one job."""
    worker_job.run(replace(task, settings=prepare()), worker)


if __name__ == "__main__":
    prepare()
    import toy_worker  # under its real name: the processes of jobs are told it

    queue.Worker = partial(queue.Worker, run=toy_worker.run)
    cli.main(["worker", *sys.argv[1:]])
