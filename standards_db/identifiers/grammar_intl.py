"""International designations: ISO, IEC and joint ones, ITU, 3GPP, IETF, OASIS, W3C."""

from __future__ import annotations

import re

from . import series
from .model import Identifier
from .shape import Shape, alternatives, shape

_YEAR = r"(?:19|20)\d\d"
_MONTH = r"(?:0[1-9]|1[0-2])"
_STAGES = ("FDIS", "RFDIS", "DIS", "FCD", "CDV", "CD1", "CD2", "CD3", "CD", "NWIP", "PWI", "AWI", "WD", "NP", "PRF")
_DRAFT_KINDS = ("DTS", "DTR", "DPAS", "DGuide", "FDTS", "FDTR")
_KINDS = ("TS", "TR", "PAS", "Guide", "ISP", "IWA", "R", "SRD", "TTA", "DATA", *_DRAFT_KINDS)
_SUP = rf"""[/+ ](?:(?:CD|WD|AWI|NP|PRF|F?DIS)[ ])?
  (?:Amd|Cor|Add|Suppl|Ext|ISH|F?DAM|F?DCOR|F?DAmd|F?DCor|Amendment|Corrigendum)\.?[ ]?\d+(?:\.\d)?(?:[:-]{_YEAR})?
  | [/+]A\d{{1,2}}(?:[:-]{_YEAR})?"""
_SUP_PARTS = re.compile(rf"(\+?)[/ ]?(?:(CD|WD|AWI|NP|PRF|F?DIS) )?([A-Z]+)\.? ?(\d+(?:\.\d)?)(?:[:-]({_YEAR}))?", re.I)
_SUP_NAMES = {
    "A": "Amd",
    "AMENDMENT": "Amd",
    "CORRIGENDUM": "Cor",
    "AMD": "Amd",
    "COR": "Cor",
    "ADD": "Add",
    "SUPPL": "Suppl",
    "EXT": "Ext",
    "DAMD": "DAM",
    "FDAMD": "FDAM",
}
_PACKAGE = r"(?:[ -](?P<package>CSV|RLV|CMV|SER|EXV|HBK|Redline))?"
_LANGUAGE = r"(?:[ ]?\((?:[EFRDS](?:/[EFRS])*|en|fr)\))?"


def _iso_pattern(publishers: str, *, strict: bool) -> str:
    stage = rf"(?:[/ ](?P<stage>{alternatives(_STAGES)})(?=[ /]))?"
    kind = rf"(?:[/ ](?P<kind>{alternatives(_KINDS)})(?=[ \d]))?"
    number = r"(?P<number>\d{1,6}[A-Z]{0,2}(?:[.-](?:\d{1,5}[A-Za-z]{0,4}|[A-Z](?![A-Za-z])))*?)"
    draft = r"(?:/(?P<draft>D-?(?:[A-Z]*\d[\w.]*?|IS|FDIS)))?"
    ordinal = r"(?:,?[ ]\(?Ed(?:ition|\.)?[ ]?\d+(?:\.\d)?\)?)?"
    year = rf"(?:[:-](?P<year>{_YEAR}(?:-{_MONTH})?){ordinal})?"
    gap = "[ ]" if strict else "[ -]?"
    return (
        rf"(?P<pub>{publishers})(?:(?<=IEEE)[ ]Std)?{stage}{kind}{gap}(?P<p>P)?"
        rf"{number}{draft}{year}(?P<sups>(?:{_SUP})*)"
        rf"{_PACKAGE}{_LANGUAGE}"
    )


def _iso(m: re.Match[str]) -> Identifier | None:
    known = series.spellings("iso")[m["pub"].upper()]
    stage, kind, number = (m["stage"] or "").upper(), (m["kind"] or ""), m["number"]
    kind = {k.upper(): k for k in _KINDS}[kind.upper()] if kind else ""
    if "." in number:
        number, stage = _dotted(number, stage, kind, known.name)
        if not number:
            return None
    draft = (m["draft"] or "").upper().replace("-", "").replace("DD", "D", 1)
    draft = re.sub(r"^DIS(\d)$", r"DIS.\1", draft.replace("DFDIS", "FDIS"))
    if m["p"] and not (draft or stage or "IEEE" in known.name):
        return None
    if kind in _DRAFT_KINDS:
        stage, kind = kind + stage, kind.removeprefix("F").removeprefix("D")
    sups, sup_stage = _supplements(m["sups"], m["package"])
    name = known.name if not kind else f"{known.name}{'/' if known.name == 'ISO' and kind != 'Guide' else ' '}{kind}"
    return Identifier("iso", known.body, name, number, m["year"], draft or stage or sup_stage, sups)


def _dotted(number: str, stage: str, kind: str, publisher: str) -> tuple[str, str]:
    """A dot is a second ballot (DIS 14496-12.2) or IEEE's way to write a part (11073.10101)."""
    ballot = re.fullmatch(r"(.+)\.(\d)", number)
    if ballot and (stage or kind.startswith(("DT", "FDT"))) and "." not in ballot[1]:
        return ballot[1], f"{stage}.{ballot[2]}"
    if len(number.split(".")[0]) >= 4:
        return number.replace(".", "-"), stage
    return (number, stage) if "IEEE" in publisher else ("", stage)


