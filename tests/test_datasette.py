"""The served snapshot: pages, links that recount, search in both languages, and metadata.yml."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from datasette.utils import tilde_encode
from served import Served
from small_snapshot import build_snapshot


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    site = Served(build_snapshot(tmp_path_factory.mktemp("served")))
    yield site
    site.close()


def test_front_page_numbers_recount_through_their_links(served: Served) -> None:
    """Every linked number on the front page is the number of rows that its link opens."""
    checked = 0
    for link in served.soup("/").select("main a[href*='/standards/']"):
        found = re.fullmatch(r"([\d,]+)( documents| certificates| adoptions)?", link.text.strip())
        if not found:
            continue
        assert len(served.rows(link["href"])) == int(found[1].replace(",", "")), link
        checked += 1

    assert checked > 30


def test_heat_table_prints_hand_computed_figures(served: Served) -> None:
    """On ISMS 3 of 5 Chinese and 2 of 5 European documents adopt, 2 of 3 works are shared; the US states none."""
    row = next(row for row in served.soup("/").select(".heat-table tbody tr") if "Information security" in row.text)
    cells = [cell.get_text(" ", strip=True) for cell in row.select("td")]

    assert cells == ["60 % 3 / 5", "40 % 2 / 5", "n/a 0 / 1", "67 % 2 / 3", "n/a 0 / 3", "n/a 0 / 2"]
    assert ["none" in cell["class"] for cell in row.select("td")] == [False, False, True, False, True, True]


def test_adoptions_that_are_not_collected_are_no_zero(served: Served) -> None:
    """The table of spheres says so for the US, whose register is not read, and counts those of China."""
    table = served.soup("/").find("table")
    cells = {
        row.th.get_text(" ", strip=True)[:2]: row.find("td", {"data-label": "Adoptions of international standards"})
        for row in table.select("tbody tr")
    }

    assert cells["US"].get_text(strip=True) == "not collected" and "INCITS" in cells["US"].a["title"]
    assert int(cells["Ch"].get_text(strip=True)) > 0


def test_heat_table_reads_without_colour(served: Served) -> None:
    """Every heat cell prints its figure or why it has none, and says in words what it rests on."""
    cells = served.soup("/").select(".heat-table td")

    assert cells
    assert all(re.match(r"\d+ %|n<5|n/a", cell.text.strip()) for cell in cells)
    assert all("sources loaded" in cell["title"] for cell in cells)


def test_front_page_names_the_snapshot_and_the_age_of_sources(served: Served) -> None:
    """The front page shows the snapshot's day and name, each source's last good run and age, and why one is off."""
    text = served.soup("/").get_text(" ", strip=True)

    assert "Snapshot of 2026-11-01" in text and "ingest.db" in text
    assert re.search(r"SAMR register \(test\) China-aligned 7 2026-10-30 \d+ days? ago", text)
    assert re.search(r"A source that is off \(test\).*never.*off : needs an account", text)


def test_front_page_without_a_snapshot_says_so(tmp_path: Path) -> None:
    """A database that is not a snapshot gives a plain front page instead of an error."""
    path = tmp_path / "standards.db"
    connection = sqlite3.connect(path)
    connection.execute("create table t (a)")
    connection.commit()
    connection.close()
    site = Served(path)
    response = site.get("/")
    site.close()

    assert response.status_code == 200
    assert "not a published snapshot" in response.text


def test_superseded_standard_is_marked_loudly(served: Served) -> None:
    """The page of a superseded edition opens with a banner that names and links what replaces it."""
    page = served.soup("/standards/documents/GB~2FT~2022239-2008")
    banner = page.select_one(".banner.stop")

    assert banner.strong.text == "SUPERSEDED"
    assert banner.a.text == "GB/T 22239-2019"
    target = served.get(banner.a["href"])
    assert target.status_code == 302
    assert "22239-2019" in target.headers["location"]
    assert not served.soup(target.headers["location"]).select(".banner.stop")


def test_relations_are_shown_in_both_directions(served: Served) -> None:
    """An adoption stands on the adopting page and on the adopted edition's page, with degree and evidence."""
    adopting = served.soup("/standards/documents/GB~2FT~2022080-2016")
    adopted = served.soup("/standards/documents/ISO~2FIEC~2027001~3A2013")
    row_out = adopting.select_one("table.relations tbody tr").get_text(" ", strip=True)
    row_in = adopted.select_one("table.relations tbody tr").get_text(" ", strip=True)

    assert row_out.startswith("adopts ISO/IEC 27001:2013")
    assert "stale" in row_out and "IDT" in row_out
    assert row_in.startswith("is adopted by China-aligned GB/T 22080-2016")
    assert adopting.select_one("table.relations q").text == "IDT ISO/IEC 27001:2013"
    assert adopting.select("table.relations a[href='https://samr-test.example/GB/T-22080-2016']")


