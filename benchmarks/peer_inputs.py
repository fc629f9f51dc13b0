"""Pages as large as the real lists for the comparison with peers, made by repeating rows of real or of sample pages.

A repeated row has a number of its own in its name, so that nobody's deduplication makes the work smaller. Nothing of
this is data: it stays in a folder of the benchmark.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from copy import deepcopy
from itertools import cycle, islice
from pathlib import Path

import lxml.html

from crawler import runs
from crawler.archive import Archived
from crawler.base import all_sources
from crawler.platforms import zip_members

RECORDED_AT = "2026-01-01T00:00:00Z"


def write_inputs(folder: Path, archive: Path | None, rows: int) -> dict[str, str]:
    """Write list pages with about `rows` rows each and their index.jsonl into `folder`; return file names by kind.

    The rows are those of `archive`, or of the embedded sample (None). Raises ValueError where no page can be repeated.
    """
    sources = all_sources()
    shelf = runs.shelf_of_folder(archive, sources) if archive else runs.shelf_of_sample(sources)
    files = {}
    with (folder / "index.jsonl").open("w", encoding="utf-8") as index:
        for kind, (source, callback, name, longer) in KINDS.items():
            routes = (
                (page, sources[source].route_of(page.url, page.method)) for page in shelf.by_source.get(source, [])
            )
            kept = [page for page, route in routes if route and route.callback == callback]
            if not kept:
                raise ValueError(f"{source}: no page for {callback} in the input")
            page = max(kept, key=size)
            (folder / name).write_bytes(longer(page.load(), rows))
            line = {"url": page.url, "method": "GET", "status": 200, "body": name, "recorded_at": RECORDED_AT}
            index.write(json.dumps({**line, "content_type": content_type(page)}) + "\n")
            files[kind] = name
    return files


def size(page: Archived) -> tuple[int, int]:
    """Rows of tables, then bytes: a page of few rows can be long."""
    body = page.load()
    return body.count(b"<tr"), len(body)


def content_type(page: Archived) -> str:
    return next((value for name, value in page.headers.items() if name.lower() == "content-type"), "")


def longer_csv(body: bytes, rows: int) -> bytes:
    """The CSV file with its rows repeated under product names of their own."""
    head, *found = csv.reader(io.StringIO(body.decode("utf-8-sig", "replace")))
    name = next(at for at, title in enumerate(head) if title.strip().lower() == "name")
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(head)
    whole = [row for row in found if len(row) == len(head)]
    for turn in range(-(-rows // len(whole))):  # whole rounds: a product's rows of maintenance follow its first
        for row in whole:
            writer.writerow([*row[:name], f"{row[name]} ({turn})", *row[name + 1 :]])
    return text.getvalue().encode()


def longer_html(body: bytes, rows: int) -> bytes:
    """The page with the rows of its tables repeated, the first text of each (a name or a number) made its own."""
    page = lxml.html.document_fromstring(body)
    bodies = [found for found in page.iter("tbody") if any(True for _ in found.iter("td"))]
    if not bodies:
        raise ValueError("no table with rows to repeat")
    share = -(-rows // len(bodies))
    for found in bodies:
        originals = [row for row in found.iterchildren("tr") if row.find("td") is not None]
        for row in originals:
            found.remove(row)
        for number, row in enumerate(islice(cycle(originals), share)):
            found.append(renamed(deepcopy(row), number))
    return bytes(lxml.html.tostring(page, encoding="utf-8", doctype="<!DOCTYPE html>"))


def renamed(row: lxml.html.HtmlElement, number: int) -> lxml.html.HtmlElement:
    """The row with `number` in its first text; a certificate number and its link are replaced by 100000 + number."""
    text = next(text for text in row.xpath(".//text()") if text.strip())
    node = text.getparent()
    if text.strip().isdigit():
        node.text = str(100_000 + number)
        if node.get("href"):
            node.set("href", node.get("href").replace(text.strip(), node.text))
    elif text.is_tail:
        node.tail = f"{text.rstrip()} ({number})"
    else:
        node.text = f"{text.rstrip()} ({number})"
    return row


def longer_zip(body: bytes, rows: int) -> bytes:
    """The first `rows` YAML members, repeated under other file names when the zip has fewer."""
    members = [(n, c) for n, c in zip_members(body) if "/data/" in n]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for number, (name, content) in enumerate(islice(cycle(members), rows)):
            path = Path(name)
            out.writestr(path.with_name(f"{path.stem}-{number}{path.suffix}").as_posix(), content)
    return packed.getvalue()


# Kind of input: source, callback, file name (sec-certs reads the status from it), how its rows are repeated.
KINDS: dict[str, tuple[str, str, str, Callable[[bytes, int], bytes]]] = {
    "cc_csv": ("cc_portal", "parse_products_csv", "cc_products_active.csv", longer_csv),
    "cc_html": ("cc_portal", "parse_products_page", "cc_products_active.html", longer_html),
    "cmvp_html": ("nist_cmvp", "search", "fips_modules_active.html", longer_html),
    "relaton_zip": ("relaton_iso", "parse_bulk", "relaton.zip", longer_zip),
}
