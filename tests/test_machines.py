"""Feeds, recipes and what machines read: valid formats, true counts, nothing hostile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from served import Served
from small_snapshot import HOSTILE_TITLE, build_snapshot

from standards_db.datasette_plugin.pages.recipes import recipes

ATOM = "{http://www.w3.org/2005/Atom}"
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    site = Served(build_snapshot(tmp_path_factory.mktemp("served")))
    yield site
    site.close()


def feed(site: Served, path: str) -> ElementTree.Element:
    response = site.get(path)
    assert response.status_code == 200 and response.headers["content-type"].startswith("application/atom+xml")
    return ElementTree.fromstring(response.text)


@pytest.mark.parametrize("path", ["stale_adoptions.atom?sphere=cn", "changes.atom", "documents.atom?sphere=us"])
def test_a_feed_has_an_entry_per_row(served: Served, path: str) -> None:
    """A saved question, the changes and a filtered table are feeds: one entry per row, each with its own id."""
    entries = feed(served, f"/standards/{path}").findall(f"{ATOM}entry")
    rows = served.get(f"/standards/{path.replace('.atom', '.json')}{'&' if '?' in path else '?'}_shape=array").json()

    assert len(entries) == len(rows) > 0
    assert len({entry.find(f"{ATOM}id").text for entry in entries}) == len(entries)
    assert all(entry.find(f"{ATOM}{tag}").text for entry in entries for tag in ("title", "updated"))


def test_an_entry_keeps_its_id_until_its_row_changes(served: Served) -> None:
    """Two readings give the same ids; another column of the same row gives another."""
    first, second = (
        [entry.find(f"{ATOM}id").text for entry in feed(served, path).findall(f"{ATOM}entry")]
        for path in ("/standards/changes.atom", "/standards/changes.atom?_sort=entity")
    )
    other = feed(served, "/standards/changes.atom?_col=entity").find(f"{ATOM}entry/{ATOM}id").text

    assert first == second and other not in first


def test_hostile_rows_stay_text_in_a_feed(served: Served) -> None:
    """Script in a title is text, and no link of a feed leaves this site."""
    root = feed(served, "/standards/documents.atom?title__contains=script")

    assert HOSTILE_TITLE in root.find(f"{ATOM}entry/{ATOM}title").text
    assert all(link.get("href").startswith("http://localhost") for link in root.iter(f"{ATOM}link"))


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: recipe["key"])
def test_each_recipe_answers_over_the_sample(recipe: dict[str, str], sample_snapshot: Path) -> None:
    """Every recipe runs and finds rows in the embedded sample."""
    sample = Served(sample_snapshot)
    try:
        rows = sample.get(f"/standards.json?{urlencode({'sql': recipe['sql'], '_shape': 'array'})}").json()
        assert isinstance(rows, list) and rows, recipe["key"]
    finally:
        sample.close()


def test_recipes_page_shows_ten_and_the_schema(served: Served) -> None:
    """Ten recipes, each with a link that runs it, and arrows that are foreign keys of the snapshot."""
    page = served.soup("/recipes")
    runs = [link["href"] for link in page.select("section.method a")]

    assert len(runs) == 10 and all(served.get(href).status_code == 200 for href in runs[:2])
    assert (
        "adoptions" in page.select_one(".schema").text and "document → documents.id" in page.select_one(".schema").text
    )


def test_description_of_the_endpoints_is_complete(served: Served) -> None:
    """OpenAPI names every visible table with its columns and every question with its parameters, and they answer."""
    described = json.loads(served.get("/-/openapi.json").text)
    about = served.metadata["databases"]["standards"]
    visible = {name for name, table in about["tables"].items() if not table.get("hidden")}

    assert set(described["paths"]) == {f"/standards/{name}.json" for name in visible | set(about["queries"])}
    asked = described["paths"]["/standards/home_grown_in_a_topic.json"]["get"]["parameters"]
    assert [one["name"] for one in asked] == ["topic", "sphere", "_shape"]
    columns = {one["name"] for one in described["paths"]["/standards/documents.json"]["get"]["parameters"]}
    assert set(about["tables"]["documents"]["columns"]) <= columns


def test_sitemap_lists_pages_that_open(served: Served) -> None:
    """The sitemap names pages, topics, questions and documents in force; a sample of them opens."""
    places = [loc.text for loc in ElementTree.fromstring(served.get("/sitemap.xml").text).iter(LOC)]
    in_force = len(served.rows("/standards/documents?is_in_force=1"))

    assert sum("/standards/documents/" in place for place in places) == in_force
    assert len(places) == len(set(places))
    for place in places[:12]:
        assert served.get(place.removeprefix("http://localhost")).status_code == 200, place


def test_robots_are_kept_from_endless_filters(served: Served) -> None:
    """robots.txt closes searches and filters and names the sitemap."""
    text = served.get("/robots.txt").text

    assert "Disallow: /*?" in text and "Sitemap: http://localhost/sitemap.xml" in text
