"""CMVP: lists with duplicate ids, both shapes of the certificate page, countries, contacts, modules in process."""

from __future__ import annotations

from pathlib import Path

import pytest
import support
from scrapy import Request
from scrapy.http import HtmlResponse, Response, TextResponse
from us_pages import CHALLENGE, certificates, meaning, read, refusals

from crawler.middlewares import block_reason
from crawler.spiders.us.nist_cmvp import HOME, SEARCH, NistCmvp
from standards_db.records import PageRefused

MIP = f"{HOME}/modules-in-process/modules-in-process-list"


def table(heads: str, *rows: str, foot: str = "") -> str:
    head = "".join(f"<th>{name}</th>" for name in heads.split("|"))
    return (
        f"<html><body><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody><tfoot>{foot}</tfoot></table></body></html>"
    )


def cells(*texts: str) -> str:
    return "<tr>" + "".join(f"<td>{text}</td>" for text in texts) + "</tr>"


# --- challenge pages, wrong kinds of page


@pytest.mark.parametrize(
    "url", [SEARCH % "Active", f"{HOME}/certificate/4845", MIP, f"{HOME}/modules-in-process/IUT-List"]
)
def test_a_challenge_saved_as_success_is_no_empty_list(url: str) -> None:
    """A challenge page with status 200 is named before the callback, and the callback refuses it as well."""
    assert block_reason(HtmlResponse(url, body=CHALLENGE.encode(), encoding="utf-8")) == "blocked: Cloudflare challenge"
    with pytest.raises(PageRefused):
        read(NistCmvp(), url, CHALLENGE)
    with pytest.raises(PageRefused):
        read(NistCmvp(), url, '{"modules_in_process": []}', TextResponse)


# --- CMVP lists

ROW = (
    '<tr id="cert-row-0"><td><a href="/projects/x/certificate/4845" id="cert-number-link-0">4845</a></td>'
    '<td id="cert-vendor-name-0">A maker</td><td id="cert-module-name-0">A\n   token</td>'
    '<td id="cert-module-type-0">Hardware</td><td>10/21/2024<br />02/03/2025<br /></td>'
    '<td id="cert-module-type-0">Historical</td></tr>'
)
HEADS = "Certificate Number|Vendor Name|Module Name|Module Type|Validation Date|Status"


def test_the_element_id_given_twice_does_not_mix_type_and_status() -> None:
    """Columns are known by their header although the cells of type and status share an id; headers may be padded."""
    for heads in (HEADS, HEADS.replace("|", " \n|\xa0 ")):
        (found,) = certificates(read(NistCmvp(), SEARCH % "Active", table(heads, ROW)))
        assert (found.category_text, found.status_text) == ("Hardware", "Historical")
        assert (found.number, found.product) == ("CMVP 4845", "A token")
        assert (found.issued_text, found.maintenance) == ("10/21/2024", ("2025-02-03",))


def test_without_its_column_the_status_is_that_of_the_query() -> None:
    """Lists without a status column show one status, and lists of one standard that standard: the query names them."""
    row = cells("4845", "A maker", "A token", "Hardware", "10/21/2024<br>")
    url = f"{HOME}/validated-modules/search?certificatestatus=Active&displayall=1&SearchMode=Basic&Standard=140-3"
    (found,) = certificates(read(NistCmvp(), url, table(HEADS.removesuffix("|Status"), row)))
    (of_all,) = certificates(
        read(NistCmvp(), f"{HOME}/validated-modules/search/all", table(HEADS.removesuffix("|Status"), row))
    )

    assert (found.status_text, found.standards) == ("Active", ("FIPS 140-3",))
    assert (of_all.status_text, of_all.standards) == (None, ())


def test_a_list_shorter_than_announced_is_noted_and_read() -> None:
    """The rows that are there are taken, the difference to the announced number is a refusal; pages are followed."""
    page = table(HEADS, ROW, cells("x")).replace("<body>", '<body><div id="divResults" data-total-records="869"></div>')
    found = read(NistCmvp(), SEARCH % "Active", page)

    assert len(certificates(found)) == 1
    assert refusals(found) == ["1 cells under 6 columns", "list does not add up"]
    assert [request.url for request in found if isinstance(request, Request)] == [f"{HOME}/certificate/4845"]


