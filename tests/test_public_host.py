"""`spheres serve --public` as strangers meet it: two processes, and hostile requests against both."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from served import free_port
from small_snapshot import build_snapshot

START_SECONDS = 240


def ask(url: str) -> tuple[int, str]:
    """Status and text of an answer, errors included; redirects are followed."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=60) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Addresses of the browsing and of the SQL process; both end with the command."""
    path = build_snapshot(tmp_path_factory.mktemp("public"))
    web, sql = free_port(), free_port()
    command = ["serve", "--public", "--snapshot", str(path), "--port", str(web), "--sql-port", str(sql)]
    process = subprocess.Popen([sys.executable, "-m", "crawler.cli", *command], stdout=subprocess.DEVNULL)
    addresses = f"http://127.0.0.1:{web}", f"http://127.0.0.1:{sql}"
    try:
        deadline = time.monotonic() + START_SECONDS
        for address in addresses:
            while True:
                try:
                    assert ask(f"{address}/-/versions.json")[0] == 200
                    break
                except OSError:
                    assert process.poll() is None and time.monotonic() < deadline
                    time.sleep(0.2)
        yield addresses
    finally:
        process.terminate()
        assert process.wait(30) == 0
    for address in addresses:
        with pytest.raises(OSError):
            ask(f"{address}/-/versions.json")


def query(host: str, sql: str) -> tuple[int, str]:
    return ask(f"{host}/standards.json?{urlencode({'sql': sql, '_shape': 'array'})}")


def test_pages_work_and_take_no_sql(hosts: tuple[str, str]) -> None:
    """The browsing process shows pages and canned questions, refuses SQL and conditions, and says where SQL runs."""
    web, sql = hosts
    assert ask(f"{web}/")[0] == 200
    assert ask(f"{web}/standards/stale_adoptions?sphere=cn")[0] == 200
    assert query(web, "select 1")[0] == 403
    assert ask(f"{web}/standards/documents?_where=1%3D1")[0] == 403
    status, text = ask(f"{web}/standards")

    assert status == 200 and f'href="{sql}/standards"' in text and "<textarea" not in text


def test_sql_process_answers_within_its_limits(hosts: tuple[str, str]) -> None:
    """An honest query is answered; endless, huge and writing ones are refused."""
    sql = hosts[1]
    status, text = query(sql, "select count(*) as n from documents where sphere = 'cn'")
    assert status == 200 and json.loads(text) == [{"n": 8}]
    endless = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"
    for hostile in (
        endless,
        "select hex(zeroblob(400000000))",
        "select printf('%.*c', 500000000, 'x')",
        "select replace(hex(randomblob(1000000)), '0', 'xxxxxxxx')",
        "delete from documents",
        "attach '/tmp/x.db' as x",
        "select load_extension('x')",
        "select * from pragma_database_list",
        "pragma database_list",
        f"select '{'x' * 21_000}'",
    ):
        status, text = query(sql, hostile)
        assert status in (400, 403), hostile[:60]
        assert "/standards.db" not in text, hostile[:60]


def test_rows_are_limited(hosts: tuple[str, str]) -> None:
    """More rows than the limit are cut, and the answer says so."""
    endless = "with recursive c(x) as (select 1 union all select x + 1 from c limit 5000) select x from c"
    status, text = ask(f"{hosts[1]}/standards.json?{urlencode({'sql': endless})}")
    answer = json.loads(text)

    assert status == 200 and len(answer["rows"]) == 1000 and answer["truncated"] is True


@pytest.mark.parametrize(
    "path", ["/-/databases", "/-/databases.json", "/-/threads", "/-/threads.json", "/standards.db"]
)
def test_nothing_tells_about_the_machine(hosts: tuple[str, str], path: str) -> None:
    """Pages that show paths or threads, and the download of the file, are closed on both."""
    for host in hosts:
        status, text = ask(f"{host}{path}")
        assert status in (403, 404) and "/standards.db" not in text


def test_strangers_choose_no_facets(hosts: tuple[str, str]) -> None:
    """Facets of metadata.yml are there; one that a visitor asks for is refused."""
    web = hosts[0]
    status, text = ask(f"{web}/standards/documents")

    assert status == 200 and 'id="facet-sphere"' in text
    assert ask(f"{web}/standards/documents?_facet=title")[0] == 400
