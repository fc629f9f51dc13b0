"""A language is a prefix of the address: every link stays in it, data has one address, what lacks is English."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import Served
from small_snapshot import build_snapshot

from standards_db.datasette_plugin import words

DOCUMENT = "/standards/documents/GB~2FT~2022239-2008"
PAGES = (
    "/",
    DOCUMENT,
    "/standards/documents?sphere=cn&_also=force",
    "/standards/topics/isms",
    "/pair/cn/eu",
    "/coverage",
)
HAN = re.compile(r"[\u3400-\u9fff]")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_snapshot(tmp_path_factory.mktemp("language"))


@pytest.fixture(scope="module")
def served(path: Path) -> Iterator[Served]:
    site = Served(path)
    yield site
    site.close()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_chinese_page_stays_chinese(served: Served, page: str) -> None:
    """Links and forms lead to Chinese pages, files and data to their one address, the switch back to this page."""
    found = served.soup(f"/zh{page}")
    links = [link for link in found.select("a[href]") if not link.get("hreflang")]
    local = [link["href"] for link in links if link["href"].startswith(("/", "http://localhost"))]
    local += [form["action"] for form in found.select("form[action]")]

    assert found.html["lang"] == "zh" and len(local) > 10
    for url in (url.removeprefix("http://localhost") for url in local):
        assert url.startswith("/zh/") is not bool(re.search(r"\.(json|csv|atom)(\?|$)", url)), url
    assert found.select_one("a[hreflang=en]")["href"] == page
    assert all(link["href"].startswith("/-/static") for link in found.select("link[rel=stylesheet]"))
    assert served.soup(page).select_one("a[hreflang=zh]")["href"] == f"/zh{page}"


def test_both_languages_are_kept_apart(served: Served) -> None:
    """What is kept in memory of one language never shows in the other, whichever was asked first."""
    for _ in range(2):
        assert served.soup("/zh/standards/topics/isms").h1.get_text(" ", strip=True).startswith("信息安全管理体系")
        assert served.soup("/standards/topics/isms").h1.get_text(" ", strip=True).startswith("Information security")


def test_a_redirect_stays_in_the_language(served: Served) -> None:
    """The address that finds a standard sends a Chinese reader to the Chinese page, with what was asked."""
    answer = served.get("/zh/standard/GB~2FT~2022239-2008")

    assert answer.status_code == 302 and answer.headers["location"].startswith("/zh/standards/documents/")
    assert served.get("/zh/pair/eu/cn").headers["location"] == "/zh/pair/cn/eu"


def test_what_is_not_there_is_said_in_the_language(served: Served) -> None:
    """A missing standard, a missing page and an error answer in Chinese with their own status."""
    for missing in ("/zh/standard/unheard-of", "/zh/none-such", "/zh/standards/none-such"):
        answer = served.get(missing)
        assert answer.status_code == 404 and '<html lang="zh">' in answer.text and "首页" in answer.text
    assert served.get("/zhx").status_code == 404


def test_data_is_the_same_under_any_prefix(served: Served) -> None:
    """JSON and CSV know no language."""
    for data in ("/standards/spheres.json?_shape=array", "/standards/spheres.csv"):
        assert served.get(f"/zh{data}").text == served.get(data).text


def test_an_address_outside_is_left_alone(served: Served) -> None:
    """Links to other hosts, also to one without a scheme, are not changed by the language."""
    links = [link["href"] for link in served.soup(f"/zh{DOCUMENT}").select("a[href^=http]")]

    assert links and all("/zh/" not in link for link in links)
    assert served.get("/zh//example.org/").headers.get("location", "/").startswith("/")


def test_values_are_named_by_words_of_the_language(served: Served) -> None:
    """Facets, cells and filters show words and not keys: spheres, status, body and kind of Chinese documents."""
    page = served.soup("/zh/standards/documents?sphere=cn")
    facets = {facet["data-column"]: facet.get_text(" ", strip=True) for facet in page.select(".facet-info")}
    row = page.select_one("table.rows-and-columns tbody tr")

    assert "中国体系" in facets["sphere"] and "现行" in facets["status"] and "国家标准化管理委员会" in facets["body"]
    assert row.select_one("td.col-sphere a").text == "中国体系"
    assert "体系 = 中国体系" in page.select_one("p.count").text


def test_chinese_titles_are_marked_as_chinese(served: Served) -> None:
    """On English pages every piece of Chinese text stands below an element that says so."""
    for page in (
        "/",
        DOCUMENT,
        "/standards/documents",
        "/standards/topics/isms",
        "/-/search?q=等级",
        "/standards/stale_adoptions",
    ):
        for text in served.soup(page).select_one("main").find_all(string=HAN):
            marked = [one for one in text.parents if one.get("lang")]
            assert marked and marked[0]["lang"] == "zh", (page, text)


def test_a_translation_is_a_file(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue with two words makes the site speak them at its prefix; all other words are English."""
    for name in ("en.yml", "zh.yml"):
        shutil.copy(words.FOLDER / name, tmp_path / name)
    (tmp_path / "fr.yml").write_text("language: français\nsite: {go: Chercher}\n", encoding="utf-8")
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    caches = (words.languages, words.catalogue, words.texts)
    for cache in caches:
        cache.cache_clear()
    site = Served(path)
    try:
        page = site.soup("/fr/")
        switches = {link["hreflang"] for link in page.select("a[hreflang]")}
    finally:
        site.close()
        for cache in caches:
            cache.cache_clear()

    assert page.html["lang"] == "fr" and page.select_one(".big-search button").text == "Chercher"
    assert page.select_one("#spheres").text == "The spheres" and switches == {"en", "zh"}
