"""A Redis of the tests' own on a free port of 127.0.0.1, without a file, ended with its block."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler import queue

# Where SPHERES_REDIS_SERVER=required a missing server is a failure and no reason to skip.
IS_HERE = shutil.which("redis-server") is not None or os.environ.get("SPHERES_REDIS_SERVER") == "required"
WHY_NOT = "needs Debian's redis-server"


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a fresh server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", ""]
    with subprocess.Popen([*command, "--appendonly", "no"], stdout=subprocess.DEVNULL) as server:
        url = f"redis://127.0.0.1:{port}/0"
        try:
            for attempt in range(100):
                try:
                    queue.connect(url)
                    break
                except queue.QueueError:
                    if attempt == 99:
                        raise
                    time.sleep(0.1)
            yield url
        finally:
            server.terminate()
