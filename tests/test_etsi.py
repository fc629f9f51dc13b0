"""The ETSI search: paging over rows that move, pages that break and are asked again, codes, the old export."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import TextResponse

from crawler.spiders.eu.etsi import PAGE_SIZE, TRIES, Etsi, Walk, status
from standards_db.records import Document, Observation, PageRefused, Refused

DATA = "https://www.etsi.org/custom/standardssearch/data.php?format=json&page=%d&sort=1"
EXPORT = "https://www.etsi.org/?option=com_standardssearch&view=data&format=csv&page=1"
DUMP = "Array\n(\n    [0] => stdClass"


def read(body: str | bytes, url: str = DATA % 1, **meta: Any) -> list[Any]:
    raw = body.encode() if isinstance(body, str) else body
    return list(Etsi().parse_page(TextResponse(url, body=raw, encoding="utf-8", request=Request(url, meta=meta))))


def rows(page: int, total: int, **more: Any) -> str:
    numbers = range((page - 1) * PAGE_SIZE, min(page * PAGE_SIZE, total))
    return json.dumps(
        [
            {
                "wki_id": str(n),
                "total_count": str(total),
                "ETSI_DELIVERABLE": f"ETSI TS 100 {n:03d} V1.1.1 (2020-01)",
                **more,
            }
            for n in numbers
        ]
    )


def crawl(serve: Callable[[int, int], str | int]) -> tuple[set[str], list[str], list[int]]:
    """A live crawl against `serve(page, try)` (a body, or a status of failure): keys, reasons, pages in their order."""
    spider = Etsi()
    spider.crawler = SimpleNamespace(stats=SimpleNamespace(inc_value=lambda name: None))  # type: ignore[assignment]
    waiting = list(spider.live_requests())
    keys: set[str] = set()
    reasons: list[str] = []
    asked: list[int] = []
    while waiting:
        request = waiting.pop(0)
        page = int(request.url.partition("&page=")[2].partition("&")[0])
        asked.append(page)
        assert len(asked) < 60, "the crawl does not end"
        answer = serve(page, asked.count(page))
        if isinstance(answer, int):
            error = PageRefused("blocked") if answer == 403 else OSError("connection lost")
            found = spider.failed(SimpleNamespace(request=request, value=error))
        else:
            found = spider.parse_page(TextResponse(request.url, body=answer.encode(), request=request))
        try:
            for item in found:
                if isinstance(item, Request):
                    waiting.append(item)
                elif isinstance(item, Document):
                    keys.add(item.key or "")
                elif isinstance(item, Observation):
                    assert isinstance(item.record, Refused)
                    reasons.append(item.record.reason)
                else:
                    reasons.append(item.reason)
        except PageRefused as refusal:
            reasons.append(f"page: {refusal}"[:16])
    return keys, reasons, asked


def test_every_page_is_read_past_the_total() -> None:
    """Full pages are followed even when the total is reached: rows move while they are read."""
    keys, reasons, asked = crawl(lambda page, again: rows(page, 100))
    assert (len(keys), reasons, asked) == (100, [], [1, 2, 3])


@pytest.mark.parametrize("broken", [DUMP, "<!DOCTYPE html><title>ETSI</title>", "", "{}", 403, 0])
def test_a_broken_page_is_asked_again_after_the_others(broken: str | int) -> None:
    """The pages behind a broken one are read first, then it is asked again; nothing is skipped, nothing reported."""
    keys, reasons, asked = crawl(lambda page, again: broken if page == 2 and again <= 2 else rows(page, 180))
    assert (len(keys), reasons, asked) == (180, [], [1, 2, 3, 4, 2, 2])


@pytest.mark.parametrize(("broken", "reason"), [(DUMP, "page: a PHP dump"), (403, "blocked")])
def test_a_page_that_stays_broken_is_refused_and_missed(broken: str | int, reason: str) -> None:
    """After its last try a page is a refused page, and the rows it held are missed in the count."""
    keys, reasons, asked = crawl(lambda page, again: broken if page == 2 else rows(page, 180))
    assert len(keys) == 130 and asked.count(2) == TRIES + 1
    assert sorted(reasons) == sorted([reason, "fewer rows than the search counts"])


def test_a_first_page_that_is_broken_holds_the_walk_only_for_a_while() -> None:
    """Without a total nothing can be asked for but the first page again."""
    keys, reasons, asked = crawl(lambda page, again: DUMP if again == 1 and page == 1 else rows(page, 60))
    assert (len(keys), reasons, asked) == (60, [], [1, 1, 2])


def test_an_interface_that_moved_ends_refused() -> None:
    """HTML with status 200 at the old address, for ever: the run has refused pages and no row."""
    keys, reasons, asked = crawl(lambda page, again: "<html><title>Standards</title></html>")
    assert (keys, len(asked)) == (set(), TRIES + 1) and reasons[0].startswith("page: expected")


def test_a_server_that_repeats_a_page_ends_the_walk() -> None:
    """The same page for ever is said, not followed for ever."""
    keys, reasons, asked = crawl(lambda page, again: rows(1, 200))
    assert len(keys) == PAGE_SIZE and asked == [1, 2]
    assert reasons == ["the page repeats rows of earlier pages", "fewer rows than the search counts"]


@pytest.mark.parametrize("body", [DUMP, "<!DOCTYPE html><title>ETSI</title>", "", "{}", '[{"id": 1}]'])
def test_what_is_no_answer_is_refused_in_an_archive(body: str) -> None:
    """There is nobody to ask again."""
    with pytest.raises(PageRefused):
        read(body)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"ACTION_TYPE": "PU", "STATUS_CODE": "12", "superseded": "0"}, "published"),
        ({"ACTION_TYPE": "PU", "STATUS_CODE": "12", "superseded": "1"}, "superseded"),
        ({"ACTION_TYPE": "WD", "STATUS_CODE": "12", "superseded": "1"}, "withdrawn"),
        ({"ACTION_TYPE": "PU", "STATUS_CODE": 13, "superseded": "0"}, "historical"),
        ({"ACTION_TYPE": "", "STATUS_CODE": "8"}, "on approval"),
        ({"ACTION_TYPE": "PU", "STATUS_CODE": None}, None),
        ({"Status": "Published"}, "published"),
    ],
)
def test_status_words(row: dict[str, Any], word: str | None) -> None:
    """Each combination of codes has one word; codes that say nothing give none."""
    assert status(row) == word


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_the_csv_export_of_before_2026(encoding: str) -> None:
    """The semicolon export gives the same records, in either encoding, with status and work item as printed."""
    body = (
        "sep=;\nETSI deliverable;title;Status;Details link;PDF link;Scope;Technical body;Keywords\n"
        '"ETSI TS 103 645 V1.1.1 (2019-02)";"CYBER; Baseline – été";Published;'
        '"https://webapp.etsi.org/workprogram/Report_WorkItem.asp?WKI_ID=54761";x.pdf;;Cyber Security;IoT,privacy\n'
    )
    (record,) = read(body.encode(encoding), EXPORT)
    assert (record.key, record.status_text, record.published_text) == ("54761", "published", "2019-02")
    assert (record.title, record.keywords) == ("CYBER; Baseline – été", ("IoT", "privacy"))


def test_titles_in_two_languages_and_rows_without_an_id() -> None:
    """Of a title in two languages the English one is kept; without a work item the designation is the key."""
    row = {"ETSI_DELIVERABLE": "ETSI TS 100 001 V1.1.1 (2020-01)", "TITLE": {"FR": "Titre", "EN": "Title"}}
    (record,) = read(json.dumps([row]))
    assert (record.title, record.key, record.url) == ("Title", None, None)
    (lack,) = read(json.dumps([{"wki_id": 7, "ETSI_DELIVERABLE": None}]))
    assert isinstance(lack, Refused) and lack.key == "7"


def test_a_page_of_an_archive_leads_to_the_next() -> None:
    """Links of an archive run are counted, so a full page has one."""
    *_, request = read(rows(1, 80))
    assert request.url == DATA % 2 and "walk" not in request.meta
    assert not [item for item in read(rows(2, 80), DATA % 2) if isinstance(item, Request)]


def test_the_walk_starts_at_the_first_page() -> None:
    """Every edition of every status is asked for."""
    [request] = Etsi().live_requests()
    assert isinstance(request.meta["walk"], Walk) and "version=1" in request.url and "withdrawn=1" in request.url
