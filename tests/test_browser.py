"""The pages in a real browser: clicks, Chinese search, phone width, no script error, no request to another host."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from browsing import Browser, call
from small_snapshot import HOSTILE_ID

from standards_db.datasette_plugin.links import tilde_encode

pytestmark = pytest.mark.browser


AXE = Path(__file__).parents[1] / ".axe" / "node_modules" / "axe-core" / "axe.min.js"
AXE_RUN = """const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
axe.run(document, {runOnly, resultTypes: ["violations"]})
  .then(found => done(found.violations.map(one => ({id: one.id, impact: one.impact,
    nodes: one.nodes.slice(0, 3).map(node => node.html.slice(0, 200) + " " + (node.failureSummary || ""))}))))
  .catch(error => done([{id: String(error), impact: "critical", nodes: []}]));"""


def pages(site: str) -> list[str]:
    return [
        f"{site}/",
        f"{site}/-/search?q=27001",
        f"{site}/standards",
        f"{site}/standards/documents",
        f"{site}/standards/divergence_pairs",
        f"{site}/standards/documents/GB~2FT~2022239-2008",
        f"{site}/standards/documents/ISO~2FIEC~2027001~3A2022",
        f"{site}/standards/works/ISO~2FIEC~2027001",
        f"{site}/standards/most_divergent",
        f"{site}/standards/topics/isms",
        f"{site}/standards/bodies/sac",
        f"{site}/standards/vendors/acme",
        f"{site}/standards/schemes/ccra",
        f"{site}/pair/cn/eu",
        f"{site}/compare?a=GB/T+22080-2016&b=ISO/IEC+27001:2013",
        f"{site}/data-health",
        f"{site}/coverage",
        f"{site}/methods",
        f"{site}/recipes",
        f"{site}/standards/documents/{tilde_encode(HOSTILE_ID)}",
        f"{site}/standard/unheard-of",
        f"{site}/standards?sql=select+1",
        f"{site}/standards/spheres/cn",
        f"{site}/standards/documents?sphere=cn&_also=force",
    ]


def chinese(site: str) -> list[str]:
    """The same pages in Chinese."""
    return [f"{site}/zh{page.removeprefix(site)}" for page in pages(site)]


def test_no_script_error_and_no_request_to_another_host(browser: Browser, site: str) -> None:
    """No page reports an error or a breach of its security policy, and all files come from the same host."""
    for page in [*pages(site), *chinese(site)]:
        browser.log("browser"), browser.requested()
        browser.open(page)
        complaints = [entry["message"] for entry in browser.log("browser") if "favicon" not in entry["message"]]
        foreign = [url for url in browser.requested() if not url.startswith((site, "data:"))]

        if not page.endswith("unheard-of"):  # the browser reports every 404 as an error
            assert complaints == [], page
        assert foreign == [], page


def test_heat_cell_opens_its_rows(browser: Browser, site: str) -> None:
    """A click on a share of the heat table opens as many rows as its numerator says."""
    browser.open(f"{site}/")
    numerator = int(browser.text(".heat-table td.shade-3 small a"))
    browser.click(".heat-table td.shade-3 a.figure")

    assert "/standards/" in browser.address()
    assert browser.run("document.querySelectorAll('.rows-and-columns tbody tr').length") == numerator


def test_chinese_search_leads_to_a_standard(browser: Browser, site: str) -> None:
    """等级保护 typed into the front page's box finds both editions, the one in force first; a click opens it."""
    browser.open(f"{site}/")
    browser.type("#q", "等级保护")
    browser.click(".big-search button")
    assert browser.text("main h2").endswith(": 2")
    browser.click("ol.hits li a")

    assert browser.text("h1") == "GB/T 22239-2019"
    assert browser.run("document.querySelectorAll('.banner.stop').length") == 0


def test_superseded_banner_is_seen_first(browser: Browser, site: str) -> None:
    """The banner of a superseded standard is on the first screen, and its link leads to the successor."""
    browser.open(f"{site}/standards/documents/GB~2FT~2022239-2008")
    assert browser.text(".banner.stop strong") == "SUPERSEDED"
    assert browser.run("document.querySelector('.banner.stop').getBoundingClientRect().bottom < innerHeight")
    browser.click(".banner.stop a")

    assert browser.text("h1") == "GB/T 22239-2019"