def test_titles_carry_their_language(served: Served) -> None:
    """Chinese and English titles are marked up in their language."""
    page = served.soup("/standards/documents/GB~2FT~2022239-2019")

    assert page.html["lang"] == "en"
    assert page.select_one("p.title[lang=zh]").text == "网络安全等级保护基本要求"
    assert page.select_one("p.title[lang=en]").text == "Baseline"


def test_sources_and_their_contradictions_are_shown(served: Served) -> None:
    """The page of an edition shows what each source prints, marks what differs, and gives hash and retrieval time."""
    page = served.soup("/standards/documents/ISO~2FIEC~2027001~3A2022")
    text = page.get_text(" ", strip=True)

    assert "SOURCES DISAGREE" in text and "2022-10-01" in text
    assert [row.th.contents[0].strip() for row in page.select("tr.differs")] == ["Title", "Status"]
    assert "ab" * 32 in text and "2026-10-30T08:00:00" in text


def test_work_page_shows_who_follows_which_edition(served: Served) -> None:
    """The page of a work lists its editions and every adopting document with the edition it follows."""
    page = served.soup("/standards/works/ISO~2FIEC~2027001")
    adopters = {row.select_one("td:nth-of-type(2) a").text: row.text for row in page.select("table.relations tbody tr")}

    assert set(adopters) == {"GB/T 22080-2016", "EN ISO/IEC 27001:2023"}
    assert "ISO/IEC 27001:2013" in adopters["GB/T 22080-2016"] and "stale" in adopters["GB/T 22080-2016"]
    assert "stale" not in adopters["EN ISO/IEC 27001:2023"]


@pytest.mark.parametrize(
    "path", ["/standards/documents/no~20such", "/standard/no-such", "/standard/ISO~2FIEC~2099999:2020"]
)
def test_unknown_identifier_is_a_helpful_404(served: Served, path: str) -> None:
    """An address of a standard that is not held answers 404 and says where to look further."""
    response = served.get(path)
    page = BeautifulSoup(response.text, "html.parser")

    assert response.status_code == 404
    assert "not proof that it does not exist" in response.text
    assert page.select("form[action='/-/search'] input[name=q]")
    assert page.select("link[href*='tracker.css']")


@pytest.mark.parametrize("spelling", ["GB/T 22239-2019", "GB~2FT~2022239—2019", "GBT22239-2019"])
def test_standard_is_found_in_any_spelling(served: Served, spelling: str) -> None:
    """/standard/ followed by any known spelling leads to the page of the edition."""
    response = served.get(f"/standard/{spelling}")

    assert response.status_code == 302
    assert served.get(response.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    ("query", "documents", "certificates"),
    [("等级保护", 2, 0), ("27001", 3, 1), ("管", 3, 0), ("智能卡", 0, 1), ("Acme", 0, 1), ('"', 0, 0), ("OR (", 0, 0)],
)
def test_search_finds_both_languages(served: Served, query: str, documents: int, certificates: int) -> None:
    """The one search counts documents and certificates for Chinese, English, digits, and broken syntax alike."""
    response = served.get(f"/-/search?{urlencode({'q': query})}")
    headings = [h2.text for h2 in BeautifulSoup(response.text, "html.parser").select("main h2")]

    assert response.status_code == 200
    assert headings == [f"Standards and other documents: {documents}", f"Certificates: {certificates}"]


