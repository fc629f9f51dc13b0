"""Sources read in processes of their own: the same rows, and one that dies takes nothing with it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import Response
from support import BASE, THREE, Quiet, Toy, page, rows, write_archive

from crawler import all_cores, runs
from crawler.base import Route, SourceSpider, all_sources
from crawler.runs import Outcome, Shelf
from standards_db import checks, registry
from standards_db.resolve import resolve
from standards_db.schema import connect, open_db

OTHER = "http://other.example"
# What differs between two readings of one archive: numbers of rows and runs, and the time of reading.
OF_A_RUN = {"run", "last_run", "first_seen", "last_seen", "started_at", "finished_at", "seconds", "as_of"}


class Second(Toy):
    """Register: the toy register at another address. Publisher: a body made for tests. Caveats: none."""

    name = "second"
    routes = (Route(rf"^{OTHER}/list$", "parse_list", "list", complete=True), Toy.routes[1])


class Dying(Second):
    """Register: one whose reader is killed. Publisher: a body made for tests. Caveats: none."""

    name = "dying"
    sign = signal.SIGKILL

    def parse_list(self, response: Response) -> Iterator[Any]:
        yield from super().parse_list(response)
        os.kill(os.getpid(), self.sign)


class Waiting(Second):
    """Register: one that is never read to its end. Publisher: a body made for tests. Caveats: none."""

    name = "waiting"

    def parse_list(self, response: Response) -> Iterator[Any]:
        yield from super().parse_list(response)
        Path(os.environ["TOY_MARK"]).touch()
        time.sleep(60)


def read_with(path: Path, shelf: Shelf, sources: dict[str, type[SourceSpider]], jobs: int, mode: str) -> list[Outcome]:
    """Read the shelf into a new database and resolve, by one process or several."""
    db = open_db(path)
    registry.register_sources(db, runs.source_rows(sources))
    if jobs == 1:
        outcomes = runs.replay(db, shelf, sources, mode, Quiet, lambda outcome: None)
        db.close()
    else:
        db.close()
        outcomes = all_cores.replay(path, shelf, sources, mode, jobs, Quiet, lambda outcome: None)
    db = connect(path)
    resolve(db, today="2026-11-22")
    db.close()
    return outcomes


def tables(path: Path) -> dict[str, list[str]]:
    """Every row of every table in an order of its own, without what belongs to a run."""
    connection = sqlite3.connect(path)
    found = {}
    for (table,) in connection.execute("select name from sqlite_master where type='table' and name not glob '*sql*'"):
        columns = [
            name
            for _, name, kind, *_ in connection.execute(f"pragma table_info({table})")
            if name not in OF_A_RUN and (name, kind) != ("id", "INTEGER")
        ]
        listed = ", ".join(f'"{column}"' for column in columns)
        found[table] = sorted(repr(row) for row in connection.execute(f"select {listed} from {table}"))
    connection.close()
    return found


def test_the_same_rows_whatever_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole sample by one process, by one in the reverse order, and by three at once: every table is the same."""
    for module in ("standards_db.store", "crawler.base", "crawler.middlewares"):
        monkeypatch.setattr(f"{module}.now", lambda: "2026-11-28T00:00:00Z")  # where a page has no time of its own
    sources = all_sources()
    shelf = runs.shelf_of_sample(sources)
    backwards = dict(reversed(sources.items()))

    read_with(tmp_path / "one.db", shelf, sources, 1, "sample")
    read_with(tmp_path / "back.db", shelf, backwards, 1, "sample")
    outcomes = read_with(tmp_path / "three.db", shelf, sources, 3, "sample")

    expected = tables(tmp_path / "one.db")
    assert all(expected[table] for table in ("documents", "certificates", "relations", "records", "changes", "works"))
    assert tables(tmp_path / "back.db") == expected
    assert tables(tmp_path / "three.db") == expected
    assert [o.source for o in outcomes] == [name for name in sources if name in shelf.by_source]
    assert {o.verdict for o in outcomes} == {"accepted"}
    assert all(o.tally.row_count for o in outcomes)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The toy register's list at two addresses."""
    return write_archive(
        tmp_path / "kept",
        [(url, page(THREE), "2026-01-01T00:00:00Z") for url in (f"{BASE}/list", f"{OTHER}/list")],
    )


@pytest.mark.parametrize(("sign", "how"), [(signal.SIGKILL, "signal 9 (Killed)"), (signal.SIGTERM, "signal 15")])
def test_a_killed_process_loses_its_own_source_only(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sign: signal.Signals, how: str
) -> None:
    """The death is an outcome with its reason, its run is given up, and the other source is accepted."""
    monkeypatch.setattr(Dying, "sign", sign)
    sources: dict[str, type[SourceSpider]] = {"dying": Dying, "toy": Toy}  # the first whose route fits reads it
    told: list[str] = []
    path = tmp_path / "ingest.db"
    db = open_db(path)
    registry.register_sources(db, runs.source_rows(sources))
    db.close()

    shelf = runs.shelf_of_folder(archive, sources)
    outcomes = all_cores.replay(path, shelf, sources, "archive", 2, Quiet, lambda outcome: told.append(outcome.source))

    assert [(o.source, o.verdict) for o in outcomes] == [("dying", "rejected"), ("toy", "accepted")]
    assert outcomes[0].why is not None and how in outcomes[0].why
    assert sorted(told) == ["dying", "toy"]
    assert {r["source"]: r["verdict"] for r in rows(path, "select * from runs")} == {
        "dying": "abandoned",
        "toy": "accepted",
    }
    assert rows(path, "select * from staged") == []
    assert {r["source"] for r in rows(path, "select source from documents")} == {"toy"}
    resolve(db := open_db(path))
    assert checks.invariants(db) == []


SCRIPT = """
import sys
from pathlib import Path
from support import Quiet
from test_all_cores import Second, Waiting
from crawler import all_cores, runs
sources = {"waiting": Waiting}
shelf = runs.shelf_of_folder(Path(sys.argv[2]), sources)
try:
    all_cores.replay(Path(sys.argv[1]), shelf, sources, "archive", 2, Quiet, lambda outcome: None)
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_an_interrupt_ends_all_and_leaves_nothing_half_done(archive: Path, tmp_path: Path) -> None:
    """Ctrl-C reaches the parent: the children end at once, their runs are given up and nothing of them is visible."""
    path, mark = tmp_path / "ingest.db", tmp_path / "mark"
    db = open_db(path)
    registry.register_sources(db, runs.source_rows({"waiting": Waiting}))
    db.close()
    root = Path(__file__).parent
    environment = {**os.environ, "TOY_MARK": str(mark), "PYTHONPATH": f"{root.parent}{os.pathsep}{root}"}
    child = subprocess.Popen([sys.executable, "-c", SCRIPT, path, archive], env=environment)
    try:
        for _ in range(600):
            if mark.exists() or child.poll() is not None:
                break
            time.sleep(0.05)
        assert mark.exists()
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=30) == 130
    finally:
        child.kill()

    assert [r["verdict"] for r in rows(path, "select verdict from runs")] == ["abandoned"]
    assert rows(path, "select * from staged") == [] and rows(path, "select * from documents") == []
