"""The datatracker's list of documents: paging by its own link, drafts and RFCs, states as numbers."""

from __future__ import annotations

from typing import Any

import pytest
from scrapy import Request
from scrapy.http import TextResponse
from us_pages import read, refusals

from crawler.spiders.intl.ietf import ACTIVE_DRAFTS, Ietf
from standards_db.records import Document, PageRefused


def listed(name: str, **given: Any) -> dict[str, Any]:
    fixed = {
        "name": name,
        "title": "A title",
        "rev": "07",
        "time": "2026-05-20T21:19:07Z",
        "states": ["/api/v1/doc/state/150/", "/api/v1/doc/state/1/"],
        "stream": "/api/v1/name/streamname/ietf/",
    }
    return {**fixed, **given}


def test_a_page_of_the_list_gives_drafts_and_the_next_page() -> None:
    """Name and revision are the designation; the link to the next page is followed."""
    following = "/api/v1/doc/document/?type=draft&states=1&limit=100&offset=100&format=json"
    answer = {"meta": {"next": following, "total_count": 150}, "objects": [listed("draft-ietf-quic-multipath")]}
    draft, request = read(Ietf(), ACTIVE_DRAFTS, answer, TextResponse)

    assert isinstance(draft, Document)
    assert (draft.designation, draft.status_text, draft.published_text, draft.owner_text) == (
        "draft-ietf-quic-multipath-07",
        "document state 1",
        "2026-05-20",
        "ietf",
    )
    assert isinstance(request, Request)
    assert request.url == f"https://datatracker.ietf.org{following}"


@pytest.mark.parametrize("link", [None, "", 7, "https://other.example/api/v1/doc/document/", "javascript:alert(1)"])
def test_the_list_ends_where_no_page_of_it_follows(link: Any) -> None:
    """No link, or one that leaves the list, ends it; so does a page without documents."""
    assert (
        len(read(Ietf(), ACTIVE_DRAFTS, {"meta": {"next": link}, "objects": [listed("draft-a-b")]}, TextResponse)) == 1
    )
    assert read(Ietf(), ACTIVE_DRAFTS, {"meta": {"next": "?offset=100"}, "objects": []}, TextResponse) == []


def test_other_documents_are_refused_and_rfcs_keep_their_number() -> None:
    """A charter is no standard; an RFC of the list has the number as it is cited and no state of a draft."""
    answer = {"objects": [listed("charter-ietf-tls"), listed("rfc9110", rev=""), None, listed("draft-x-y", title=None)]}
    found = read(Ietf(), ACTIVE_DRAFTS, answer, TextResponse)
    (rfc,) = [record for record in found if isinstance(record, Document)]
    assert (rfc.designation, rfc.status_text, rfc.published_text) == ("RFC 9110", None, None)
    assert refusals(found) == ["neither a draft nor an RFC", "row is not an object", "neither a draft nor an RFC"]


@pytest.mark.parametrize("answer", [[], {"error": "x"}, {"objects": "x"}, {"objects": [{"id": 1}]}, "<html></html>"])
def test_another_answer_is_refused(answer: Any) -> None:
    """An error, another resource and a page are no list of documents."""
    with pytest.raises(PageRefused):
        read(Ietf(), ACTIVE_DRAFTS, answer, TextResponse)
