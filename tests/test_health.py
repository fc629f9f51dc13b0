"""Freshness in figures: the health page, the metrics, and what counts as late."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from served import Served
from small_snapshot import build_snapshot

from standards_db import health

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
LINE = re.compile(r'^[a-z_]+(\{source="[a-z0-9_]+"\})? \d+$')


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    site = Served(build_snapshot(tmp_path_factory.mktemp("health")))
    yield site
    site.close()


def test_health(served: Served) -> None:
    """The page names the snapshot with hash and age, and every source with its last run."""
    answer = served.get("/-/health")
    found = answer.json()

    assert answer.status_code == 200
    assert found["snapshot"]["sha256"] == served.sql("select sha256 from snapshot")[0]["sha256"]
    assert 0 <= found["snapshot"]["age_seconds"] < 3600
    keys = [row["key"] for row in served.sql("select key from sources order by 1")]
    assert [one["source"] for one in found["sources"]] == keys
    good = served.sql("select source, max(finished_at) as at from runs where verdict='accepted' group by 1")
    assert {one["source"]: one["last_good_run"] for one in found["sources"] if one["last_good_run"]} == {
        row["source"]: row["at"] for row in good if row["at"]
    }


def test_metrics(served: Served) -> None:
    """Every line is one Prometheus reads, each family is declared once, and the figures are those of the tables."""
    text = served.get("/-/metrics").text
    lines = text.splitlines()
    values = [line for line in lines if not line.startswith("#")]

    assert values and all(LINE.match(line) for line in values), values
    declared = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(declared) == len(set(declared))
    assert {re.split(r"[{ ]", line)[0] for line in values} == set(declared)
    assert sum(line.startswith("spheres_source_on{") for line in values) == len(served.sql("select key from sources"))


def test_without_a_snapshot(tmp_path: Path) -> None:
    """A database that is no snapshot is not healthy."""
    path = tmp_path / "standards.db"
    connection = sqlite3.connect(path)
    connection.execute("create table t (a)")
    connection.close()
    site = Served(path)

    assert site.get("/-/health").status_code == 503
    assert site.get("/-/metrics").status_code == 503
    site.close()


@pytest.mark.parametrize(
    ("is_on", "last", "late"),
    [
        (1, "2026-11-14T11:00:00Z", True),
        (1, "2026-11-14T13:00:00Z", False),
        (0, "2026-11-14T11:00:00Z", False),
        (1, None, False),
        (1, "2027-01-01T00:00:00Z", False),
    ],
)
def test_late(is_on: int, last: str | None, late: bool) -> None:
    """Late is two missed intervals of a source that is on and was read before."""
    assert health.late({"is_on": is_on, "interval_days": 7, "last_good_run": last}, AT) is late
