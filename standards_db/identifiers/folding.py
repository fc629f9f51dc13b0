"""Spelling noise: full-width forms, the many dashes, odd blanks and trade-mark signs."""

from __future__ import annotations

import re
import unicodedata

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u2500\u2e3a"
_SLASHES = "\u2215\u2044\u29f8\uff0f"
_GONE = "\u2122\u00ae\u00ad\u200b\u200c\u200d\u2060\ufeff"
_TABLE = {ord(c): "-" for c in _DASHES} | {ord(c): "/" for c in _SLASHES} | {ord(c): None for c in _GONE}
_BLANKS = re.compile(r"\s+")
_AROUND = re.compile(r" ([-/:]) ?(?=[\w(])|([-/:]) (?=[\w(])")
_MARKS = re.compile(r"&(?:trade|reg);|\((?:TM|R)\)")
_DASH_RUN = re.compile(r"--+")


def fold(text: str) -> str:
    """Text with plain dashes, slashes and single blanks; signs that carry no meaning are dropped."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_TABLE)).translate(_TABLE)
    if "&" in text or "(" in text:
        text = _MARKS.sub("", text)
    return _BLANKS.sub(" ", text).strip()


def fold_designation(text: str) -> str:
    """``fold`` for a text that is nothing but a designation: also no blank around ``-``, ``/`` and ``:``."""
    text = fold(text)
    if "--" in text:
        text = _DASH_RUN.sub("-", text)
    return _AROUND.sub(r"\1\2", text)
