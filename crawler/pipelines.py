"""From an observation to a row that can be stored: interpret, then check. A row that fails keeps its reason.

Records travel in lists, up to `BATCH` of one page: what Scrapy does for each item then costs next to nothing per
record. One that fails never takes the others of its list with it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from scrapy.crawler import Crawler

from crawler.base import SourceSpider
from standards_db.checks import row_fault
from standards_db.interpret import Row, Source, interpret
from standards_db.records import Observation, Provenance, Refused

BATCH = 100
KEPT_TEXT = 500

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Judged:
    """A row that passed, with where it was read."""

    row: Row
    provenance: Provenance


@dataclass(slots=True)
class Rejected:
    """What is not stored. `level` is "page", "excluded" (the source's own exclusion), "check" or "error" (ours)."""

    reason: str
    level: str
    provenance: Provenance
    text: str = ""
    key: str | None = None


class Interpret:
    """Gives each printed record its meaning."""

    def __init__(self, source: Source) -> None:
        self.source = source

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Interpret:
        return cls(source_of(crawler.spidercls))

    def process_item(self, item: list[Observation] | Observation) -> list[Judged | Rejected]:
        """A page that never arrived comes alone, past the middleware that makes lists."""
        return [self.judged(seen) for seen in (item if isinstance(item, list) else [item])]

    def judged(self, seen: Observation) -> Judged | Rejected:
        record = seen.record
        if isinstance(record, Refused):
            level = "page" if record.is_page else "excluded"
            return Rejected(record.reason, level, seen.provenance, record.text, record.key)
        try:
            return Judged(interpret(seen, self.source), seen.provenance)
        except Exception as error:
            logger.exception("%s: a record of %s", self.source.name, seen.provenance.page_url)
            return Rejected(f"error: {error!r}", "error", seen.provenance, str(seen)[:KEPT_TEXT])


class Check:
    """Lets a row pass or rejects it with its reason."""

    def process_item(self, item: list[Judged | Rejected]) -> list[Judged | Rejected]:
        return [self.checked(one) if isinstance(one, Judged) else one for one in item]

    def checked(self, one: Judged) -> Judged | Rejected:
        if reason := row_fault(one.row):
            return Rejected(reason, "check", one.provenance, str(one.row.payload)[:KEPT_TEXT], one.row.key)
        return one


def source_of(spider: type[SourceSpider]) -> Source:
    return Source(name=spider.name, body=spider.body, tier=spider.tier, date_formats=tuple(spider.date_formats))
