"""Frozen classes of the taxonomy and the functions that read them from the YAML files beside this module."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
# The C loader reads the files ten times faster; it is missing where PyYAML was built without libyaml.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
BLANKS = re.compile(r"\s+")
BETWEEN_HAN = re.compile(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")


class TaxonomyError(ValueError):
    """A taxonomy file contradicts itself; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Sphere:
    """A bloc, or the shared baseline."""

    key: str
    label: str
    description: str


@dataclass(frozen=True, slots=True)
class Body:
    """Who writes, adopts, recognises or certifies; `since` and `until` (ISO dates) bound the sphere assignment."""

    key: str
    name: str
    name_native: str | None
    sphere: str
    reason: str
    since: str | None
    until: str | None
    country: str | None
    kind: str
    url: str | None
    source_url: str | None
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject with the evidence that puts a document into it; see topics.yml for the meaning of each list."""

    key: str
    label: str
    label_zh: str
    description: str
    needs_security: bool
    ics: tuple[str, ...]
    ccs: tuple[str, ...]
    committees: tuple[str, ...]
    keywords_en: tuple[str, ...]
    acronyms: tuple[str, ...]
    keywords_zh: tuple[str, ...]
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """State of a document or certificate; `in_force` tells whether it holds on the day it was read."""

    key: str
    label: str
    in_force: bool
    description: str


@dataclass(frozen=True, slots=True)
class Degree:
    """Degree of adoption after ISO/IEC Guide 21; only those with `is_adoption` are counted as adoption."""

    key: str
    label: str
    is_adoption: bool
    description: str


@dataclass(frozen=True, slots=True)
class Country:
    """A country by its ISO 3166-1 alpha-2 key, with the sphere its membership gives it and the rule that says so."""

    key: str
    name: str
    sphere: str
    reason: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scheme:
    """What certifies. `country` gives it its sphere (None: it spans countries, and its body does); `partners` are
    countries that run it jointly; `since` and `until` are ISO dates or months."""

    key: str
    title: str
    body: str
    kind: str
    country: str | None
    partners: tuple[str, ...]
    since: str | None
    until: str | None
    url: str | None
    source_url: str
    aliases: tuple[str, ...]


def fold(text: str) -> str:
    """A spelling to compare by: NFKC, lower case, one blank between words, none between Han characters."""
    folded = BLANKS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
    return BETWEEN_HAN.sub("", folded)


@cache
def read(name: str) -> dict[str, Any]:
    """One YAML file of this folder. Raises TaxonomyError when it is not a mapping."""
    data = yaml.load((HERE / f"{name}.yml").read_text(encoding="utf-8"), Loader=LOADER)
    if not isinstance(data, dict):
        raise TaxonomyError(f"{name}.yml: not a mapping")
    return data


def spheres() -> dict[str, Sphere]:
    return {key: Sphere(key, row["label"], row["description"]) for key, row in read("spheres")["spheres"].items()}


def bodies() -> dict[str, Body]:
    return {
        key: Body(
            key=key,
            name=row["name"],
            name_native=row.get("native"),
            sphere=row["sphere"],
            reason=row["reason"],
            since=row.get("since"),
            until=row.get("until"),
            country=row.get("country"),
            kind=row["kind"],
            url=row.get("url"),
            source_url=row.get("source"),
            aliases=tuple(row.get("aliases", ())),
        )
        for key, row in read("bodies")["bodies"].items()
    }


def topics() -> dict[str, Topic]:
    lists = ("ics", "ccs", "committees", "keywords_en", "acronyms", "keywords_zh", "exclude")
    return {
        key: Topic(
            key=key,
            label=row["label"],
            label_zh=row["label_zh"],
            description=row["description"],
            needs_security=row.get("needs_security", False),
            **{name: tuple(row.get(name, ())) for name in lists},
        )
        for key, row in read("topics")["topics"].items()
    }


def statuses() -> dict[str, Status]:
    return {
        key: Status(key, row["label"], row["in_force"], row["description"])
        for key, row in read("statuses")["statuses"].items()
    }


def degrees() -> dict[str, Degree]:
    return {
        key: Degree(key, row["label"], row["adoption"], row["description"])
        for key, row in read("degrees")["degrees"].items()
    }


def countries() -> dict[str, Country]:
    rules = read("countries")["rules"]
    return {
        key: Country(
            key=key,
            name=row["name"],
            sphere=row.get("sphere", "other"),
            reason=rules[row.get("sphere", "other")],
            aliases=tuple(row.get("aliases", ())),
        )
        for key, row in read("countries")["countries"].items()
    }


def schemes() -> dict[str, Scheme]:
    return {
        key: Scheme(
            key=key,
            title=row["title"],
            body=row["body"],
            kind=row["kind"],
            country=row.get("country"),
            partners=tuple(row.get("partners", ())),
            since=row.get("since"),
            until=row.get("until"),
            url=row.get("url"),
            source_url=row["source"],
            aliases=tuple(row["aliases"]),
        )
        for key, row in read("schemes")["schemes"].items()
    }
