"""European designations: ETSI, CEN, CENELEC, their national adoptions, BSI and ANSSI documents."""

from __future__ import annotations

import re
from dataclasses import replace

from . import series
from .model import Identifier
from .shape import Builder, Shape, alternatives, shape

_YEAR = r"(?:19|20)\d\d"

#: 3GPP series that ETSI transposes as 1AB CDE; 119 nnn, 103 nnn and the like are ETSI's own.
TRANSPOSED = frozenset([*range(21, 39), *range(41, 47), *range(48, 53), 55])

#: Specifications whose parts 3GPP writes with two digits (29.198-04-1) and ETSI with one (129 198-4-1).
_TWO_DIGIT_PARTS = frozenset({"29.198", "29.199", "29.998"})

_SIX = r"\d{3}[ ]?\d{3}(?:-\d{1,3})*"
_ETSI_NUMBER = rf"""(?:
    (?P<six>{_SIX})
  | (?P<gsm>(?:GSM[ ])?\d\d\.\d\d(?:-[A-Z]+)?(?:-\d+)?)
  | (?P<group>[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*?[ ]\d{{3}}(?:-\d{{1,3}})*)
  | (?P<three>\d{{3}}(?:-\d{{1,3}})*)
)"""
_ETSI_TAIL = rf"""(?P<sup>(?:(?:/|[ ]?\+[ ]?)[AC]\d{{1,2}})*)
  (?:[, ]+(?:[vV]|version[ ])(?P<v>\d+\.\d+\.\d+)|[, ]+ed\.?[ ]?(?P<ed>\d+))?
  (?:[ ]?\({_YEAR}-\d\d(?:-\d\d)?\)|:{_YEAR})?"""


def _etsi(m: re.Match[str]) -> Identifier | None:
    parts = m.groupdict()
    kind = parts["kind"].upper()
    group = parts.get("group")
    if group and kind not in ("GS", "GR"):
        return None
    number = _spaced(parts["six"]) if parts["six"] else (parts.get("gsm") or group or parts["three"])
    edition = f"V{parts['v']}" if parts["v"] else (f"ed.{parts['ed']}" if parts["ed"] else None)
    sups = tuple(_supplement(s.upper()) for s in _SUP.findall(parts["sup"].replace(" ", "")))
    known = series.all_series()["ETSI"]
    made = Identifier("etsi", known.body, f"ETSI {kind}", number, edition, supplements=sups)
    return replace(made, adopts=twin_3gpp(made))


def _spaced(six: str) -> str:
    digits = six.replace(" ", "")
    return f"{digits[:3]} {digits[3:]}"


def twin_3gpp(etsi: Identifier) -> Identifier | None:
    """The 3GPP specification that an ETSI TS or TR of the form 1AB CDE transposes; the version carries over."""
    if etsi.series not in ("ETSI TS", "ETSI TR"):
        return None
    m = re.fullmatch(r"1(\d\d) (\d{3}(?:-\d+)*)", etsi.number)
    if not m or int(m[1]) not in TRANSPOSED:
        return None
    body = series.all_series()["3GPP"].body
    base, *parts = f"{m[1]}.{m[2]}".split("-")
    if parts and base in _TWO_DIGIT_PARTS:
        parts[0] = parts[0].zfill(2)
    return Identifier("3gpp", body, f"3GPP {etsi.series[-2:]}", "-".join([base, *parts]), etsi.edition)


_HEAD = r"""(?P<head>
    CEN/CLC/(?:ISO/IEC/)?(?:TS|TR|GUIDE) | CEN/(?:TS|TR|GUIDE) | CLC/(?:TS|TR|GUIDE)
  | (?:CEN/CLC|CEN|CLC)[ ](?:ISO/IEC|ISO|IEC)[/ ](?:TS|TR)
  | EN[ -]?(?:CLC|CEN)(?:/CLC)?(?:/(?:TS|TR))?
  | EN(?:[ -](?:ISO/IEC/IEEE|ISO/IEC|ISO/IEEE|ISO/ASTM|ISO/CIE|IEC/IEEE|ISO|IEC)(?:[/ ](?:TS|TR))?)?
  | CWA | HD(?=[ ]?\d{4}|[ ]?\d[\d-]*:) | ENV(?:[ ](?:ISO|IEC))? | CR(?=[ ]?\d{4}|[ ]?\d[\d-]*:)
)"""
_CEN_NUMBER = r"(?P<number>\d{1,6}(?:-\d+[A-Z]?)*?)"
_CEN_YEAR = rf"(?:[:-](?P<year>{_YEAR}(?:-(?:0[1-9]|1[0-2]))?))?"
_CEN_SUP = rf"(?P<sup>(?:(?:/|[ ]?\+[ ]?)(?:F?pr)?A(?:\d{{1,2}}|[A-Z]\d?)(?::{_YEAR}(?:-\d\d)?)?)*)"
_SUP = re.compile(r"[/+][^/+]+")
_IEC_NUMBERS = range(60000, 80000)


