"""A healthy toy site of ten items, and a live crawl of it in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from toy_live import item_page, list_page
from toy_server import Reply, ToyServer

TEN = list(range(11, 21))
NO_RULES = Reply("User-agent: *\nDisallow:\n", headers={"Content-Type": "text/plain"})


def site(numbers: list[int], **given: Any) -> dict[str, list[Reply]]:
    """The replies of a healthy site with these items; `given` replaces those of item_<number>, list or robots."""
    replies = {f"/item/{number}": [Reply(item_page(number))] for number in numbers}
    replies |= {"/list": [Reply(list_page(numbers))], "/robots.txt": [NO_RULES]}
    for name, answers in given.items():
        path = f"/{name.replace('_', '/')}" if name != "robots" else "/robots.txt"
        replies[path] = answers if isinstance(answers, list) else [answers]
    return replies


def command(order: dict[str, Any]) -> list[str]:
    return [sys.executable, str(Path(__file__).with_name("toy_live.py")), json.dumps(order)]


def start(order: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(order), capture_output=True, text=True, timeout=90, check=False)


def tagged(replies: dict[str, list[Reply]]) -> dict[str, list[Reply]]:
    """The same replies, each with an ETag made of its body."""
    return {
        path: [
            replace(reply, headers={**reply.headers, "ETag": f'"{zlib.crc32(reply.body.encode())}"'}) for reply in each
        ]
        for path, each in replies.items()
    }


def crawl(
    server: ToyServer,
    folder: Path,
    delay: float = 0.02,
    record_to: Path | None = None,
    more: dict[str, Any] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Crawl the server live into folder/live.db; the outcome as a dict. `more` is what else toy_live.py is told."""
    order = {"base": server.base, "db": str(folder / "live.db"), "delay": delay, "settings": options, **(more or {})}
    order["record_to"] = str(record_to) if record_to else None
    done = start(order)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
