"""Search text: what LIKE finds of a Chinese term the index finds, and no query is a syntax error."""

from __future__ import annotations

import re
import sqlite3
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standards_db import search

TITLES = (
    "信息安全技术 网络安全等级保护基本要求",
    "信息技术 安全技术 信息安全管理体系 要求",
    "５Ｇ移动通信网 安全技术要求",
    "5G网络切片安全",
    "GB/T 27001-2016 等级",
    "保护等级",
    "個人情報保護マネジメントシステム",
    "Information security, cybersecurity (ISO/IEC 27001:2022)",
)


@pytest.fixture(scope="module")
def index() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    search.register(connection)
    connection.execute("create virtual table titles using fts5 (title, content='')")
    for number, title in enumerate(TITLES):
        connection.execute("insert into titles (rowid, title) values (?, spaced(?))", [number, title])
    return connection


def found(index: sqlite3.Connection, query: str) -> set[int]:
    return {row[0] for row in index.execute("select rowid from titles where titles match escape_fts(?)", [query])}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("等级保护", {0}),
        ("等级", {0, 4, 5}),
        ("级", {0, 4, 5}),
        ("27001", {4, 7}),
        ("5G", {2, 3}),
        ("５ｇ", {2, 3}),
        ("GB/T 27001", {4}),
        ("270*", {4, 7}),
        ('"安全 技术"', {0, 1, 2}),
        ("情報保護", {6}),
        ("マネジメント", {6}),
        ("等级 网络", {0}),
        ("", set()),
        ('"', set()),
        ('""', set()),
        ("*", set()),
        ("—", set()),
        ("NOT", set()),
        ("title:等级", set()),
    ],
)
def test_terms(index: sqlite3.Connection, query: str, expected: set[int]) -> None:
    """One character, several, digits, letters, folded forms, prefixes and phrases find what they should."""
    assert found(index, query) == expected


def test_recall_equals_like(index: sqlite3.Connection) -> None:
    """Every run of one to six neighbouring Chinese or Japanese characters is found wherever LIKE finds it."""
    runs = [match[0] for title in TITLES for match in re.finditer(f"(?:{search.CHARACTER.pattern})+", title)]
    terms = {run[i : i + n] for run in runs for n in range(1, 7) for i in range(len(run) - n + 1)}
    assert len(terms) > 150
    for term in terms:
        # a blank between two characters of a title does not part a phrase, so it may find more than LIKE, never less
        like = {n for n, title in enumerate(TITLES) if term in title}
        at_most = {n for n, title in enumerate(TITLES) if term in title.replace(" ", "")}
        assert like <= found(index, term) <= at_most, term


@settings(max_examples=300)
@given(st.text() | st.text(alphabet='"*()-^:+{}ANDORT 等5', max_size=12))
def test_no_query_is_an_error(index: sqlite3.Connection, query: str) -> None:
    """Whatever a visitor types is answered, with titles that exist."""
    try:
        query.encode()
    except UnicodeEncodeError:
        return
    assert found(index, query) <= set(range(len(TITLES)))


@given(st.text())
def test_spacing_is_stable(text: str) -> None:
    """Spacing twice is spacing once, and nothing but blanks is added."""
    once = search.spaced(text)
    assert once is not None
    assert search.spaced(once) == once
    folded = unicodedata.normalize("NFKC", text)
    assert search.BLANKS.sub("", once) == search.BLANKS.sub("", folded)
    assert search.spaced(None) is None
