"""One live crawl of a toy source in a process of its own: the reactor starts only once per process.

Called by test_live.py as `python toy_live.py ORDER`, where ORDER is JSON: `base` (the server), `db`, and either
`cli` (arguments of the command) or `delay`, `record_to` and `settings`. Prints the outcome as one line of JSON.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from scrapy.http import Response
from scrapy.resolver import HostResolution
from twisted.internet._resolver import GAIResolver
from twisted.internet.address import IPv4Address

from crawler import base, cli, runs
from crawler.base import Expect, Route, SourceSpider
from standards_db import registry
from standards_db.records import Document
from standards_db.resolve import is_due, resolve
from standards_db.schema import open_db

CONTACT = "ops@register.example"


class LiveToy(SourceSpider):
    """Register: a list with links to its items. Publisher: a body made for tests. Caveats: none."""

    name = "toy"
    title = "Toy register"
    body = "nist"
    homepage = "http://127.0.0.1"
    expect = Expect(min=2, max=50, filled={"title": 0.9})
    routes = (Route(r"/list$", "parse_list", "list", complete=True), Route(r"/item/\d+$", "parse_item", "detail"))

    @classmethod
    def side_digest(cls, body: bytes) -> str | None:
        """The part that changes with the list; the rest of the file changes every day."""
        return body.decode().partition("sha256:")[2] or None

    def parse_list(self, response: Response) -> Iterator[Any]:
        for row in response.css("li"):
            yield Document(designation=row.css("a::text").get(), title=row.css("span::text").get())
        for link in response.css("li a::attr(href)").getall():
            yield self.request(response.urljoin(link))

    def parse_item(self, response: Response) -> Iterator[Any]:
        for name, title in zip(response.css("h1::text"), response.css("p::text"), strict=False):
            yield Document(designation=name.get(), title=title.get())


class LiveTwin(LiveToy):
    """Register: another list at the same host. Publisher: a body made for tests. Caveats: none."""

    name = "twin"
    title = "Twin register"
    rank = 60
    routes = (Route(r"/twin$", "parse_list", "list"), Route(r"/item/\d+$", "parse_item", "detail"))


def list_page(numbers: list[int]) -> str:
    rows = "".join(f'<li><a href="/item/{n}">SP 800-{n}</a><span>Guide {n}</span></li>' for n in numbers)
    return f"<html><body><ul>{rows}</ul></body></html>"


def item_page(number: int) -> str:
    return f"<html><body><h1>SP 800-{number}</h1><p>Guide {number}</p></body></html>"


def rebind(name: str) -> None:
    """Let a name be at a public address for who asks first, and at 127.0.0.1 when the connection is made."""
    asked = socket.getaddrinfo

    def getaddrinfo(host: Any, *more: Any, **given: Any) -> Any:
        return asked("93.184.216.34" if host == name else host, *more, **given)

    def resolve_name(self: Any, receiver: Any, host: str, port: int = 0, *_: Any) -> Any:
        receiver.resolutionBegan(HostResolution(host))
        receiver.addressResolved(IPv4Address("TCP", "127.0.0.1", port))
        receiver.resolutionComplete()
        return receiver

    socket.getaddrinfo = getaddrinfo
    GAIResolver.resolveHostName = resolve_name


def prepare(order: dict[str, Any]) -> tuple[dict[str, type[SourceSpider]], dict[str, Any]]:
    """Point the sources at the server; the sources, and the settings that let them ask it."""
    LiveToy.start_urls = [f"{order['base']}/list"]
    LiveTwin.start_urls = [f"{order['base']}/twin"]
    LiveToy.expect = Expect(min=2, max=100_000 if order.get("large") else 50, filled={"title": 0.9})
    sources = {"toy": LiveToy, "twin": LiveTwin} if order.get("twin") else {"toy": LiveToy}
    LiveToy.side_files = tuple(
        (f"{order['base']}{feed}", f"{order['base']}{side}") for feed, side in order.get("sides", [])
    )
    if "rebinds" in order:
        rebind(order["rebinds"])
    sources |= {name: source for name, source in base.all_sources().items() if name in order.get("also", [])}
    return sources, {"GUARD_ALLOW": ["127.0.0.1"], **order.get("settings", {})}


def main(order: dict[str, Any]) -> int:
    sources, extra = prepare(order)
    if "cli" in order:
        base.all_sources = lambda: sources
        runs.crawl_live = partial(runs.crawl_live, extra=extra)
        cli.main(order["cli"], standalone_mode=True)
    db = open_db(order["db"])
    registry.register_sources(db, runs.source_rows(sources))
    record_to = Path(order["record_to"]) if order.get("record_to") else None
    outcome = runs.crawl_live(
        db,
        sources,
        contact=CONTACT,
        delay=order["delay"],
        record_to=record_to,
        budget=order.get("budget"),
        extra=extra,
    )[0]
    if is_due(db):  # as `spheres crawl` and `spheres refresh` do
        resolve(db, today="2026-11-22")
    db.close()
    print(json.dumps(asdict(outcome)))
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
