"""The words of the interface: no template holds any, every key exists, and a translation fits the English catalogue."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest
import yaml
from jinja2 import Environment, nodes
from served import METADATA

from standards_db import taxonomy
from standards_db.datasette_plugin import words

PLUGIN = Path(words.__file__).parent
TEMPLATES = sorted((PLUGIN / "templates").glob("*.html"))
SPOKEN = {"alt", "aria-label", "content", "data-label", "label", "placeholder", "title"}
UNSPOKEN = {"code", "script", "style", "textarea"}  # a textarea holds SQL
LETTERS = re.compile(r"[^\W\d_]{2,}")
DATA = ("labels.", "columns.", "metadata.")
TRANSLATIONS = [name for name in words.languages() if name != words.ENGLISH]
# Names of things, the same in every language.
NAMES = {"width=device-width, initial-scale=1", "Datasette"}


def printable(node: nodes.Node) -> list[str]:
    """The literal texts that an expression may print: not the arguments of calls, not what is compared."""
    if isinstance(node, nodes.Const):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, nodes.CondExpr):
        return [text for part in (node.expr1, node.expr2) if part is not None for text in printable(part)]
    if isinstance(node, nodes.And | nodes.Or | nodes.Add):
        return printable(node.left) + printable(node.right)
    if isinstance(node, nodes.Concat):
        return [text for part in node.nodes for text in printable(part)]
    if isinstance(node, nodes.Filter) and node.node is not None:
        return printable(node.node)
    return []


def markup(source: str) -> str:
    """The template as HTML: every expression replaced by the literal texts that it may print."""
    pieces = []
    tree = Environment().parse(source)
    of_classes = {
        id(one)
        for block in tree.find_all(nodes.Block)
        if block.name == "body_class"
        for one in block.find_all(nodes.Output)
    }
    for output in (one for one in tree.find_all(nodes.Output) if id(one) not in of_classes):
        for node in output.nodes:
            is_text = isinstance(node, nodes.TemplateData)
            pieces.append(node.data if is_text else " ".join(printable(node)))
    return "".join(pieces)


class Words(HTMLParser):
    """Collects what a reader reads or hears: texts, and attributes that are spoken."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in UNSPOKEN
        is_button = tag == "input" and ("type", "submit") in attrs
        self.found += [value or "" for name, value in attrs if name in SPOKEN or (name == "value" and is_button)]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in UNSPOKEN

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def inline_words(source: str) -> list[str]:
    reader = Words()
    reader.feed(markup(source))
    return [text.strip() for text in reader.found if LETTERS.search(text) and text.strip() not in NAMES]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_words(template: Path) -> None:
    """Everything a reader reads comes from the catalogue or the data."""
    assert inline_words(template.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>{{ n }} rows</p>", ["rows"]),
        ('<p>{{ "in force" if x else t("other") }}</p>', ["in force"]),
        ('<p>{{ label or "not stated" }}</p>', ["not stated"]),
        ('<td data-label="Status">{{ x }}</td>', ["Status"]),
        ('<td data-label="{{ t(\'status\') }}" class="day">{{ x }}</td>', []),
        ('<input type="submit" value="Apply"><input type="text" value="kept">', ["Apply"]),
        ('{# a note #}<a class="{{ "off" if x }}" href="{{ rows_of("documents") }}">→</a> <code>RFC 8446</code>', []),
    ],
)
def test_words_in_a_template_are_seen(source: str, found: list[str]) -> None:
    """The check above finds words in texts, in expressions and in labels, and nothing else."""
    assert inline_words(source) == found


def asked_in_templates(source: str) -> Iterator[str]:
    """Keys that a template asks for, with both endings where a number chooses; `a.` stands for what follows it."""
    for call in Environment().parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t" and call.args:
            yield from of_call(call.args[0], any(pair.key == "n" for pair in call.kwargs))


def of_call(node: nodes.Node, is_counted: bool) -> Iterator[str]:
    if isinstance(node, nodes.Const):
        yield from ((f"{node.value}.one", f"{node.value}.many") if is_counted else (node.value,))
    elif isinstance(node, nodes.Concat | nodes.CondExpr):
        parts = node.nodes if isinstance(node, nodes.Concat) else [node.expr1, node.expr2]
        for part in parts[:1] if isinstance(node, nodes.Concat) else parts:
            yield from of_call(part, is_counted)


def asked_in_code(source: str) -> Iterator[str]:
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name == "say" and call.args:
            text = call.args[0].values[0] if isinstance(call.args[0], ast.JoinedStr) else call.args[0]
            if isinstance(text, ast.Constant):
                yield str(text.value)


def named_in_code(source: str) -> set[str]:
    """Every literal text: a key may be handed on before it is asked for."""
    return {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant) and node.value}


def test_every_key_that_is_asked_for_exists() -> None:
    """A page never fails for a word, and no key of the catalogue is a word that nobody reads."""
    english = {key for key in words.catalogue(words.ENGLISH) if not key.startswith(DATA)}
    code = [path.read_text(encoding="utf-8") for path in PLUGIN.rglob("*.py")]
    asked = {key for path in TEMPLATES for key in asked_in_templates(path.read_text(encoding="utf-8"))}
    asked |= {key for source in code for key in asked_in_code(source)}
    begun = tuple(key for key in asked if key.endswith((".", "_")))
    whole = asked - set(begun)

    assert len(whole) > 300
    assert whole - english == set()
    assert [start for start in begun if not any(key.startswith(start) for key in english)] == []
    unread = {key for key in english - whole if not key.startswith(begun)}
    assert unread - {key for source in code for key in named_in_code(source)} == set()


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("name", TRANSLATIONS)
def test_a_translation_fits_the_english_catalogue(name: str) -> None:
    """Every key of it exists in English with the same placeholders; tags are the same too."""
    english, other = words.catalogue(words.ENGLISH), words.catalogue(name)
    spoken = {key: text for key, text in other.items() if not key.startswith(DATA)}

    assert len(spoken) > 300
    assert [key for key in spoken if key not in english] == []
    wrong = [key for key, text in spoken.items() if placeholders(text) != placeholders(english[key])]
    assert wrong == []
    tag = re.compile(r"</?\w+")
    assert [key for key, text in spoken.items() if sorted(tag.findall(text)) != sorted(tag.findall(english[key]))] == []


@pytest.mark.parametrize("name", TRANSLATIONS)
def test_a_translation_names_data_that_exists(name: str) -> None:
    """Its columns are columns, its texts of metadata.yml stand there, its labels are of keys of the taxonomy."""
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    described = words.flat(metadata, "metadata.")
    columns = {column for table in metadata["databases"]["standards"]["tables"].values() for column in table["columns"]}
    codes = {
        "sphere": taxonomy.SPHERES,
        "status": taxonomy.STATUSES,
        "degree": taxonomy.DEGREES,
        "country": taxonomy.COUNTRIES,
    }

    for key in words.catalogue(name):
        branch, _, rest = key.partition(".")
        if branch == "metadata":
            assert key in described, key
        elif branch == "columns":
            assert rest in columns | {"Link"}, key
        elif branch == "labels" and (column := rest.partition(".")[0]) in codes:
            assert rest.partition(".")[2] in {*codes[column], "unstated"}, key
