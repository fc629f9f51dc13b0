"""From an observation to a row that can be stored: interpret, then check. A row that fails is dropped with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawler.base import SourceSpider
from standards_db.checks import row_fault
from standards_db.interpret import Row, Source, interpret
from standards_db.records import Observation, Provenance, Refused


class Rejected(DropItem):
    """A row that is not stored. `level` is "page", "excluded" (the source's own exclusion) or "check"."""

    def __init__(self, reason: str, level: str, text: str = "", key: str | None = None) -> None:
        super().__init__(reason, log_level="DEBUG")
        self.reason, self.level, self.text, self.key = reason, level, text, key


@dataclass(slots=True)
class Judged:
    """A row that passed, with where it was read."""

    row: Row
    provenance: Provenance


class Interpret:
    """Gives each printed record its meaning."""

    def __init__(self, source: Source) -> None:
        self.source = source

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Interpret:
        return cls(source_of(crawler.spidercls))

    def process_item(self, item: Observation) -> Judged:
        record = item.record
        if isinstance(record, Refused):
            raise Rejected(record.reason, "page" if record.is_page else "excluded", record.text, record.key)
        return Judged(interpret(item, self.source), item.provenance)


class Check:
    """Lets a row pass or rejects it with its reason."""

    def process_item(self, item: Judged) -> Judged:
        if reason := row_fault(item.row):
            raise Rejected(reason, "check", str(item.row.payload)[:500], item.row.key)
        return item


def source_of(spider: type[SourceSpider]) -> Source:
    return Source(name=spider.name, body=spider.body, tier=spider.tier, date_formats=tuple(spider.date_formats))