def _supplements(text: str, package: str | None) -> tuple[tuple[str, ...], str | None]:
    out, stage = [], None
    for plus, marker, word, number, year in _SUP_PARTS.findall(text):
        name = _SUP_NAMES.get(word.upper(), word.upper())
        marker = marker.upper()
        out.append(f"{plus}{marker + ' ' if marker else ''}{name} {number}{':' + year if year else ''}")
        if marker or name in ("DAM", "FDAM", "DCOR", "FDCOR"):
            stage = f"{marker} {name}".strip()
    return (*out, *([package.title() if len(package) > 3 else package.upper()] if package else [])), stage


def _itu(m: re.Match[str]) -> Identifier | None:
    number = re.sub(r"(?i)\bsuppl\.?", "Suppl.", m["number"])
    number = re.sub(r"(?i) ?\b(bis|ter)\b", lambda w: f" {w[1].lower()}", number)
    known = series.all_series()[f"ITU-{(m['sector'] or 'T').upper()}"]
    sups = tuple(_itu_supplement(s) for s in _ITU_PART.findall(m["sups"] or ""))
    return Identifier("itu", known.body, known.name, number, _itu_date(m["date"]), supplements=sups)


def _itu_date(text: str | None) -> str | None:
    """``2008-04`` and ``04/2008`` are the same month; a year alone stays a year."""
    turned = re.fullmatch(r"(\d{4})-(\d\d)(?:-\d\d)?", text or "")
    return f"{turned[2]}/{turned[1]}" if turned else text


def _itu_supplement(text: str) -> str:
    name, _, date = re.sub(r"\bErratum\b", "Err.", text.strip()).partition(" (")
    return f"{name} ({_itu_date(date.rstrip(')'))})" if date else name


def _itu_r(m: re.Match[str]) -> Identifier:
    known = series.all_series()["ITU-R"]
    return Identifier("itu", known.body, known.name, m["number"].upper(), m["edition"])


_DATE = rf"\d\d/{_YEAR}|{_YEAR}-\d\d(?:-\d\d)?|{_YEAR}"
_ITU_SUP = rf"""[ ](?:(?:Technical[ ])?(?:Cor|Amd|Add|Err(?:atum)?|Suppl)\.?[ ]\d+
    (?:/(?:Technical[ ])?(?:Cor|Amd|Add)\.[ ]\d+)?
  | Annex(?:es)?[ ][A-Z]\d*|App\.[ ]?[IVX]+)(?:[ ]\((?:{_DATE})\))?"""
_ITU_PART = re.compile(_ITU_SUP, re.X | re.I)
_ITU_NUMBER = r"""(?P<number>[A-Z]\.\d+(?:\.\d+)*(?:-\d+)?(?:[ ]?(?:bis|ter))?(?:/[A-Z]\.\d+(?:\.\d+)*(?:[ ]bis)?)*
  | [A-Z][ ](?:Suppl|Imp)\.?[ ]\d+)(?:[ ]?(?:\(V\d+\)|v\d+))?"""


def _3gpp(m: re.Match[str]) -> Identifier:
    known = series.all_series()["3GPP"]
    version = m["v"] or m["rv"]
    number = m["number"].replace("u", "U")
    return Identifier("3gpp", known.body, f"3GPP {m['kind'].upper()}", number, f"V{version}" if version else None)


def _rfc(m: re.Match[str]) -> Identifier:
    known = series.all_series()[m["kind"].upper()]
    return Identifier("ietf", known.body, known.name, str(int(m["number"])))


def _draft(m: re.Match[str]) -> Identifier:
    known = series.all_series()["Internet-Draft"]
    return Identifier("ietf", known.body, known.name, m["name"].lower(), m["revision"])


_OASIS_TAIL = re.compile(r"^(?:CS|CSD|PS|PSD|OS|COS|CN|Errata|Pt|Part)\d*$", re.I)
_NOT_OASIS = frozenset(["open", "tc", "committee", "standard", "standards", "specification", "specifications"])
_NOT_W3C = frozenset(["recommendation", "note", "standard", "standards", "draft", "working", "candidate", "group"])

_W3C_PARTS = frozenset(["xmlschema", "xmlschema11"])  # the number behind these is a part; behind all others a level


def _oasis(m: re.Match[str]) -> Identifier | None:
    words = m["name"].replace(" ", "-").split("-")
    if words[0].lower() in _NOT_OASIS:
        return None
    at = next((i for i, w in enumerate(words) if i and re.fullmatch(r"[vV]?\d+(?:\.\d+)+|[vV]\d+", w)), None)
    cut = at if at is not None else next((i for i, w in enumerate(words) if i and _OASIS_TAIL.match(w)), len(words))
    known = series.all_series()["OASIS"]
    edition = words[cut] if at is not None else None
    rest = tuple(words[cut + (at is not None) :])
    stage = next((w for w in rest if re.fullmatch(r"(?:CS|PS|CN|CO?S)D?\d*", w, re.I)), None)
    return Identifier("oasis", known.body, known.name, "-".join(words[:cut]), edition, stage, rest)


