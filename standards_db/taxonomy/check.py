"""Cross-checks of the taxonomy files: references exist, patterns compile, no spelling has two owners."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from standards_db.taxonomy import model
from standards_db.taxonomy.match import literal_of
from standards_db.taxonomy.model import Body, Country, Degree, Sphere, Status, Topic, fold


def body_names(body: Body) -> tuple[str, ...]:
    """Every spelling that means this body."""
    return tuple(name for name in (body.key, body.name, body.name_native, *body.aliases) if name)


def country_names(country: Country) -> tuple[str, ...]:
    """Every spelling that means this country."""
    return (country.key, country.name, *country.aliases)


def problems(
    spheres: dict[str, Sphere],
    bodies: dict[str, Body],
    topics: dict[str, Topic],
    statuses: dict[str, Status],
    degrees: dict[str, Degree],
    countries: dict[str, Country],
) -> list[str]:
    """All contradictions, one sentence each."""
    return [
        *(f"bodies.yml: {b.key}: unknown sphere {b.sphere}" for b in bodies.values() if b.sphere not in spheres),
        *(f"bodies.yml: {b.key}: no reason for its sphere" for b in bodies.values() if not b.reason.strip()),
        *(f"bodies.yml: {b.key}: no source" for b in bodies.values() if not b.source_url),
        *(
            f"bodies.yml: {b.key}: unknown country {b.country}"
            for b in bodies.values()
            if b.country and b.country not in countries
        ),
        *(f"countries.yml: {c.key}: unknown sphere {c.sphere}" for c in countries.values() if c.sphere not in spheres),
        *owned_twice("bodies.yml", ((name, b.key) for b in bodies.values() for name in body_names(b))),
        *owned_twice("countries.yml", ((name, c.key) for c in countries.values() for name in country_names(c))),
        *status_problems(statuses),
        *degree_problems(degrees),
        *topic_problems(topics),
    ]


def owned_twice(file: str, names: Iterable[tuple[str, str]]) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, key in names:
        if owners.setdefault(fold(name), key) != key:
            yield f"{file}: {name!r} means both {owners[fold(name)]} and {key}"


def status_problems(statuses: dict[str, Status]) -> Iterator[str]:
    data = model.read("statuses")
    tables = {"words": data["words"], **{f"source_words {name}": words for name, words in data["source_words"].items()}}
    tables |= {f"stages {name}": data["stages"][name] for name in ("codes", "ends", "stages")}
    for name, words in tables.items():
        yield from (f"statuses.yml: {name}: {w}: unknown status {s}" for w, s in words.items() if s not in statuses)
        yield from owned_twice(f"statuses.yml: {name}", words.items())


def degree_problems(degrees: dict[str, Degree]) -> Iterator[str]:
    data = model.read("degrees")
    yield from owned_twice("degrees.yml", ((w, key) for key, row in data["degrees"].items() for w in row["words"]))
    marks = data["reference_marks"].items()
    yield from (f"degrees.yml: mark {mark}: unknown degree {key}" for mark, key in marks if key not in degrees)


def topic_problems(topics: dict[str, Topic]) -> Iterator[str]:
    data = model.read("topics")
    patterns = [(key, p) for key, t in topics.items() for p in (*t.keywords_en, *t.keywords_zh)]
    patterns += [("security", p) for p in (*data["security"]["keywords_en"], *data["security"]["keywords_zh"])]
    for key, pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            yield f"topics.yml: {key}: {pattern}: {error}"
            continue
        if literal_of(pattern) is None:
            yield f"topics.yml: {key}: {pattern}: no fixed text of two characters to look for first"
    for key, topic in topics.items():
        for pattern in topic.exclude:
            try:
                re.compile(pattern)
            except re.error as error:
                yield f"topics.yml: {key}: exclude {pattern}: {error}"
        if not (topic.keywords_en and topic.keywords_zh):
            yield f"topics.yml: {key}: keywords in English and in Chinese are needed"
    for field in ("ics", "committees"):
        owners = ((code, key) for key, topic in topics.items() for code in getattr(topic, field))
        yield from owned_twice(f"topics.yml: {field}", owners)
