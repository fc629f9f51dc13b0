"""What the tests of the American certificate sources share: reading a hand-made page, and its meaning."""

from __future__ import annotations

import json
from typing import Any

from scrapy import Request
from scrapy.http import HtmlResponse, TextResponse

from crawler.base import SourceSpider
from standards_db.interpret import Source, interpret
from standards_db.records import Certificate, Observation, Provenance, Refused

CHALLENGE = (
    "<html><head><title>Just a moment...</title></head><body><script>window.cf_chl_opt={}</script></body></html>"
)


def read(spider: SourceSpider, url: str, body: str | Any, kind: type[TextResponse] = HtmlResponse) -> list[Any]:
    """What the callback that reads `url` gives for this body; anything but a text is sent as JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    route = spider.route_of(url)
    assert route is not None
    response = kind(url, body=text.encode(), encoding="utf-8", request=Request(url))
    return list(getattr(spider, route.callback)(response))


def certificates(found: list[Any]) -> list[Certificate]:
    return [record for record in found if isinstance(record, Certificate)]


def refusals(found: list[Any]) -> list[str]:
    return [record.reason for record in found if isinstance(record, Refused)]


def meaning(spider: type[SourceSpider], record: Certificate) -> dict[str, Any]:
    """The interpreted payload of a certificate."""
    origin = Provenance(page_url="", page_sha256="", retrieved_at="", archive_ref=None, route="")
    source = Source(name=spider.name, body=spider.body, date_formats=spider.date_formats)
    return interpret(Observation(record=record, provenance=origin), source).payload
