"""The command `spheres` as a person uses it."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support import write_archive

from crawler import cli
from crawler.base import all_sources
from crawler.runs import source_rows
from standards_db.schema import open_db

ROOT = Path(__file__).parent.parent
NIST = "https://csrc.nist.gov/pubs/fips/203/final"


def spheres(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(cli.main, list(arguments), input=text, catch_exceptions=False)


def test_help_teaches() -> None:
    """The help of the command names every subcommand, examples and exit codes."""
    text = spheres("--help").output

    for name in ("demo", "crawl", "sources", "identify", "check", "publish", "serve"):
        assert f"  {name} " in text
    assert "Exit codes:" in text and "spheres demo" in text


@pytest.mark.parametrize("name", ["demo", "crawl", "sources", "identify", "check", "publish", "serve"])
def test_every_command_takes_a_database(name: str) -> None:
    """Each subcommand has --db and a text that says what it does."""
    text = spheres(name, "--help").output

    assert "--db" in text and len(text.splitlines()) > 5


def test_version() -> None:
    """--version prints the version of the distribution."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert spheres("--version").output.strip() == f"spheres, version {version}"


def test_identify_json() -> None:
    """One object per text with exactly the documented keys; what is not understood is null."""
    result = spheres("identify", "--json", "GB/T22239—2019", "EN ISO/IEC 27001:2023", "see annex B")

    assert json.loads(result.stdout) == [
        {
            "text": "GB/T22239—2019",
            "identifier": "GB/T 22239-2019",
            "undated": "GB/T 22239",
            "family": "gb",
            "body": "sac",
            "edition": "2019",
            "adopts": None,
        },
        {
            "text": "EN ISO/IEC 27001:2023",
            "identifier": "EN ISO/IEC 27001:2023",
            "undated": "EN ISO/IEC 27001",
            "family": "cen",
            "body": "cen_cenelec",
            "edition": "2023",
            "adopts": "ISO/IEC 27001",
        },
        {
            "text": "see annex B",
            "identifier": None,
            "undated": None,
            "family": None,
            "body": None,
            "edition": None,
            "adopts": None,
        },
    ]


def test_identify_reads_lines() -> None:
    """Without arguments the lines of standard input are parsed, blank ones skipped, into a table."""
    result = spheres("identify", text="rfc8446\n\nFIPS PUB 140-3\n")

    assert "RFC 8446" in result.stdout and "NIST FIPS 140-3" in result.stdout and result.exit_code == 0


def test_identify_nothing_is_an_error() -> None:
    """No argument and no input: exit 2 and a hint."""
    result = spheres("identify", text="")

    assert result.exit_code == 2 and "nothing to identify" in result.stderr


def test_sources_lists_every_source(tmp_path: Path) -> None:
    """The table has a row per source, also before anything was crawled."""
    rows = json.loads(spheres("sources", "--json", "--db", str(tmp_path / "none.db")).stdout)

    assert [row["source"] for row in rows] == list(all_sources())
    assert set(rows[0]) == {"source", "sphere", "body", "kind", "expected", "last good run", "rows", "age", "on", "why"}
    assert not (tmp_path / "none.db").exists()


def test_crawl_from_archive_prints_its_table(tmp_path: Path) -> None:
    """The closing table counts what was read; what nobody reads is told; exit 0."""
    feed = json.dumps([])
    folder = write_archive(tmp_path / "a", [("https://elsewhere.example/x", feed, "2026-01-01T00:00:00Z")])
    write_archive(tmp_path / "a" / "b", [(NIST, nist_page(), "2026-01-01T00:00:00Z")])

    result = spheres("crawl", "--all", "--from-archive", str(folder), "--db", str(tmp_path / "i.db"), "--json")

    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    assert (row["source"], row["verdict"], row["responses"], row["documents"]) == ("nist_csrc", "accepted", 1, 1)
    assert "no source reads this URL  elsewhere.example" in result.stderr
    unread = list(open_db(tmp_path / "i.db").query("select url, reason from unread"))
    assert unread == [{"url": "https://elsewhere.example/x", "reason": "no source reads this URL"}]


def nist_page() -> str:
    sample = ROOT / "crawler" / "sample" / "nist_csrc" / "fips-203.html"
    return sample.read_text(encoding="utf-8")


def test_crawl_rejected_exits_1(tmp_path: Path) -> None:
    """A rejected run is told with its reason and exit code 1."""
    body = "<html><head><title>Just a moment...</title></head><body>x</body></html>"
    folder = write_archive(tmp_path / "a", [(NIST, body, "2026-01-01T00:00:00Z")])

    result = spheres("crawl", "nist_csrc", "--from-archive", str(folder), "--db", str(tmp_path / "i.db"))

    assert result.exit_code == 1
    assert "nist_csrc: rejected" in result.stderr and "pages refused" in result.stderr


