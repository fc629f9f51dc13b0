"""Designations of NIST, ANSI, INCITS, ISA, UL, NERC, PCI SSC and OWASP."""

from __future__ import annotations

import re

from . import series
from .model import Identifier
from .shape import Builder, Shape, alternatives, shape

_YEAR = r"(?:19|20)\d\d"
_STAGES = {
    "draft": "draft",
    "initial": "ipd",
    "second": "2pd",
    "2nd": "2pd",
    "third": "3pd",
    "3rd": "3pd",
    "final": "fpd",
}
_EDITION = r"""(?:
      [ ,.]*(?:Rev(?:ision|\.)?|R)[ .]?(?P<rev>\d+|\(r\))
    | -(?P<dash>\d+)
    | [ ]?Ver(?:sion|\.)?[ ]?(?P<ver>\d+)
    | [ ]E(?P<ed>\d+)
    )?"""
_STAGE = r"""(?:[ .]?(?P<stage>ipd|\dpd|fpd|upd\d+|draft)
    | [ ](?:Upd\.|Update)[ ]?(?P<update>\d+)
    | [ ]?\((?P<words>(?:Initial|Second|2nd|Third|3rd|Final)[ ]Public[ ]Draft|Draft)\))?"""
_PART = r"(?:[ ,]*(?:(?P<vol>Vol(?:ume|\.)?|v)|P(?:ar)?t\.?|p(?=\d))[ .]?(?P<part>\d+))?"
_ADDENDUM = r"(?P<addendum>[ -](?:Add(?:endum|\.)?|sup))?"
_LEAD = r"(?P<draft>Draft[ ])?(?:(?:NIST|NBS)[ .-]?)?"  # the National Bureau of Standards became NIST in 1988


def _nist(name: str) -> Builder:
    known = series.all_series()[name]

    def build(m: re.Match[str]) -> Identifier:
        parts = m.groupdict()
        number = parts["number"].upper() + (" Add" if parts.get("addendum") else "")
        if parts.get("part"):
            number += f" {'Vol.' if parts['vol'] else 'Part'} {parts['part']}"
        return Identifier("nist", known.body, known.name, number, _edition(parts), _stage(parts))

    return build


def _edition(parts: dict[str, str | None]) -> str | None:
    if rev := parts.get("rev"):
        return f"Rev. {rev}" if rev.isdigit() else f"Revision {rev}"
    if ver := parts.get("ver"):
        return f"Version {ver}"
    return f"E{parts['ed']}" if parts.get("ed") else parts.get("dash")


def _stage(parts: dict[str, str | None]) -> str | None:
    if words := parts["words"]:
        return _STAGES[words.split()[0].lower()]
    if parts["update"]:
        return f"upd{parts['update']}"
    return (parts["stage"] or "").lower() or ("draft" if parts["draft"] else None)


def _nist_shapes() -> list[Shape]:
    tail = _EDITION + _STAGE
    sp = r"(?:SP|Special[ ]Publication)[ .-]?(?P<number>\d{3,4}-\d+[A-Z]?|1[23]\d[1-9]|1[23][1-9]0)"
    sp += _ADDENDUM + _PART + tail
    fips = (
        r"FIPS[ .-]?(?:PUB(?:S|LICATION)?)?[ .-]*(?P<number>\d{1,3})(?:-(?P<dash>\d{1,2}))?(?:-(?:19|20)\d\d)?" + _STAGE
    )
    fips_number = r"(?P<number>\d{3}|\d{1,3}(?=-\d)|(?<=NIST[ ]FIPS[ ])\d{1,2})(?:-(?P<dash>\d{1,2}))?"
    fips_inside = r"(?:NIST[ ])?FIPS[ ](?:PUB(?:LICATION)?[ ])?" + fips_number + _STAGE
    ir_inside = _LEAD + r"(?:(?<=NIST)IR[ ]?|IR[ ]|(?<=NIST[ ])IR)(?P<number>\d{4}[A-Z]?)" + _PART + tail
    ir = r"(?:IR|(?:Internal|Interagency)[ ]Report)[ .-]?(?P<number>\d{4}[A-Z]?)" + _PART + tail
    cswp = r"(?:CSWP|Cyber[Ss]ecurity[ ]White[ ]Paper)[ .-]?(?P<number>\d+[A-Z]?)" + tail
    rest = r"(?:NIST[ .-]?)(?P<draft>)"
    return [
        shape("NIST NBS SP SPECIAL DRAFT", _LEAD + sp, _nist("NIST SP")),
        shape(
            "NIST NBS FIPS FIPSPUB DRAFT",
            _LEAD + fips,
            _nist("NIST FIPS"),
            inside=r"(?P<draft>Draft[ ])?" + fips_inside,
        ),
        shape("NIST NBS NISTIR IR INTERNAL INTERAGENCY DRAFT", _LEAD + ir, _nist("NIST IR"), inside=ir_inside),
        shape("NIST CSWP CYBERSECURITY DRAFT", _LEAD + cswp, _nist("NIST CSWP")),
        shape("NIST", rest + r"AI[ .-]?(?P<number>\d{3}-\d+)" + _EDITION + _STAGE, _nist("NIST AI")),
        shape("NIST", rest + r"TN[ .-]?(?P<number>\d{3,4}[A-Z]?)" + tail, _nist("NIST TN")),
        shape("NIST", rest + r"HB[ .-]?(?P<number>\d{2,3}(?:-\d+[A-Z]?)?)" + tail, _nist("NIST HB")),
        shape("NIST", rest + r"GCR[ .-]?(?P<number>\d{2,4}-\d+)" + tail, _nist("NIST GCR")),
    ]


