"""Cellar: answers of a SPARQL service, whose errors and limits look like answers."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from scrapy import Request
from scrapy.http import Response, TextResponse

from crawler.spiders.eu import cellar
from crawler.spiders.eu.cellar import ACTS, ENDPOINT, Cellar
from standards_db.acts import celex_of
from standards_db.facts import load
from standards_db.records import Document, PageRefused, Refused

TYPE = "http://publications.europa.eu/resource/authority/resource-type/"


def binding(**values: str) -> dict[str, Any]:
    return {name: {"type": "literal", "value": value} for name, value in values.items()}


def answer(*rows: Any, names: tuple[str, ...] = ("celex", "title")) -> bytes:
    return json.dumps({"head": {"link": [], "vars": names}, "results": {"bindings": rows}}).encode()


def read(body: bytes, headers: dict[str, str] | None = None, **kwargs: Any) -> list[Any]:
    return list(Cellar().answer(TextResponse(ENDPOINT, body=body, headers=headers or {}), **kwargs))


def test_an_act_is_known_by_its_number_with_title_and_dates() -> None:
    """The first of several dates of entry into force is the date; an end that never comes is none."""
    row = binding(
        celex="32024R2847",
        type=TYPE + "REG",
        date="2024-10-23",
        title="A\u00a0title",
        forces="2027-12-11;2024-12-10",
        end="9999-12-31",
    )
    [found] = read(answer(row))
    assert (found.designation, found.key, found.title, found.kind_text) == (
        "32024R2847",
        "32024R2847",
        "A title",
        "act",
    )
    assert (found.published_text, found.implemented_text, found.withdrawn_text) == ("2024-10-23", "2024-12-10", None)
    assert found.keywords == ("REG",) and "2027-12-11;2024-12-10" in found.abstract
    assert read(answer(binding(celex="32014L0001", end="2020-01-01")))[0].withdrawn_text == "2020-01-01"


def test_a_proposal_is_a_draft() -> None:
    """A proposal is no law yet, and neither is its corrected text."""
    rows = [binding(celex="52026PC0137R(01)", type=TYPE + "PROP_DEC"), binding(celex="52021PC0206")]
    assert [record.kind_text for record in read(answer(*rows))] == ["draft", "draft"]


@pytest.mark.parametrize(
    ("number", "kind"),
    [("32014L0053", "act"), ("02016R0679-20160504", "act"), ("32016R0679R(02)", "corrigendum"), ("62014CJ0362", None)],
)
def test_only_law_is_called_an_act(number: str, kind: str | None) -> None:
    """A corrigendum and a judgment have numbers too."""
    assert read(answer(binding(celex=number)))[0].kind_text == kind


def test_rows_of_one_act_are_one_document() -> None:
    """An answer repeats an act for each of its titles and dates; the English title is preferred within a row."""
    rows = [binding(celex="32014L0053", title="T", force="2014-06-11"), binding(celex="32014L0053", force="2016-06-13")]
    [found] = read(answer(*rows))
    assert (found.title, found.implemented_text) == ("T", "2014-06-11")


def test_a_title_in_two_languages_gives_the_english_one() -> None:
    """Whichever row and variable comes first; a title in another language stands in only where there is no other."""
    french = {"celex": {"value": "32014L0053"}, "title": {"value": "Titre", "xml:lang": "fr"}}
    english = {"celex": {"value": "32014L0053"}, "title": {"value": "Title", "xml:lang": "en"}}
    assert [record.title for record in read(answer(french, english))] == ["Title"]
    assert [record.title for record in read(answer(french))] == ["Titre"]


def test_every_curated_act_is_asked_for() -> None:
    """A curated act of the EU is one that a live crawl asks for, and so are the acts of the harmonised lists."""
    curated = {number for row in load("instruments") for number in celex_of(row["official_id"])[:1]}
    assert len(curated) >= 16 and curated < set(ACTS)
    assert {"32014L0030", "32017R0745"} <= set(ACTS) and list(ACTS) == sorted(set(ACTS))


def test_a_row_without_a_number_is_refused_alone() -> None:
    """The other rows are read."""
    found = read(answer(binding(title="T"), binding(celex="see below"), "x", binding(celex="CELEX:32014L0053")))
    assert [type(record) for record in found] == [Refused, Refused, Refused, Document]
    assert found[3].designation == "32014L0053"


def test_no_hits_is_an_answer() -> None:
    """An empty answer is no fault of the page."""
    assert read(answer()) == []


@pytest.mark.parametrize(
    ("body", "headers", "why"),
    [
        (b"Virtuoso 37000 Error SP030: SPARQL compiler, line 3: syntax error", {}, "Virtuoso 37000"),
        (b"<html><body>table</body></html>", {}, "expected JSON"),
        (answer(binding(celex="32014L0053"))[:-9], {}, "expected JSON"),
        (b"", {}, "expected JSON"),
        (b"[" * 100_000, {}, "JSON"),
        (b"[]", {}, "no answer"),
        (b'{"results": {"bindings": {}}}', {}, "no answer"),
        (answer(binding(work="x"), names=("work",)), {}, "without CELEX"),
        (answer(binding(celex="32014L0053")), {"X-SQL-State": "S1TAT"}, "a part of the answer"),
        (answer(binding(celex="32014L0053")), {"X-SPARQL-MaxRows": "1"}, "a part of the answer"),
    ],
)
def test_what_is_no_whole_answer_is_refused(body: bytes, headers: dict[str, str], why: str) -> None:
    """Errors served as pages, cut bodies and answers that the service itself cut are refused."""
    with pytest.raises(PageRefused, match=why):
        read(body, headers)


def test_damage_is_refused_and_never_raises() -> None:
    """Any cut and any wrong type in place of a value gives a refusal or rows, no other exception."""
    chance = random.Random(3)
    body = answer(binding(celex="32014L0053", title="T"), binding(celex="32022L2555"))
    odd: list[Any] = [None, 1, "x", [], {}, [[]], {"value": {}}, {"value": None}, {"value": ["a"], "xml:lang": 5}]
    bodies = [body[: chance.randrange(len(body))] for _ in range(30)]
    bodies += [answer(value) for value in odd] + [answer({"celex": value, "title": value}) for value in odd]
    bodies += [json.dumps({"head": value, "results": value}).encode() for value in odd]
    for damaged in bodies:
        try:
            assert all(isinstance(record, Document | Refused) for record in read(damaged))
        except PageRefused:
            continue
    with pytest.raises(PageRefused):
        list(Cellar().answer(Response(ENDPOINT, body=b"\xff\xfe\x00")))


def paged(numbers: list[str], page: int, seen: tuple[str, ...], query: str = "decisions") -> list[Any]:
    found = read(answer(*(binding(celex=number) for number in numbers)), query=query, page=page, seen=seen)
    return [record for record in found if not isinstance(record, Document)]


def test_paging_proves_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full page asks for the next, which must begin with the last row of the one before."""
    monkeypatch.setattr(cellar, "PAGE_SIZE", 3)
    one, two, three, four = (f"32014L000{number}" for number in range(1, 5))

    [request] = paged([one, two, three], 0, ())
    assert isinstance(request, Request)
    assert parse_qs(urlsplit(request.url).query)["query"][0].endswith("LIMIT 3 OFFSET 2")
    assert paged([three, four], **{key: request.cb_kwargs[key] for key in ("page", "seen")}) == []
    for wrong in ([four], [], [three, one]):
        [lack] = paged(wrong, 1, (one, two, three))
        assert isinstance(lack, Refused) and lack.reason == "paging does not add up"


def test_acts_that_were_asked_for_and_are_missing_are_named() -> None:
    """The first query names its acts, so that a gap in the answer shows."""
    lacks = paged(list(ACTS[1:]), 0, (), "acts")
    assert [lack.key for lack in lacks] == [ACTS[0]]
