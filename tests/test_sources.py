"""One harness over every source: what it declares, and what its sample pages give, against reviewed rows.

`tests/expected/<source>.json` holds the rows of the sample. A missing file is written and the test fails: read it,
then run again. `SPHERES_REGEN=1` rewrites them after a wanted change.
"""

from __future__ import annotations

import inspect
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from scrapy.utils.misc import is_generator_with_return_value
from support import Quiet

from crawler import runs
from crawler.archive import SAMPLE_DIR, Archived, read_sample
from crawler.base import SourceSpider, all_sources
from standards_db import checks
from standards_db.schema import open_db

EXPECTED = Path(__file__).parent / "expected"
SOURCES = all_sources()
SHOWN = (
    "identifier",
    "identifier_text",
    "title",
    "title_zh",
    "status",
    "published",
    "withdrawn",
    "vendor",
    "product",
    "level",
    "issued",
    "expires",
    "country",
    "subject",
    "included",
)


def shown(payload: dict[str, Any]) -> dict[str, Any]:
    row = {name: payload[name] for name in SHOWN if payload.get(name) is not None}
    edges = [[e["type"], e["degree"], e["target_identifier"] or e["target_text"]] for e in payload.get("relations", ())]
    if edges:
        row["relations"] = edges
    if payload.get("topics"):
        row["topics"] = [topic[0] for topic in payload["topics"]]
    return row


@pytest.mark.parametrize("name", SOURCES)
def test_sample_pages_give_the_reviewed_rows(name: str, sample_db: Path) -> None:
    """The real spider, pipelines and store over the sample pages give exactly the reviewed rows, without an error."""
    db = open_db(sample_db)
    run = next(iter(db.query("select * from runs where source=?", [name])), None)
    assert run is not None, f"{name} has no sample: crawler/sample/{name}/pages.json"
    assert (run["verdict"], run["error_count"], run["refused_count"]) == ("accepted", 0, 0)
    records = db.query("select key, payload from records where source=? and kind<>'membership' order by key", [name])
    rows = {record["key"]: shown(json.loads(record["payload"])) for record in records}
    assert rows
    path = EXPECTED / f"{name}.json"
    if os.environ.get("SPHERES_REGEN") or not path.exists():
        lines = ",\n".join(
            f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(row, ensure_ascii=False)}" for key, row in rows.items()
        )
        path.parent.mkdir(exist_ok=True)
        path.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
        pytest.fail(f"{path.name} was written: review it and run again")
    expected = json.loads(path.read_text(encoding="utf-8"))
    assert expected, f"{path.name} is empty"
    assert rows == expected


@pytest.mark.parametrize("name", SOURCES)
def test_no_callback_returns_a_value_from_a_generator(name: str) -> None:
    """Such a value would be lost. Scrapy looks for it at every page, parsing the source; here once."""
    source = SOURCES[name]
    callbacks = {route.callback for route in source.routes} | {"failed", "unchanged"}

    assert [one for one in sorted(callbacks) if is_generator_with_return_value(getattr(source, one))] == []


def test_every_page_of_the_sample_is_read() -> None:
    """No sample page lies there unread."""
    shelf = runs.shelf_of_sample(SOURCES)

    assert shelf.unread == []
    assert shelf.problems == []


@pytest.mark.parametrize("folder", sorted(path.name for path in SAMPLE_DIR.iterdir() if path.is_dir()))
def test_every_sample_says_where_its_facts_come_from(folder: str) -> None:
    """Pages say that they are no recordings, and FACTS.tsv has an origin for each fact."""
    pages = json.loads((SAMPLE_DIR / folder / "pages.json").read_text(encoding="utf-8"))
    assert all("not recorded" in page["origin"] for page in pages)
    header, *lines = (SAMPLE_DIR / folder / "FACTS.tsv").read_text(encoding="utf-8").splitlines()
    assert header == "identifier\torigin"
    assert lines and all(len(line.split("\t")) == 2 and line.split("\t")[1].strip() for line in lines)


def test_sample_is_large_enough(sample_db: Path) -> None:
    """The sample means something: documents, adoption edges and certificates across the spheres."""
    db = open_db(sample_db)
    documents = dict(db.execute("select sphere, count(*) from documents group by 1").fetchall())
    edges = dict(
        db.execute(
            "select d.sphere, count(*) from relations r join documents d on d.id=r.document"
            " where r.type='adopts' group by 1"
        ).fetchall()
    )

    assert set(documents) >= {"us", "cn", "eu", "intl"} and sum(documents.values()) >= 300
    assert sum(edges.values()) >= 60 and {"cn", "eu"} <= set(edges)
    assert db.table("certificates").count >= 60
    topics = {row[0] for row in db.execute("select distinct topic from document_topics")}
    assert topics == {row[0] for row in db.execute("select key from topics")}


def test_invariants_hold_over_the_sample(sample_db: Path) -> None:
    """The database of the whole sample breaks no rule."""
    assert checks.invariants(open_db(sample_db)) == []


def test_a_second_run_reports_no_change(sample_db: Path, tmp_path: Path) -> None:
    """Reading the sample again finds nothing new, changed, returned or vanished."""
    path = tmp_path / "copy.db"
    open_db(sample_db).execute("vacuum into ?", [str(path)])
    db = open_db(path)

    outcomes = runs.replay(db, runs.shelf_of_sample(SOURCES), SOURCES, "sample", Quiet, lambda outcome: None)

    assert [(o.source, o.tally.new_count, o.tally.changed_count, o.tally.vanished_count) for o in outcomes] == [
        (o.source, 0, 0, 0) for o in outcomes
    ]


@pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
def test_a_source_is_named_as_its_file_and_explains_itself(source: type[SourceSpider]) -> None:
    """File, name and class agree; the docstring has its fixed terms; the folder is the sphere of the body."""
    path = Path(inspect.getfile(source))
    assert path.stem == source.name
    assert source.__name__ == "".join(part.capitalize() for part in source.name.split("_"))
    docstring = source.__doc__ or ""
    assert re.search(r"Register: .+Publisher: .+Caveats: ", docstring, re.DOTALL)
    assert path.parent.name == source.sphere()
    assert 0 < source.expect.min < source.expect.max
    assert "start_requests" not in vars(source), "Scrapy ignores start_requests; override live_requests"


def test_no_url_is_read_by_two_sources() -> None:
    """Every URL of the sample fits the routes of exactly one source."""
    for entry in read_sample():
        assert isinstance(entry, Archived)
        readers = [name for name, source in SOURCES.items() if source.route_of(entry.url, entry.method)]
        assert len(readers) == 1, f"{entry.url}: {readers}"


@pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
def test_live_requests_have_routes(source: type[SourceSpider]) -> None:
    """Whatever a live crawl asks for first is read by a route of the source."""
    requests = list(source().live_requests())

    assert requests
    assert all(source.route_of(request.url, request.method) for request in requests)


@pytest.mark.parametrize("name", SOURCES)
def test_no_callback_returns_a_value_beside_what_it_yields(name: str) -> None:
    """Scrapy drops such a value. It would warn of it by reading the callback's source again for every page."""
    names = {route.callback for route in SOURCES[name].routes} | {"unchanged", "failed"}
    assert [one for one in sorted(names) if is_generator_with_return_value(getattr(SOURCES[name], one))] == []
