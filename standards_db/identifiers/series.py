"""Loads ``series.yml``: prefix -> series with body and force."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_name("series.yml")
FAMILIES = frozenset(
    [
        "gb",
        "nist",
        "ietf",
        "etsi",
        "cen",
        "iso",
        "itu",
        "3gpp",
        "ieee",
        "ansi",
        "oasis",
        "w3c",
        "bsi",
        "anssi",
        "owasp",
        "cc",
        "pci",
        "nerc",
        "national",
        "certificate",
    ]
)


class SeriesError(ValueError):
    """``series.yml`` contradicts itself; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Series:
    """A prefix of designations with the facts that follow from it."""

    name: str
    family: str
    body: str
    force: str | None = None
    aliases: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    min_digits: int = 1


@cache
def _data() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data: dict[str, Any] = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=loader)
    return data


@cache
def all_series() -> dict[str, Series]:
    """Every series by its canonical name, the industry codes expanded. Raises ``SeriesError``."""
    found: dict[str, Series] = {}
    for row in [*_data()["series"], *_industry_rows()]:
        row = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
        series = Series(name=row.pop("series"), **row)
        if series.family not in FAMILIES:
            raise SeriesError(f"{series.name}: unknown family {series.family!r}")
        if series.name in found:
            raise SeriesError(f"{series.name}: listed twice")
        found[series.name] = series
    return found


def _industry_rows() -> list[dict[str, Any]]:
    rows = []
    section = _data()["industry"]
    for code, fact in section["codes"].items():
        suffixes = dict(section["force"])
        examples = [fact["example"], *fact.get("also", ())]
        for example in examples:
            suffixes.setdefault(example.split(" ")[0].removeprefix(code), None)
        for suffix, force in suffixes.items():
            rows.append(
                {
                    "series": code + suffix,
                    "family": "gb",
                    "body": fact["body"],
                    "force": force,
                    "min_digits": fact.get("min_digits", 1),
                    "examples": [e for e in examples if e.startswith(f"{code}{suffix} ")],
                }
            )
    return rows


@cache
def spellings(family: str) -> dict[str, Series]:
    """Upper-case spelling (canonical or alias) -> series, for one family. Raises ``SeriesError`` on a double owner."""
    table: dict[str, Series] = {}
    for series in all_series().values():
        if series.family != family:
            continue
        for spelling in (series.name, *series.aliases):
            if table.setdefault(spelling.upper(), series) is not series:
                raise SeriesError(f"{spelling}: owned by {table[spelling.upper()].name} and {series.name}")
    return table


@cache
def local() -> dict[str, Any]:
    """Body, force by suffix and examples of the local standards DBnn."""
    return dict(_data()["local"])


@cache
def group() -> dict[str, Any]:
    """Default body, known group codes and examples of the group standards T/CODE."""
    return dict(_data()["group"])


@cache
def misprints() -> dict[str, str]:
    """Designation as misprinted -> designation meant."""
    return {row["printed"]: row["meant"] for row in _data()["misprints"]}
