"""Growth of the measures and the crawl of a local nginx: they run, and what they compare is the same work."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import pytest

from benchmarks import growth, served


def test_every_measure_is_computed_over_a_made_up_database(tmp_path: Path) -> None:
    """The figures of a small database are counted, with the CPU and the memory that they took."""
    path = growth.made(tmp_path, 400)
    assert growth.made(tmp_path, 400) == path, "a database that is there is used again"

    found = growth.in_process(path)

    assert (found["documents"], found["certificates"]) == (400, 120)
    assert min(found["figures"], found["cpu"], found["peak_mb"], found["relations"]) > 0


def test_growth_is_one_when_the_cost_is_n_log_n() -> None:
    sizes = [{"documents": n, "relations": 0, "certificates": 0, "figures": 1, "peak_mb": 1} for n in (1_000, 100_000)]
    found = [{**one, "cpu": growth.n_log_n(one)} for one in sizes]

    first, second = growth.lines(found)

    assert first[6] is None
    assert second[6] == pytest.approx(1)


@pytest.mark.skipif(not shutil.which("nginx", path=served.search_path()), reason="nginx is not installed")
def test_the_three_crawls_read_the_same_pages(tmp_path: Path) -> None:
    """Each way reads every page of the site, or the comparison ends with an error."""
    options = argparse.Namespace(pages=12, bytes=500, rounds=1)
    with served.nginx(tmp_path, served.Site(options.pages, options.bytes)) as base:
        lines = served.compared(base, tmp_path, options)
        with pytest.raises(RuntimeError, match="13 instead of 99 pages"):
            served.forked(lambda: 13, tmp_path / "count", 99)

    assert [line[0] for line in lines] == list(served.WAYS)
    assert {line[1] for line in lines} == {13}
    assert lines[0][4] == lines[0][5] == 1
