"""Technical Series: numbers and stages, translations, and a catalogue of which most is about other things."""

from __future__ import annotations

import pytest
from scrapy.http import HtmlResponse, Response

from crawler.nist import split_stage
from crawler.spiders.us.nist_techpubs import PAGES, NistTechpubs
from standards_db.records import Document, PageRefused, Refused

MODS = "https://github.com/usnistgov/NIST-Tech-Pubs/releases/download/Nov2024/allrecords-MODS.xml"


def page(body: str, name: str = "FIPS") -> HtmlResponse:
    html = f"<html><body><h1 id='title'>Publication List</h1>{body}</body></html>"
    return HtmlResponse(f"{PAGES}/{name}.html", body=html.encode(), encoding="utf-8")


def paper(number: str, title: str = "A title", doi: str = "") -> str:
    return (
        f"<div class='report-paper'><span class='titles'><label>Title:&nbsp;</label>{title}&nbsp;</span>"
        "<span class='publication_date'><label>Date:</label>May&nbsp;2023</span>"
        "<span class='authors'><label>Authors:</label>Jane Roe</span>"
        f"<span class='report-number'><label>Report&nbsp;Number:</label>{number}</span>"
        f"<span class='doi_data'><label>doi:</label>{doi}</span></div>"
    )


@pytest.mark.parametrize(
    ("printed", "number", "stage"),
    [
        ("NIST FIPS 197-upd1", "NIST FIPS 197", "upd1"),
        ("NIST SP 800-218A ipd", "NIST SP 800-218A", "ipd"),
        ("NIST IR 8286-draft2", "NIST IR 8286", "2pd"),
        ("NIST SP 1270-draft", "NIST SP 1270", "draft"),
        ("NBS FIPS 102", "NBS FIPS 102", None),
    ],
)
def test_markers_are_set_apart(printed: str, number: str, stage: str | None) -> None:
    """A draft and an update share the number of their publication."""
    assert split_stage(printed) == (number, stage)


def test_a_list_page_gives_its_publications_without_authors() -> None:
    """The DOI is the key where there is one; a translation and an entry without a title are refused."""
    body = paper("NIST FIPS 197-upd1", doi="10.6028/NIST.FIPS.197-upd1") + paper("NIST SP 800-181 fre") + paper("X", "")
    kept, translation, untitled = NistTechpubs().series(page(body))
    assert isinstance(kept, Document)
    assert (kept.designation, kept.iteration, kept.key) == ("NIST FIPS 197", "upd1", "NIST.FIPS.197-upd1")
    assert (kept.title, kept.published_text, kept.status_text) == ("A title", "May 2023", "Publication List")
    assert "Roe" not in repr(kept)
    assert [r.reason for r in (translation, untitled) if isinstance(r, Refused)] == [
        "translation",
        "entry without number or title",
    ]


def test_a_series_that_is_listed_elsewhere_is_no_broken_page() -> None:
    """The page says where its list went; a page that says nothing is refused."""
    assert list(NistTechpubs().series(page("List  available on the NIST Computer Security Resource Center"))) == []
    for callback in (NistTechpubs().series, NistTechpubs().drafts):
        with pytest.raises(PageRefused):
            list(callback(page("<p>Welcome</p>")))


def mods(*records: tuple[str, str]) -> Response:
    inner = "".join(
        f"<mods><titleInfo><nonSort>The</nonSort><title>{title}</title></titleInfo>"
        "<name type='personal'><namePart>Roe, Jane.</namePart></name>"
        "<originInfo><dateIssued encoding='marc'>1998</dateIssued><dateIssued>September 1998.</dateIssued></originInfo>"
        f"<location><url>https://doi.org/{doi}</url></location>"
        "<relatedItem type='preceding'><location><url>https://doi.org/10.6028/NIST.IR.7000</url></location></relatedItem>"
        "</mods>"
        for doi, title in records
    )
    body = f'<modsCollection xmlns="http://www.loc.gov/mods/v3">{inner}</modsCollection>'
    return Response(MODS, body=body.encode())


def test_the_catalogue_keeps_series_on_information_technology() -> None:
    """Other series are counted in one line each; names of persons are not read."""
    found = list(
        NistTechpubs().catalogue(
            mods(("10.6028/NIST.IR.8259", "guide"), ("10.6028/NBS.BH.1", "house"), ("10.6028/NBS.BH.2", "roof"))
        )
    )
    (kept,) = [record for record in found if isinstance(record, Document)]
    assert (kept.designation, kept.title, kept.published_text) == ("NIST IR 8259", "The guide", "1998")
    assert [(edge.type, edge.target_text) for edge in kept.relations] == [("supersedes", "NIST IR 7000")]
    assert "Roe" not in repr(found)
    assert [record.text for record in found if isinstance(record, Refused)] == ["2 records of NBS.BH"]


@pytest.mark.parametrize(
    "body", [b"", b"<html/>", b"<modsCollection><mods>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>']
)
def test_what_is_no_catalogue_is_refused(body: bytes) -> None:
    """Nothing, another document, a file that breaks off and one with entities."""
    with pytest.raises(PageRefused):
        list(NistTechpubs().catalogue(Response(MODS, body=body)))
