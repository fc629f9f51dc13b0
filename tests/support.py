"""A toy source, its pages and its archive: what the tests of the frame run instead of a real site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scrapy import Request
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from crawler import runs
from crawler.base import Expect, Route, SourceSpider, clean
from crawler.runs import Outcome
from standards_db import registry
from standards_db.records import Document, PageRefused, Refused, Relation
from standards_db.resolve import resolve
from standards_db.schema import open_db

BASE = "http://register.example"
TODAY = "2026-11-22"


class Toy(SourceSpider):
    """Register: one table of standards. Publisher: a body made for tests. Caveats: none."""

    name = "toy"
    title = "Toy register"
    body = "nist"
    homepage = BASE
    expect = Expect(min=2, max=50, filled={"title": 0.9}, shrink=0.2)
    start_urls = [f"{BASE}/list"]
    routes = (
        Route(r"/list$", "parse_list", "list", complete=True),
        Route(r"/item/\d+$", "parse_item", "detail"),
    )

    def parse_list(self, response: Response) -> Iterator[Any]:
        table = response.css("table#standards")
        if not table:
            raise PageRefused("no table of standards: the page was redesigned")
        for row in table.css("tr.row"):
            number, title, status, published = (clean(cell.xpath("string()").get()) for cell in row.css("td"))
            if not number:
                yield Refused(reason="row without a number", text=title or "")
                continue
            adopted = row.attrib.get("data-adopts")
            edges = (Relation(type="adopts", target_text=adopted, degree_text="IDT"),) if adopted else ()
            yield Document(
                designation=number, title=title, status_text=status, published_text=published, relations=edges
            )
            yield response.follow("/item/1", callback=self.parse_item, meta={"route": self.routes[1]})

    def parse_item(self, response: Response) -> Iterator[Any]:
        yield Document(designation=response.css("h1::text").get(), abstract=response.css("p::text").get())


def page(rows: list[tuple[str, str, str, str]], adopts: dict[str, str] | None = None) -> str:
    """A list page of the toy register: rows of number, title, status, publication date."""
    cells = "".join(
        f'<tr class="row" data-adopts="{(adopts or {}).get(row[0], "")}">'
        + "".join(f"<td>{v}</td>" for v in row)
        + "</tr>"
        for row in rows
    )
    return f'<html><head><meta charset="utf-8"></head><body><table id="standards">{cells}</table></body></html>'


THREE = [
    ("SP 800-53 Rev. 5", "Security and Privacy Controls", "final/active", "2020-09-23"),
    ("SP 800-63-3", "Digital Identity Guidelines", "final/active", "2017-06-22"),
    ("FIPS 140-3", "Security Requirements for Cryptographic Modules", "final/active", "2019-03-22"),
]


def write_archive(folder: Path, bodies: list[tuple[str, str | bytes, str]], **given: Any) -> Path:
    """An archive folder of (URL, body, recorded_at); `given` overrides fields of every index row."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "index.jsonl").open("w", encoding="utf-8") as index:
        for number, (url, body, recorded_at) in enumerate(bodies):
            data = body.encode() if isinstance(body, str) else body
            (folder / f"{number}.html").write_bytes(data)
            row = {
                "source": "toy",
                "url": url,
                "method": "GET",
                "status": 200,
                "content_type": "text/html; charset=utf-8",
                "recorded_at": recorded_at,
                "kind": "list",
                "body": f"{number}.html",
                **given,
            }
            index.write(json.dumps(row) + "\n")
    return folder


class Quiet:
    """Progress that shows nothing."""

    def __init__(self, name: str) -> None:
        self.name = name

    def rows(self, count: int) -> None: ...

    def close(self) -> None: ...


def run(db_path: Path, folder: Path, mode: str = "archive", sources: dict[str, Any] | None = None) -> Outcome:
    """Run the toy source (or the one source given) over an archive folder and resolve."""
    sources = sources or {"toy": Toy}
    db = open_db(db_path)
    registry.register_sources(db, runs.source_rows(sources))
    shelf = runs.shelf_of_folder(folder, sources)
    outcomes = runs.replay(db, shelf, sources, mode, Quiet, lambda outcome: None)
    resolve(db, today=TODAY)
    db.close()
    return outcomes[0]


def rows(db_path: Path, sql: str, *values: Any) -> list[dict[str, Any]]:
    db = open_db(db_path)
    found = list(db.query(sql, values))
    db.close()
    return found


def read(
    source: type[SourceSpider], url: str, body: str | bytes, *, method: str = "GET", kind: str = "", **given: Any
) -> list[Any]:
    """What the callback that reads `url` gives for a page with this body, as an archive run would hand it over."""
    spider = source()
    route = spider.route_of(url, method)
    assert route is not None, url
    data = body.encode() if isinstance(body, str) else body
    guessed = "text/html; charset=utf-8" if data[:1] == b"<" else "application/json"
    headers = Headers({"Content-Type": kind or guessed})
    made = responsetypes.from_args(headers=headers, url=url, body=data)
    response = made(url=url, headers=headers, body=data, request=Request(url, method=method))
    return list(getattr(spider, route.callback)(response, **given))