def test_no_results_is_an_answer() -> None:
    """A search that found nothing is empty, not refused; one whose table lost a column is refused."""
    nothing = '<html><body><p id="resultsMessage">No certificates match the search criteria</p></body></html>'
    assert read(NistCmvp(), SEARCH % "Revoked", nothing) == []
    with pytest.raises(PageRefused):
        read(NistCmvp(), SEARCH % "Revoked", table("Certificate Number|Vendor", cells("1", "A maker")))


# --- CMVP certificate pages


def line(text: str) -> str:
    return f'<span class="indent" style="display: block;">{text}</span>'


def panel(title: str, body: str) -> str:
    return (
        f'<div class="panel panel-default"><div class="panel-heading"><h4 class="panel-title">{title}</h4></div>'
        f'<div class="panel-body">{body}</div></div>'
    )


def labelled(label: str, value: str, element_id: str = "") -> str:
    columns = f'<div class="col-md-3">{label}</div><div class="col-md-9" {element_id}>{value}</div>'
    return f'<div class="row padrow">{columns}</div>'


def page(vendor: str, algorithms: str, standard: str = "FIPS 140-3") -> str:
    details = (
        labelled("Module Name", "A token", 'id="module-name"')
        + labelled("Standard", standard, 'id="module-standard"')
        + labelled("Status", "Active")
        + labelled("Sunset Date", "10/20/2029")
        + labelled("Overall Level", "3")
        + labelled("Module Type", "Hardware")
        + labelled("Embodiment", "Single Chip", 'id="embodiment-name"')
        + algorithms
    )
    history = (
        "<table><thead><tr><th>Date</th><th>Type</th><th>Lab</th></tr></thead><tbody>"
        "<tr><td>2/3/2025</td><td>Update</td><td>Lab B</td></tr>"
        "<tr><td>10/21/2024</td><td>Initial</td><td>Lab A</td></tr></tbody></table>"
    )
    panels = panel("Details", details) + panel("Vendor", vendor) + panel("Validation History", history)
    return f"<html><body>{panels}</body></html>"


OLD_SHAPE = labelled(
    "FIPS Algorithms", '<table id="fips-algo-table"><tr><td class="text-nowrap">AES</td><td>#1</td></tr></table>'
)
NEW_SHAPE = labelled(
    "Approved Algorithms", '<div class="row"><div class="col-md-3">AES-CBC</div><div class="col-md-4">A1</div></div>'
)
ADDRESS = '<a href="http://www.example.com">A maker</a><br />' + line("1 Main Street") + line("Taipei")


@pytest.mark.parametrize(("algorithms", "standard"), [(OLD_SHAPE, "FIPS 140-2"), (NEW_SHAPE, "FIPS 140-3")])
def test_both_shapes_of_the_certificate_page(algorithms: str, standard: str) -> None:
    """Tables of algorithms (140-2) and rows of them (140-3) leave the other fields alone."""
    (found,) = read(NistCmvp(), f"{HOME}/certificate/4845", page(ADDRESS + line("Taiwan"), algorithms, standard))

    assert found.key == "4845" and found.number == "CMVP 4845"
    assert (found.vendor_text, found.country_text, found.product) == ("A maker", "Taiwan", "A token")
    assert (found.level_text, found.category_text, found.status_text) == ("3", "Hardware", "Active")
    assert (found.issued_text, found.expires_text, found.lab_text) == ("10/21/2024", "10/20/2029", "Lab A")
    assert (found.standards, found.maintenance) == ((standard,), ("2025-02-03",))


