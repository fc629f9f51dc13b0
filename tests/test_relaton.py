"""Relaton's zips: both generations of a record read alike, contradictions and faults kept apart from the good ones."""

from __future__ import annotations

import io
import zipfile

import pytest
from scrapy.http import Response

from crawler.platforms import relaton_url
from crawler.relaton import publication_date
from crawler.spiders.eu.relaton_etsi import RelatonEtsi
from crawler.spiders.intl.relaton_iec import RelatonIec
from crawler.spiders.intl.relaton_ieee import RelatonIeee
from crawler.spiders.intl.relaton_iso import RelatonIso
from crawler.spiders.intl.relaton_itu import RelatonItu
from standards_db.records import Document, PageRefused, Refused

ISO_OLD = """\
---
schema-version: v1.2.8
fetched: '2024-01-17'
title:
- content: Partie
  language: [fr]
  type: main
- content: Technology
  language:
  - en
  type: title-intro
- content: 'Codes: a set'
  language:
  - en
  type: title-main
docid:
- id: ISO/IEC 11111:2010
  type: ISO
  primary: true
- id: urn:iso:std:iso-iec:11111
  type: URN
link:
- content: https://www.iso.org/contents/1.detail.rss
  type: rss
- content: https://www.iso.org/standard/1.html
  type: src
date:
- type: published
  value: 2010-05
contributor:
- person: {name: {completename: {content: Nobody}}}
edition:
  content: '1'
docstatus:
  stage:
    value: '60'
  substage:
    value: '60'
relation:
- type: obsoletes
  bibitem:
    docid:
    - {id: 'ISO 1111:1999', type: ISO, primary: true}
- type: obsoletes
  bibitem:
    formattedref: {content: ISO/IEC CD 11111}
- type: partOf
  bibitem:
    formattedref: {content: ISO/IEC 99999}
doctype:
  type: international-standard
ics:
- code: '35.030'
editorialgroup:
  technical_committee:
  - {name: Security, number: 1, identifier: ISO/IEC JTC 1/SC 27}
ext:
  schema-version: v1.0.0
"""
ISO_NEW = """\
---
schema-version: v1.2.9
docid:
- {id: 'ISO/IEC 11111:2010', type: ISO, primary: true}
title:
- {content: Technology - Codes, language: [en], type: main}
date:
- {type: published, value: 2010-05}
docstatus: {stage: {value: '95'}, substage: {value: '99'}}
relation:
- type: updates
  bibitem:
    docid: [{id: 'ISO/IEC 11111:2020', type: ISO, primary: true}]
- type: updates
  bibitem:
    docid: [{id: 'ISO/IEC 11111:2010/Amd 1:2012', type: ISO, primary: true}]
- type: updates
  bibitem:
    docid: [{id: ISO/IEC DIS 11111, type: ISO, primary: true}]
ext:
  schema-version: v1.0.3
  doctype: {type: international-standard}
  ics: [{code: '35.030'}]
"""
ITU = """\
---
schema_version: v1.5.6
source:
- {type: src, content: 'https://www.itu.int/rec/T-REC-X.111-199503-I'}
docidentifier:
- {content: ITU-T X.111 (03/1995), type: ITU, primary: true}
- {content: ISO/IEC 11111, type: ISO, primary: true}
title:
- {language: en, script: Latn, content: Codes, type: main}
date:
- {type: published, at: '1995-03-01'}
edition: {content: '2.0'}
status: {stage: {content: Withdrawal}}
relation:
- type: hasEdition
  bibitem:
    docidentifier: [{content: X.111 (03/1988), type: ITU, primary: true}]
ext:
  doctype: {content: recommendation}
"""


