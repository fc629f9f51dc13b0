"""Telling somebody: the account of a refresh to a command or an address, figures to a file for Prometheus."""

from __future__ import annotations

import hashlib
import json
import shlex
import sqlite3
import subprocess
import threading
import urllib.request
from contextlib import closing
from http.client import HTTPException
from pathlib import Path
from typing import Any

import yaml
from sqlite_utils import Database

from standards_db import health, search

SECONDS = 30


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET without the message: it counts as not delivered."""

    def redirect_request(self, *_: Any) -> None:
        return None


def send(target: str, message: dict[str, Any]) -> str | None:
    """Hand the message as JSON to a command (standard input) or an http(s) address (POST).

    None when it was taken, else why not. It takes `SECONDS` at most, however slowly the other side answers.
    """
    body = json.dumps(message, ensure_ascii=False).encode()
    if not target.startswith(("http://", "https://")):
        return run(target, body)
    found: list[str | None] = []
    poster = threading.Thread(target=lambda: found.append(post(target, body)), daemon=True)
    poster.start()
    poster.join(SECONDS)
    return found[0] if found else f"no answer within {SECONDS} seconds"


def run(command: str, body: bytes) -> str | None:
    try:
        done = subprocess.run(shlex.split(command), input=body, timeout=SECONDS, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return str(error)
    return f"exit code {done.returncode}" if done.returncode else None


def post(address: str, body: bytes) -> str | None:
    try:
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        with urllib.request.build_opener(NoRedirect).open(request, timeout=SECONDS):
            return None  # any other status than 2xx is raised
    except (OSError, ValueError, HTTPException) as error:
        return str(error) or type(error).__name__


def write_metrics(path: Path, db: Database) -> None:
    """Write the figures for node_exporter's textfile collector; a reader sees the old file or the new one."""
    refresh = next(iter(db.query(health.REFRESH)), None)
    unfinished = path.with_name(f"{path.name}.tmp")
    unfinished.write_text(health.metrics(db.query(health.SOURCES), refresh), encoding="utf-8")
    unfinished.replace(path)


def answers(snapshot: Path, metadata: Path) -> dict[str, str]:
    """The hash of what each saved question answers on a snapshot, with every parameter blank; {} without a file."""
    if not snapshot.exists():
        return {}
    questions = yaml.safe_load(metadata.read_text(encoding="utf-8"))["databases"]["standards"]["queries"]
    found = {}
    with closing(sqlite3.connect(f"{snapshot.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        search.register(connection)
        for name, question in questions.items():
            try:
                rows = connection.execute(question["sql"], Blank()).fetchall()
            except sqlite3.Error as error:  # an older snapshot may lack a table
                rows = [str(error)]
            found[name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return found


class Blank(dict[str, str]):
    """Parameters of a saved question, all blank."""

    def __missing__(self, name: str) -> str:
        return ""


def changed_answers(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Names of the questions whose answer differs; nothing is news on a first snapshot."""
    return sorted(name for name in before.keys() & after.keys() if before[name] != after[name])
