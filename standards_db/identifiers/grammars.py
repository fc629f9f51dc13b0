"""All shapes together: ``parse`` for a text that is a designation, ``find`` for designations inside a text."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, lru_cache

from . import (
    grammar_certificates,
    grammar_cn,
    grammar_eu,
    grammar_ieee,
    grammar_intl,
    grammar_national,
    grammar_us,
    series,
)
from .folding import fold, fold_designation
from .model import Identifier
from .shape import Shape

_LONGEST = 120
_HEAD = re.compile(r"3GPP|W3C|[A-Z]+", re.I)
_WORD = re.compile(r"(?<![A-Za-z0-9])(?<![A-Za-z]/)(?:3GPP|W3C|[A-Za-z]+)")
_GLUED = re.compile(r"(?<=[:-](?:19|20)\d\d)(?=(?:ISO|IEC|EN|GB|ETSI)[ /])")
_MODULES = (grammar_cn, grammar_us, grammar_intl, grammar_eu, grammar_ieee, grammar_national, grammar_certificates)


@cache
def _by_head() -> dict[str, tuple[Shape, ...]]:
    table: dict[str, list[Shape]] = {}
    for module in _MODULES:
        for one in module.shapes():
            for head in one.heads:
                table.setdefault(head, []).append(one)
    return {head: tuple(shapes) for head, shapes in table.items()}


@lru_cache(maxsize=65536)
def parse(text: str) -> Identifier | None:
    """The designation that ``text`` is, or None: no family fits, or more than one does."""
    if not text or len(text) > _LONGEST:
        return None
    folded = fold_designation(text)
    head = _HEAD.match(folded)
    if head is None:
        return None
    found: Identifier | None = None
    for one in _by_head().get(head.group().upper(), ()):
        match = one.whole.fullmatch(folded)
        if match is None or (made := one.build(match)) is None:
            continue
        if found is not None and made != found:
            return None
        found = made
    return _meant(found) if found else None


def _meant(printed: Identifier) -> Identifier:
    """The identifier with a known misprint of the source put right."""
    meant = series.misprints().get(printed.undated)
    if meant is None:
        return printed
    return replace(printed, number=meant.rpartition(" ")[2])


def find(text: str) -> list[Identifier]:
    """Designations inside running text, in order of appearance, without overlaps."""
    folded = _GLUED.sub(" ", fold(text))
    out: list[Identifier] = []
    end = 0
    for word in _WORD.finditer(folded):
        if word.start() < end:
            continue
        best, best_end = None, 0
        for one in _by_head().get(word.group().upper(), ()):
            if one.inside is None or (match := one.inside.match(folded, word.start())) is None:
                continue
            if match.end() > best_end and (made := one.build(match)) is not None:
                best, best_end = made, match.end()
        if best is not None:
            out.append(_meant(best))
            end = best_end
    return out