def zipped(**members: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("relaton-data-x-main/README.md", "# data")
        for name, content in members.items():
            archive.writestr(f"relaton-data-x-main/data/{name}.yaml", content)
    return buffer.getvalue()


def read(spider: type, **members: str | bytes) -> list[Document | Refused]:
    return list(spider().parse_bulk(Response(spider.start_urls[0], body=zipped(**members))))


def test_first_generation() -> None:
    """A record of the first generation is read whole: parts of the title, stage, moved fields, the source link."""
    (document,) = read(RelatonIso, one=ISO_OLD)
    assert isinstance(document, Document)
    assert document.designation == document.key == "ISO/IEC 11111:2010"
    assert document.title == "Technology - Codes: a set"
    assert (document.status_text, document.published_text, document.edition_text) == ("60.60", "2010-05", "1")
    assert (document.ics, document.committee_text) == (("35.030",), "ISO/IEC JTC 1/SC 27")
    assert document.kind_text == "international-standard"
    assert document.url == "https://www.iso.org/standard/1.html"
    assert "Nobody" not in repr(document)


def test_second_generation() -> None:
    """The second generation names the same things differently; a second primary number is the twin text."""
    (document,) = read(RelatonItu, one=ITU)
    assert isinstance(document, Document)
    assert document.designation == "ITU-T X.111 (03/1995)"
    assert (document.status_text, document.published_text) == ("Withdrawal", "1995-03-01")
    assert (document.edition_text, document.kind_text) == ("2.0", "recommendation")
    assert [(edge.type, edge.target_text) for edge in document.relations] == [("has twin text", "ISO/IEC 11111")]


def test_replacement_is_read_in_the_direction_it_is_meant() -> None:
    """`updates` of ISO points at the replacing edition; drafts and own amendments replace nothing."""
    old, new = read(RelatonIso, old=ISO_OLD, new=ISO_NEW)
    assert [(edge.type, edge.target_text) for edge in old.relations] == [("supersedes", "ISO 1111:1999")]
    assert [(edge.type, edge.target_text) for edge in new.relations] == [("superseded by", "ISO/IEC 11111:2020")]


def test_updates_of_ieee_points_at_what_is_revised() -> None:
    """With a description the newer document speaks: revises, amends, corrects; a draft revises nothing yet."""
    relation = "relation:\n" + "".join(
        f"- type: {type_}\n  description: {{content: {how}}}\n  bibitem: {{docid: [{{id: {target}, primary: true}}]}}\n"
        for type_, how, target in (
            ("updates", "revises", "IEEE Std 99-2001"),
            ("updates", "amends", "IEEE Std 98-2001"),
            ("adoptedFrom", "''", "IEEE Std 97-2001"),
        )
    )
    head = "docid:\n- {{id: {0}, primary: true}}\n- {{id: {0}™, primary: true, scope: trademark}}\n"
    standard, draft = read(
        RelatonIeee,
        a=head.format("IEEE Std 99-2010") + relation,
        b=head.format("IEEE P99/D-2-2009") + "docstatus: {stage: {value: draft}}\n" + relation,
    )
    assert isinstance(standard, Document) and isinstance(draft, Document)
    assert [edge.type for edge in standard.relations] == ["supersedes", "amends", "adopts"]
    assert [edge.type for edge in draft.relations] == ["amends", "adopts"]


def test_stale_copy_is_older() -> None:
    """Two files of one number that contradict each other are both given, and `as_of` puts the stale one first."""
    documents = read(RelatonIso, b_new=ISO_NEW, a_old=ISO_OLD)
    assert len({document.key for document in documents}) == 1
    stale, fresh = sorted(documents, key=lambda document: document.as_of or "")
    assert (stale.status_text, fresh.status_text) == ("60.60", "95.99")
    later_stage = read(RelatonIso, same=ISO_NEW.replace("'95'", "'90'").replace("'99'", "'93'"))[0]
    assert later_stage.as_of < fresh.as_of


def test_bad_members_do_not_end_the_reading() -> None:
    """Each unreadable file is refused by name with its reason, and the good one is read."""
    found = read(
        RelatonIso,
        broken="docid: [unclosed\n",
        list="- 1\n- 2\n",
        nameless="title:\n- content: No number\n",
        undecodable=b"docid:\n- id: \xff\xfe\n",
        good=ISO_NEW,
    )
    assert [type(record).__name__ for record in found] == ["Refused"] * 4 + ["Document"]
    assert [record.key for record in found[:4]] == [
        f"{name}.yaml" for name in ("broken", "list", "nameless", "undecodable")
    ]
    assert [record.reason for record in found[:4]] == ["unreadable YAML"] * 2 + ["no identifier", "unreadable YAML"]


@pytest.mark.parametrize(
    ("spider", "designation", "reason"),
    [
        (RelatonIec, "IEC 61131:2026 SER", "package of a whole series"),
        (RelatonIec, "IEC 62769-1:2023 RLV", "redline version"),
        (RelatonIec, "IEC 61508:2010 CMV", "commented version"),
        (RelatonIec, "ISO/IEC 27001-HBK:2010", "handbook"),
        (RelatonIeee, "IEEE Std 1016-2009 Redline", "redline"),
    ],
)
def test_what_is_no_standard_is_refused(spider: type, designation: str, reason: str) -> None:
    """Packages, redlines, commented versions and handbooks are refused with what they are."""
    (refused,) = read(spider, one=f"docid:\n- {{id: '{designation}', primary: true}}\n")
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.key) == (reason, designation)