def _cen(m: re.Match[str]) -> Identifier | None:
    head = _head(m["head"].upper())
    stage = None
    if m["pr"]:
        stage = ("Fpr" if m["pr"].upper().startswith("F") else "pr") + head.split(" ")[0]
    number, year = m["number"], m["year"]
    if head == "EN" and re.fullmatch(r"3\d{5}", number.split("-")[0]):
        return None
    sups = tuple(_supplement(s) for s in _SUP.findall(m["sup"].replace(" ", "")))
    if stage is None and (draft := re.match(r"\+?(F?prA[\dA-Z]+)", sups[-1] if sups else "")):
        stage = draft[1]
    return Identifier("cen", _cen_body(head, number), head, number, year, stage, sups, adopts=_adopted(head, number))


def _supplement(text: str) -> str:
    text = re.sub(r"(?i)fpra", "FprA", text) if "fpr" in text.lower() else re.sub(r"(?i)pra", "prA", text)
    return text if text.startswith("+") else text[1:]


def _head(text: str) -> str:
    text = text.replace("EN-", "EN ").replace("GUIDE", "Guide")
    text = re.sub(r"^EN(?=[A-Z])(?!V)", "EN ", text)
    return re.sub(r"(?<=ISO|IEC) (?=TS|TR)", "/" if "ISO/IEC" not in text else " ", text)


def _cen_body(head: str, number: str) -> str:
    base = int(number.split("-")[0])
    if head.startswith(("CEN/CLC", "EN ISO/IEC")):
        return "cen_cenelec"
    if head.startswith(("CLC", "EN IEC", "EN CLC", "HD")) or (head == "EN" and 50000 <= base < 80000):
        return "cenelec"
    return "cen_cenelec" if head == "EN" and 40000 <= base < 50000 else "cen"


def _adopted(head: str, number: str) -> Identifier | None:
    """The undated international document a European number names; its edition does not follow from the spelling."""
    from .grammars import parse

    inner = re.sub(r"^(?:EN|CEN/CLC|CEN|CLC|ENV)[ /]", "", head)
    if inner.startswith(("ISO", "IEC")):
        return parse(f"{inner} {number}")
    if head == "EN" and int(number.split("-")[0]) in _IEC_NUMBERS:
        return parse(f"IEC {number}")
    return None


def _national(m: re.Match[str]) -> Identifier | None:
    """A national standard that carries the European or international number: BS EN ISO/IEC 27001."""
    from .grammars import parse

    adopted = parse(m["rest"].replace("EN-", "EN "))
    if adopted is None or adopted.family not in ("cen", "iso", "etsi"):
        return None
    publisher = m["publisher"].upper()
    joint = "-" if publisher in ("UNE", "NEN") and adopted.series.startswith("EN") else " "
    stem = replace(adopted, edition=None, supplements=(), stage=None)
    known = series.all_series()[publisher]
    year = m["year"] or None
    return Identifier(
        "cen",
        known.body,
        f"{publisher}{joint}{adopted.series}",
        adopted.number,
        year,
        supplements=adopted.supplements,
        adopts=stem,
    )


def _bsi(name: str) -> Builder:
    known = series.all_series()[name]

    def build(m: re.Match[str]) -> Identifier:
        version = m["version"]
        return Identifier("bsi", known.body, known.name, m["number"], f"Version {version}" if version else None)

    return build


def _anssi(m: re.Match[str]) -> Identifier:
    known = series.all_series()["ANSSI"]
    return Identifier("anssi", known.body, f"ANSSI-{m['kind'].upper()}", f"ANSSI-{m['kind']}-{m['number']}".upper())


