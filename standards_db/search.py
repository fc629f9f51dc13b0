"""Search text for SQLite FTS5 in which every Chinese or Japanese character is a token of its own.

The words of a Chinese title are not separated, so a word index finds next to nothing in it. With one token per
character and a phrase per search term, a term of any length is found wherever it stands in a title. Index and query
must pass through the same folding: `spaced` writes the index, `escape_fts` writes the query.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata

CHARACTER = re.compile(r"([\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af])")
BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")
TERM = re.compile(r'"([^"]*)"(\*?)|([^\s"]+)')
NO_TERM = '""'  # FTS5 accepts the empty phrase and finds nothing


def spaced(text: str | None) -> str | None:
    """`text` with full-width forms folded and blanks around every CJK character; None stays None."""
    if text is None:
        return None
    return BLANKS.sub(" ", CHARACTER.sub(r" \1 ", unicodedata.normalize("NFKC", text))).strip()


def escape_fts(query: str | None) -> str:
    """An FTS5 expression that is never a syntax error and asks for every term of `query`.

    Terms are separated by blanks; "quoted words" are one term; a term that ends in * is a prefix. A lone quote, and a
    term without a letter or digit, is ignored; a query without any term finds nothing.
    """
    folded = BLANKS.sub(" ", unicodedata.normalize("NFKC", query or ""))
    phrases = []
    for quoted, star, bare in TERM.findall(folded):
        text = quoted or bare
        if any(character.isalnum() for character in text):
            is_prefix = bool(star) or bare.endswith("*")
            phrases.append(f'"{spaced(text.rstrip("*"))}"' + "*" * is_prefix)
    return " ".join(phrases) or NO_TERM


def register(connection: sqlite3.Connection) -> None:
    """Make both functions known to a connection; `escape_fts` is the name under which Datasette calls its own."""
    connection.create_function("escape_fts", 1, escape_fts, deterministic=True)
    connection.create_function("spaced", 1, spaced, deterministic=True)
