"""What several test files share: the database and the snapshot of the whole embedded sample."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsing import browser, driver, phone, site  # noqa: F401  (fixtures)
from support import TODAY, Quiet

from crawler import runs
from crawler.base import all_sources
from standards_db import registry, snapshot
from standards_db.resolve import resolve
from standards_db.schema import open_db


@pytest.fixture(scope="session")
def sample_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the whole embedded sample, every run of it accepted."""
    sources = all_sources()
    path = tmp_path_factory.mktemp("sample") / "ingest.db"
    db = open_db(path)
    registry.register_sources(db, runs.source_rows(sources))
    outcomes = runs.replay(db, runs.shelf_of_sample(sources), sources, "sample", Quiet, lambda outcome: None)
    assert {(o.source, o.verdict, o.why) for o in outcomes if o.verdict != "accepted"} == set()
    resolve(db, today=TODAY)
    db.close()
    return path


@pytest.fixture(scope="session")
def sample_snapshot(sample_db: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The snapshot of the sample, as `spheres demo` serves it."""
    path = tmp_path_factory.mktemp("published") / "standards.db"
    snapshot.publish(sample_db, path)
    return path