def test_consolidated_version_is_kept() -> None:
    """A consolidated version is the text in force, not a package."""
    (document,) = read(RelatonIec, one="docid:\n- {id: 'IEC 61918:2018+AMD1:2022 CSV', primary: true}\n")
    assert isinstance(document, Document)


@pytest.mark.parametrize(
    ("designation", "dates", "order", "expected"),
    [
        ("ISO/IEC 1:2015/Amd 1:2017", {"published": "2015", "updated": "2017-09"}, ("published",), "2017-09"),
        ("ISO/IEC 1:2015/CD Amd 1", {"published": "2015"}, ("published",), None),
        ("ISO/IEC 1:2015/Cor 1:2015", {"published": "2015-11"}, ("published",), "2015-11"),
        (
            "IEEE Std 1-1986",
            {"created": "1987-02-01", "published": "2002-12-10"},
            ("created", "published"),
            "1987-02-01",
        ),
        ("IEEE P1-2007", {"created": "2007", "published": "2007-08-17"}, ("created", "published"), "2007-08-17"),
        ("IEEE Std 2-1986", {"created": "1986", "published": "2002-12-10"}, ("created", "published"), "1986"),
        ("ETSI ETR 001 ed.1 (1990-08)", {}, ("published",), "1990-08"),
        ("3GPP TR 33.801:REL-7/0.0.1", {}, ("published",), None),
    ],
)
def test_publication_date(
    designation: str, dates: dict[str, str], order: tuple[str, ...], expected: str | None
) -> None:
    """The date is the document's own: not its base's year, not the day it came online."""
    assert publication_date(designation, dates, order) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html><title>Not found</title></html>", "not a zip"),
        (zipped(one=ISO_NEW)[:-30], "truncated zip"),
        (zipped(bomb=bytes(3 << 20)), "zip bomb"),
        (zipped(), "without a single data"),
    ],
)
def test_what_is_no_bulk_zip_is_refused_whole(body: bytes, reason: str) -> None:
    """An error page, a cut download, a bomb and a zip without records are refused before any record is given."""
    reading = RelatonEtsi().parse_bulk(Response(relaton_url("etsi"), body=body))
    with pytest.raises(PageRefused, match=reason):
        next(reading)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/relaton/relaton-data-iso/archive/refs/heads/main.zip",
        "http://www.github.com/relaton/relaton-data-iso/archive/master.zip",
        "https://codeload.github.com/relaton/relaton-data-iso/zip/refs/heads/main",
        "https://codeload.github.com/relaton/relaton-data-iso/zip/main?token=1",
        "https://api.github.com/repos/relaton/relaton-data-iso/zipball/main",
    ],
)
def test_routes_of_one_repository(url: str) -> None:
    """Every address of the zip is read by its own source and by no other."""
    assert RelatonIso.route_of(url) is not None
    assert RelatonIec.route_of(url) is None
    assert RelatonIso.route_of(url.replace("data-iso", "data-iso-old")) is None