def shapes() -> list[Shape]:
    """The shapes of this module; kinds and national publishers come from ``series.yml``."""
    every = series.all_series()
    kinds = alternatives(every["ETSI"].kinds)
    national = alternatives([s.name for s in every.values() if "national" in s.kinds])
    pr = r"(?:(?P<pr>F?pr)[ ]?)?"
    cen = rf"{pr}{_HEAD}[ ]?{_CEN_NUMBER}{_CEN_YEAR}{_CEN_SUP}(?:[ ]rev)?"
    slash_pr = rf"(?P<owner>CEN|CLC|CEN/CLC)/(?P<pr>F?pr)(?P<type>TS|TR)[ ]?{_CEN_NUMBER}{_CEN_YEAR}{_CEN_SUP}"
    strict = rf"""(?!(?:HD|CR|ENV)[ ][\d-]*(?![\d-]*[:-]{_YEAR})){pr}{_HEAD}
        [ ](?P<number>\d{{3,6}}(?:-\d+)*?|\d{{1,2}}(?:-\d+)*(?=[:-]{_YEAR})){_CEN_YEAR}{_CEN_SUP}(?![ ]\d{{3}}(?!\d))"""
    six = rf"(?:F?pr[ ]?(?=EN))?(?P<kind>EN|TS|TR|ES|EG|ETS)[ ]?(?P<six>3\d{{2}}[ ]?\d{{3}}(?:-\d{{1,3}})*){_ETSI_TAIL}"
    technical = rf"(?P<kind>TS|TR)[ ](?P<six>1\d{{2}}[ ]?\d{{3}}(?:-\d{{1,3}})*){_ETSI_TAIL}"
    version = r"(?:[ ,]+V(?:ersion)?\.?[ ]?(?P<version>\d[\d.]*(?:-\d\d)?))?"
    return [
        shape(
            "ETSI FINAL DRAFT",
            rf"(?:(?:Final[ ])?Draft[ ])?ETSI[ ](?P<kind>{kinds})[ ]?{_ETSI_NUMBER}{_ETSI_TAIL}",
            _etsi,
        ),
        shape("EN TS TR ES EG ETS PREN FPREN", six, _etsi),
        shape("TS TR", technical, _etsi),
        shape(
            "EN PREN FPREN CEN CLC PRCEN PRCLC FPRCEN FPRCLC CWA PRCWA HD PRHD FPRHD ENV PRENV CR",
            cen,
            _cen,
            inside=strict,
        ),
        shape("CEN CLC", slash_pr, _slashed),
        shape(
            " ".join(s.name for s in every.values() if "national" in s.kinds),
            rf"(?P<publisher>{national})(?:[ ](?:CEI|C))?[ -]"
            rf"(?P<rest>(?:EN|CLC|CEN|ISO|IEC|CWA|HD).*?(?:[:-](?P<year>{_YEAR}(?:-\d\d)?))?"
            rf"(?:[/+]A(?:\d{{1,2}}|[A-Z]\d?)(?::{_YEAR})?)*)",
            _national,
            inside=rf"""(?P<publisher>{national})[ -]
                (?P<rest>(?:EN|ISO|IEC)[A-Z/ -]*[ ]\d[\d-]*:(?P<year>{_YEAR}(?:-\d\d)?))""",
        ),
        shape(
            "BSI TR",
            rf"(?:BSI[ -]TR[ -]?|TR-(?=0))(?P<number>\d{{5}}(?:-\d+(?:\.\d+)?)?(?:-P\d)?){version}",
            _bsi("BSI TR"),
        ),
        shape("BSI", rf"BSI[ -]Standard[ -](?P<number>[12]00-\d){version}", _bsi("BSI-Standard")),
        shape("ANSSI", rf"ANSSI-(?P<kind>{alternatives(every['ANSSI'].kinds)})-(?P<number>\d{{3}}(?:-EN)?)", _anssi),
    ]


def _slashed(m: re.Match[str]) -> Identifier | None:
    from .grammars import parse

    year = f":{m['year']}" if m["year"] else ""
    return parse(f"{m['pr']}{m['owner']}/{m['type']} {m['number']}{year}{m['sup']}")
