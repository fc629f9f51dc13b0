"""One numbering, many prefixes: ISO and its joint series never give a number twice, nor do IEC's from 60000 on.

Registers print `ISO 27001:2013` for ISO/IEC 27001:2013, `ISO 21434` for ISO/SAE 21434 and `EN 62443-4-1` for
EN IEC 62443-4-1; texts of the eighties kept their number when ISO and IEC founded their joint committee.
"""

from __future__ import annotations

import re
from dataclasses import replace

from .model import PACKAGES, Identifier, supplement_of_work

_IEC_NUMBERS = range(60000, 80000)
_SHARED_KINDS = re.compile(r"[/ ](?:TS|TR|PAS|ISP)$")
_PUBLISHERS = re.compile(r"(?:ISO|IEC)(?:/(?:IEC|ISO|IEEE|SAE|HL7|CIE|ASTM))*")
_FORMER_IEC = 2000  # below, IEC once had numbers of its own


def number_key(identifier: Identifier) -> str | None:
    """What all prefixes of one number have in common (`ISO 27001`, `IEC 62443-4-1/Amd 1`), None outside ISO and IEC.

    Guides, recommendations and workshop agreements have numberings of their own and give None.
    """
    prefix, base = _SHARED_KINDS.sub("", identifier.series), re.match(r"\d+", identifier.number)
    if base is None:
        return None
    number = int(base.group())
    own = "".join(f"/{supplement_of_work(s)}" for s in identifier.supplements if s not in PACKAGES and s[0] != "+")
    if identifier.family == "cen" and prefix in ("EN", "EN IEC") and number in _IEC_NUMBERS:
        return f"EN {identifier.number}{own}"
    if identifier.family != "iso" or not _PUBLISHERS.fullmatch(prefix):
        return None
    if "ISO" not in prefix and number < _FORMER_IEC:
        return None
    return f"{'IEC' if number in _IEC_NUMBERS else 'ISO'} {identifier.number}{own}"


def under_prefix_of(identifier: Identifier, held: Identifier) -> Identifier:
    """The same edition of the same number, spelled with the prefix under which the work is held."""
    return replace(identifier, series=held.series, body=held.body)


def repackaged(identifier: Identifier) -> list[Identifier]:
    """The same edition in its other packagings: plain first, then as redline or consolidated print."""
    bare = tuple(s for s in identifier.supplements if s not in PACKAGES)
    packed = [(*bare, package) for package in sorted(PACKAGES)]
    return [replace(identifier, supplements=parts) for parts in (bare, *packed) if parts != identifier.supplements]


def same_edition(printed: Identifier, held: Identifier) -> bool:
    """Whether a printed target names an edition as held, only less exactly.

    A year stands for its months, an amendment may lack its own year or that of the text it amends, and an edition
    stands for its updates (NIST `upd1`).
    """
    if printed.undated != held.undated or len(printed.supplements) != len(held.supplements):
        return False
    if printed.stage != held.stage and (printed.stage is not None or not (held.stage or "").startswith("upd")):
        return False
    parts = zip(printed.supplements, held.supplements, strict=True)
    return _is_coarser(printed.edition, held.edition) and all(_is_coarser(_year(a), _year(b)) for a, b in parts)


def _year(supplement: str) -> str | None:
    found = re.search(r"(?:19|20)\d\d(?:-\d\d)?", supplement)
    return found.group() if found else None


def _is_coarser(printed: str | None, held: str | None) -> bool:
    if printed is None or held is None or printed == held:
        return printed is None or printed == held
    return bool(re.fullmatch(r"(?:19|20)\d\d", printed)) and printed in (held[:4], held[-4:])
