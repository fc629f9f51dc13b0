"""`python -m benchmarks.swap SNAPSHOT [--swaps N] [--visitors N]`: going back and forth between two published snapshots
while visitors ask without pause. SNAPSHOT is `published/standards.db` with at least two generations; it ends where it
began. Exit code 1 when a request was not answered with 200."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from tabulate import tabulate

from standards_db import generations

PATHS = ("/standards/snapshot.json?_shape=array", "/standards/documents?_size=20", "/-/health")
LONGEST = 120


class Visitors:
    """Threads that ask one path after the other, with a connection each time or with one they keep."""

    def __init__(self, port: int, count: int, *, keep_alive: bool) -> None:
        self.port, self.keep_alive = port, keep_alive
        self.answers: Counter[str] = Counter()
        self.reopened = 0
        self.seen: list[str] = []
        self.done = threading.Event()
        self.threads = [threading.Thread(target=self.visit) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def visit(self) -> None:
        connection = None
        number = 0
        while not self.done.is_set():
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST)
            is_used = connection.sock is not None
            path = PATHS[number % len(PATHS)]
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                body = answer.read()
            except (http.client.RemoteDisconnected, ConnectionError) as error:
                connection.close()
                connection = None
                if is_used:  # the server closed an idle connection: every client asks again on a new one
                    self.reopened += 1
                else:
                    self.answers[type(error).__name__] += 1
                continue
            except OSError as error:
                self.answers[type(error).__name__] += 1
                connection = None
                continue
            number += 1
            self.answers[str(answer.status)] += 1
            if path == PATHS[0] and answer.status == 200:
                self.seen.append(json.loads(body)[0]["sha256"])
            if not self.keep_alive:
                connection.close()
                connection = None

    def wait_until_seen(self, sha256: str) -> None:
        """Until the last ten answers come from this snapshot."""
        deadline = time.monotonic() + LONGEST
        while self.seen[-10:] != [sha256] * 10 and time.monotonic() < deadline:
            time.sleep(0.1)

    def stop(self) -> None:
        self.done.set()
        for thread in self.threads:
            thread.join(LONGEST)


def wait_for(port: int) -> None:
    """Until the socket is there: from then on nobody is refused."""
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.swap", description=__doc__)
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("--swaps", type=int, default=6, help="times the name leads elsewhere (default %(default)s)")
    parser.add_argument("--visitors", type=int, default=4, help="askers at a time (default %(default)s)")
    options = parser.parse_args()
    names = [(one.name, one.sha256) for one in generations.generations(options.snapshot)][-2:]
    if len(names) < 2:
        parser.error(f"{options.snapshot}: two generations are needed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "crawler.cli", "serve", "--snapshot", str(options.snapshot), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    rows = []
    try:
        wait_for(port)
        for keep_alive in (False, True):
            visitors = Visitors(port, options.visitors, keep_alive=keep_alive)
            visitors.wait_until_seen(names[-1][1])
            for swap in range(options.swaps):
                name, sha256 = names[swap % 2]
                generations.roll_back(options.snapshot, name)
                visitors.wait_until_seen(sha256)
            generations.roll_back(options.snapshot, names[-1][0])
            visitors.wait_until_seen(names[-1][1])
            visitors.stop()
            failed = sum(count for answer, count in visitors.answers.items() if answer != "200")
            asked = sum(visitors.answers.values())
            kind = "kept" if keep_alive else "one per request"
            answers = ", ".join(f"{count} {answer}" for answer, count in visitors.answers.most_common())
            rows.append([kind, options.swaps, asked, failed, answers, visitors.reopened, len(set(visitors.seen))])
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(LONGEST)
    headers = ("connections", "swaps", "requests", "failed", "answers", "idle ones reopened", "generations seen")
    print(tabulate(rows, headers=headers, tablefmt="github"))
    return int(any(row[3] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
