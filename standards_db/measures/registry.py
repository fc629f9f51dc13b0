"""Finds the measures: every file of this folder that states the facts of one. Nothing is listed anywhere."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any

from standards_db.measures.model import ALLOWED, FOLDER, Measure, MeasureError, Rows, Settings

FACTS = tuple(f.name for f in fields(Measure) if f.name not in ("key", "source", "rows"))
OPTIONAL = {"years", "interval", "numerator", "denominator", "counts", "empty", "needs", "rests_on"}
FACT_LINE = re.compile(r"--\s*([a-z_]+):\s*(.*)")


def discover(folder: Path = FOLDER) -> list[Measure]:
    """The measures of a folder, each after those it needs. Raises MeasureError (file and reason)."""
    found = [measure_of_sql(path) for path in sorted(folder.glob("*.sql"))]
    for path in sorted(folder.glob("*.py")):
        module = importlib.import_module(f"{__package__}.{path.stem}") if folder == FOLDER else load(path)
        if hasattr(module, "question"):
            found.append(measure_of_module(module, path))
    return in_order(found)


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise MeasureError(f"{path}: cannot be read as a module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_order(measures: list[Measure]) -> list[Measure]:
    waiting = {measure.key: measure for measure in measures}
    if len(waiting) < len(measures):
        raise MeasureError(f"{FOLDER}: two files are one measure")
    ordered: list[Measure] = []
    while waiting:
        ready = [key for key, measure in waiting.items() if not set(measure.needs) & waiting.keys()]
        if not ready:
            raise MeasureError(f"measures that need each other: {', '.join(waiting)}")
        ordered += [waiting.pop(key) for key in ready]
    if missing := {need for measure in ordered for need in measure.needs} - {measure.key for measure in ordered}:
        raise MeasureError(f"needed, and no measure: {', '.join(sorted(missing))}")
    return ordered


def measure_of_sql(path: Path) -> Measure:
    """A measure from the comment at the top of a file; a line without `fact:` continues the fact above it."""
    text = path.read_text(encoding="utf-8").strip().rstrip(";")
    given: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        match = FACT_LINE.fullmatch(line)
        if match and match[1] in FACTS:
            name = match[1]
            given[name] = match[2].strip()
        elif name:
            given[name] += f" {line.removeprefix('--').strip()}"
    facts: dict[str, Any] = {**given, "needs": tuple(re.findall(r"\w+", given.get("needs", "")))}
    select = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return checked(path, facts, text, sql_rows(select))


def sql_rows(select: str) -> Rows:
    def rows(connection: sqlite3.Connection, settings: Settings) -> Iterable[Mapping[str, Any]]:
        cursor = connection.execute(select)
        names = [column[0] for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in cursor)

    return rows


def measure_of_module(module: ModuleType, path: Path) -> Measure:
    facts = {name: getattr(module, name) for name in FACTS if hasattr(module, name)}
    rows = getattr(module, "rows", None)
    if not callable(rows):
        raise MeasureError(f"{path}: states the facts of a measure and has no function rows(connection, settings)")
    return checked(path, facts, path.read_text(encoding="utf-8"), rows)


def checked(path: Path, facts: dict[str, Any], source: str, rows: Rows) -> Measure:
    facts = {name: " ".join(fact.split()) if isinstance(fact, str) else fact for name, fact in facts.items()}
    for name in FACTS:
        if name not in OPTIONAL and not facts.get(name):
            raise MeasureError(f"{path}: states no {name}")
        if name in ALLOWED and name in facts and facts[name] not in ALLOWED[name]:
            raise MeasureError(f"{path}: {name} is {facts[name]!r} and none of {', '.join(sorted(ALLOWED[name]))}")
    return Measure(key=path.stem, source=source, rows=rows, **facts)
