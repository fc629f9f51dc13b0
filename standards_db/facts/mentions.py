"""The documents that curated facts name: each designation inside a cell, read by the identifier grammars.

What a mention points to is decided by the view `fact_links`, so that it changes when a linked document does.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from standards_db import facts
from standards_db.identifiers import find
from standards_db.interpret import edition_key

COMPETING = {"cn_spec": "cn", "us_spec": "us", "eu_spec": "eu", "intl_spec": "intl"}
REVERSE_UPTAKE = {"first_national_publication": "cn", "international_publication": "intl"}


@cache
def mentions() -> tuple[tuple[Any, ...], ...]:
    """(number, fact, row of the fact, column, sphere, text, identifier, work, edition key, 1 when dated).

    A filled cell without a designation gives one row whose identifier is None: it is listed and cannot be linked.
    """
    rows: list[tuple[Any, ...]] = []
    for fact, fact_row, side, sphere, text in cells():
        found = list(dict.fromkeys(find(text)))
        for one in found:
            dated = one.is_dated or (str(one) == one.undated and one.family == "ietf")
            where = (len(rows) + 1, fact, fact_row, side, sphere, text)
            rows.append((*where, str(one), one.undated, edition_key(one), int(dated)))
        if not found:
            rows.append((len(rows) + 1, fact, fact_row, side, sphere, text, None, None, None, None))
    return tuple(rows)


def cells() -> list[tuple[str, int, str, str, str]]:
    """(fact, row, column, sphere, text) of every filled cell that may name documents."""
    found = []
    for fact, sides in (("competing", COMPETING), ("reverse_uptake", REVERSE_UPTAKE)):
        for number, row in enumerate(facts.load(fact), 1):
            found += [(fact, number, side, sphere, row[side]) for side, sphere in sides.items() if row[side]]
    for number, row in enumerate(facts.load("crypto_suites"), 1):
        found.append(("crypto_suites", number, "evidence_id", row["sphere"], row["evidence_id"]))
    return found
