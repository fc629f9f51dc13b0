"""What an identifier is: its parts, its canonical spelling and the order of its editions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_YEAR_TAIL = re.compile(r"(?:[:-]\d{4}(?:-\d\d)?| \((?:\d\d/)?\d{4}\))$")
_KIND = re.compile(r"^(.+?)[/ ](TS|TR|PAS|Guide|IWA|ISP|R|SRD|TTA|DATA)$")
_IEEE_DRAFT = re.compile(r"D\d")
_DRAFT_SUPPLEMENT = re.compile(r"^(?:(?:NP|AWI|WD|CD|PRF|F?DIS) (Amd|Cor|Add)|(F?D)(AM|COR)) (\d+)(?:\.\d+)?$")
_DRAFT_KINDS = frozenset({"DTS", "DTR", "DPAS", "DGuide", "FDTS", "FDTR"})
PACKAGES = frozenset({"CSV", "RLV", "CMV", "SER", "EXV", "HBK", "Redline"})
_VERSION = re.compile(r"[vV]?\d+(?:\.\d+)+|[vV]\d+")
_DRAFT_AMENDMENT = re.compile(r"F?pr(?=A[\dA-Z])")
_OASIS_STAGE = re.compile(r"^(?:CSD?|PSD?|CND?|CNPRD|CSPRD|OS|COS|Errata|WD)\d*$", re.I)

#: Order of drafts before the publication they lead to; a marker that is not listed counts as an early draft.
_STAGE_ORDER = ("NP", "AWI", "WD", "CD", "DIS", "DTS", "DTR", "DAM", "pr", "D", "fpd", "FDIS", "FDAM", "Fpr", "PRF")


@dataclass(frozen=True, slots=True)
class Identifier:
    """One designation of a document or certificate, in parts.

    ``str()`` gives the canonical dated spelling and ``undated`` the work it is an edition of.
    ``series`` is the prefix (``GB/T``, ``ISO/IEC TS``), ``number`` what follows it, ``edition`` the year, version or
    revision as the family writes it, ``stage`` a draft or update marker (``ipd``, ``FDIS``, ``prEN``, ``upd1``) and
    ``supplements`` the amendments and corrigenda in printed order (``+`` in front: consolidated). ``body`` is the key
    of the issuing body, ``force`` is mandatory, recommended, guidance or None.

    ``adopts`` is what the spelling itself names as adopted; it does not take part in equality,
    because a standard printed with a second number is the same standard as without it.
    """

    family: str
    body: str
    series: str
    number: str
    edition: str | None = None
    stage: str | None = None
    supplements: tuple[str, ...] = ()
    force: str | None = None
    adopts: Identifier | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return _RENDER.get(self.family, _plain)(self, True)

    @property
    def undated(self) -> str:
        """Canonical spelling of the work: no edition, no draft marker, no consolidated parts."""
        return _RENDER.get(self.family, _plain)(self, False)

    @property
    def is_dated(self) -> bool:
        """True when the designation names one edition."""
        return self.edition is not None or any(_YEAR_TAIL.search(s) for s in self.supplements)

    @property
    def is_amendment(self) -> bool:
        """True for an amendment or corrigendum that is a document of its own; a consolidated edition is the text."""
        if self.family == "oasis":  # whose other parts are approval stages
            return any(s.startswith("Errata") for s in self.supplements)
        return any(not s.startswith("+") and s not in PACKAGES for s in self.supplements)

    @property
    def edition_key(self) -> tuple[tuple[int, ...], int, int]:
        """Sort key among the editions of one work: edition numbers, then draft < published < update."""
        return _edition_numbers(self), *_stage_rank(self.stage)


def _edition_numbers(i: Identifier) -> tuple[int, ...]:
    """Numbers of the edition, most significant first; the dated supplement decides where there is one."""
    text = i.edition or ""
    dated = [s for s in i.supplements if not s.startswith("+") and _YEAR_TAIL.search(s)]
    if dated:
        text = _YEAR_TAIL.search(dated[-1]).group()  # type: ignore[union-attr]
    numbers = tuple(int(n) for n in re.findall(r"\d+", text))
    if re.search(r"\d\d/\d{4}", text):
        return numbers[::-1]
    consolidated = [int(n) for s in i.supplements if s.startswith("+") for n in re.findall(r"\d{4}", s)]
    numbers += tuple(consolidated)
    letter = re.search(r"\d([a-d])$", text)
    return (*numbers, ord(letter.group(1)) - 96) if letter else numbers


def _stage_rank(stage: str | None) -> tuple[int, int]:
    if stage is None:
        return 0, 0
    number = int(next(iter(re.findall(r"\d+", stage)), "0"))
    if stage.startswith("upd"):
        return 1, number
    if stage == "ipd":
        return -50, 1
    if stage.endswith("pd") and number:
        return -50, number
    known = max((s for s in _STAGE_ORDER if stage.startswith(s)), key=len, default=None)
    return (_STAGE_ORDER.index(known) - 40, number) if known else (-60, number)


def supplement_of_work(text: str) -> str:
    """The supplement without year and draft marker: ``Amd 1:2024`` is of ``Amd 1``, ``DAM 2`` of ``Amd 2``."""
    text = _DRAFT_AMENDMENT.sub("", _YEAR_TAIL.sub("", text))
    if draft := _DRAFT_SUPPLEMENT.match(text):
        kind = draft.group(1) or ("Amd" if draft.group(3) == "AM" else "Cor")
        return f"{kind} {draft.group(4)}"
    return text


def _separate(i: Identifier, dated: bool) -> str:
    """``/`` joins a supplement that is a document of its own, ``+`` one that is consolidated into the text."""
    out = ""
    for s in i.supplements:
        own = not s.startswith("+") and s not in PACKAGES
        if dated:
            out += f"/{s}" if own else (s if s.startswith("+") else f" {s}")
        elif own:
            out += f"/{supplement_of_work(s)}"
    return out


def _plain(i: Identifier, dated: bool) -> str:
    return f"{i.series} {i.number}" + (f" {i.edition}" if dated and i.edition else "")


def _hyphen_year(i: Identifier, dated: bool) -> str:
    return f"{i.series} {i.number}" + (f"-{i.edition}" if dated and i.edition else "") + _separate(i, dated)


def _nist(i: Identifier, dated: bool) -> str:
    text = f"{i.series} {i.number}"
    if not dated:
        return text
    if i.edition:
        text += f"-{i.edition}" if i.edition[0].isdigit() else f" {i.edition}"
    return f"{text} {i.stage}" if i.stage else text


def _ietf(i: Identifier, dated: bool) -> str:
    if i.series != "Internet-Draft":
        return f"{i.series} {i.number}"
    return f"{i.number}-{i.edition}" if dated and i.edition else i.number


def _etsi(i: Identifier, dated: bool) -> str:
    text = f"{i.series} {i.number}" + _separate(i, dated)
    return f"{text} {i.edition}" if dated and i.edition else text


def _cen(i: Identifier, dated: bool) -> str:
    is_draft_text = dated and i.stage and not _DRAFT_AMENDMENT.match(i.stage)
    prefix = i.stage[: i.stage.index("r") + 1] if is_draft_text and i.stage else ""
    year = f":{i.edition}" if dated and i.edition else ""
    return f"{prefix}{i.series} {i.number}{year}" + _separate(i, dated)


def _iso(i: Identifier, dated: bool) -> str:
    split = _KIND.match(i.series)
    publisher, kind = split.groups() if split else (i.series, "")
    own = i.stage if dated and i.stage and not any(s.startswith(i.stage) for s in i.supplements) else None
    number = i.number
    if own and _IEEE_DRAFT.match(own):
        year = f"-{i.edition}" if i.edition else ""
        return f"{_iso_head(publisher, kind)} P{number}/{own}{year}" + _separate(i, dated)
    if own:
        marker, _, ballot = own.partition(".")
        number += f".{ballot}" if ballot else ""
        kind = marker if marker in _DRAFT_KINDS else f"{marker} {kind}".strip()
    year = f":{i.edition}" if dated and i.edition else ""
    return f"{_iso_head(publisher, kind)} {number}{year}" + _separate(i, dated)


def _iso_head(publisher: str, kind: str) -> str:
    """ISO alone writes ``ISO/TS``, every joint or IEC series ``ISO/IEC TS``; guides always take a blank."""
    if not kind:
        return publisher
    return f"{publisher}{'/' if publisher == 'ISO' and kind != 'Guide' else ' '}{kind}"


def _itu(i: Identifier, dated: bool) -> str:
    text = f"{i.series} {i.number}"
    if dated and i.edition:
        text += f"-{i.edition}" if i.series == "ITU-R" else f" ({i.edition})"
    for s in i.supplements:
        text += f" {s if dated else _YEAR_TAIL.sub('', s)}"
    return text


def _ieee(i: Identifier, dated: bool) -> str:
    draft = dated and i.stage is not None
    text = f"{i.series} {'P' if draft else ''}{i.number}"
    year = f"-{i.edition}" if dated and i.edition else ""
    own = any(s not in PACKAGES for s in i.supplements)
    if draft and i.stage != "P":
        text += f"{year}/{i.stage}" if own else f"/{i.stage}{year}"
    else:
        text += year
    return text + _separate(i, dated)


def _ansi(i: Identifier, dated: bool) -> str:
    sep = ":" if i.series == "UL" else "-"
    return f"{i.series} {i.number}" + (f"{sep}{i.edition}" if dated and i.edition else "") + _separate(i, dated)


def _oasis(i: Identifier, dated: bool) -> str:
    parts = [i.number]
    if dated:
        parts += ([i.edition] if i.edition else []) + list(i.supplements)
    else:
        parts += [s for s in i.supplements if not (_OASIS_STAGE.match(s) or _VERSION.fullmatch(s))]
    return f"{i.series} {'-'.join(parts)}"


def _w3c(i: Identifier, dated: bool) -> str:
    stage = f"{i.stage}-" if dated and i.stage else ""
    return f"{i.series} {stage}{i.number}" + (f"-{i.edition}" if dated and i.edition else "")


def _colon_year(i: Identifier, dated: bool) -> str:
    return f"{i.series} {i.number}" + (f":{i.edition}" if dated and i.edition else "")


def _nerc(i: Identifier, dated: bool) -> str:
    return f"{i.series}-{i.number}" + (f"-{i.edition}" if dated and i.edition else "")


def _bsi(i: Identifier, dated: bool) -> str:
    joint = "-" if i.series == "BSI TR" else " "
    return f"{i.series}{joint}{i.number}" + (f" {i.edition}" if dated and i.edition else "")


def _cc(i: Identifier, dated: bool) -> str:
    return f"{i.series} {i.edition}" if dated and i.edition else i.series


def _number_only(i: Identifier, dated: bool) -> str:
    return i.number


_RENDER: dict[str, Callable[[Identifier, bool], str]] = {
    "gb": _hyphen_year,
    "nist": _nist,
    "ietf": _ietf,
    "etsi": _etsi,
    "cen": _cen,
    "iso": _iso,
    "itu": _itu,
    "ieee": _ieee,
    "ansi": _ansi,
    "oasis": _oasis,
    "w3c": _w3c,
    "nerc": _nerc,
    "bsi": _bsi,
    "national": _colon_year,
    "cc": _cc,
    "anssi": _number_only,
    "certificate": _number_only,
}
