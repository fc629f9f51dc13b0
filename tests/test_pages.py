"""Pages of vendors, bodies, schemes and works, and data health, coverage and comparison: figures that recount."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from datasette.utils import tilde_encode
from served import Served
from small_snapshot import build_snapshot

from standards_db.datasette_plugin import words

PAGES = (
    "/standards/vendors/{vendor}",
    "/standards/bodies/sac",
    "/standards/bodies/iso-iec",
    "/standards/schemes/{scheme}",
    "/standards/works/ISO~2FIEC~2027001",
    "/data-health",
    "/coverage",
    "/compare?a=GB/T+22080-2016&b=ISO/IEC+27001:2013",
)
KEY = re.compile(r"""\bt\(\s*["']([\w.]+)["'](\s*(?:,\s*n=|~))?|["'](menu\.\w+)["']""")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    site = Served(build_snapshot(tmp_path_factory.mktemp("served")))
    yield site
    site.close()


@pytest.fixture(scope="module")
def sample(sample_snapshot) -> Iterator[Served]:
    site = Served(sample_snapshot)
    yield site
    site.close()


def filled(site: Served, path: str) -> str:
    """A path with the vendor and scheme of most certificates put in."""
    vendor = site.sql("select key from vendors order by certificate_count desc, key limit 1")[0]["key"]
    scheme = site.sql("select scheme from certificates group by 1 order by count(*) desc, 1 limit 1")[0]["scheme"]
    return path.format(vendor=tilde_encode(vendor), scheme=tilde_encode(scheme))


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("world", ["served", "sample"])
def test_every_number_opens_as_many_rows(path: str, world: str, request: pytest.FixtureRequest) -> None:
    """A link whose text is a number opens a table page with that many rows; so does every mark of a chart."""
    site: Served = request.getfixturevalue(world)
    page = site.soup(filled(site, path))
    assert page.h1
    for link in page.select("main a[href*='/standards/']"):
        said = re.fullmatch(
            r"(?:.*: )?([\d,]+)(?: (?:certificates?|documents?|in force))?", link.get("aria-label") or link.text.strip()
        )
        if said and "?" in link["href"]:
            assert len(site.rows(link["href"])) == int(said[1].replace(",", "")), (path, link)


def test_vendor_page_says_what_was_merged_and_by_which_rule(sample: Served) -> None:
    """A vendor printed in two ways has one page that lists both names with the rule."""
    merged = sample.sql(
        "select vendor, count(*) as n from vendor_names group by 1 having n > 1 order by 2 desc, 1 limit 1"
    )
    page = sample.soup(f"/standards/vendors/{tilde_encode(merged[0]['vendor'])}")
    rules = [row.select_one("td").text for row in page.select("main table.plain")[-1].select("tbody tr")]

    assert len(rules) == merged[0]["n"] and all(rules)


def test_excluded_vendor_is_marked_loudly(sample: Served) -> None:
    """The page of a vendor on a list opens with a banner and names each entry."""
    listed = sample.sql(
        "select vendor_key as key, count(*) as n from exclusions where vendor_key is not null group by 1 limit 1"
    )[0]
    page = sample.soup(f"/standards/vendors/{tilde_encode(listed['key'])}")

    assert page.select_one(".banner.stop")
    assert len(page.select("ul.rules.bulleted > li")) == listed["n"]


def test_scheme_page_names_arrangement_and_state_of_collection(sample: Served) -> None:
    """A scheme lists the arrangements it takes part in; one without certificates says that this is our gap."""
    scheme = sample.sql("select scheme from recognition where scheme is not null limit 1")[0]["scheme"]
    assert sample.soup(f"/standards/schemes/{scheme}").select("ul.rules.bulleted li")
    empty = sample.sql("select scheme from scheme_certificates where certificate_count = 0 limit 1")[0]["scheme"]

    assert "statement about this tracker" in sample.get(f"/standards/schemes/{empty}").text


def test_work_page_draws_who_follows_which_edition(served: Served) -> None:
    """The timeline of ISO/IEC 27001 joins the Chinese text to the edition of 2013 and the European one to 2022."""
    chart = served.soup("/standards/works/ISO~2FIEC~2027001").select_one("figure#lineage")
    follows = {row.select("td")[1].text: row.select("td")[4].text for row in chart.select("table tbody tr")}

    assert follows["GB/T 22080-2016"] == "ISO/IEC 27001:2013"
    assert follows["EN ISO/IEC 27001:2023"] == "ISO/IEC 27001:2022"
    assert len(chart.select("path.join")) == 2


def test_health_page_counts_what_was_not_understood(served: Served) -> None:
    """Each source has a line with its rows; its contradictions and fill rates are those of the rows."""
    page = served.soup("/data-health")
    lines = {row.th.get_text(" ", strip=True): row for row in page.select("#sources ~ div")[0].select("tbody tr")}

    assert len(lines) == len(served.rows("/standards/sources"))
    assert lines["ISO catalogue (test)"].select("td")[-1].text.strip() == "1"
    fill = next(row for row in page.select("#fill ~ div")[0].select("tbody tr") if "SAMR" in row.th.text)
    known, count = served.sql(
        "select sum(identifier is not null) as known, count(*) as n from documents where source = 'samr_test'"
    )[0].values()
    assert fill.select("td")[1].text.strip() == f"{100 * known / count:.0f} %"


def test_coverage_page_names_everything_that_is_not_here(served: Served) -> None:
    """Every row of coverage stands on the page with its reason."""
    page = served.soup("/coverage")
    text = page.get_text(" ", strip=True)

    assert sum(len(table.select("tbody tr")) for table in page.select("table")[1:]) == len(
        served.rows("/standards/coverage")
    )
    assert "needs an account" in text


def test_two_documents_stand_side_by_side(served: Served) -> None:
    """Any spelling finds a document; the statement that joins both is shown with its degree."""
    page = served.soup("/compare?a=GBT22080-2016&b=ISO/IEC 27001:2013")
    text = page.get_text(" ", strip=True)

    assert [cell.text for cell in page.select("table.sides thead th")] == ["GB/T 22080-2016", "ISO/IEC 27001:2013"]
    assert "GB/T 22080-2016 adopts ISO/IEC 27001:2013 IDT" in text


def test_two_spheres_lead_to_their_pair(served: Served) -> None:
    """Keys of spheres instead of identifiers go to the page of the pair, in one order."""
    assert served.get("/compare?a=eu&b=cn").headers["location"] == "/pair/cn/eu"
    assert served.get("/compare?a=cn&b=cn").status_code == 200


def test_unknown_document_is_said_and_searched_for(served: Served) -> None:
    """What is not held is named, escaped, with a link to the search."""
    page = served.soup("/compare?a=<b>x</b>&b=")

    assert "<b>x</b>" in page.select_one("p.notice").text and not page.select("p.notice b")


def test_citation_names_snapshot_and_address(served: Served) -> None:
    """The citation of a record holds the day and the hash of the snapshot and the page's own address."""
    path = "/standards/documents/GB~2FT~2022239-2019"
    cited = served.soup(path).select_one("cite.citation").text
    snapshot = served.rows("/standards/snapshot")[0]

    assert snapshot["as_of"] in cited and snapshot["sha256"][:12] in cited and cited.endswith(path)
    assert "GB/T 22239-2019" in cited


def test_values_inside_texts_are_escaped() -> None:
    """A value that is markup becomes text; numbers get separators; one and many are told apart."""
    assert words.t("compare.missing", text="<b>") == "“&lt;b&gt;” is not held here under that spelling."
    assert (words.t("document.count", n=1), words.t("document.count", n=1234)) == ("1 document", "1,234 documents")
