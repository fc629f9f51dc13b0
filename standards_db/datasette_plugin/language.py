"""Languages by address: `/zh/…` is the page at `/…` in Chinese.

The language is part of the address and of nothing else (no cookie, no header), so a cache needs to know nothing and a
permalink says what its reader will see. The pages themselves do not know: the prefix is taken off before Datasette
sees the request and put on every link of the answer. Data (JSON, CSV, Atom, static files) has one address for all.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Request

from standards_db.datasette_plugin.words import CURRENT, ENGLISH, catalogue, languages

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
LINK = re.compile(rb"(<(?:a|form)\b[^>]*?\s(?:href|action)=\")([^\"]*)(?=\")")
DATA = re.compile(r"-/static|[^?#]*\.(?:json|csv|atom|db|xml|txt|blob)(?:[?#]|$)")


def own(datasette: Datasette) -> str:
    """The language without a prefix, that metadata.yml asks for (`plugins: standards_db: language:`)."""
    wanted = (datasette.plugin_config("standards_db") or {}).get("language", ENGLISH)
    return wanted if wanted in languages() else ENGLISH


def others(datasette: Datasette, request: Request | None) -> list[dict[str, str]]:
    """The page of `request` in every other language: its code, its own name and the address. Data has none."""
    if request is None:
        return []
    base, path = str(datasette.urls.instance()), request.path
    rest = path.removeprefix(base).lstrip("/") + (f"?{request.query_string}" if request.query_string else "")
    if DATA.match(rest):
        return []
    here, usual = CURRENT.get(), own(datasette)
    return [
        {"code": code, "name": catalogue(code)["language"], "url": base + ("" if code == usual else f"{code}/") + rest}
        for code in languages()
        if code != here
    ]


def wrap(datasette: Datasette, app: App) -> App:
    """The application with the language of each request taken from its path."""
    base, usual = str(datasette.urls.instance()), own(datasette)

    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        asked, scope = without_prefix(scope, base, usual)
        token = CURRENT.set(asked or usual)
        try:
            await app(scope, receive, Translated(scope, send, base, asked) if asked else send)
        finally:
            CURRENT.reset(token)

    return wrapped


def without_prefix(scope: dict[str, Any], base: str, usual: str) -> tuple[str | None, dict[str, Any]]:
    """The language that the path begins with, None for the usual one, and the scope without it."""
    for code in languages():
        prefix = f"{base}{code}"
        if code != usual and (scope["path"] == prefix or scope["path"].startswith(f"{prefix}/")):
            kept = {"path": base + scope["path"][len(prefix) + 1 :]}
            if scope.get("raw_path"):
                kept["raw_path"] = base.encode() + scope["raw_path"][len(prefix) + 1 :]
            return code, {**scope, **kept, "tongue": f"/{code}"}
    return None, scope


class Translated:
    """Sends one response on: every link of an HTML page, and the address of a redirect, stays in the language."""

    def __init__(self, scope: dict[str, Any], send: Any, base: str, code: str) -> None:
        self.send, self.base, self.code = send, base, code
        self.host = dict(scope.get("headers", [])).get(b"host", b"").decode("latin-1")
        self.start: dict[str, Any] | None = None  # of an HTML page, held back until its length is known
        self.body = b""

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = {name.lower(): value for name, value in message.get("headers", [])}
            if b"location" in headers:
                there = self.moved(headers[b"location"].decode("latin-1")).encode("latin-1")
                message = {**message, "headers": list({**headers, b"location": there}.items())}
            if headers.get(b"content-type", b"").startswith(b"text/html"):
                self.start = message
                return
        elif self.start is not None:
            self.body += message.get("body", b"")
            if message.get("more_body"):
                return
            body = LINK.sub(self.link, self.body)
            kept = [one for one in self.start.get("headers", []) if one[0].lower() != b"content-length"]
            kept += [(b"content-length", str(len(body)).encode()), (b"content-language", self.code.encode())]
            await self.send({**self.start, "headers": kept})
            self.start, message = None, {**message, "body": body}
        await self.send(message)

    def link(self, found: re.Match[bytes]) -> bytes:
        tag, url = found.groups()
        if b"hreflang=" in tag:  # leads to another language on purpose
            return found[0]
        return tag + self.moved(url.decode("utf-8", "replace")).encode()

    def moved(self, url: str) -> str:
        """The address of a page of this host with the prefix; any other address as it is."""
        local = re.sub(rf"^https?://{re.escape(self.host)}(?=/)", "", url) if self.host else url
        rest = local.removeprefix(self.base)
        if not local.startswith(self.base) or local.startswith("//") or DATA.match(rest):
            return url
        return f"{url[: len(url) - len(local)]}{self.base}{self.code}/{rest}"