def test_facet_narrows_the_table(browser: Browser, site: str) -> None:
    """A click on the facet China-aligned leaves the eight Chinese documents of the sample."""
    browser.open(f"{site}/standards/documents")
    browser.click("China-aligned", "link text")

    assert browser.text("p.count strong") == "8 rows"


def test_question_with_a_parameter_answers(browser: Browser, site: str) -> None:
    """A parameter typed into a canned question changes its answer."""
    browser.open(f"{site}/standards/stale_adoptions")
    browser.click("#qp1 option[value=cn]")
    browser.click("form.sql input[type=submit]")

    assert browser.text("p.count strong") == "1 row"
    assert "GB/T 22080-2016" in browser.text("table.rows-and-columns tbody")


def test_scripts_of_datasette_work_under_the_policy(browser: Browser, site: str) -> None:
    """The column menu offers a facet, and the SQL box becomes an editor, without inline script."""
    browser.open(f"{site}/standards/documents")
    browser.click("th[data-column=published] svg")
    assert browser.run("getComputedStyle(document.querySelector('a.dropdown-facet').parentNode).display") == "block"
    browser.open(f"{site}/standards?sql=select+1")

    assert browser.run("document.querySelectorAll('.CodeMirror').length") == 1


def test_a_reader_changes_the_language_and_keeps_it(browser: Browser, site: str) -> None:
    """The link in the header shows the same page in Chinese, where every click stays Chinese; the link back works."""
    browser.open(f"{site}/standards/topics/isms")
    browser.click("a.tongue")
    assert browser.run("document.documentElement.lang") == "zh"
    assert browser.text("h1").startswith("信息安全管理体系")
    browser.click("标准", "link text")
    assert browser.address() == f"{site}/zh/standards/documents"
    browser.click("a.tongue")

    assert browser.address() == f"{site}/standards/documents"


def test_hostile_text_runs_nothing(browser: Browser, site: str) -> None:
    """Pages with a script as title and javascript: as address open without an alert and hold no such link."""
    hostile = (f"documents/{tilde_encode(HOSTILE_ID)}", "documents?_all_columns=1", "relations?_all_columns=1")
    for path in hostile:
        browser.open(f"{site}/standards/{path}")
        with pytest.raises(RuntimeError, match="no such alert"):
            call(f"{browser.url}/alert/text")
        assert browser.run('document.querySelectorAll(\'a[href^="javascript:" i], a[href^="data:" i]\').length') == 0


def test_pages_fit_a_phone(phone: Browser, site: str) -> None:
    """At 360 pixels no page scrolls sideways; wide tables scroll inside their own box."""
    for page in [*pages(site), *chinese(site)]:
        phone.open(page)

        assert phone.run("document.documentElement.scrollWidth") <= 360, page


def test_a_mark_of_a_chart_opens_its_rows(browser: Browser, site: str) -> None:
    """A click on a bar of a topic's chart leads to a table with as many rows as the bar says."""
    browser.open(f"{site}/standards/topics/isms")
    said = browser.run("document.querySelector('#by-sphere a[aria-label]:has(rect)').getAttribute('aria-label')")
    browser.click("#by-sphere a[aria-label]:has(rect)")

    assert browser.text("p.count strong") == f"{said.rpartition(': ')[2]} rows"


def test_the_table_of_a_chart_opens_without_script(browser: Browser, site: str) -> None:
    """The figures behind a chart are one click away and visible then."""
    browser.open(f"{site}/standards/works/ISO~2FIEC~2027001")
    browser.click("#lineage summary")

    assert "GB/T 22080-2016" in browser.text("#lineage table")


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, installed by `npm install --prefix .axe axe-core` (a tool of these tests alone)."""
    if not AXE.is_file():
        reason = f"NO AXE: {AXE} is not there (npm install --no-save --prefix .axe axe-core)"
        if os.environ.get("SPHERES_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    return AXE.read_text(encoding="utf-8")


def test_no_serious_barrier_on_any_page(browser: Browser, site: str, axe: str) -> None:
    """axe-core finds nothing serious or critical on any page, in its rules for WCAG 2.2 A and AA."""
    barriers = {}
    for page in [*pages(site), *chinese(site)]:
        browser.open(page)
        found = browser.run_async(f"{axe}; const done = arguments[arguments.length - 1]; {AXE_RUN}")
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        barriers.update({(page.removeprefix(site), one["id"]): one["nodes"] for one in serious})

    assert barriers == {}
