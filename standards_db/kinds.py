"""What kind of document a designation names: standard, technical specification, technical report, guide, draft …"""

from __future__ import annotations

import re
from functools import cache

from standards_db.identifiers import Identifier

KIND_OF_SERIES = {
    "TS": "technical specification",
    "PAS": "technical specification",
    "TR": "technical report",
    "GR": "technical report",
    "IR": "technical report",
    "Guide": "guide",
    "EG": "guide",
    "GB/Z": "guide",
    "CSWP": "guide",
    "CWA": "technical specification",
    "GS": "technical specification",
    "SR": "technical report",
}
FINAL_STAGE = re.compile(r"upd|(?:CS|PS|CN)\d*$|(?:REC|NOTE|SPSD|STMT|RY)$")  # a reissue, an approved text
# Families whose numbers do not tell what a document is: the printed kind or status does. The first pattern decides.
KIND_OF_WORDS = {
    "w3c": (
        (r"draft|candidate|proposed|last call|^(?:WD|FPWD|LC|CRY?D?|PE?R|DNOTE|DRY|DISC)$", "draft"),
        (r"\bnote$", "technical report"),
    ),
    "oasis": (
        (r"draft|candidate", "draft"),
        (r"\bnote\b|memo", "technical report"),
        (r"committee|project", "technical specification"),
        (r"standard", "standard"),
    ),
}


def kind_of(identifier: Identifier | None, kind_text: str | None) -> str:
    """The kind of document, from the form of its number; from the printed words where a number tells nothing."""
    if identifier is None:
        return (kind_text or "document").lower()
    for pattern, kind in KIND_OF_WORDS.get(identifier.family, ()):
        if re.search(pattern, kind_text or "", re.IGNORECASE):
            return kind
    if identifier.stage and not FINAL_STAGE.match(identifier.stage):
        return "draft"
    if identifier.is_amendment:
        return "amendment"
    if identifier.family == "3gpp" and re.match(r"V[012]\.", identifier.edition or ""):
        return "draft"  # not yet under change control
    return kind_of_series(identifier.series)


@cache
def kind_of_series(series: str) -> str:
    tokens = (series, *re.split(r"[ /]", series)[::-1])
    return next((KIND_OF_SERIES[token] for token in tokens if token in KIND_OF_SERIES), "standard")
