"""The README says what the project does: commands, make targets and the source list."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from crawler import cli, serving
from crawler.base import all_sources
from standards_db import taxonomy

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def source_table() -> str:
    """The table of sources as the classes describe themselves."""
    lines = ["| source | sphere | body | holds | |", "|---|---|---|---|---|"]
    for name, source in all_sources().items():
        body = taxonomy.BODIES[source.body].name
        state = "" if source.enabled else f"off: {source.why_off}"
        holds = source.holds if source.tier == "primary" else f"{source.holds}, secondary"
        lines.append(f"| `{name}` | {source.sphere()} | {body} | {holds} | {state} |".replace("|  |", "| |"))
    return "\n".join(lines)


def test_source_list_is_true() -> None:
    """The list between the markers is the list of sources; SPHERES_REGEN=1 rewrites it."""
    text = README.read_text(encoding="utf-8")
    pattern = re.compile(r"(<!-- sources -->\n).*?(<!-- /sources -->)", re.DOTALL)
    wanted = pattern.sub(lambda m: f"{m[1]}\n{source_table()}\n\n{m[2]}", text)
    if os.environ.get("SPHERES_REGEN") and wanted != text:
        README.write_text(wanted, encoding="utf-8")

    assert README.read_text(encoding="utf-8") == wanted


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_the_two_commands_are_make_targets() -> None:
    """The README's command blocks are `make demo` and `make test`, and CI calls the latter."""
    text = README.read_text(encoding="utf-8")
    blocks = re.findall(r"```\n(make [a-z]+)\n```", text)

    assert blocks == ["make demo", "make test"]
    assert set(re.findall(r"`?make ([a-z]+)", text)) <= targets()
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def recipe(target: str) -> str:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    match = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    assert match
    return match[1]


def test_the_makefile_does_what_the_readme_says() -> None:
    """Port, the no-serve option and the files named in the README are those of the Makefile and the command."""
    assert "spheres demo --port $(PORT)" in recipe("demo") and "--no-serve" in recipe("demo")
    assert "pytest" in recipe("test")
    text = README.read_text(encoding="utf-8")
    options = {option.name: option.default for option in cli.main.commands["demo"].params}
    assert f"http://127.0.0.1:{options['port']}/" in text
    assert f"`{options['db_path']}`" in text
    assert str(serving.default_snapshot(Path(options["db_path"]))) in text
    assert "PORT ?= 8001" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(cli.main.commands))
def test_every_command_is_in_the_readme(name: str) -> None:
    """Each subcommand has its row in the README's table, and no row names a command that is not there."""
    rows = set(re.findall(r"^\| `spheres ([a-z-]+)", README.read_text(encoding="utf-8"), re.MULTILINE))

    assert name in rows
    assert rows == set(cli.main.commands)