def test_crawl_malformed_archive_exits_1_and_keeps_the_rest(tmp_path: Path) -> None:
    """A broken index row is named with file and row; the good rows are stored all the same."""
    folder = write_archive(tmp_path / "a", [(NIST, nist_page(), "2026-01-01T00:00:00Z")])
    with (folder / "index.jsonl").open("a") as index:
        index.write("{oops\n")

    result = spheres("crawl", "--all", "--from-archive", str(folder), "--db", str(tmp_path / "i.db"))

    assert result.exit_code == 1 and "index.jsonl:2: malformed index row" in result.stderr
    assert open_db(tmp_path / "i.db").table("documents").count == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["crawl"], "name a source"),
        (["crawl", "nist_csrcc"], "no source named 'nist_csrcc'"),
        (["crawl", "nist_csrc"], "--contact"),
        (["crawl", "--all", "--from-archive", "{tmp}/none"], "none: no such file or folder"),
        (["check", "--db", "{tmp}/none.db"], "none.db: no such database"),
        (["publish", "--db", "{tmp}/none.db"], "none.db: no such database"),
        (["check", "--db", "{tmp}/text.db"], "not a database"),
        (["check", "--db", "{tmp}/other.db"], "is a database of something else"),
        (["check", "--db", "{tmp}/newer.db"], "written by a newer version (migration m999_future"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_input_exits_2(tmp_path: Path, arguments: list[str], message: str) -> None:
    """What cannot be done is one clear line on standard error and exit code 2."""
    (tmp_path / "text.db").write_text("this is a text and no database " * 40)
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("create table recipes (id)")
    other.close()
    newer = open_db(tmp_path / "newer.db")
    newer.table("_sqlite_migrations").insert(
        {"migration_set": "standards_db", "name": "m999_future", "applied_at": "2030-01-01"}
    )
    newer.close()

    result = spheres(*(argument.format(tmp=tmp_path) for argument in arguments))

    assert result.exit_code == 2
    assert message in result.stderr and result.stderr.startswith("spheres: ")


def test_a_locked_database_exits_75(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer holds the database: exit 75, nothing changed."""
    monkeypatch.setattr("standards_db.schema.BUSY_SECONDS", 0.2)
    path = tmp_path / "i.db"
    open_db(path).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("begin immediate")
    folder = write_archive(tmp_path / "a", [(NIST, nist_page(), "2026-01-01T00:00:00Z")])

    result = spheres("crawl", "--all", "--from-archive", str(folder), "--db", str(path))

    assert result.exit_code == 75 and "locked" in result.stderr


def test_demo_builds_both_databases(tmp_path: Path) -> None:
    """The demo reads the sample, publishes, and the checks hold."""
    path = tmp_path / "demo.db"
    result = spheres("demo", "--no-serve", "--db", str(path))

    assert result.exit_code == 0, result.output
    assert "spheres serve" in result.output and (tmp_path / "published" / "standards.db").is_file()
    assert spheres("check", "--db", str(path)).exit_code == 0


def test_demo_refuses_a_database_with_crawled_rows(tmp_path: Path) -> None:
    """Sample rows are never mixed into a crawled database."""
    path = tmp_path / "i.db"
    folder = write_archive(tmp_path / "a", [(NIST, nist_page(), "2026-01-01T00:00:00Z")])
    spheres("crawl", "--all", "--from-archive", str(folder), "--db", str(path))

    result = spheres("demo", "--no-serve", "--db", str(path))

    assert result.exit_code == 2 and "holds crawled rows" in result.stderr


def test_check_names_the_broken_rule(tmp_path: Path) -> None:
    """A broken invariant is a row of the table and exit code 1."""
    path = tmp_path / "demo.db"
    spheres("demo", "--no-serve", "--db", str(path))
    connection = sqlite3.connect(path)
    connection.execute("update documents set retrieved_at=null where id='NIST FIPS 203'")
    connection.commit()
    connection.close()

    result = spheres("check", "--db", str(path), "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout) == [
        {"rule": "every document carries page, hash and time", "rows": 1, "first": "NIST FIPS 203"}
    ]


def test_source_rows_are_what_the_classes_say() -> None:
    """Table `sources` is filled from class attributes, for every source."""
    rows = {row["key"]: row for row in source_rows(all_sources())}

    assert rows["relaton_iso"]["tier"] == "secondary" and rows["nist_csrc"]["tier"] == "primary"
    assert rows["samr_std"]["sphere"] == "cn"
