"""What the words of the sources mean: spheres, bodies, topics, statuses, degrees of adoption, countries and schemes.

Everything that can be enumerated lies in the YAML files of this folder; here it is only looked up.
An unknown word gives None and is the caller's to count, never a guess.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from standards_db.taxonomy import check, model, schemes
from standards_db.taxonomy.match import TopicMatcher
from standards_db.taxonomy.model import Body, Country, Degree, Scheme, Sphere, Status, TaxonomyError, Topic, fold
from standards_db.taxonomy.schemes import SCHEMES, scheme_in, scheme_of

__all__ = [
    "BODIES",
    "CLOSED_SOURCES",
    "COUNTRIES",
    "DEGREES",
    "SCHEMES",
    "SPHERES",
    "STATUSES",
    "TOPICS",
    "Body",
    "Country",
    "Degree",
    "Scheme",
    "Sphere",
    "Status",
    "TaxonomyError",
    "Topic",
    "body_of",
    "country_of",
    "degree_of",
    "fold",
    "load_check",
    "member_country",
    "scheme_in",
    "scheme_of",
    "scheme_sphere",
    "status_of",
    "topics_of",
]

SPHERES: dict[str, Sphere] = model.spheres()
BODIES: dict[str, Body] = model.bodies()
CLOSED_SOURCES: dict[str, dict[str, str]] = model.read("closed_sources")["closed_sources"]
_MEMBERS: dict[str, str] = model.read("members")["members"]
TOPICS: dict[str, Topic] = model.topics()
STATUSES: dict[str, Status] = model.statuses()
DEGREES: dict[str, Degree] = model.degrees()
COUNTRIES: dict[str, Country] = model.countries()

_STATUS_DATA = model.read("statuses")
_WORDS: dict[str, str] = {fold(word): status for word, status in _STATUS_DATA["words"].items()}
_SOURCE_WORDS: dict[str, dict[str, str]] = {
    source: {fold(word): status for word, status in words.items()}
    for source, words in _STATUS_DATA["source_words"].items()
}
_STAGES: dict[str, Any] = _STATUS_DATA["stages"]
_STAGE = re.compile(r"(\d{2})\.(\d{2})")
_BARE_STAGE = re.compile(r"\d{1,4}")
_TAIL = re.compile(r"\s*\([^()]*\)$")

_DEGREE_DATA = model.read("degrees")
_DEGREE_WORDS: dict[str, str] = {
    fold(word): key for key, row in _DEGREE_DATA["degrees"].items() for word in row["words"]
}
_MARKS: dict[str, str] = _DEGREE_DATA["reference_marks"]
_MARK = re.compile(r"(?:^|\()\s*(" + "|".join(_MARKS) + r")\s*\)?\s*$")
_DEGREE_START = re.compile(
    r"(?:本(?:标准|文件|部分|指导性技术文件)(?:使用(?:翻译法|重新起草法))?|.*一致性程度为)?(?P<word>"
    + "|".join(rf"{re.escape(w)}(?![a-z])" for w in sorted(_DEGREE_WORDS, key=len, reverse=True))
    + ")"
)

_BODY_KEYS = {fold(alias): body.key for body in BODIES.values() for alias in check.body_names(body)}
_COUNTRY_KEYS = {fold(alias).rstrip("."): c.key for c in COUNTRIES.values() for alias in check.country_names(c)}
_ADDRESS_LINES = [
    (re.compile(pattern), key) for key, pattern in model.read("countries").get("address_lines", {}).items()
]

topics_of = TopicMatcher(TOPICS, model.read("topics")).topics_of


@lru_cache(maxsize=4096)
def body_of(text: str | None) -> str | None:
    """The body that owns this exact spelling (name, native name, key or alias, after folding), else None."""
    return _BODY_KEYS.get(fold(text)) if text else None


@lru_cache(maxsize=4096)
def status_of(text: str | None, *, source: str | None = None) -> str | None:
    """The status a printed word means, or None when the word is not known.

    `source` picks the reading of a word that several sources use differently. ISO and IEC stage codes are
    read in the forms "60.60", "6060" and, since a number loses its leading zeros, "60" for 00.60.
    """
    if not text:
        return None
    word = fold(str(text))
    found = _SOURCE_WORDS.get(source or "", {}).get(word) or _WORDS.get(word)
    if found:
        return found
    if stage := _stage_of(word):
        return stage
    # The modules-in-process list appends the date of the last step: "Pending Review  (12/31/2025)".
    shorter = _TAIL.sub("", word)
    return _WORDS.get(shorter) if shorter != word else None


def _stage_of(word: str) -> str | None:
    if _BARE_STAGE.fullmatch(word):
        word = f"{word.zfill(4)[:2]}.{word.zfill(4)[2:]}"
    match = _STAGE.fullmatch(word)
    if not match or match[2] not in _STAGES["substages"]:
        return None
    found: str | None = _STAGES["codes"].get(word) or _STAGES["ends"].get(match[2]) or _STAGES["stages"].get(match[1])
    return found


@lru_cache(maxsize=4096)
def degree_of(text: str | None) -> str | None:
    """IDT, MOD or NEQ for a printed degree, alone or with its reference ("等同  ISO/TS 9002"), else None.

    Upper-case EQV alone or in brackets at the end is CEN's mark for an endorsed text and gives IDT;
    the "eqv" and "等效" of the GB rules before 2002 give MOD.
    """
    if not text:
        return None
    if mark := _MARK.search(text.strip()):
        return _MARKS[mark[1]]
    match = _DEGREE_START.match(fold(text).lstrip("("))
    return _DEGREE_WORDS[match["word"]] if match else None


@lru_cache(maxsize=4096)
def country_of(text: str | None) -> Country | None:
    """The country of a code, a name or a US address line, else None."""
    if not text:
        return None
    key = _COUNTRY_KEYS.get(fold(text).rstrip("."))
    if key is None:
        key = next((found for pattern, found in _ADDRESS_LINES if pattern.search(text.strip())), None)
    return COUNTRIES[key] if key else None


def member_country(acronym: str | None) -> Country | None:
    """The country of a national body by its acronym in the ISO committee feed, else None."""
    key = _MEMBERS.get(acronym or "")
    return COUNTRIES[key] if key else None


def scheme_sphere(scheme: Scheme) -> str:
    """The sphere of a scheme: that of its country, else that of its body."""
    return schemes.sphere_of(scheme, BODIES, COUNTRIES)


def load_check() -> list[str]:
    """Contradictions inside and between the files, one sentence each; empty when there is none."""
    strangers = [f"members.yml: {name}: no country {key!r}" for name, key in _MEMBERS.items() if key not in COUNTRIES]
    strangers += schemes.problems(BODIES, COUNTRIES)
    return strangers + check.problems(SPHERES, BODIES, TOPICS, STATUSES, DEGREES, COUNTRIES)