def test_a_certificate_that_turns_historical_keeps_its_sunset_date(tmp_path: Path) -> None:
    """A historical certificate prints no sunset date any more: that of the earlier page stays beside the new status."""
    active = page(ADDRESS + line("Taiwan"), NEW_SHAPE)
    historical = active.replace(labelled("Sunset Date", "10/20/2029"), "").replace(">Active<", ">Historical<")
    path = tmp_path / "ingest.db"
    for day, body in (("2026-03-27", active), ("2026-03-29", historical)):
        kept = [(f"{HOME}/certificate/4845", body, f"{day}T00:00:00Z")]
        assert (
            support.run(path, support.write_archive(tmp_path / day, kept), sources={"nist_cmvp": NistCmvp}).verdict
            == "accepted"
        )

    (found,) = support.rows(path, "select status, expires, expires_text, level from certificates")
    assert found == {"status": "historical", "expires": "2029-10-20", "expires_text": "10/20/2029", "level": "3"}
    (change,) = support.rows(path, "select field, old, new from changes where kind <> 'new'")
    assert change == {"field": "status", "old": "in_force", "new": "historical"}


@pytest.mark.parametrize(
    ("address", "text", "country"),
    [
        (["Taoyuan", "Republic of China"], "Republic of China", "TW"),
        (["Shenzhen", "People's Republic of China"], "People's Republic of China", "CN"),
        (["North Point", "Hong Kong, HKSAR", "China"], "Hong Kong, HKSAR / China", "HK"),
        (["Tel Aviv 6153101", "Isreal"], "Isreal", "IL"),
        (["2821 Mission College Blvd.", "Santa Clara, CA 95054"], "Santa Clara, CA 95054", "US"),
        (["(This module has been discontinued.)"], "(This module has been discontinued.)", None),
        ([], None, None),
    ],
)
def test_country_of_the_vendor(address: list[str], text: str | None, country: str | None) -> None:
    """The last line as printed, a ZIP line, a misprint or a sentence; China after Hong Kong does not hide it."""
    vendor = '<a href="http://www.example.com">A maker</a><br />' + "".join(map(line, address))
    (found,) = read(NistCmvp(), f"{HOME}/certificate/1", page(vendor, NEW_SHAPE))

    assert found.country_text == text
    assert meaning(NistCmvp, found)["country"] == country


PROTECTED = '<a href="/cdn-cgi/l/email-protection" class="__cf_email__" data-cfemail="0a1b">[email&#160;protected]</a>'


@pytest.mark.parametrize(
    "contacts",
    [
        line("Jane Roe") + line(PROTECTED) + line("Phone: 555-123-4567"),
        line("Jane Roe") + line('<a class="__cf_email__" data-cfemail="0a1b">write to us</a>'),
        f"<br><div>{line('Jane Roe')}{line(PROTECTED)}</div>",
        f"<br>Jane Roe<br>{PROTECTED}<br>Phone: 555-123-4567",
        line(f"Jane Roe<br>{PROTECTED}<br>Fax: 555-123-4568"),
    ],
)
@pytest.mark.parametrize("vendor", [ADDRESS + line("Taiwan"), ADDRESS, "<br>", "A maker<br>" + line("Taiwan")])
def test_contacts_of_vendors_are_not_read(vendor: str, contacts: str) -> None:
    """However the contacts follow the address, or stand alone, nothing of them is in the record."""
    (found,) = read(NistCmvp(), f"{HOME}/certificate/4845", page(vendor + contacts, NEW_SHAPE))

    assert not [part for part in ("Roe", "555", "email", "write") if part in repr(found)]
    if "Taiwan" in vendor:
        assert (found.vendor_text, found.country_text) == ("A maker", "Taiwan")


def test_a_name_in_a_block_of_its_own_is_no_country() -> None:
    """The address ends where its block does, even when what follows has no sign of a contact."""
    vendor = f"{ADDRESS}<div>{line('Jane Roe')}</div>"
    (found,) = read(NistCmvp(), f"{HOME}/certificate/4845", page(vendor, NEW_SHAPE))

    assert found.country_text == "Taipei"


# --- CMVP modules in process


