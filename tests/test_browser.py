"""The pages in a real browser: clicks, Chinese search, phone width, no script error, no request to another host.

Debian's chromium is driven through chromedriver's own HTTP protocol (W3C WebDriver), so no Python package is needed.
Without a browser the tests are skipped and say so, unless SPHERES_BROWSER=required makes that a failure.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import METADATA, free_port
from small_snapshot import HOSTILE_ID, build_snapshot

from standards_db.datasette_plugin.links import tilde_encode

pytestmark = pytest.mark.browser
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--window-size=1280,1000",
]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
PHONE = {"deviceMetrics": {"width": 360, "height": 740, "pixelRatio": 2.0, "mobile": True}}
START_SECONDS = 30


def call(url: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
    """One HTTP request with a JSON body; the `value` of a JSON answer, else the text."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as response:
            text = response.read().decode()
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{url}: {error.read().decode()[:500]}") from error
    return json.loads(text)["value"] if text.startswith('{"value"') else text


class Browser:
    """One browser window with an empty profile."""

    def __init__(self, driver: str, profile: Path, *, phone: bool) -> None:
        options: dict[str, Any] = {"binary": chromium(), "args": [*FLAGS, f"--user-data-dir={profile}"]}
        if phone:
            options["mobileEmulation"] = PHONE
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        session = call(f"{driver}/session", {"capabilities": {"alwaysMatch": wanted}})
        self.url = f"{driver}/session/{session['sessionId']}"

    def open(self, url: str) -> None:
        call(f"{self.url}/url", {"url": url})

    def find(self, selector: str, using: str = "css selector") -> str:
        return call(f"{self.url}/element", {"using": using, "value": selector})[ELEMENT]

    def click(self, selector: str, using: str = "css selector") -> None:
        call(f"{self.url}/element/{self.find(selector, using)}/click", {})

    def type(self, selector: str, text: str) -> None:
        call(f"{self.url}/element/{self.find(selector)}/value", {"text": text})

    def text(self, selector: str) -> str:
        return call(f"{self.url}/element/{self.find(selector)}/text")

    def run(self, script: str) -> Any:
        return call(f"{self.url}/execute/sync", {"script": f"return {script}", "args": []})

    def address(self) -> str:
        return call(f"{self.url}/url")

    def log(self, kind: str) -> list[dict[str, Any]]:
        return call(f"{self.url}/se/log", {"type": kind})

    def requested(self) -> list[str]:
        """Every address that pages asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]

    def close(self) -> None:
        call(self.url, method="DELETE")


def chromium() -> str | None:
    return shutil.which("chromium")


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            call(url)
            return
        except (OSError, RuntimeError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{url} does not answer: {error}") from error
            time.sleep(0.1)


@pytest.fixture(scope="module")
def driver() -> Iterator[str]:
    """The address of a running chromedriver."""
    program = shutil.which("chromedriver")
    if not (chromium() and program):
        reason = "NO BROWSER: chromium and chromedriver are not installed (apt-get install chromium chromium-driver)"
        if os.environ.get("SPHERES_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    port = free_port()
    process = subprocess.Popen([program, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/status", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, driver: str) -> Iterator[str]:
    """The address of Datasette over the small snapshot, started by the documented command."""
    path, port = build_snapshot(tmp_path_factory.mktemp("site")), free_port()
    command = [sys.executable, "-m", "datasette", "serve", "-i", str(path), "-m", str(METADATA), "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def browser(driver: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    window = Browser(driver, tmp_path_factory.mktemp("profile"), phone=False)
    yield window
    window.close()


@pytest.fixture(scope="module")
def phone(driver: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    window = Browser(driver, tmp_path_factory.mktemp("phone"), phone=True)
    yield window
    window.close()


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
        f"{site}/standards/documents/{tilde_encode(HOSTILE_ID)}",
        f"{site}/standard/unheard-of",
        f"{site}/standards?sql=select+1",
    ]


def test_no_script_error_and_no_request_to_another_host(browser: Browser, site: str) -> None:
    """No page reports an error or a breach of its security policy, and all files come from the same host."""
    for page in pages(site):
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
    browser.type("#qp1", "cn")
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
    for page in pages(site):
        phone.open(page)

        assert phone.run("document.documentElement.scrollWidth") <= 360, page
