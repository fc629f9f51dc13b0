"""Hostile text, hostile SQL and hostile spreadsheets against the served snapshot."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from datasette.utils import tilde_encode
from served import Served
from small_snapshot import HOSTILE_ID, HOSTILE_TITLE, build_snapshot

from standards_db import spreadsheet
from standards_db.datasette_plugin import links, safety

PAGES = (
    "/",
    "/-/search?q=27001",
    "/standards",
    "/standards/documents",
    "/standards/documents/GB~2FT~2022239-2008",
    "/standards/works/ISO~2FIEC~2027001",
    "/standards/most_divergent",
    "/standard/unheard-of",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    site = Served(build_snapshot(tmp_path_factory.mktemp("served")))
    yield site
    site.close()


def test_hostile_text_is_inert(served: Served) -> None:
    """Script in a title stays text, and javascript: or data: addresses are links on no page that shows them."""
    key = tilde_encode(HOSTILE_ID)
    for path in (
        f"/standards/documents/{key}",
        "/standards/documents?_all_columns=1",
        "/-/search?q=网络安全",
        "/standards/relations",
    ):
        text = served.get(path).text
        page = BeautifulSoup(text, "html.parser")

        assert HOSTILE_TITLE not in text and "<img src=x" not in text, path
        assert not page.select("img"), path
        assert all("alert" not in script.text for script in page.select("script")), path
        schemes = {
            link["href"].partition(":")[0].strip().lower() for link in page.select("a[href]") if ":" in link["href"]
        }
        assert schemes.isdisjoint({"javascript", "data", "vbscript"}), path
    assert html.escape(HOSTILE_TITLE) in served.get(f"/standards/documents/{key}").text


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "data:text/html,x", "//evil", "http://", "https://a b", "java\nscript:x"]
)
def test_only_whole_web_addresses_become_links(value: str) -> None:
    """An address is a link only if it is one complete http or https address."""
    assert links.safe_url(value) is None
    assert links.safe_url("https://std.samr.gov.cn/gb?id=1") == "https://std.samr.gov.cn/gb?id=1"


def test_figure_links_stay_inside_the_database(served: Served) -> None:
    """A stored link is used only as a path of table and filters, never as an address elsewhere."""
    for link in (
        "//evil.example/x",
        "https://evil.example",
        "javascript:alert(1)",
        "documents?<b>",
        "../-/metadata",
        None,
    ):
        assert links.rows_url(served.datasette, link) is None
    assert links.rows_url(served.datasette, "documents?sphere=cn") == "/standards/documents?sphere=cn"


@pytest.mark.parametrize("path", [*PAGES, "/standards/documents.json", "/standards/certificates.csv"])
def test_security_headers_are_on_every_response(served: Served, path: str) -> None:
    """Each response forbids framing, sniffing, inline script and referrers."""
    headers = served.get(path).headers
    policy = headers["content-security-policy"]

    assert "script-src 'self';" in policy and "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy and "default-src 'self'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers.get_list("referrer-policy") == ["no-referrer"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_hold_no_inline_script_and_no_foreign_file(served: Served, path: str) -> None:
    """No page holds inline script, an event handler, or a file from another host."""
    page = served.soup(path)

    assert all(script.get("src") and not script.text.strip() for script in page.select("script"))
    assert not [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
    loaded = [tag.get("src") or tag.get("href") for tag in page.select("script, link[rel=stylesheet], img")]
    assert loaded and all(url.startswith("/") and not url.startswith("//") for url in loaded)
    assert all(served.get(url).status_code == 200 for url in loaded)


def test_csv_cells_cannot_be_formulas(served: Served) -> None:
    """Cells that a spreadsheet would run get an apostrophe; numbers and plain text stay as they are."""
    for extra in ("", "?_stream=1", "?_labels=on&_size=max"):
        rows = {
            row["id"]: row
            for row in csv.DictReader(io.StringIO(served.get(f"/standards/certificates.csv{extra}").text))
        }

        assert len(rows) == 3
        assert rows["cert_test:2"]["vendor"] == '\'=HYPERLINK("http://evil.example","x")'
        assert rows["cert_test:2"]["product"] == "'+cmd|' /C calc'!A0"
        assert rows["cert_test:1"]["product"] == "智能卡操作系统 2.0"
    numbers = served.get(f"/standards.csv?{urlencode({'sql': 'select -5 as a, -1.5e-7 as b, 3 as c'})}").text

    assert numbers == "a,b,c\r\n-5,-1.5e-07,3\r\n"


CELLS = {
    "=1+1": "'=1+1",
    "-1+1": "'-1+1",
    "-5": "-5",
    "+3.5": "+3.5",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\t=1",
    "  =1": "'  =1",
    "＝1": "'＝1",
    "": "",
    "a=b": "a=b",
    "-": "'-",
}


@pytest.mark.parametrize(("cell", "safe"), CELLS.items())
def test_neutral_cell(cell: str, safe: str) -> None:
    """Formula starts are neutralised, numbers are not touched."""
    assert spreadsheet.neutral_cell(cell) == safe


def test_csv_rewriter_gives_the_same_however_the_bytes_are_cut() -> None:
    """Quoted line ends, quotes and multi-byte characters survive any split of the stream."""
    rows = [["a", 'say "hi"\r\n=x', "密码"], ["=1", "-5", ""], ["", "x,y", "-x"]]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    source = out.getvalue().encode()
    whole = safety.CsvRewriter().feed(source, final=True)
    for size in (1, 2, 3, 7):
        rewriter = safety.CsvRewriter()
        parts = [rewriter.feed(source[at : at + size], final=False) for at in range(0, len(source), size)]

        assert b"".join(parts) + rewriter.feed(b"", final=True) == whole
    assert list(csv.reader(io.StringIO(whole.decode(), newline="")))[1] == ["'=1", "-5", ""]


@pytest.mark.parametrize(
    "sql",
    [
        "select hex(zeroblob(400000000))",
        "select printf('%.*c', 500000000, 'x')",
        "select randomblob(900000)",
        "with recursive c(t) as (select hex(hex(hex(hex('aaaaaaaaaaaaaaaa')))) union all select t || t from c) "
        "select max(length(t)) from c",
        "select load_extension('x')",
    ],
)
def test_costly_functions_are_refused(served: Served, sql: str) -> None:
    """Functions that could take gigabytes before the time limit is looked at are denied or cut short."""
    response = served.get(f"/standards.json?{urlencode({'sql': sql})}")

    assert response.status_code == 400
    assert response.json()["ok"] is False


def test_ordinary_sql_still_works(served: Served) -> None:
    """Joins, JSON functions, window functions and search stay allowed on a visitor's connection."""
    rows = served.sql(
        "select json_extract(payload, '$.title') as s, row_number() over (order by key) as n from source_records"
    )

    assert rows[0]["n"] == 1
    assert (
        served.sql("select count(*) as n from documents_fts where documents_fts match escape_fts('27001')")[0]["n"] == 3
    )
