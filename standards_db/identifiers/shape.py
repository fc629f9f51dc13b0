"""A shape: the words that can start a designation, its regular expression and what it builds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .model import Identifier

Builder = Callable[[re.Match[str]], Identifier | None]
_END = r"(?![A-Za-z0-9])(?![-.:/]\d)(?!-[A-Z]\.|[ -]?(?:series|family|系列))"


@dataclass(frozen=True, slots=True)
class Shape:
    """One way a designation is written. ``heads``: upper-case letters it starts with (``3GPP`` with its digit)."""

    heads: tuple[str, ...]
    whole: re.Pattern[str]
    inside: re.Pattern[str] | None
    build: Builder


def shape(heads: str, pattern: str, build: Builder, *, inside: str | bool = True) -> Shape:
    """Shape for ``pattern`` (verbose syntax, no anchors).

    Whole texts are matched in any case, running text in the printed case only.
    ``inside=False`` keeps the shape out of running text, a string gives running text a stricter pattern.
    """
    strict = pattern if inside is True else inside
    return Shape(
        tuple(heads.split()),
        re.compile(pattern, re.X | re.I),
        re.compile(f"(?:{strict}){_END}", re.X) if strict else None,
        build,
    )


def alternatives(words: object) -> str:
    """Regular expression for any of the words, longest first, blanks in a word flexible."""
    return "|".join(re.escape(w).replace(r"\ ", r"\ ?") for w in sorted(words, key=len, reverse=True))  # type: ignore[call-overload]
