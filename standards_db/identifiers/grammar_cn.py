"""Chinese designations: national, industry, local and group standards."""

from __future__ import annotations

import re

from . import series
from .model import Identifier
from .shape import Shape, alternatives, shape

_YEAR = r"(?:19|20)\d\d"
_NUMBER = r"\d+[A-Z]?(?:\.\d+)*"
_DUAL = r"(?:(?:/|\ idt\ )(?P<dual>(?:ISO|IEC)(?:/[A-Z]+)*\ ?(?:TS\ |TR\ )?\d[\d-]*(?::" + _YEAR + r")?))?"
_TAIL = rf"(?:-(?P<year>{_YEAR}|[5-9]\d))?(?P<sheet>(?:/XG\d+(?:-{_YEAR})?)*){_DUAL}"


def full_year(text: str | None) -> str | None:
    """Designations before 1995 carry two digits of the year."""
    return f"19{text}" if text and len(text) == 2 else text


def _national(m: re.Match[str]) -> Identifier | None:
    known = series.spellings("gb").get(m["prefix"].upper().replace(" ", ""))
    if known is None or len(m["number"].split(".")[0]) < known.min_digits:
        return None
    if not m["year"] and "/" not in known.name and " " not in m.group():
        return None
    adopts = None
    if m["dual"]:
        from .grammars import parse

        if (adopts := parse(m["dual"])) is None:
            return None
    sheets = tuple(s.upper() for s in m["sheet"].split("/") if s)
    return Identifier(
        "gb",
        known.body,
        known.name,
        m["number"].upper(),
        full_year(m["year"]),
        supplements=sheets,
        force=known.force,
        adopts=adopts,
    )


def _local(m: re.Match[str]) -> Identifier:
    facts = series.local()
    suffix = (m["suffix"] or "").upper()
    return Identifier(
        "gb", facts["body"], f"DB{m['region']}{suffix}", m["number"], m["year"], force=facts["force"][suffix]
    )


def _group(m: re.Match[str]) -> Identifier:
    facts = series.group()
    code = m["code"].upper()
    return Identifier("gb", facts["known"].get(code, facts["body"]), f"T/{code}", m["number"], m["year"])


def shapes() -> list[Shape]:
    """The shapes of this module; prefixes come from ``series.yml``."""
    spelled = series.spellings("gb")
    heads = " ".join(sorted({re.match(r"[A-Z]+", s).group() for s in spelled}))  # type: ignore[union-attr]
    prefix = alternatives(spelled)
    with_slash = alternatives([s for s in (x.name for x in spelled.values()) if "/" in s])
    bare = alternatives([s for s in (x.name for x in spelled.values()) if "/" not in s])
    dated = rf"(?=\ ?{_NUMBER}-(?:{_YEAR}|[5-9]\d))"
    inside = rf"(?:(?P<prefix>(?:{with_slash})|(?:{bare}){dated})\ ?(?P<number>{_NUMBER}){_TAIL})"
    return [
        shape(heads, rf"(?P<prefix>{prefix})\ ?(?P<number>{_NUMBER}){_TAIL}", _national, inside=inside),
        shape("GSB", rf"GSB\ (?P<number>\d\d-\d+)(?:-(?P<year>{_YEAR}))?", _sample, inside=False),
        shape(
            "DB",
            rf"DB(?P<region>\d{{2}}(?:\d\d){{0,2}})(?P<suffix>/[TZ])?\ (?P<number>{_NUMBER})(?:-(?P<year>{_YEAR}))?",
            _local,
        ),
        shape(
            "DB",
            rf"DB\ ?(?P<region>\d{{2}}(?:\d\d){{0,2}})(?P<suffix>/[TZ])\ ?(?P<number>{_NUMBER})(?:-(?P<year>{_YEAR}))?",
            _local,
        ),
        shape(
            "T",
            rf"""T/(?P<code>(?=[A-Z0-9]{{2}})[A-Z0-9]*[A-Z][A-Z0-9]*?)
                \ ?(?P<number>{_GROUP_NUMBER})(?:-(?P<year>{_YEAR}))?""",
            _group,
            inside=rf"T/(?P<code>(?=[A-Z0-9]{{2}})[A-Z0-9]*[A-Z])\ ?(?P<number>{_GROUP_NUMBER})-(?P<year>{_YEAR})",
        ),
    ]


_GROUP_NUMBER = r"\d+(?:\.\d+)*(?:-\d{1,3})?"


def _sample(m: re.Match[str]) -> Identifier:
    known = series.spellings("gb")["GSB"]
    return Identifier("gb", known.body, known.name, m["number"], m["year"])
