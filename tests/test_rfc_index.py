"""Traps of the RFC index: two namespaces, wrapped lines, numbers never issued, titles that run into names."""

from __future__ import annotations

from typing import Any

import pytest
from scrapy.http import Response, TextResponse

from crawler.spiders.intl.ietf import Ietf, without_authors
from standards_db.records import Document, PageRefused, Refused

INDEX = "https://www.rfc-editor.org/rfc-index"


def documents(records: Any) -> list[Document]:
    return [record for record in records if isinstance(record, Document)]


def refusals(records: Any) -> list[str]:
    return [record.reason for record in records if isinstance(record, Refused)]


ENTRY = """<rfc-entry><doc-id>RFC0822</doc-id><title>A title</title><author><name>A. Author</name></author>
<date><month>August</month><year>1982</year></date><obsoletes><doc-id>RFC0733</doc-id></obsoletes>
<updated-by><doc-id>RFC1123</doc-id></updated-by><is-also><doc-id>STD0011</doc-id></is-also>
<current-status>INTERNET STANDARD</current-status><stream>Legacy</stream><wg_acronym>NON WORKING GROUP</wg_acronym>
<doi>10.17487/RFC{doi}</doi></rfc-entry>"""


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_index_is_read_in_both_namespaces(scheme: str) -> None:
    """Numbers lose their zeros, updates are stated by the updating RFC only, and no author is kept."""
    space = f'<rfc-index xmlns="{scheme}://www.rfc-editor.org/rfc-index">'
    issued = "<rfc-not-issued-entry><doc-id>RFC0014</doc-id></rfc-not-issued-entry>"
    body = f"{space}{issued}{ENTRY.format(doi='0822')}{ENTRY.format(doi='1822')}</rfc-index>"
    records = list(Ietf().index_xml(Response(f"{INDEX}.xml", body=body.encode())))
    (record,) = documents(records)
    assert (record.designation, record.published_text, record.committee_text) == ("RFC 822", "August 1982", None)
    assert [(r.type, r.target_text) for r in record.relations] == [("supersedes", "RFC 733"), ("references", "STD 11")]
    assert refusals(records) == ["number never issued", "number and DOI name different RFCs"]
    assert "Author" not in str(record)


def test_an_index_that_breaks_off_gives_nothing() -> None:
    """The entries before the break are not taken for the whole."""
    body = f'<rfc-index xmlns="https://www.rfc-editor.org/rfc-index">{ENTRY.format(doi="0822")}<rfc-entry><doc-id>RFC'
    records = Ietf().index_xml(Response(f"{INDEX}.xml", body=body.encode()))
    with pytest.raises(PageRefused, match="not well-formed"):
        next(records)


TEXT = """
RFC citations appear in this format:

  ####  Title of RFC.  Author 1.  Issue date. (Format: ASCII)

0026 Not Issued.

4304 Extended Sequence Number (ESN) Addendum to IPsec Domain of
     Interpretation (DOI) for IKE. A. Author, B. Writer 3rd, Ed..
     December 2005. (Format: TXT, HTML) (Obsoletes RFC0733, RFC0734)
     (Also STD0011) (Status: PROPOSED STANDARD) (DOI: 10.17487/RFC4304)

2795 The Infinite Monkey Protocol Suite (IMPS). A. Author. 1 April 2000.
     (Format: TXT, HTML) (Status: INFORMATIONAL) (DOI: 10.17487/RFC2795)
"""


def test_wrapped_entries_of_the_text_index() -> None:
    """Entries over several lines are one; brackets in a title are not its facts; the pattern at the top is no entry."""
    records = list(Ietf().index_text(TextResponse(f"{INDEX}.txt", body=TEXT.encode(), encoding="utf-8")))
    first, second = documents(records)
    title = "Extended Sequence Number (ESN) Addendum to IPsec Domain of Interpretation (DOI) for IKE"
    assert (first.title, first.published_text, first.status_text) == (title, "December 2005", "PROPOSED STANDARD")
    assert [(r.type, r.target_text) for r in first.relations] == [
        ("supersedes", "RFC 733"),
        ("supersedes", "RFC 734"),
        ("references", "STD 11"),
    ]
    assert (second.title, second.published_text) == ("The Infinite Monkey Protocol Suite (IMPS)", "1 April 2000")
    assert refusals(records) == ["number never issued"]


@pytest.mark.parametrize(
    ("head", "title"),
    [
        (
            "A Title: Part 1. Algorithms v0.8. D. Writer 3rd, J-F. Author, S P. Other, Ed.",
            "A Title: Part 1. Algorithms v0.8",
        ),
        ("U.S. Government Domains. RJ Author, SN Writer.", "U.S. Government Domains"),
        ("Charter of a Board. Internet Architecture Board, B. Author, Ed.", "Charter of a Board"),
        ("M.I.T. S. Author.", "M.I.T."),
        ("Guide to Tools. EARN Staff.", "Guide to Tools"),
        ("A Title. B. Author, et al..", "A Title"),
    ],
)
def test_titles_end_before_the_first_author(head: str, title: str) -> None:
    """No name of a person stays in a title, and full stops inside a title do not end it."""
    assert without_authors(head) == title


@pytest.mark.parametrize("body", [b"<html><body>moved</body></html>", b"{}"])
def test_an_index_without_entries_is_refused(body: bytes) -> None:
    """Neither another page nor another format is an empty index."""
    with pytest.raises(PageRefused):
        list(Ietf().index_xml(Response(f"{INDEX}.xml", body=body)))
    with pytest.raises(PageRefused):
        list(Ietf().index_text(Response(f"{INDEX}.txt", body=body)))


def test_entities_in_the_index_are_refused() -> None:
    """A file with entity definitions is never expanded."""
    body = b'<!DOCTYPE p [<!ENTITY a "aaaa">]><rfc-index><rfc-entry><title>&a;</title></rfc-entry></rfc-index>'
    with pytest.raises(PageRefused, match="not well-formed XML"):
        list(Ietf().index_xml(Response(f"{INDEX}.xml", body=body)))