@pytest.mark.parametrize(("query", "found"), [("等级保护", 2), ("27001", 3), ('"', 0), ('"等级', 2)])
def test_table_search_uses_the_same_rules(served: Served, query: str, found: int) -> None:
    """Datasette's own search box finds the same rows, and a lone quote is no error."""
    assert len(served.rows(f"/standards/documents?{urlencode({'_search': query})}")) == found


def test_labels_stand_instead_of_keys(served: Served) -> None:
    """Facets and cells of keyed columns show labels that link to the code table."""
    page = served.soup("/standards/documents")
    facet = page.select_one("#facet-sphere")

    assert {link.text for link in facet.select("li a")} == {
        "China-aligned",
        "EU-aligned",
        "International",
        "US-aligned",
    }
    assert page.select_one("td.col-sphere a").text.endswith(("-aligned", "International"))
    assert page.select_one("td.col-is_in_force").text in ("yes", "no")


def test_figures_in_tables_open_their_rows(served: Served) -> None:
    """In a table of figures the numerator links to exactly as many rows as it says."""
    for cell in served.soup("/standards/divergence_pairs?denominator__gt=0").select("td.col-numerator a.figure"):
        assert len(served.rows(cell["href"])) == int(cell.text)


def described(metadata: dict[str, Any]) -> dict[str, set[str]]:
    tables = metadata["databases"]["standards"]["tables"]
    return {name: set(table.get("columns") or {}) for name, table in tables.items()}


def test_metadata_describes_every_table_and_column(served: Served) -> None:
    """metadata.yml and the published snapshot name the same tables and the same columns."""
    tables = served.sql(
        "select m.name as t, group_concat(p.name) as columns from sqlite_master m, pragma_table_info(m.name) p"
        " where m.type in ('table', 'view') and instr(m.name, '_fts') = 0 and m.name not like 'sqlite%' group by 1"
    )
    live = {row["t"]: set(row["columns"].split(",")) for row in tables}

    assert described(served.metadata) == live


def test_metadata_names_only_real_columns(served: Served) -> None:
    """Facets, sort orders, labels and default columns of metadata.yml exist, and every text is a text."""
    for name, table in served.metadata["databases"]["standards"]["tables"].items():
        named = {*table.get("facets", ()), *table.get("default_columns", ())}
        named |= {table[key] for key in ("sort", "sort_desc", "label_column") if key in table}

        assert named <= set(table["columns"]), name
        assert len(table.get("facets", ())) <= 4, name
        assert table["title"] and all(isinstance(text, str) and text for text in table["columns"].values()), name


def test_every_table_page_opens(served: Served) -> None:
    """Each described table has a page that shows its title and no timed-out facet."""
    for name, table in served.metadata["databases"]["standards"]["tables"].items():
        response = served.get(f"/standards/{name}")

        assert response.status_code == 200, name
        assert BeautifulSoup(response.text, "html.parser").h1.text == table["title"]
        assert "took too long" not in response.text


PARAMETERS = {
    "adoptions_of_a_sphere": ("sphere=cn", 3),
    "stale_adoptions": ("sphere=cn", 1),
    "chinese_adoptions_of_a_family": ("begins=ISO/IEC+2700", 3),
    "home_grown_in_a_topic": ("topic=isms&sphere=eu", 3),
    "works_nobody_adopts": ("topic=risk", 1),
    "most_divergent": ("", 1),
    "most_convergent": ("", 1),
    "changes_since": ("since=2026-10-01", 1),
    "contradictions": ("", 1),
    "certificates_by_scheme_and_year": ("", 3),
    "search_both_languages": ("q=等级保护", 2),
    "newest_edition_in_force": ("work=ISO/IEC+27001&date=2020-06-30", 1),
    "unresolved_adoptions": ("", 0),
    "not_here": ("", 1),
    "presumption_of_conformity": ("act=2014/53/EU", 0),  # with rows: test_instruments.py
    "vendors_certified_abroad": ("country=CN", 0),  # with rows: test_vendor_table.py
    "certificates_of_excluded_vendors": ("", 0),
    "certificates_valid_here_archived_there": ("", 0),
}


