"""Going on after a kill: pages that a killed run of the same source had kept as WARC are not asked for again.

Only the runs since the last verdict count, and only a day: what a judged run fetched is asked for anew. Only pages that
their address alone leads to; robots.txt and small side files are always asked for.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from sqlite_utils import Database

from crawler.archive import Archived, ArchiveError, read_warc

RECENT = timedelta(days=1)
STAMP = re.compile(r"-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z")


def kept_by_killed_runs(db: Database, source: str, folder: Path) -> dict[str, Archived]:
    """The pages, by address, that runs of this source have kept which ended without a verdict."""
    verdict = "select max(finished_at), max(id) from runs where source=? and mode='live' and verdict in (?, ?)"
    judged_at, judged = db.execute(verdict, [source, "accepted", "rejected"]).fetchone()
    killed = "select 1 from runs where source=? and mode='live' and verdict in ('running', 'abandoned') and id > ?"
    if not db.execute(killed, [source, judged or 0]).fetchone():
        return {}
    since = max(judged_at or "", (datetime.now(UTC) - RECENT).strftime("%Y-%m-%dT%H:%M:%SZ"))
    pages = {}
    for path in sorted(folder.glob(f"{source}-2*.warc.gz")):
        stamp = STAMP.search(path.name)
        if stamp and "{}-{}-{}T{}:{}:{}Z".format(*stamp.groups()) > since:
            for entry in read_warc(path, folder):  # the last record may be torn: it is a problem and no page
                if isinstance(entry, Archived) and (entry.method, entry.status) == ("GET", 200):
                    pages[entry.url] = entry
    return pages


class Resume:
    """Downloader middleware: answers from what a killed run has kept."""

    def __init__(self, crawler: Crawler) -> None:
        log = getattr(crawler, "run_log", None)
        if log is None or log.job.db is None or log.job.record_to is None:
            raise NotConfigured
        self.crawler, self.source = crawler, log.source
        self.pages = kept_by_killed_runs(log.job.db, log.source.name, log.job.record_to)
        if not self.pages:
            raise NotConfigured

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Resume:
        return cls(crawler)

    def process_request(self, request: Request) -> Response | None:
        is_plain = request.meta.get("stateless") and request.method == "GET"
        if not is_plain or self.source.side_file(request.url):
            return None
        entry = self.pages.pop(request.url, None)
        if entry is None:
            return None
        try:
            body = entry.load()
        except ArchiveError:  # it was being written when the run was killed
            return None
        self.crawler.stats.inc_value("spheres/resumed")
        request.meta.update(unasked=True, archive_ref=entry.ref, retrieved_at=entry.recorded_at)
        headers = Headers(entry.headers)
        kind = responsetypes.from_args(headers=headers, url=entry.url, body=body)
        return kind(url=entry.url, status=200, headers=headers, body=body, request=request)