def _ansi(m: re.Match[str]) -> Identifier:
    number = m["number"].upper()
    known = series.all_series()["ANSI X9" if number.startswith("X9") else "ANSI"]
    number = re.sub(r"^X9 ?TR ?-?", "X9 TR-", number)
    redline = ("Redline",) if m.groupdict().get("redline") else ()
    return Identifier("ansi", known.body, "ANSI", number, m["year"], supplements=redline)


def _of(name: str) -> Builder:
    known = series.all_series()[name]

    def build(m: re.Match[str]) -> Identifier:
        return Identifier(known.family, known.body, known.name, m["number"], m["year"])

    return build


def _isa(m: re.Match[str]) -> Identifier:
    from .grammars import parse

    known = series.all_series()["ANSI/ISA"]
    number = m["number"]
    adopts = parse(f"IEC {number}") if number.startswith("62443") else None
    return Identifier(known.family, known.body, known.name, number, m["year"], adopts=adopts)


def _incits_iso(m: re.Match[str]) -> Identifier | None:
    from .grammars import parse

    adopted = parse(f"{m['inner']} {m['number']}")
    if adopted is None:
        return None
    known = series.all_series()["INCITS"]
    return Identifier(known.family, known.body, f"INCITS/{adopted.series}", adopted.number, m["year"], adopts=adopted)


def _nerc(m: re.Match[str]) -> Identifier:
    known = series.all_series()["NERC"]
    edition = (m["edition"] or "").lower() or None
    return Identifier(known.family, known.body, f"NERC {m['topic'].upper()}", m["number"].upper(), edition)


def _versioned(name: str, prefix: str) -> Builder:
    known = series.all_series()[name]
    canonical = {k.upper(): k for k in known.kinds}

    def build(m: re.Match[str]) -> Identifier:
        edition = f"{prefix}{m['version']}" if m["version"] else None
        return Identifier(known.family, known.body, known.name, canonical[m["kind"].upper()], edition)

    return build


def shapes() -> list[Shape]:
    """The shapes of this module; document kinds come from ``series.yml``."""
    every = series.all_series()
    nerc = every["NERC"].kinds
    topic = alternatives(nerc)
    region = r"(?:-[A-Z]{2,4})?"
    x9 = r"(?P<number>X9(?:\.\d+(?:\.\d+)?(?:-\d{1,2}(?=[-:\s]|$))?|[ ]TR[ -]?\d+))"
    year = rf"(?:[-:](?P<year>{_YEAR}))"
    iso = r"(?P<inner>ISO(?:/[A-Z]+)*(?:[ ](?:TS|TR))?)"
    versions = r"(?:[ :-]*[vV]?\.?[ ]?(?P<version>\d+(?:\.\d+)*))?"
    return [
        *_nist_shapes(),
        shape("ANSI ASC X", rf"(?:(?:ANSI|ASC)[ /]?)?{x9}{year}?", _ansi, inside=rf"(?:(?:ANSI|ASC)[ ]{x9}{year}?)"),
        shape("X", rf"{x9}{year}", _ansi),
        shape(
            "ANSI",
            rf"ANSI[ ](?P<number>(?!X9)[A-Z]\d+(?:\.\d+)*(?:-\d{{1,2}}(?=-))?){year}?(?P<redline>[ ]Redline)?",
            _ansi,
        ),
        shape("ANSI INCITS", rf"(?:ANSI[ /])?INCITS[ ]?(?P<number>\d+(?:\.\d+)?(?:-\d{{1,2}})?){year}?", _of("INCITS")),
        shape(
            "INCITS ANSI",
            rf"(?:ANSI/)?INCITS[/ ]{iso}[ ]?(?P<number>\d+(?:-\d{{1,2}})*){year}?(?:[ ]\({_YEAR}\))?",
            _incits_iso,
        ),
        shape("ANSI ISA", rf"(?:ANSI/)?ISA[ -](?P<number>\d+(?:[.-]\d{{1,2}})*){year}?", _isa),
        shape(
            "ANSI UL",
            rf"(?:ANSI/(?:CAN/)?)?UL[ ]?(?P<number>\d{{2,5}}(?:-\d{{1,2}})*){year}?",
            _of("UL"),
            inside=rf"(?:ANSI/(?:CAN/)?)?UL[ ](?P<number>\d{{3,5}}(?:-\d{{1,2}})*){year}?",
        ),
        shape(
            "NERC " + " ".join(nerc),
            rf"(?:NERC[ ])?(?P<topic>{topic})-(?P<number>STD-\d{{3}}[A-C]?|\d{{3}}{region})"
            r"(?:-(?P<edition>\d+(?:\.\d+)*(?:\([iv]+\))?[a-z]?))?",
            _nerc,
            inside=rf"(?:NERC[ ])?(?P<topic>{topic})-(?P<number>\d{{3}}{region})-(?P<edition>\d+(?:\.\d+)*[a-z]?)",
        ),
        shape("PCI", rf"PCI[ -](?P<kind>{alternatives(every['PCI'].kinds)}){versions}", _versioned("PCI", "v")),
        shape("OWASP", rf"OWASP[ ](?P<kind>{alternatives(every['OWASP'].kinds)}){versions}", _versioned("OWASP", "")),
    ]
