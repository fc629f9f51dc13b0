"""What lets any cache stand before any number of replicas: a page is a function of its address, the snapshot, the code
and, where it tells an age, the hour. The tag names the last three, so a cache can ask whether its copy still holds and
is answered without the page being made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standards_db.datasette_plugin import links

if TYPE_CHECKING:
    from datasette.app import Datasette

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

SHOWN = 16
FRESH = b"max-age=5"  # as Datasette says for its own pages: how long a copy may outlive a swap


@cache
def code_digest() -> str:
    """A name for the code, the templates and the words that make the pages."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def wrap(app: App, datasette: Datasette) -> App:
    """The application with a tag and the snapshot's name on every page that is made from the snapshot."""
    known: list[str] = []

    async def snapshot() -> str:
        if not known:
            database = datasette.databases.get(links.DATABASE)
            is_snapshot = database is not None and await database.table_exists("snapshot")
            row = (await database.execute("select sha256 from snapshot")).first() if is_snapshot else None
            known.append(str(row[0])[:SHOWN] if row else "")
        return known[0]

    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        is_page = scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and is_of_snapshot(scope["path"])
        if not is_page or not (name := await snapshot()):
            await app(scope, receive, send)
            return
        tag = tag_of(name, datetime.now(UTC))
        headers = [(b"etag", tag), (b"x-snapshot", name.encode())]
        asked = dict(scope["headers"]).get(b"if-none-match", b"")
        if tag in [one.strip() for one in asked.split(b",")]:
            await send({"type": "http.response.start", "status": 304, "headers": [*headers, (b"cache-control", FRESH)]})
            await send({"type": "http.response.body", "body": b""})
            return
        await app(scope, receive, sender(send, headers))

    return wrapped


def sender(send: Any, headers: Headers) -> Callable[[dict[str, Any]], Awaitable[None]]:
    """Sends a response on, tagged if it is a page."""

    async def tagged(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            given = [(name.lower(), value) for name, value in message.get("headers", [])]
            more = headers if b"cache-control" in dict(given) else [*headers, (b"cache-control", FRESH)]
            message = {**message, "headers": [*(one for one in given if one[0] != b"etag"), *more]}
        await send(message)

    return tagged


def is_of_snapshot(path: str) -> bool:
    """Whether an address is a page of the snapshot: not one that watches the process, not a file of the code."""
    return not path.startswith("/-/")


def tag_of(snapshot: str, moment: datetime) -> bytes:
    return f'W/"{snapshot}-{code_digest()}-{moment:%Y%m%d%H}"'.encode()
