"""What the deployment files and the operator's guide call exists: commands, options, pages, linters where installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from crawler import cli
from standards_db import datasette_plugin

ROOT = Path(__file__).parent.parent
FILES = sorted([*(ROOT / "deploy").iterdir(), ROOT / "docs" / "operate.md", ROOT / "README.md"])
CALL = re.compile(r"spheres (\w+)((?:[^\n`|&>)#]|\\\n)*)")


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_commands_exist(path: Path) -> None:
    """Every `spheres …` in the file is a command with these options."""
    found = 0
    for name, rest in CALL.findall(path.read_text(encoding="utf-8")):
        if name not in cli.main.commands:
            continue
        known = {option for param in cli.main.commands[name].params for option in param.opts}
        used = set(re.findall(r"(?<!\S)--[a-z-]+", rest))
        assert used <= known | {"--help"}, (path.name, name, used - known)
        found += 1
    assert found or path.name in ("spheres-refresh.timer",)


def test_pages_exist() -> None:
    """The addresses that the guide and the container ask for are routes of the plugin."""
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    routes = [pattern for pattern, _ in datasette_plugin.register_routes()]

    for page in {"/-/health", "/-/metrics"}:
        assert page in text and any(re.search(route, page) for route in routes)


def test_workflow_is_yaml_and_names_real_commands() -> None:
    """The workflow parses, cannot overlap with itself, and may write nothing but contents."""
    workflow = yaml.safe_load((ROOT / "deploy" / "refresh.yml").read_text(encoding="utf-8"))

    assert workflow["permissions"] == {"contents": "write"}
    assert workflow["concurrency"]["cancel-in-progress"] is False
    runs = [step["run"] for step in workflow["jobs"]["refresh"]["steps"] if "run" in step]
    assert any("spheres refresh" in run for run in runs) and any("spheres check" in run for run in runs)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs Debian's systemd")
def test_units_verify(tmp_path: Path) -> None:
    """systemd accepts the units, with paths that exist here put in their place."""
    for path in (ROOT / "deploy").glob("spheres-*"):
        text = path.read_text(encoding="utf-8")
        text = text.replace("/opt/cyber-spheres/.venv/bin/spheres", "/bin/true").replace("/opt/cyber-spheres", "/tmp")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    units = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60, check=False
    )

    assert len(units) == 5
    assert (done.returncode, done.stderr) == (0, "")
