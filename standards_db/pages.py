"""Pages a source was read from: what a server calls this version of a page, and what the page gave when it was read.

A page that is still the same is not read again: its records stay seen, its links are followed. Rows are written only
inside the transaction that accepts a run, so a rejected run is asked for anew. A page is trusted for `FULL_AFTER` and
by the code that read it; then it is read in full, whatever its server says.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlite_utils import Database

FULL_AFTER = timedelta(days=90)
BATCH = 500
SEEN_TABLES = ("documents", "certificates", "memberships", "exclusions")
COLUMNS = ("url", "etag", "last_modified", "sha256", "side_sha256", "keys", "links", "counts", "read_at")


@dataclass
class Page:
    """One remembered page. `keys` are the records it gave, `links` the addresses it led to, `counts` what it added to
    the tally of its run; `side_sha256` is the hash of the small file that describes it, where a source has one."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    sha256: str = ""
    side_sha256: str | None = None
    keys: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)
    read_at: str = ""


@dataclass
class Visit:
    """What one run did with pages: `read` anew, `kept` because they are the same, `missed` because they did not
    arrive although they may still be there. `reader` names the code that read them."""

    reader: str = ""
    read: dict[str, Page] = field(default_factory=dict)
    kept: dict[str, Page] = field(default_factory=dict)
    missed: set[str] = field(default_factory=set)


def known_page(db: Database, source: str, url: str, reader: str) -> Page | None:
    """The page as this reader last read it; None when it is unknown, too long ago, or dated after now."""
    return next(known_pages(db, source, reader, url), None)


def known_pages(db: Database, source: str, reader: str, url: str | None = None) -> Iterator[Page]:
    """Every such page, or the one at `url`."""
    now = datetime.now(UTC)
    rows = db.execute(
        f"select {', '.join(COLUMNS)} from pages where source=? and reader=? and read_at between ? and ?"
        f"{' and url=?' if url is not None else ''}",
        [source, reader, iso(now - FULL_AFTER), iso(now), *([url] if url is not None else [])],
    )
    for row in rows.fetchall():
        yield page_of(row)


def page_of(row: tuple[Any, ...]) -> Page:
    values = dict(zip(COLUMNS, row, strict=True))
    for name in ("keys", "links", "counts"):
        values[name] = json.loads(values[name])
    return Page(**values)


def iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def see_again(
    connection: sqlite3.Connection, source: str, run: int, time: str, visit: Visit
) -> Iterator[tuple[str, str, str, str]]:
    """Mark the records of kept pages as seen by this run. Those that had vanished are back: (key, entity, gone since,
    page URL) of each."""
    pages = {key: page.url for page in visit.kept.values() for key in page.keys}
    for keys in batches(list(pages)):
        listed = json.dumps(keys)
        for key, entity, gone in connection.execute(
            "select key, entity, vanished_at from records where source=? and vanished_at is not null"
            " and key in (select value from json_each(?))",
            [source, listed],
        ).fetchall():
            yield key, entity, gone, pages[key]
        connection.execute(
            "update records set last_seen=?, last_run=?, vanished_at=null where source=?"
            " and key in (select value from json_each(?))",
            [time, run, source, listed],
        )
        for table in SEEN_TABLES:
            connection.execute(
                f"update {table} set last_seen=max(last_seen, ?) where id in (select entity from records"
                " where source=? and key in (select value from json_each(?)))",
                [time, source, listed],
            )


def spared(connection: sqlite3.Connection, source: str, visit: Visit) -> set[str]:
    """Keys that this run must not call vanished: those of kept pages, and of pages that did not arrive."""
    keys = {key for page in visit.kept.values() for key in page.keys}
    for urls in batches(sorted(visit.missed)):
        listed = [source, json.dumps(urls)]
        rows = connection.execute(
            "select key from records where source=? and page_url in (select value from json_each(?))", listed
        )
        keys.update(row[0] for row in rows)
        rows = connection.execute(
            "select keys from pages where source=? and url in (select value from json_each(?))", listed
        )
        keys.update(key for row in rows for key in json.loads(row[0]))
    return keys


def remember(connection: sqlite3.Connection, source: str, run: int, time: str, visit: Visit) -> None:
    """Store the pages that an accepted live run read, and forget those it did not meet."""
    rows = [
        [
            source,
            page.url,
            page.etag,
            page.last_modified,
            page.sha256,
            page.side_sha256,
            visit.reader,
            json.dumps(page.keys, ensure_ascii=False),
            json.dumps(page.links),
            json.dumps(page.counts),
            run,
            page.read_at,
            time,
        ]
        for page in (*visit.read.values(), *visit.kept.values())
    ]
    connection.executemany("insert or replace into pages values (?,?,?,?,?,?,?,?,?,?,?,?,?)", rows)
    missed = json.dumps(sorted(visit.missed))
    connection.execute(
        "delete from pages where source=? and run<>? and url not in (select value from json_each(?))",
        [source, run, missed],
    )


def entities_of(db: Database, source: str, keys: Iterable[str]) -> set[str]:
    """The entities of these records, as the run log counts them: kind and id."""
    found: set[str] = set()
    for batch in batches(list(keys)):
        rows = db.execute(
            "select kind, entity from records where source=? and key in (select value from json_each(?))",
            [source, json.dumps(batch)],
        )
        found.update(f"{kind} {entity}" for kind, entity in rows)
    return found


def batches(values: list[str]) -> Iterator[list[str]]:
    source = iter(values)
    while batch := list(islice(source, BATCH)):
        yield batch
