"""A web server on 127.0.0.1 whose answers a test writes down beforehand, and which remembers what it was asked."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LONGEST_STALL = 5.0


@dataclass(frozen=True)
class Reply:
    """One answer. `stall` waits so many seconds before it; `reset` drops the connection instead of answering;
    `sized` false leaves out the Content-Length; `zipped` sends the body compressed; `repeat` sends the body so many
    times (stopping when the other side hangs up). A reply with an ETag answers 304 to who holds it."""

    body: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stall: float = 0.0
    reset: bool = False
    sized: bool = True
    zipped: bool = False
    repeat: int = 1


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it: path, user agent, when it came in, the tag it holds, what it posts."""

    path: str
    agent: str
    at: float
    tag: str | None = None
    body: bytes = b""


class ToyServer(ThreadingHTTPServer):
    """Answers each path with its replies in turn (the last one again and again), anything else with 404."""

    daemon_threads = True

    def __init__(self, replies: dict[str, list[Reply]], keeps: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Keeping if keeps else Handler)
        self.replies = {path: list(answers) for path, answers in replies.items()}
        self.asked: list[Asked] = []
        self.lock = threading.Lock()
        self.sent = 0  # bytes of bodies that were written

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def times(self, path: str) -> list[float]:
        return [asked.at for asked in self.asked if asked.path == path]

    def next_reply(self, asked: Asked) -> Reply:
        with self.lock:
            self.asked.append(asked)
            answers = self.replies.get(asked.path, [Reply("nothing here", 404)])
            return answers.pop(0) if len(answers) > 1 else answers[0]


class Handler(BaseHTTPRequestHandler):
    server: ToyServer

    def do_POST(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        agent, tag = (self.headers.get(name) for name in ("User-Agent", "If-None-Match"))
        posted = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self.server.next_reply(Asked(self.path, agent or "", time.monotonic(), tag, posted))
        time.sleep(min(reply.stall, LONGEST_STALL))
        if reply.reset:
            linger = struct.pack("ii", 1, 0)  # closing now sends a reset
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
            return
        if tag and tag == reply.headers.get("ETag"):
            self.send_response(304)
            self.send_header("ETag", tag)
            self.end_headers()
            return
        body = reply.body.encode()
        body = gzip.compress(body) if reply.zipped else body
        headers = {"Content-Type": "text/html; charset=utf-8", **reply.headers}
        if reply.zipped:
            headers["Content-Encoding"] = "gzip"
        if reply.sized:
            headers["Content-Length"] = str(len(body) * reply.repeat)
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for _ in range(reply.repeat):
                self.wfile.write(body)
                self.server.sent += len(body)
        except OSError:
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            self.close_connection = True  # the other side has gone, as the test wants it

    def log_message(self, *_: object) -> None:
        """Keeps standard error for the tests."""


class Keeping(Handler):
    """Keeps a connection open for the next request, as the servers of registers do. Every body must be sized."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together


@contextmanager
def serving(replies: dict[str, list[Reply]], *, keeps: bool = False) -> Iterator[ToyServer]:
    """A server on a free port of 127.0.0.1 for the length of the block; `keeps` connections open for more requests."""
    server = ToyServer(replies, keeps)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