def _w3c(m: re.Match[str]) -> Identifier | None:
    """A date names one publication; the stage printed before it is a state of that one and no part of its name."""
    name, edition = m["name"], m["edition"]
    if not edition and (name.lower() in _NOT_W3C or re.fullmatch(r"[A-Z][a-z]+", name)):
        return None
    if name in _W3C_PARTS and edition and not re.match(r"\d{6}", edition):
        part, _, day = edition.partition("-")
        name, edition = f"{name}-{part}", day or None
    known = series.all_series()["W3C"]
    stage = m["stage"].upper() if m["stage"] and not re.search(r"\d{6}$", edition or "") else None
    return Identifier("w3c", known.body, known.name, name, edition, stage)


def shapes() -> list[Shape]:
    """The shapes of this module; publishers come from ``series.yml``."""
    iso = alternatives(series.spellings("iso"))
    itu = rf"(?:[ ]?\((?P<date>{_DATE})\))?(?P<sups>(?:{_ITU_SUP})*)"
    sector = r"""(?:(?:Rec(?:\.|ommendation)[ ])?(?:ITU-?(?P<sector>T)|CCITT)[ ]?(?:Rec(?:\.|ommendation)?[ ]?)?
        |Rec(?:\.|ommendation)[ ])"""
    version = r"""(?:[, ]+(?:[vV]|version[ ])(?P<v>\d+\.\d+\.\d+)
        |:(?:rel-\d+|r\d+|umts|ph\d)/(?P<rv>\d+\.\d+\.\d+))?(?:[ ](?:Release|Rel\.?|Rel-)[ ]?\d+)?"""
    draft = r"(?P<name>draft(?:-[a-z0-9.+_]+){2,}?)(?:-(?P<revision>\d\d))?(?:\.txt|\.html)?"
    return [
        shape("ISO IEC IEEE IWA CISPR", _iso_pattern(iso, strict=False), _iso, inside=_iso_pattern(iso, strict=False)),
        shape("ITU CCITT REC RECOMMENDATION", sector + _ITU_NUMBER + itu, _itu),
        shape(
            "ITU REC RECOMMENDATION",
            rf"(?:Rec(?:\.|ommendation)[ ])?ITU-?R[ ](?:Rec(?:\.|ommendation)?[ ])?"
            rf"(?P<number>[A-Z]{{1,4}}\.\d+)(?:-(?P<edition>\d{{1,2}}))?(?:[ ]\((?:{_DATE})\))?",
            _itu_r,
        ),
        shape(
            "3GPP TS TR",
            rf"(?:3GPP[ ]?)?(?P<kind>TS|TR)[ ]?"
            rf"(?P<number>\d\d\.(?:\d\d(?:U|dcs|ext)|\d{{2,3}})(?:-\d{{1,2}}){{0,2}}){version}",
            _3gpp,
            inside=rf"(?:3GPP[ ])?(?P<kind>TS|TR)[ ](?P<number>\d\d\.(?:\d{{3}}|\d\dU)(?:-\d{{1,2}}){{0,2}}){version}",
        ),
        shape(
            "RFC BCP STD FYI IETF",
            r"(?:IETF[ ])?(?P<kind>RFC|BCP|STD|FYI)[ -]?(?P<number>\d{1,5})",
            _rfc,
            inside=r"(?:IETF[ ])?(?P<kind>RFC|BCP|STD|FYI)[ -]?(?P<number>\d{1,5})",
        ),
        shape(
            "DRAFT INTERNET I",
            rf"(?:(?:Internet-Draft|I-D)[ .])?{draft}",
            _draft,
            inside=r"(?P<name>draft(?:-[a-z0-9]+){2,}?)(?:-(?P<revision>\d\d))?(?!-)",
        ),
        shape(
            "OASIS",
            r"""OASIS[ ](?P<name>[A-Za-z0-9][A-Za-z0-9._+]*(?:-[A-Za-z0-9._+]+)*
                (?:[ ][vV]\d+(?:\.\d+)*(?:-[A-Za-z0-9.]+)*)?)""",
            _oasis,
            inside=r"OASIS[ ](?P<name>[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*"
            r"(?:[ ][vV]|-[vV]?)\d+(?:\.\d+)+(?:-[A-Za-z0-9]+)*)",
        ),
        shape(
            "W3C",
            r"W3C[ ](?:(?P<stage>REC|CRY?D?|PR|PER|WD|D?NOTE|FPWD|SPSD|OBSL|RSCND|STMT|D?RY)-)?"
            r"(?P<name>[A-Za-z0-9]*[A-Za-z][A-Za-z0-9._]*(?:-[A-Za-z0-9._]+)*?)"
            r"(?:-(?P<edition>\d+(?:\.\d+)*(?:-\d{8})?))?",
            _w3c,
            inside=False,
        ),
    ]
