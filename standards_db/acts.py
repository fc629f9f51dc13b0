"""Numbers of acts of EU law: from what a page prints ("2014/53/EU", "Regulation (EU) No 910/2014") to CELEX numbers.

The print leaves out what a CELEX number needs, the form of the act, so one text may stand for several numbers; who
holds a list of acts chooses. Since 2015 all acts of a year share one sequence of numbers: at most one of them exists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from standards_db.dates import parse_date
from standards_db.records import Relation

FORMS = {"R": "regulation", "L": "directive", "D": "decision"}
WORDS = {
    "L": re.compile(r"\bdirectiv|\brichtlini|\bdirettiv", re.IGNORECASE),
    "R": re.compile(r"\bregulation|\br[eè]glement|\bverordnung|\bregolament", re.IGNORECASE),
    "D": re.compile(r"\bd[eé]cision|\bbeschluss|\bentscheidung", re.IGNORECASE),
}
ANY_CELEX = re.compile(r"[0-9CE]\d{4}[A-Z]{1,2}\d{4}\S*")  # acts, consolidated texts, corrigenda, proposals, judgments
CELEX = re.compile(r"(?:celex:\s*)?(3\d{4}[RLD]\d{4})", re.IGNORECASE)
NUMBER = re.compile(
    r"(?<![\w/.])(?P<first>\d{1,4})/(?P<second>\d{1,4})(?:/(?P<tail>EU|EC|EEC|UE|CE|CEE|EG|EWG))?(?![\w/]|\.\d)",
    re.IGNORECASE,
)
CHANGED = re.compile(r"\b(?:amend|repeal|correct|replac)\w*\b.*", re.IGNORECASE | re.DOTALL)
FIRST_YEAR, LAST_YEAR = 1952, 2049
COMMON_NUMBERS = 2015  # from this year on a number is "year/number" whatever the act


def celex_of(text: str | None, form: str | None = None) -> tuple[str, ...]:
    """The CELEX numbers that a printed act may have, the likeliest first; none when no single act is named.

    `form` (a key of FORMS) is what the place says where the text stands, for example a column of decisions.
    """
    printed = CHANGED.sub("", text or "")
    if match := CELEX.fullmatch(printed.strip()):
        return (match[1].upper(),)
    numbers = {match.group().upper(): match for match in NUMBER.finditer(printed)}
    if len(numbers) != 1:
        return ()
    [match] = numbers.values()
    word = form or next((letter for letter, words in WORDS.items() if words.search(printed)), None)
    return candidates(match["first"], match["second"], bool(match["tail"]), word)


def candidates(first: str, second: str, has_tail: bool, word: str | None) -> tuple[str, ...]:
    """CELEX numbers of "first/second", with or without a tail such as "/EU", in print that says `word` of its form."""
    year, late = year_of(first), year_of(second)
    if year is not None and (year >= COMMON_NUMBERS or late is None or has_tail):
        number = int(second)
        if word in ("R", "D"):
            forms = word
        elif year >= COMMON_NUMBERS:  # registers print "Directive" before regulations too
            forms = "LRD" if has_tail or word == "L" else "RLD"
        else:
            forms = "L" if word == "L" else "LD"
    elif late is not None and len(second) == 4:  # "No 910/2014", "768/2008/EC"
        year, number = late, int(first)
        forms = "D" if has_tail or word == "D" else "R"
    else:
        return ()
    return tuple(f"3{year}{letter}{number:04d}" for letter in forms) if number else ()


def year_of(text: str) -> int | None:
    """The year that two or four digits stand for, None for other numbers."""
    year = 1900 + int(text) if len(text) == 2 else int(text) if len(text) == 4 else 0
    return year if FIRST_YEAR <= year <= LAST_YEAR else None


def address(celex: str) -> str:
    """The page of an act at EUR-Lex."""
    return f"https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX:{celex}"


def publications(
    relation: Relation, date_formats: Sequence[str], unknowns: list[tuple[str, str]]
) -> dict[str, list[dict[str, Any]]]:
    """What an edge to an act holds beside the edge itself: {"citations": …}, interpreted; blank when none is printed.

    A target that names no act, and a date that is not understood, go to `unknowns`.
    """
    if not celex_of(relation.target_text):
        unknowns.append((f"{relation.type} target", relation.target_text))
    found = []
    for citation in relation.citations:
        payload: dict[str, Any] = {
            "citation": citation.reference_text,
            "decision_text": citation.decision_text,
            "withdrawal": citation.withdrawal_text,
            "restriction": citation.restriction,
        }
        for name, printed in (
            ("citation_date", citation.date_text),
            ("starts", citation.start_text),
            ("ends", citation.end_text),
        ):
            payload[name], payload[f"{name}_text"] = parse_date(printed, date_formats)[0], printed
            if printed and payload[name] is None:
                unknowns.append((name.replace("_", " "), printed))
        found.append(payload)
    return {"citations": found} if found else {}
