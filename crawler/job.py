"""What one run works on, handed to Scrapy as the setting JOB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlite_utils import Database

from crawler.archive import Archived
from crawler.hosts import Hosts
from standards_db.pages import Page

if TYPE_CHECKING:
    from crawler.extensions import Book


class Progress(Protocol):
    """What a command shows while a source runs."""

    def rows(self, count: int) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Job:
    """`mode` is "live", "archive" or "sample"; `responses` are what a replay reads (None: a live crawl);
    `input` names the archive; `record_to` is the folder for WARC files of a live crawl; `budget` is the largest number
    of requests of one run (None: no limit); `hosts` is the pace that all runs of the process share. A worker has no
    `db`: it writes to `book`, and `known` finds the pages that it was told of."""

    db: Database | None
    mode: str
    responses: tuple[Archived, ...] | None = None
    input: str | None = None
    record_to: Path | None = None
    progress: Callable[[], Progress] | None = None
    budget: int | None = None
    hosts: Hosts = field(default_factory=Hosts)
    book: Book | None = None
    known: Callable[[str, str], Page | None] | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Job:
        """Scrapy copies its settings deeply; a job holds an open database and is shared."""
        return self
