"""The comparison with peers offers everybody the same rows. The peers themselves are not installed for tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.peer_inputs import KINDS, write_inputs
from benchmarks.peer_ways import WORK
from benchmarks.peers import INPUTS, SCRIPT_OF, SCRIPTS

ROWS = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("peers")
    assert set(write_inputs(made, None, ROWS)) == set(KINDS) == set(INPUTS)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_every_way_reads_all_repeated_rows(folder: Path, kind: str) -> None:
    """No repeated row is lost to deduplication, and all ways keep the same number."""
    name = KINDS[kind][2]
    found = {way: work(folder, name)(name) for way, work in WORK.items()}

    kept = {rows for rows, _ in found.values()}
    assert len(kept) == 1, found
    # A member repeated under another file name is one document, so the bulk zip has no more than the sample's.
    assert min(kept) >= (1 if kind == "relaton_zip" else ROWS), found


def test_rows_have_names_of_their_own(folder: Path) -> None:
    shelf_rows = (folder / KINDS["cc_csv"][2]).read_text(encoding="utf-8").splitlines()[1:]

    assert len(shelf_rows) >= ROWS
    assert len(set(shelf_rows)) == len(shelf_rows)


def test_scripts_are_there() -> None:
    assert all((SCRIPTS / script).is_file() for script in SCRIPT_OF.values())


def test_an_archive_without_such_pages(tmp_path: Path) -> None:
    (tmp_path / "index.jsonl").write_text("", encoding="utf-8")

    with pytest.raises(ValueError, match="no page for parse_products_csv"):
        write_inputs(tmp_path, tmp_path, ROWS)
