"""Reading many small YAML files: rapidyaml where it reads what PyYAML reads, in a sixth of the time, else PyYAML.

Over every bulk file that was recorded the two give the same. What rapidyaml takes otherwise (anchors, several
documents, the line breaks of old YAML, numbers that it would respell) and all that it refuses is left to PyYAML.
"""

from __future__ import annotations

import json
import re
from typing import Any

import ryml
import yaml

DEEPEST = 64  # levels. rapidyaml writes no more; PyYAML's C parser ends the process at some ten thousand
_MARKED = re.compile(r"(?:^|[:,\[{?-])\s*[&*!]", re.MULTILINE)  # an anchor, an alias or a tag
_OTHERWISE = ("\t", "\x85", "\u2028", "\u2029", "\\u")
_RESPELLED = re.compile(r"-?0\.|.*\.0(?!\d)")
_WORDS = {"": None, "null": None, "true": True, "false": False}
_Parser: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_yaml(text: str) -> Any:
    """The one YAML document in `text` as dicts, lists and texts.

    Every scalar is the text that is printed, but for plain true, false, null and nothing, which are Python's.
    Raises yaml.YAMLError, also for more than `DEEPEST` levels, or RecursionError for a structure that holds itself.
    """
    if any(mark in text for mark in _OTHERWISE) or (any(mark in text for mark in "&*!") and _MARKED.search(text)):
        return thorough(text)
    try:
        written = ryml.emit_json(ryml.parse_in_arena(text.encode())) or ""
        value = _read_json(written)
    except (ryml.ExceptionBasic, ValueError):
        return thorough(text)
    if not isinstance(value, dict) or '.nan"' in written or '.inf"' in written:  # several documents; "nan" respelled
        return thorough(text)
    return value


def _as_printed(number: str) -> str:
    """A number that rapidyaml cannot have respelled: it writes .5 as 0.5 and 1. as 1.0. Raises ValueError."""
    if _RESPELLED.match(number):
        raise ValueError(f"{number} may be printed otherwise")
    return number


_read_json = json.JSONDecoder(parse_int=str, parse_float=_as_printed).decode


class _Nodes(_Parser):  # type: ignore[misc]
    """The parser without the search for tags: every scalar stays the text that is printed."""

    def descend_resolver(self, *_: Any) -> None: ...

    def ascend_resolver(self) -> None: ...

    def resolve(self, *_: Any) -> str:
        return ""


def thorough(text: str) -> Any:
    """`read_yaml` by PyYAML."""
    depth = 0
    for event in yaml.parse(text, Loader=_Parser):  # by events first: nodes are made by a recursion without a floor
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.YAMLError(f"nested more than {DEEPEST} levels")
    loader = _Nodes(text)
    try:
        node = loader.get_single_node()
    finally:
        loader.dispose()
    return None if node is None else _built(node, {})


def _built(node: yaml.Node, shared: dict[int, Any]) -> Any:
    """`shared` keeps what an alias names again from being built again: a few bytes could ask for gigabytes."""
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.style else _WORDS.get(node.value, node.value)
    if id(node) in shared:
        return shared[id(node)]
    if isinstance(node, yaml.SequenceNode):
        value: Any = [_built(item, shared) for item in node.value]
    else:
        if any(not isinstance(key, yaml.ScalarNode) for key, _ in node.value):
            raise yaml.constructor.ConstructorError("while reading a mapping", node.start_mark, "a key is no text")
        value = {key.value: _built(item, shared) for key, item in node.value}
    shared[id(node)] = value
    return value
