"""A real browser for tests: Debian's chromium through chromedriver's own HTTP protocol, so no Python package is needed.

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
from small_snapshot import build_snapshot

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

    def run_async(self, script: str) -> Any:
        """What `script` hands to its callback, the last of its arguments."""
        return call(f"{self.url}/execute/async", {"script": script, "args": []})

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