def test_ten_questions_or_more_and_each_is_tested(served: Served) -> None:
    """There are at least ten canned questions, and this file expects a result of each."""
    queries = served.metadata["databases"]["standards"]["queries"]

    assert set(queries) == set(PARAMETERS)
    assert len(queries) >= 10
    assert all(query["title"].endswith("?") and len(query["description"]) > 80 for query in queries.values())


@pytest.mark.parametrize("name", PARAMETERS)
def test_canned_question_answers(served: Served, name: str) -> None:
    """Each question opens without parameters, and answers the small snapshot as counted by hand."""
    query, expected = PARAMETERS[name]
    blank, asked = served.get(f"/standards/{name}"), served.get(f"/standards/{name}.json?{query}&_shape=array")

    assert blank.status_code == 200 and "message-error" not in blank.text
    assert "How to read it" in blank.text
    assert len(asked.json()) == expected


def test_pages_fit_a_phone(served: Served) -> None:
    """Pages set the viewport, and the style sheet rearranges tables on narrow screens."""
    page = served.soup("/")
    css = served.get(page.select_one("link[href*='tracker.css']")["href"]).text

    assert "width=device-width" in page.select_one("meta[name=viewport]")["content"]
    assert re.search(r"@media \(max-width: 6\d\dpx\)", css)
    assert "http" not in css and "@import" not in css


def test_the_sample_says_that_it_is_one(served: Served, sample_snapshot: Path) -> None:
    """Every page over the embedded sample says that no site served it; no page over crawled rows does."""
    sample = Served(sample_snapshot)
    for path in ("/", "/standards/documents", "/standards/documents/ISO~2FIEC~2027001~3A2013", "/-/search?q=27001"):
        assert "no site served them" in sample.soup(path).select_one(".sample").text
    assert not served.soup("/").select(".sample")
    sample.close()


def test_numbers_of_the_sample_recount(sample_snapshot: Path) -> None:
    """The page that a newcomer sees first: each of its numbers opens exactly that many rows."""
    sample = Served(sample_snapshot)
    checked = 0
    for link in sample.soup("/").select("main a[href*='/standards/']"):
        if re.fullmatch(r"[\d,]+", link.text.strip()):
            assert len(sample.rows(link["href"])) == int(link.text.replace(",", "")), link
            checked += 1
    sample.close()

    assert checked > 100


def test_an_edge_shows_on_its_edition_only(sample_snapshot: Path) -> None:
    """An edge to an edition that is not held points at no other one; certificates are counted per edition."""
    sample = Served(sample_snapshot)
    stray = sample.sql(
        "select r.document, r.target_identifier, w.newest from relations r join works w on w.id = r.target_work"
        " where r.resolution = 'edition not held' and w.newest is not null and r.document <> w.newest limit 5"
    )
    assert stray
    for edge in stray:
        page = sample.soup(f"/standards/documents/{tilde_encode(edge['newest'])}")
        assert page.h1 and edge["newest"] in page.h1.text
        incoming = "[aria-label='Incoming relations']"
        assert not page.select(f"{incoming} a[href$='/{tilde_encode(edge['document'])}']"), edge
    counts = sample.sql(
        "select target_document as id, count(distinct certificate) as n from certificate_standards"
        " where target_document like 'NIST FIPS 140%' group by 1"
    )
    assert counts
    for row in counts:
        page = sample.soup(f"/standards/documents/{tilde_encode(row['id'])}")
        link = page.select_one("a[href*='certificate_standards?']")
        assert f"named by {row['n']} certificate" in link.text and len(sample.rows(link["href"])) == row["n"]
    sample.close()
