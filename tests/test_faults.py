"""The faults are made for real by `python -m benchmarks.faults`; here a few tries show that it runs and sees a loss."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import fault_cases
from benchmarks.faults import Result, World
from standards_db.schema import open_db

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "arguments", [("--only", "kill -9", "--kills", "3"), ("--only", "certificate"), ("--only", "bomb")]
)
def test_faults_lose_nothing(arguments: tuple[str, ...]) -> None:
    """A round of it ends with 0 and a table without losses."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr + done.stdout
    cells = [cell.strip() for cell in done.stdout.splitlines()[2].strip("|").split("|")]
    assert int(cells[1]) >= 2 and cells[2:4] == ["0", "0"]


def test_a_loss_would_be_seen(tmp_path: Path) -> None:
    """A row that is gone, one that is stale and one too many are counted."""
    world = World.__new__(World)
    world.db, world.broken_before = tmp_path / "live.db", set()
    world.accepted = {"NIST SP 800-11": "Guide 11", "NIST SP 800-12": "Guide 12"}
    db = open_db(world.db)
    db.execute("insert into runs (source, mode, started_at, verdict) values ('toy', 'live', '2026-11-28', 'accepted')")
    for name, title in (("NIST SP 800-12", "Guide of old"), ("NIST SP 800-13", "Guide 13")):
        db.execute(
            "insert into documents (id, title, sphere, source, run) values (?, ?, 'us', 'toy', 1)", [name, title]
        )
    db.close()
    result = Result("none")

    world.judge(result, before=1)

    assert (result.lost, result.doubled, result.is_good) == (2, 1, False)


def test_every_fault_is_named_once() -> None:
    names = [case.fault for case in fault_cases.CASES]
    assert len(names) == len(set(names)) >= 15
