"""National designations outside China, Europe and the United States, and British numbers without a European twin."""

from __future__ import annotations

import re
from dataclasses import replace

from . import series
from .model import Identifier
from .shape import Shape, shape

_YEAR = r"(?:19|20)\d\d"
_OWN = r"(?P<number>\d{4,5}(?:-\d{1,3})*)"
_ISO = r"(?P<iso>(?:ISO|IEC)(?:/[A-Z]+)*(?:[ /](?:TS|TR|Guide))?[ ]?\d{1,6}(?:-\d{1,5})*?)"


def _lettered(m: re.Match[str]) -> Identifier:
    """Japanese and Korean standards carry the letter of their division: JIS Q 27001, KS X 6701."""
    known = series.all_series()[m["publisher"].upper()]
    return Identifier("national", known.body, f"{known.name} {m['division'].upper()}", m["number"], m["year"])


def _korean_twin(m: re.Match[str]) -> Identifier | None:
    """A Korean standard under the international number; its year is its own, so the adopted edition is open."""
    from .grammars import parse

    adopted = parse(m["iso"])
    if adopted is None or adopted.family != "iso":
        return None
    known = series.all_series()["KS"]
    stem = replace(adopted, edition=None)
    name = f"{known.name} {m['division'].upper()} {adopted.series}"
    return Identifier("national", known.body, name, adopted.number, m["year"], adopts=stem)


def _british(m: re.Match[str]) -> Identifier:
    known = series.all_series()["BS"]
    amended = tuple(f"+{part}" for part in m["sup"].upper().split("+") if part)
    return Identifier("cen", known.body, known.name, m["number"], m["year"], supplements=amended)


def shapes() -> list[Shape]:
    """The shapes of this module; publishers come from ``series.yml``."""
    year = rf"[:-](?P<year>{_YEAR})"
    lettered = rf"(?P<publisher>JIS|KS)[ ](?P<division>[A-Z])[ ]?{_OWN}"
    twin = rf"KS[ ](?P<division>[A-Z])[ ]{_ISO}(?:{year})?"
    british = r"BS[ ]?(?P<number>\d{2,5}(?:-\d{1,3})*)"
    amended = rf"(?P<sup>(?:\+A\d{{1,2}}(?::{_YEAR})?)*)"
    return [
        shape("JIS KS", f"{lettered}(?:{year})?", _lettered, inside=lettered.replace("[ ]?", "[ ]") + year),
        shape("KS", twin, _korean_twin),
        shape("BS", f"{british}(?:{year})?{amended}", _british, inside=british.replace("[ ]?", "[ ]") + year + amended),
    ]
