"""Two parsers, one result: what rapidyaml would read otherwise than PyYAML is read by PyYAML."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from crawler import bulk_yaml
from crawler.bulk_yaml import read_yaml, thorough

ODD = {
    "an alias": "a: &x {b: c}\nd: *x\n",
    "a tag": "a: !!str 5\nb: !<x> y\n",
    "numbers": "a: .5\nb: 1.\nc: -.5e1\nd: 0.10\ne: 1.0\nf: 007\ng: 1_000\nh: 0x1f\ni: +1\nj: 1e5\nk: 12\nl: 2.75\n",
    "no numbers": "a: .nan\nb: .inf\nc: nan\nd: inf\ne: Infinity\n",
    "words": "a: true\nb: True\nc: yes\nd: null\ne: ~\nf:\ng: ''\nh: 'null'\ni: \"true\"\nj: false\n",
    "a document mark": "---\na: b\n",
    "a tab": "a:\tb\n",
    "old line breaks": 'a: "x\u2028y"\nb: "x\x85y"\n',
    "escapes": "a: \"x\\ny\\u00e9\\U0001F600\"\nb: 'it''s'\n",
    "blocks": "a: |\n  one\n  two\nb: >-\n  one\n  two\nc: one\n  two\n",
    "signs": "a: R&D\nb: Security & Privacy\nc: '*x'\nd: x *y\ne: http://x/#y\nf: x #y\n",
    "a key twice": "a: 1\na: 2\n",
    "Chinese": "title: 信息安全技术 — 第1部分\n",
    "a sequence": "- a\n- b\n",
    "nothing": "",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_the_same_as_by_pyyaml(text: str) -> None:
    """Whoever reads a text, its scalars are what is printed."""
    assert read_yaml(text) == thorough(text)


def test_texts_are_as_printed() -> None:
    """No number, date or word is respelled; only plain true, false, null and nothing are Python's."""
    read: dict[str, Any] = read_yaml("a: 1.0\nb: .5\nc: 2026-01-01\nd: 'true'\ne: true\nf: null\ng:\nh: 0019\n")

    assert read == {"a": "1.0", "b": ".5", "c": "2026-01-01", "d": "true", "e": True, "f": None, "g": None, "h": "0019"}


def test_ordinary_records_do_not_need_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes it fast is used: a record as Relaton writes it never reaches the slow parser."""
    monkeypatch.setattr(bulk_yaml, "thorough", lambda text: pytest.fail("read by PyYAML"))

    assert read_yaml("docid:\n- id: ISO/IEC 27001:2022\n  primary: true\ntitle:\n- content: R&D & more\n") == {
        "docid": [{"id": "ISO/IEC 27001:2022", "primary": True}],
        "title": [{"content": "R&D & more"}],
    }


@pytest.mark.parametrize(
    "text", ["a: b: c\n", 'a: "x\n', "a:\n\tb: 1\n", "? [a]\n: b\n", "a: x\x01\n", "a: 1\n---\nb: 2\n"]
)
def test_broken_text_is_refused(text: str) -> None:
    """What PyYAML refuses is refused."""
    with pytest.raises(yaml.YAMLError):
        read_yaml(text)


@pytest.mark.parametrize("text", ["a: " + "[" * 100_000, "- " * 100_000 + "x", "a: " + "[" * 99 + "]" * 99])
def test_deep_nesting_is_refused_and_ends_no_process(text: str) -> None:
    """A few bytes that nest without end are refused: PyYAML's C parser alone would end the process."""
    with pytest.raises(yaml.YAMLError):
        read_yaml(text)


def test_aliases_do_not_multiply() -> None:
    """A bomb of aliases is built once per anchor."""
    text = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))

    read = read_yaml(text)

    assert read["a29"][0] is read["a29"][2]