def test_the_contact_link_is_not_part_of_the_vendor() -> None:
    """The words "View Contacts" are glued to the vendor's name, and what opens behind it is not read."""
    cell = 'A maker, Inc.<a href="#d1">View Contacts</a><div class="hidden">Jane Roe jane.roe@example.com</div>'
    heads = "Module Name|Vendor Name|Standard|Status"
    rows = [cells("A module", cell, "FIPS 140-3", f"Pending Review  ({day}/2026)") for day in ("1/7", "1/9")]
    found = certificates(read(NistCmvp(), MIP, table(heads, *rows, foot=cells("Displayed", "2"))))

    assert [record.vendor_text for record in found] == ["A maker, Inc."] * 2
    assert "Roe" not in repr(found)
    assert [record.key for record in found] == [
        "mip|A maker, Inc.|A module|FIPS 140-3",
        "mip|A maker, Inc.|A module|FIPS 140-3|2",
    ]
    assert found[0].status_text == "Pending Review (1/7/2026)"
    assert meaning(NistCmvp, found[0])["status"] == "on_approval"
    assert found[0].number is None


def test_step_columns_of_2020_and_a_short_list() -> None:
    """The marked column is the status, and fewer rows than the footer displays are noted."""
    heads = "Module Name|Vendor Name|Standard|Review Pending|In Review|Coordination|Finalization"
    marked = cells("A module", "A maker", "FIPS 140-2", "", "", "@", "").replace("<td>@", '<td class="mip-highlight">')
    found = read(NistCmvp(), MIP, table(heads, marked, foot="<tr><td colspan=3>Displayed: 275</td></tr>"))

    assert [record.status_text for record in certificates(found)] == ["Coordination"]
    assert refusals(found) == ["list does not add up"]


def test_tested_implementations_have_the_date_of_their_list() -> None:
    """The list of implementations under test prints a date and no status word."""
    heads = "Module Name|Vendor Name|Standard|IUT Date"
    url = f"{HOME.replace('projects', 'Projects')}/modules-in-process/IUT-List"
    (found,) = certificates(
        read(NistCmvp(), url, table(heads, cells("A module", "A maker", "FIPS 140-3", "7/16/2020")))
    )

    assert found.status_text == "Implementation Under Test (7/16/2020)"
    assert meaning(NistCmvp, found)["status"] == "on_approval"


def test_binary_answers_are_refused() -> None:
    """An image or an archive under the address of a list is refused, not an error."""
    with pytest.raises(PageRefused):
        list(NistCmvp().search(Response(SEARCH % "Active", body=b"PK\x03\x04")))


@pytest.mark.parametrize(
    "cell",
    [
        "<div class='col-md-3'>FIPS Algorithms</div><div class='col-md-9'><table id='fips-algo-table'><tr>"
        "<td class='text-nowrap'>AES</td><td>Certs. #1</td></tr><tr><td class='text-nowrap'>SHS</td><td></td></tr>"
        "<tr><td class='text-nowrap'>AES</td><td></td></tr></table></div>",
        "<div class='col-md-3'>Approved Algorithms</div><div class='col-md-9'>"
        "<div class='row'><div class='col-md-3'>AES</div><div class='col-md-4'>A1</div></div>"
        "<div class='row'><div class='col-md-3'>SHS</div><div class='col-md-4'>A2</div></div></div>",
    ],
    ids=["140-2 table", "140-3 rows"],
)
def test_algorithms_of_both_shapes(cell: str) -> None:
    """The names of approved algorithms are read from the table and from the rows, each once."""
    page = f"""<div class="panel"><h4 class="panel-title">Details</h4>
    <div class="row padrow"><div class="col-md-3">Module Name</div><div class="col-md-9" id="module-name">M</div></div>
    <div class="row padrow">{cell}</div></div>"""
    url = "https://csrc.nist.gov/projects/cryptographic-module-validation-program/certificate/1"

    (record,) = NistCmvp().certificate(HtmlResponse(url, body=page.encode(), encoding="utf-8"))

    assert record.algorithms == ("AES", "SHS")
