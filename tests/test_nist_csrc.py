"""NIST feed: one key per edition through every URL scheme, copies refused, paging that proves itself."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import scrapy
from scrapy.http import HtmlResponse, Response
from support import rows, run, write_archive

from crawler.nist import place_of, references
from crawler.spiders.us.nist_csrc import FEED, IR_SEARCH, META, NistCsrc, feed_records
from standards_db.records import Document, PageRefused, Refused

OLD = "https://csrc.nist.gov/publications/detail/"
NEW = "https://csrc.nist.gov/pubs/"


def row(name: str, uri: str, published: str, **more: Any) -> dict[str, Any]:
    fixed = {"title-main": "A title", "status": "final", "substage": "active", "iteration": "final"}
    return {"docidentifier": name, "uri": uri, "published-date": published, **fixed, **more}


def keys(*rows: dict[str, Any]) -> list[str | None]:
    return sorted(record.key or "" for record in feed_records(rows) if isinstance(record, Document))


@pytest.mark.parametrize(
    ("url", "stage", "marker", "archived"),
    [
        (NEW + "sp/800/53/r5/upd1/final", "final", "upd1", None),
        (NEW + "sp/800/57/pt1/r6/ipd-(1)", "ipd", "pt1", None),
        (NEW + "sp/800/90/a/r2/iprd", "iprd", "", None),
        (OLD + "sp/800-57-part-2/rev-1/archive/2018-04-06", None, "pt2", "2018-04-06"),
        (OLD + "sp/800-38a/addendum/final", "final", "sup", None),
        (OLD + "nistir/8011/vol-3/draft", "draft", "", None),
    ],
)
def test_place_reads_both_url_schemes(url: str, stage: str | None, marker: str, archived: str | None) -> None:
    """Stage, update marker and archive date come out of old and new addresses alike."""
    place = place_of(url)
    assert (place.stage, place.marker, place.archived) == (stage, marker, archived)


def test_keys_survive_the_renaming_of_all_urls() -> None:
    """The old scheme, which dates superseded versions, and the new one, which numbers updates, give the same keys."""
    old = keys(
        row("FIPS 140-2", OLD + "fips/140/2/archive/2001-05-25", "2001-05-25"),
        row("FIPS 140-2", OLD + "fips/140/2/archive/2001-10-10", "2001-10-10"),
        row("FIPS 140-2", OLD + "fips/140/2/final", "2002-12-03"),
    )
    new = keys(
        row("FIPS 140-2", NEW + "fips/140-2/upd2/final", "2002-12-03"),
        row("FIPS 140-2", NEW + "fips/140-2/final", "2001-05-25"),
        row("FIPS 140-2", NEW + "fips/140-2/upd1/final", "2001-10-10"),
    )
    assert old == new == ["FIPS 140-2", "FIPS 140-2|upd1", "FIPS 140-2|upd2"]


def test_a_draft_copy_that_becomes_final_keeps_the_key_of_its_stage() -> None:
    """The editor's copy counter is no part of the key, and "final" among drafts is the final public draft."""
    assert keys(row("SP 800-63-4", NEW + "sp/800/63/4/final-(1)", "2025-07-31")) == ["SP 800-63-4"]
    draft = row("SP 800-172 Rev. 3", NEW + "sp/800/172/r3/fpd-(1)", "2025-09-29", status="draft-public")
    assert keys(draft) == ["SP 800-172 Rev. 3|fpd"]


def test_copy_of_the_same_day_is_refused_and_the_plain_address_kept() -> None:
    """Of two rows for one edition the one without a copy counter is kept, wherever it stands."""
    records = list(
        feed_records(
            [
                row("CSWP 37", NEW + "cswp/37/x/ipd-(1)", "2024-10-31", status="draft-public", iteration="ipd"),
                row("CSWP 37", NEW + "cswp/37/x/ipd", "2024-10-31", status="draft-public", iteration="ipd"),
            ]
        )
    )
    kept = [record.url for record in records if isinstance(record, Document)]
    refused = [record.text for record in records if isinstance(record, Refused)]
    assert kept == [NEW + "cswp/37/x/ipd"]
    assert refused == [NEW + "cswp/37/x/ipd-(1)"]


def test_parts_and_updates_are_told_apart_where_the_feed_prints_one_identifier() -> None:
    """The part comes from the DOI, the update that supersedes its own identifier from the link."""
    doi = "10.6028/NIST.SP.800-73pt1-5"
    (part,) = feed_records([row("SP 800-73-5", NEW + "sp/800/73/pt1/5/final", "2024-07-15", doi=doi)])
    later = [{"uri": NEW + "sp/800/53/r5/upd1/final", "docidentifier": "SP 800-53 Rev. 5"}]
    superseded = {"superseded-by": later, "substage": "withdrawn"}
    (first,) = feed_records([row("SP 800-53 Rev. 5", NEW + "sp/800/53/r5/final", "2020-09-23", **superseded)])
    assert isinstance(part, Document)
    assert isinstance(first, Document)
    assert part.designation == "SP 800-73pt1-5"
    assert [(r.type, r.target_text) for r in first.relations] == [("superseded by", "SP 800-53 Rev. 5 upd1")]


