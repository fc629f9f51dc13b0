"""The house rules that no reader should have to check by hand: who may import whom, and who may write."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted([*ROOT.glob("crawler/**/*.py"), *ROOT.glob("standards_db/**/*.py")])
IDS = [path.relative_to(ROOT).as_posix() for path in FILES]


def imports(path: Path) -> set[str]:
    """Every module a file imports, with names imported from a package written as package.name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


def starts(names: set[str], *prefixes: str) -> set[str]:
    return {name for name in names for prefix in prefixes if name == prefix or name.startswith(f"{prefix}.")}


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_imports_run_one_way(path: Path) -> None:
    """Storage and meaning know no crawler and no Scrapy; a spider knows only what it is made of."""
    names = imports(path)
    parts = path.relative_to(ROOT).parts
    if parts[0] == "standards_db":
        assert not starts(names, "crawler", "scrapy", "twisted", "warcio")
    if "spiders" in parts:
        # the pages or files of one publisher, in a file of their own because a file has its limit
        sites = {"crawler.itu", "crawler.nist", "crawler.harmonised_lists"}
        allowed = {"crawler.base", "crawler.platforms", "crawler.tables", "standards_db.records", *sites}
        project = starts(names, "crawler", "standards_db")
        assert not {name for name in project if not starts({name}, *allowed)}, "a spider collects, nothing else"
    if "datasette_plugin" in parts:
        assert not starts(names, "standards_db.store", "standards_db.resolve", "standards_db.interpret")


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_beautifulsoup_lives_in_one_module(path: Path) -> None:
    """It costs fifteen times parsel: only the reader of broken tables uses it."""
    if path.name != "tables.py":
        assert not starts(imports(path), "bs4")


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_a_file_stays_readable(path: Path) -> None:
    """No module grows past 400 lines, and each says what it is for."""
    text = path.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 400
    assert not text.strip() or ast.get_docstring(ast.parse(text))
