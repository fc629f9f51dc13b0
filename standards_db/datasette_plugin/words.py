"""The words of the interface: one catalogue file per language in `text/`, so a translation is a file.

Keys are dotted (`vendor.title`). A text may hold `{names}`, whose values are escaped; of a key with `one` and `many`
below it `n` chooses. The catalogue itself is trusted markup. English is complete; a translation may lack keys, and what
it lacks is shown in English. Three branches name data: `labels` (column, value), `columns` (column) and `metadata`
(as metadata.yml is built); there English is what the data or metadata.yml itself says.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup, escape

from standards_db import taxonomy

FOLDER = Path(__file__).parent / "text"
ENGLISH, CHINESE = "en", "zh"
HAN = r"\u3400-\u9fff\uf900-\ufaff"
PASSAGE = re.compile(rf"[{HAN}](?:[^<>\n]*[{HAN}])?[\u3000-\u303f\uff00-\uffef]*")
CHOICES: dict[str, tuple[str, ...]] = {"sphere": ("cn", "eu", "us"), "topic": tuple(taxonomy.TOPICS)}
CODES: dict[str, tuple[dict[str, Any], str]] = {  # column: its codes, and the attribute that names one
    "sphere": (taxonomy.SPHERES, "label"),
    "status": (taxonomy.STATUSES, "label"),
    "degree": (taxonomy.DEGREES, "label"),
    "topic": (taxonomy.TOPICS, "label"),
    "body": (taxonomy.BODIES, "name"),
    "scheme": (taxonomy.SCHEMES, "title"),
    "country": (taxonomy.COUNTRIES, "name"),
}
CURRENT = ContextVar("language", default=ENGLISH)  # of the page that is being made
# Columns whose values are named by another column's labels.
SAME_WORDS = {
    **dict.fromkeys(("work_body", "last_body"), "body"),
    **dict.fromkeys(("sphere_a", "sphere_b", "behind", "last_sphere", "target_sphere"), "sphere"),
    **dict.fromkeys(("in_force_basis", "valid_from_basis", "valid_until_basis"), "basis"),
    **dict.fromkeys(("rule", "relation", "method", "confidence"), "how"),
}


@lru_cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yml")))


@lru_cache
def catalogue(name: str) -> dict[str, str]:
    """Every text of one language by its dotted key."""
    return flat(yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8")), "")


def flat(branch: dict[str, Any], prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in branch.items():
        found.update(flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": str(value)})
    return found


@lru_cache
def texts(name: str) -> dict[str, str]:
    """One language with English below it."""
    return {**catalogue(ENGLISH), **catalogue(name)}


def t(key: str, n: int | None = None, **values: Any) -> Markup:
    """The text of `key` in the language of the page, as markup. An unknown key is a KeyError: a test finds them all."""
    key, values = chosen(key, n, values)
    return Markup(texts(CURRENT.get())[key]).format(**{name: shown(value) for name, value in values.items()})


def say(key: str, n: int | None = None, **values: Any) -> str:
    """The same as plain text, for what escapes its words itself (charts, feeds, problems)."""
    key, values = chosen(key, n, values)
    printed = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
    return texts(CURRENT.get())[key].format(**printed)


def chosen(key: str, n: int | None, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return (key, values) if n is None else (f"{key}.{'one' if n == 1 else 'many'}", {**values, "n": n})


def shown(value: Any) -> Markup:
    """A value inside a text: numbers with separators, everything else escaped."""
    return Markup(f"{value:,}") if isinstance(value, int) else escape(value)


def marked(text: Any) -> Markup:
    """A text of the data as markup in which every Chinese passage says that it is Chinese."""
    plain, done, end = str(text or ""), Markup(""), 0
    for found in PASSAGE.finditer(plain):
        done += escape(plain[end : found.start()]) + Markup('<span lang="zh">{}</span>').format(found[0])
        end = found.end()
    return done + escape(plain[end:])


def named(column: str, value: Any, label: Any = None) -> str:
    """What a reader calls a value: the language's word, else `label`, else that of the taxonomy, else the value."""
    own = label if label != value else None  # a code that repeats itself is no label
    return known(column, value) or str(own or coded(column, value) or ("" if value is None else value))


def known(column: str, value: Any) -> str | None:
    """The language's own word for a value of a column: of its catalogue, or Chinese that the taxonomy holds."""
    column = SAME_WORDS.get(column, column)
    found = texts(CURRENT.get()).get(f"labels.{column}.{value}")
    if found is None and CURRENT.get() == CHINESE:
        if column == "topic" and value in taxonomy.TOPICS:
            return taxonomy.TOPICS[value].label_zh
        if column == "body" and value in taxonomy.BODIES and taxonomy.BODIES[value].sphere == "cn":
            return taxonomy.BODIES[value].name_native
    return found


def coded(column: str, value: Any) -> str | None:
    """The label that the taxonomy gives a code."""
    rows, name = CODES.get(SAME_WORDS.get(column, column), ({}, ""))
    return getattr(rows[value], name) if value in rows else None


def choices_of(parameter: str, value: str) -> list[tuple[str, str]]:
    """The values of a question's parameter that names a sphere or a topic, each with its word.

    None for any other parameter, and none when `value` is not one of them: then it is shown as it was typed.
    """
    keys = CHOICES.get(parameter, ())
    if value and value not in keys:
        return []
    return sorted(((key, named(parameter, key)) for key in keys), key=lambda pair: pair[1])


def heading(column: str) -> str:
    """What a reader calls a column."""
    return texts(CURRENT.get()).get(f"columns.{column}") or column.replace("_", " ")


def told(path: str, given: Any) -> str:
    """A text of metadata.yml by its dotted path in the language of the page, else as `given`."""
    return texts(CURRENT.get()).get(f"metadata.{path}") or str(given or "")


def yes_no(value: Any) -> str | None:
    """What a reader calls 1 and 0; None for anything else."""
    return say("yes") if str(value) == "1" else say("no") if str(value) == "0" else None
