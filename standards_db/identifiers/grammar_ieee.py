"""IEEE designations: standards, projects with draft numbers, corrigenda, redlines."""

from __future__ import annotations

import re

from . import series
from .model import Identifier
from .shape import Shape, shape

_YEAR = r"(?:19|20)\d\d"
_NUMBER = r"""(?P<number>[A-Z]{0,2}\d+[A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*
    (?:-(?!(?:19|20)\d\d(?!\d))(?:[A-Z0-9]{1,3}|\d{5}))?(?:/(?:Conformance|INT|Conf)\d*)?)"""
_DRAFT = r"(?:/(?P<draft>D-?D?[A-Za-z0-9.]+?(?:/R-[A-Za-z0-9]+)?))"
_DATE = rf"(?:(?:-|:|,[ ]?)(?P<year>{_YEAR}(?:-\d\d)?))"
_SUP = rf"(?P<sup>(?:/(?:Cor|Amd|INT|Err)[ ]?\d+(?:-{_YEAR}(?:-\d\d)?)?)?)"
_REDLINE = r"(?P<redline>[ -]+Redline)?"
_LEAD = r"""(?P<lead>(?:ANSI[/ ])?IEEE(?:/EIA)?|AIEE|IRE)
    (?:[ ](?:Unapproved|Approved|Active|Draft|Proposed|Superseded))*
    (?:[ ](?:Std\.?|Standard|STD|No\.?))?[ ]?(?:(?:FDIS|DIS|CD\d?)[ ])?"""


def _build(m: re.Match[str]) -> Identifier | None:
    parts = m.groupdict()
    lead = re.search(r"AIEE|IEEE|IRE", parts["lead"].upper()).group()  # type: ignore[union-attr]
    known = series.all_series()[lead]
    number = re.sub(r"^11073-", "11073.", parts["number"])  # printed both ways; the catalogue's is kept
    year, early = parts["year"], parts.get("early")
    project = bool(parts["p"])
    draft = parts.get("draft")
    if not project and not draft and not re.search(r"\d", number):
        return None
    stage = _draft_number(draft) if draft else ("P" if project else None)
    sups = [parts["sup"][1:].replace(" ", "")] if parts["sup"] else []
    if sups and draft:
        sups, year = [f"{sups[0]}-{year}" if year else sups[0]], early
    elif early:
        return None
    if parts["redline"]:
        sups.append("Redline")
    return Identifier("ieee", known.body, known.name, number, year, stage, tuple(sups))


def _draft_number(text: str) -> str:
    """``D-2.2`` in catalogues is printed ``D2.2`` on the draft."""
    return re.sub(r"^[Dd]-?D?", "D", text)


def shapes() -> list[Shape]:
    """The shapes of this module."""
    standard = rf"{_LEAD}(?P<p>P[ ]?)?{_NUMBER}{_DATE}?{_SUP}{_REDLINE}"
    draft = rf"{_LEAD}(?P<p>P)?{_NUMBER}(?:-(?P<early>{_YEAR}))?{_DRAFT}{_SUP_FIRST}{_DATE}?{_REDLINE}"
    heads = "IEEE ANSI AIEE IRE"
    strict = rf"(?P<lead>IEEE)(?:[ ]Std\.?)?[ ](?P<p>P)?{_STRICT}{_DATE}?{_SUP}{_REDLINE}"
    drafted = rf"""(?P<lead>IEEE)(?:[ ]Std\.?)?[ ](?P<p>P)?{_STRICT}(?:-(?P<early>{_YEAR}))?
        {_DRAFT}{_SUP_FIRST}{_DATE}?{_REDLINE}"""
    return [
        shape(heads, standard, _build, inside=strict),
        shape(heads, draft, _build, inside=drafted),
    ]


_SUP_FIRST = r"(?P<sup>(?:/(?:Cor|Amd|INT)[ ]?\d+)?)"
_STRICT = r"(?P<number>(?:C\d+\.\d+|\d{3,5}(?:\.\d+)*)[A-Za-z]{0,4})"