def test_one_bad_row_does_not_cost_the_others() -> None:
    """A row without identifier or title is refused by itself."""
    records = list(feed_records([None, {"title-main": "x"}, row("SP 800-1", NEW + "sp/800/1/final", "1990-12-01")]))
    assert [type(record) for record in records] == [Refused, Refused, Document]


def test_feed_is_read_from_the_zip_and_from_its_member() -> None:
    """The zip and the bare array give the same record, and a page that is neither is refused."""
    array = json.dumps([row("SP 800-1", NEW + "sp/800/1/final", "1990-12-01")]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("pubs-export.json", array)
    spider = NistCsrc()
    bodies = (packed.getvalue(), array)
    first, second = ([r.key for r in spider.feed(Response(FEED, body=body))] for body in bodies)  # type: ignore[union-attr]
    assert first == second == ["SP 800-1"]
    for body in (packed.getvalue()[:60], b"<html></html>", b'{"error": 1}', b"[]"):
        with pytest.raises(PageRefused):
            list(spider.feed(Response(FEED, body=body)))


def test_references_are_standards_named_in_keywords_and_title() -> None:
    """A keyword that is a standard is an edge; the document itself and ordinary words are not."""
    keywords = ("ISO/IEC 19790:2012", "ISO/IEC 2759", "FIPS 140-3", "isolation", "risk management")
    found = [r.target_text for r in references("FIPS 140-3", "Updates to ISO/IEC 24759", keywords)]
    assert found == ["ISO/IEC 19790:2012", "ISO/IEC 2759", "ISO/IEC 24759"]


def search_page(page: int, pages: int, total: int, *names: str) -> HtmlResponse:
    rows = "".join(
        f"<tr><td>NISTIR</td><td>{name}</td><td><strong><a href='/pubs/ir/{name}/final'>T</a></strong></td>"
        "<td>Final</td><td>1/02/2024</td></tr>"
        for name in names
    )
    heads = "".join(f"<th>{head}</th>" for head in ("Series", "Number", "Title", "Status", "Release Date"))
    counts = f"data-current-page='{page}' data-total-pages='{pages}' data-total-results='{total}'"
    body = (
        f"<span id='showing-results-text' {counts}></span>"
        f"<table class='publications-table'><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )
    return HtmlResponse(IR_SEARCH.replace("page=1", f"page={page}"), body=body.encode(), encoding="utf-8")


def test_paging_goes_on_while_pages_are_new_and_ends_with_a_proof() -> None:
    """Page 2 is asked for after page 1; a last page that completes the total ends without a complaint."""
    spider = NistCsrc()
    first = list(spider.search(search_page(1, 2, 3, "8259", "8425")))
    following = [r for r in first if isinstance(r, scrapy.Request) and "page=2" in r.url]
    assert len(following) == 1
    last = list(spider.search(search_page(2, 2, 3, "8547"), **following[0].cb_kwargs))
    assert not [r for r in last if isinstance(r, Refused) or (isinstance(r, scrapy.Request) and "page=3" in r.url)]


def test_a_repeated_page_stops_the_paging_and_is_reported() -> None:
    """A site that ignores the page number is noticed: no further request, one refusal with the counts."""
    spider = NistCsrc()
    seen = tuple(f"https://csrc.nist.gov/pubs/ir/{name}/final" for name in ("8259", "8425"))
    again = list(spider.search(search_page(2, 3, 6, "8259", "8425"), seen=seen))
    assert [r.reason for r in again if isinstance(r, Refused)] == ["paging does not add up"]
    assert not [r for r in again if isinstance(r, scrapy.Request) and "page=3" in r.url]


def packed_feed(*members: tuple[str, Any]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, value in members:
            archive.writestr(name, json.dumps(value))
    return packed.getvalue()


def test_a_zip_with_two_feeds_is_no_feed() -> None:
    """Which of two members is the feed is not guessed; a note beside the feed does no harm."""
    one = [row("SP 800-1", NEW + "sp/800/1/final", "1990-12-01")]
    twice = packed_feed(("pubs-export.json", one), ("pubs-export-old.json", one))
    with pytest.raises(PageRefused, match="got 2"):
        list(NistCsrc().feed(Response(FEED, body=twice)))
    noted = packed_feed(("readme.txt", ""), ("pubs-export.json", one))
    assert len(list(NistCsrc().feed(Response(FEED, body=noted)))) == 1


def test_a_feed_of_37_rows_is_refused_and_nothing_vanishes(tmp_path: Path) -> None:
    """The feed of one day in 2023 held 37 rows: what the days before listed stays as it was."""
    every = [row(f"SP 800-{n}", f"{NEW}sp/800/{n}/final", "2001-01-01") for n in range(1, 701)]
    path, sources = tmp_path / "ingest.db", {"nist_csrc": NistCsrc}
    verdicts = []
    for day, members in (("2023-08-17", every), ("2023-08-18", every[:37])):
        page = (FEED, packed_feed(("pubs-export.json", members)), f"{day}T00:00:00Z")
        folder = write_archive(tmp_path / day, [page], content_type="application/x-zip-compressed")
        verdicts.append(run(path, folder, sources=sources).verdict)
    assert verdicts == ["accepted", "rejected"]

    (kept,) = rows(path, "select count(*) as n, count(vanished_at) as vanished from documents")
    assert kept == {"n": 700, "vanished": 0}
    (refused,) = rows(path, "select reason from rejects where level='page'")
    assert refused["reason"] == "only 37 rows, the floor is 600"


HASH = "ae4bc581059522ded649b81da2d9ed53cc7f0b4614c9992360ad253582437f4e"


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (f"lastModifiedDate:2024-10-14T22:01:16-04:00\r\nsize: 1331170\r\nsha256: {HASH.upper()}\r\n", HASH),
        (f"lastModifiedDate:2024-10-15T22:01:16-04:00\nsize: 1331170\nsha256: {HASH}\n", HASH),
        (f"size: 1331170\nsha256: {HASH[:40]}\n", None),
        (f"sha256: {HASH}\n", None),
        ("<html>moved</html>", None),
    ],
)
def test_the_small_file_tells_whether_the_feed_is_the_same(text: str, digest: str | None) -> None:
    """Its hash is that of the feed and no other line matters; a damaged file tells nothing and is noted."""
    assert NistCsrc.side_digest(text.encode()) == digest
    noted = list(NistCsrc().meta(Response(META, body=text.encode())))
    assert [type(record) for record in noted] == ([] if digest else [Refused])


def results(*links: str, page: int = 1) -> HtmlResponse:
    body = "".join(f"<div class='result'><a href='{link}'>A report</a></div>" for link in links)
    url = IR_SEARCH.replace("page=1", f"page={page}")
    return HtmlResponse(url, body=f"<html><body>{body or 'No results were found'}</body></html>".encode())


def test_a_page_of_results_without_the_known_table_gives_its_links() -> None:
    """After the redesign of 2023 only the links are known: each report's own page is asked for, then the next page."""
    spider = NistCsrc()
    links = ("/pubs/ir/8547/ipd", "/pubs/ir/8259/a/final", "/pubs/sp/800/53/r5/upd1/final", "/pubs/ir/8547/ipd")
    first = list(spider.search(results(*links)))
    asked = [record.url for record in first if isinstance(record, scrapy.Request)]
    assert asked == [NEW + "ir/8547/ipd", NEW + "ir/8259/a/final", IR_SEARCH.replace("page=1", "page=2")]
    assert len(asked) == len(first)

    seen = first[-1].cb_kwargs["seen"]
    assert [r.url for r in spider.search(results(links[0], page=2), seen=seen)] == [NEW + "ir/8547/ipd"]
    assert list(spider.search(results(page=3), seen=seen)) == []


def test_a_page_that_is_no_list_is_refused() -> None:
    """Neither rows nor links nor the note that nothing was found: the page was rebuilt."""
    with pytest.raises(PageRefused):
        list(NistCsrc().search(HtmlResponse(IR_SEARCH, body=b"<html><body><p>Search</p></body></html>")))


PUBLICATION = """<html><body><h3 id="pub-header-display-container">NIST SP 800-90A Rev. 1</h3>
<h1 id="pub-title">A title</h1>
<span id="pub-release-date">June 2015</span>
<span id="pub-supersedes-container"><a id="pub-supersedes-0">SP 800-90A (01/23/2012)</a></span>
<span id="pub-keywords-container"><span id="pub-keyword-0">entropy</span></span>
<span id="pub-control-fam-container"><span id="pub-control-fam-0">Access Control</span> ;</span>
<span id="pub-related-container"><a id="pub-related-link-0">NISTIR 8112</a> <a id="pub-related-link-1">Book</a></span>
<div id="topicsCallout-lg"><strong id="pub-cat-0">Laws and Regulations</strong>
<a id="pub-cat-top-0-0">Federal Information Security Modernization Act</a></div>
<a id="pub-topics-anchor-sm">Documentation</a><a id="pub-topics-anchor-sm">Topics</a></body></html>"""


def test_the_page_of_a_publication_gives_topics_laws_and_control_families() -> None:
    """They are keywords; supersession and related publications are edges; an element id given twice changes nothing."""
    url = OLD + "sp/800-90a/rev-1/final"
    (found,) = NistCsrc().publication(HtmlResponse(url, body=PUBLICATION.encode(), encoding="utf-8"))
    assert isinstance(found, Document)
    assert found.keywords == (
        "entropy",
        "Federal Information Security Modernization Act",
        "control family: Access Control",
    )
    assert [(edge.type, edge.target_text) for edge in found.relations] == [
        ("supersedes", "SP 800-90A"),
        ("references", "NISTIR 8112"),
    ]
