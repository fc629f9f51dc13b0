"""Pages of topics, pairs and methods, and the trend on the front page: figures of the snapshot, each with its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import Served
from small_snapshot import build_snapshot

from standards_db.datasette_plugin.pages.frame import KEPT

PAGES = ("/standards/topics/isms", "/standards/topics/all", "/pair/cn/eu", "/pair/eu/us", "/")
COUNTED = re.compile(r"\(([\d,]+) of ([\d,]+)\)")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    site = Served(build_snapshot(tmp_path_factory.mktemp("served")))
    yield site
    site.close()


@pytest.fixture(scope="module")
def sample(sample_snapshot: Path) -> Iterator[Served]:
    site = Served(sample_snapshot)
    yield site
    site.close()


@pytest.mark.parametrize("path", PAGES)
def test_points_of_charts_open_their_numerator(path: str, sample: Served) -> None:
    """Every eleventh point of every chart by year says "n of m" and opens n rows."""
    page = sample.soup(path)
    points = [link for link in page.select("figure.chart svg a") if COUNTED.search(link["aria-label"])]
    for link in points[::11]:
        assert len(sample.rows(link["href"])) == int(COUNTED.search(link["aria-label"])[1].replace(",", "")), link

    assert points or path == "/pair/eu/us"


@pytest.mark.parametrize("path", PAGES)
def test_numbers_in_tables_recount(path: str, served: Served) -> None:
    """Each number that is a link opens exactly that many rows."""
    checked = 0
    for link in served.soup(path).select("main table a[href*='?']"):
        if re.fullmatch(r"[\d,]+", link.text.strip()):
            assert len(served.rows(link["href"])) == int(link.text.replace(",", "")), link
            checked += 1

    assert checked


def test_topic_page_shows_hand_computed_figures(served: Served) -> None:
    """On ISMS 3 of 5 Chinese documents adopt; China and the EU share 2 of 3 works; who adopts what is a matrix."""
    page = served.soup("/standards/topics/isms")
    shown = {
        (row.th.get_text(strip=True), cell["data-label"]): cell.get_text(" ", strip=True)
        for row in page.select("table.figures tbody tr")
        for cell in row.select("td")
    }
    matrix = {
        row.th.text: [cell.text.strip() for cell in row.select("td")[1:]]
        for row in page.select("table.matrix tbody tr")
    }

    assert shown["International share", "China"] == "60 % 3 / 5"
    assert shown["Shared base", "China / EU"] == "67 % 2 / 3"
    assert matrix["ISO/IEC 27001"] == ["adopts", "adopts", "–"] and matrix["ISO/IEC 27014"] == ["adopts", "–", "–"]


def test_topic_page_lists_what_a_sphere_wrote_alone(served: Served) -> None:
    """Home-grown are the documents in force that adopt nothing, NEQ included; the heading opens all of them."""
    page = served.soup("/standards/topics/isms")
    chinese = next(section for section in page.select("section") if section.h3 and "China" in section.h3.text)

    assert {link.text for link in chinese.select("li a")} == {"GB/T 28453-2012", "GB/T 20269-2006"}
    assert len(served.rows(chinese.h3.a["href"])) == 2


def test_pair_page_names_editions_that_differ(served: Served) -> None:
    """China follows ISO/IEC 27001:2013 and the EU 2022: the pair page says so, nine years apart, and leads with it."""
    works = next(h for h in served.soup("/pair/cn/eu").select("h2") if h.text == "Works that both adopt")
    rows = [row.get_text(" ", strip=True) for row in works.find_next("table").select("tbody tr")]

    assert rows[0].startswith("ISO/IEC 27001 ") and "different editions, 9 years apart" in rows[0]
    assert len(rows) == 2


def test_pairs_have_one_address(served: Served) -> None:
    """The other order is redirected; spheres that are no pair are a helpful 404."""
    assert served.get("/pair/eu/cn").headers["location"] == "/pair/cn/eu"
    assert served.get("/pair/cn/xx").status_code == 404


@pytest.mark.parametrize("path", ["/", "/standards/topics/isms"])
def test_findings_recount(path: str, sample: Served) -> None:
    """Every number that a sentence links opens that many rows, and the sentence reads as it is stored."""
    page = sample.soup(path)
    sentences = page.select("#findings ~ ul, ul#findings")[0].select("li")
    stored = {row["sentence"] for row in sample.rows("/standards/findings")}
    for sentence in sentences:
        if sentence.small:
            sentence.small.extract()
        assert sentence.text.strip() in stored
    links = [link for sentence in sentences for link in sentence.select("a.figure")]
    for link in links:
        assert len(sample.rows(link["href"])) == int(link.text.replace(",", "")), link

    assert links


def test_adoption_lag_is_a_curve_that_opens_its_works(sample: Served) -> None:
    """Each step of the survival curve opens the works adopted by then, and the curve falls."""
    chart = sample.soup("/standards/topics/all").select_one("figure#lag")
    chinese = [row.select("td") for row in chart.select("tbody tr") if row.td.text == "China"]
    shares = [int(cells[2].text.partition(" ")[0]) for cells in chinese]

    assert len(chinese) > 3 and shares == sorted(shares, reverse=True)
    assert len(sample.rows(chinese[-1][2].a["href"])) >= len(chinese) - 1


def test_what_does_not_exist_is_not_remembered(served: Served) -> None:
    """Asking for invented pairs, topics and bodies leaves nothing in memory; real ones are read once."""
    for path in ("/pair/aa/bb", "/standards/topics/none-such", "/standards/bodies/none-such"):
        assert served.get(path).status_code == 404
    assert served.get("/pair/cn/eu").status_code == 200
    shelf = KEPT[served.datasette.get_database("standards")]

    assert "en/pair/cn/eu" in shelf
    assert not [key for key in shelf if "none-such" in key or "aa" in key.split("/")]


def test_methods_are_read_from_the_snapshot(served: Served) -> None:
    """Every measure stands on the page with question, formula, limits and the SQL that was run."""
    page = served.soup("/methods")
    measures = {measure["key"]: measure for measure in served.rows("/standards/measures")}

    assert measures and {section["id"] for section in page.select("section.method")} == set(measures)
    for section in page.select("section.method"):
        measure = measures[section["id"]]
        assert measure["question"] in section.text and measure["limits"] in section.text
        assert section.pre.text.strip() == measure["sql"].strip()


def test_front_page_shows_the_trend_and_the_newest_changes(served: Served, sample: Served) -> None:
    """The front page draws the leading measures over the years and lists what changed last, with its document."""
    assert {figure["id"] for figure in sample.soup("/").select("figure.chart")} >= {"trend-international_share"}
    changed = served.soup("/").select_one("#changes ~ ul li")

    assert "in force → superseded" in changed.get_text(" ", strip=True)
    assert changed.a["href"].endswith("GB~2FT+22239-2008")
