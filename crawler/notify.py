"""Telling somebody: the account of a refresh to a command or an address, figures to a file for Prometheus."""

from __future__ import annotations

import hashlib
import json
import shlex
import sqlite3
import subprocess
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml
from sqlite_utils import Database

from standards_db import health, search

SECONDS = 30


def send(target: str, message: dict[str, Any]) -> bool:
    """Hand the message as JSON to a command (standard input) or an http(s) address (POST); whether it was taken."""
    body = json.dumps(message, ensure_ascii=False).encode()
    try:
        if target.startswith(("http://", "https://")):
            request = urllib.request.Request(target, body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return bool(200 <= answer.status < 300)
        done = subprocess.run(shlex.split(target), input=body, timeout=SECONDS, check=False)
        return done.returncode == 0
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False


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
