"""What keeps a public host safe: SQLite limits per connection, response headers, CSV cells that cannot be formulas."""

from __future__ import annotations

import codecs
import re
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from standards_db.search import escape_fts
from standards_db.spreadsheet import neutral_csv

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 20_000,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 20,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 5_000,
}
# The time limit is checked between steps of the virtual machine only: one call of these can take gigabytes first.
DENIED_FUNCTIONS = {"zeroblob", "randomblob", "printf", "format", "load_extension", "fts3_tokenizer", "sqlite_log"}
DENIED_TABLES = {"pragma_database_list"}  # shows paths of the machine
HEAP_BYTES = 512 * 2**20
HIDDEN_PAGES = re.compile(r"/-/(databases|threads)(\.json)?/?")  # paths of files, stack of the process

HEADERS = {
    b"content-security-policy": (
        b"default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        b"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
}


def prepare_connection(conn: sqlite3.Connection, database: str) -> None:
    """Search that knows Chinese everywhere; limits and a deny list on every database a visitor can query."""
    conn.create_function("escape_fts", 1, lambda query: escape_fts(query or ""), deterministic=True)
    if database == "_internal":
        return
    for limit, value in LIMITS.items():
        conn.setlimit(limit, value)
    conn.execute("pragma query_only=1")
    conn.execute(f"pragma hard_heap_limit={HEAP_BYTES}")  # of the whole process
    conn.set_authorizer(authorize)


def authorize(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
    if action == sqlite3.SQLITE_ATTACH:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_READ and (first or "").lower() in DENIED_TABLES:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in DENIED_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def wrap(app: App) -> App:
    """The application with security headers on every response and formula-safe CSV."""

    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and HIDDEN_PAGES.search(scope["path"]):
            scope = {**scope, "path": "/-/hidden", "raw_path": b"/-/hidden"}
        await app(scope, receive, Sender(scope, send) if scope["type"] == "http" else send)

    return wrapped


class Sender:
    """Sends one response on: adds the headers, rewrites the body when it is CSV."""

    def __init__(self, scope: dict[str, Any], send: Any) -> None:
        self.send = send
        self.is_csv = scope["path"].endswith(".csv")
        self.rewriter: CsvRewriter | None = None

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": self.headers(message)}
        elif message["type"] == "http.response.body" and self.rewriter:
            more = message.get("more_body", False)
            message = {**message, "body": self.rewriter.feed(message.get("body", b""), final=not more)}
        await self.send(message)

    def headers(self, message: dict[str, Any]) -> list[tuple[bytes, bytes]]:
        """The response's headers with ours in place of any it had; decides here whether the body is CSV."""
        given = [(name.lower(), value) for name, value in message.get("headers", [])]
        kind = dict(given).get(b"content-type", b"")
        if self.is_csv and message["status"] == 200 and kind.startswith((b"text/plain", b"text/csv")):
            self.rewriter = CsvRewriter()
            given = [(name, value) for name, value in given if name != b"content-length"]
        return [(name, value) for name, value in given if name not in HEADERS] + list(HEADERS.items())


class CsvRewriter:
    """Rewrites a CSV byte stream so that no cell starts a formula in a spreadsheet.

    Chunks may end anywhere; text is held back until it ends a record (an even number of quotes and a line end).
    """

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.held = ""

    def feed(self, chunk: bytes, *, final: bool) -> bytes:
        self.held += self.decoder.decode(chunk, final)
        if not final and not (self.held.endswith("\n") and self.held.count('"') % 2 == 0):
            return b""
        text, self.held = self.held, ""
        return neutral_csv(text).encode()
