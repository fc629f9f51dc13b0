"""Facets by link: offered where an index makes them fast, also on a public host, and nothing else is counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import Served
from small_snapshot import build_snapshot

from standards_db.snapshot_tables import MORE_FACETS, ROTATIONS


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_snapshot(tmp_path_factory.mktemp("facets"))


@pytest.fixture(scope="module")
def served(path: Path) -> Iterator[Served]:
    """As a public host serves it: visitors may ask for no facet of their own."""
    site = Served(path, allow_facet=False)
    yield site
    site.close()


def counts(served: Served, page: str) -> dict[str, dict[str, str]]:
    """The facets of a page: column, then the word of each value and its count."""
    found = {}
    for facet in served.soup(page).select(".facet-info"):
        words = [item.get_text(" ", strip=True).replace(" ✖", "").rpartition(" ") for item in facet.select("li")]
        found[facet["data-column"]] = {word: count for word, _, count in words}
    return found


def test_an_offered_facet_counts_on_a_public_host(served: Served) -> None:
    """`_also=force` counts mandatory and recommended documents beside the facets of the table, by their words."""
    shown = counts(served, "/standards/documents?_also=force")
    counted = served.sql("select force, count(*) as n from documents where force is not null group by 1")

    assert set(shown) == {"sphere", "body", "status", "kind", "force"}
    assert shown["force"] == {row["force"]: str(row["n"]) for row in counted} and counted


def test_what_is_not_offered_is_not_counted(served: Served) -> None:
    """A column that metadata.yml does not offer is ignored, and Datasette's own parameter stays refused."""
    assert "title" not in counts(served, "/standards/documents?_also=title&_also=nothing")
    assert served.get("/standards/documents?_facet=title").status_code == 400


def test_an_offered_facet_narrows_and_closes(served: Served) -> None:
    """Its values filter the table, its cross takes it away, and the link that offered it is gone meanwhile."""
    page = served.soup("/standards/documents?_also=force&sphere=cn")
    offered = {link.text for link in page.select(".more-facets a")}
    value, cross = page.select_one("#facet-force li a"), page.select_one("#facet-force a.cross")

    narrowed = served.soup(value["href"].removeprefix("http://localhost"))

    assert narrowed.select_one("p.count strong").text.split()[0] == value.next_sibling.strip()
    assert cross["href"].endswith("/standards/documents?sphere=cn")
    assert offered == {"topic", "year", "in force"}


def test_the_topic_facet_of_documents_keeps_their_filters(served: Served) -> None:
    """Topics are counted in the table that has a row per topic, for the same sphere."""
    link = next(a for a in served.soup("/standards/documents?sphere=cn").select(".more-facets a") if a.text == "topic")

    assert link["href"] == "/standards/topic_documents?sphere=cn"
    assert counts(served, link["href"])["sphere"].keys() == {"China-aligned"}


def test_what_metadata_offers_has_an_index(served: Served) -> None:
    """The facets that tables offer are those that the snapshot has indexes for."""
    tables = served.metadata["databases"]["standards"]["tables"]
    offered = {name: tuple(table["more_facets"]) for name, table in tables.items() if "more_facets" in table}

    assert offered == MORE_FACETS


@pytest.mark.parametrize("table", MORE_FACETS)
def test_an_offered_facet_is_read_from_its_index_alone(path: Path, table: str) -> None:
    """SQLite counts it without the rows: alone, and while one of the table's facets is chosen."""
    with sqlite3.connect(path) as connection:
        for column in MORE_FACETS[table]:
            for where in ("", f" where {ROTATIONS[table][0]} = 'x'"):
                rows = f"select * from {table}{where}"
                sql = f"select {column}, count(*) from ({rows}) where {column} is not null group by 1"
                plan = " ".join(row[3] for row in connection.execute(f"explain query plan {sql}"))
                assert "COVERING INDEX" in plan, (column, where, plan)
