"""What ITU's service and pages print of a text: pure functions from a row or a page to documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsel import Selector
from w3lib.html import remove_tags, replace_entities

from crawler.base import clean
from standards_db.records import Document, PageRefused, Refused, Relation

SITE = "https://www.itu.int"
RECORD = re.compile(r"(?i)[?&](?:idrec|rec|id)=(\d+)(?:[&#]|$)|/11\.1002/1000/(\d+)")
HANDLE = re.compile(r"\b11\.1002/1000/(\d+)")
FOREIGN = re.compile(r"(?i)[?&]lang=(?!en)[a-z]|/(?:ar|es|fr|ru|zh)/?(?:[?#]|$)|^https?://[^/]+/(?:ar|es|fr|ru|zh)/")
DATED = re.compile(r"\((?:(\d{2})/)?(\d{4})\)$")
SHORT_YEAR = re.compile(r"\((\d{2})/(\d{2})\)$")
TITLED = re.compile(r"^[A-Z]{1,3}\.[\d.]+[A-Za-z]?\s*:\s*")
NAMED = re.compile(r"^(ITU-[TR] .*?\)|[^:]*?)\s*:\s+(.*)$")
ABBREVIATED = re.compile(r"^(?:Res|Rep)\.\s*(?=\d)")  # lists shorten the kind that the heading spells out
TWIN_LABEL = re.compile(r"^(?:identical|equivalent|common|twin)\w*\b.*:$", re.IGNORECASE)
TWIN = re.compile(r"^(.*?)\s*(?:\(([A-Za-z ]+)\))?$")
SPOKEN = re.compile(r"^[^\d]*(\d.*)$")
# The name of a file of one edition: "T-REC-L.Sup50-202207-I!!SUM-HTM-E.htm"; the letter says in force or superseded.
EDITION_FILE = re.compile(r"/([TR])-REC-([A-Z]+)\.(Sup)?([\d.]+[A-Za-z]*)-(\d{4})(\d{2})-([A-Z])!", re.IGNORECASE)
SUMMARY_TITLE = re.compile(r"^Summary\b.*?\(\d{2}/\d{4}\)[\s–—-]*(.*)$")
FILE_STATUS = {"I": "In force", "S": "Superseded"}
# What the sectors publish beside Recommendations and Reports.
OTHER = {
    "HDB": "handbook, not a standard",
    "QUE": "question to a study group, not a text",
    "REG": "regulations by treaty, not a standard",
    "SP": "service publication, not a standard",
}


def edition_row(row: Any, number: str | None = None) -> Document | Refused:
    """One object of the service: an edition, a supplement or a guide, with or without its details."""
    if not isinstance(row, dict):
        return Refused(reason="row that is no object", text=str(row)[:200])
    key = text_of(row.get("idrec")) or text_of(row.get("idp_edition")) or number
    name = text_of(row.get("rec_name"))
    title = text_of(row.get("rec_title")) or text_of(row.get("title")) or text_of(row.get("title_text"))
    if not name:
        return Refused(reason="row without a name", text=title or str(row)[:200], key=key)
    spoken = SPOKEN.match(text_of(row.get("approval_date")) or "")
    return document(
        name,
        key,
        title=plain(title),
        status_text=text_of(row.get("status")),
        published_text=spoken[1] if spoken else None,
        edition_text=text_of(row.get("Version")),
        committee_text=text_of(row.get("sg")),
        abstract=plain(text_of(row.get("summary"))),
        relations=tuple(twins(text_of(row.get("iso_number")))),
    )


def hit(row: Any) -> Document | None:
    """A Recommendation among the results of the general search; None for anything else."""
    collection = row.get("Collection") if isinstance(row, dict) else None
    if not isinstance(collection, dict) or collection.get("Name") != "ITU-T Recommendations":
        return None
    handle = HANDLE.search(text_of(row.get("Identifier")) or "")
    named = NAMED.match(text_of(row.get("Title")) or "")
    english = text_of(row.get("Language")) in (None, "en")
    return document(named[1], handle[1] if handle else None, title=named[2] if english else None) if named else None


def details_page(page: Selector, number: str | None, english: bool) -> Document:
    """The upper part of a page of one edition. Raises PageRefused when it is not such a page."""
    name = joined(page.css("[id$=lbl_rec]")[:1])
    if not name:
        raise PageRefused("no name of a Recommendation on the page: " + (joined(page.css("title")) or "no title"))
    cells: dict[str, str] = {}
    for left in page.css("td.cell_left"):
        cells.setdefault(joined(left), joined(left.xpath("following-sibling::td[1]")))
    twin = next((cell for label, cell in cells.items() if TWIN_LABEL.match(label)), None)
    return document(
        name,
        number,
        title=(joined(page.css("td.title")[:1]) or None) if english else None,
        status_text=cells.get("Status:") or None,
        published_text=cells.get("Approval date:") or None,
        committee_text=cells.get("Maintenance responsibility:") or None,
        abstract=(joined(page.css("div.summary")[:1]) or None) if english else None,
        relations=tuple(twins(twin)),
    )


def listed(row: Selector, english: bool) -> Document | Refused:
    """A row of the lists of editions, supplements and guides; the title hangs on the link, not in the cell."""
    link = row.css("[id*=lbl_title] a, [id*=lbl_imp_title] a")[:1]
    heads = [joined(head) for head in row.xpath("ancestor::table[1]//tr[td[@title]][1]/td[@title]")]
    cells = dict(zip(heads, row.xpath("./td"), strict=False))
    name, number = joined(link), number_in(link.attrib.get("href", ""))
    if not name:
        return Refused(reason="row without a name", text=joined(row)[:200], key=number)
    # A title with quotation marks breaks its attribute: the words after them are read as attributes.
    whole = set(link.attrib) <= {"href", "title", "style", "class", "target"}
    title = joined(cells.get("Title")) or (clean(link.attrib.get("title")) if whole else None)
    return document(name, number, title=title if english else None, status_text=joined(cells.get("Status")) or None)


def summary_page(page: Selector, url: str) -> Document:
    """The summary of one edition. Raises PageRefused when the address names no edition or the page has no summary."""
    file, title = EDITION_FILE.search(url), SUMMARY_TITLE.match(joined(page.css("title")[:1]))
    if file is None or title is None:
        raise PageRefused("no summary of an edition: " + (joined(page.css("title")[:1]) or "no title"))
    sector, series, is_supplement, number, year, month, state = file.groups()
    name = f"{series.upper()} Suppl. {number}" if is_supplement else f"{series.upper()}.{number}"
    heads = page.xpath("//body//*[self::h1 or self::h2 or self::h3][1]")
    texts = [text for part in page.xpath("//body//p") if (text := joined(part))]
    return document(
        f"ITU-{sector.upper()} {name} ({month}/{year})",
        None,
        title=clean(title[1]),
        status_text=FILE_STATUS.get(state.upper()),
        abstract=clean(" ".join(texts)) if heads else None,
    )


def version_rows(page: Selector, sector: str, kind: str | None, english: bool) -> Iterator[Document | Refused]:
    """The editions in a table headed Number, Title, Status, of any number of such tables in one."""
    for row in page.xpath("//tr[td[1]//a[contains(@href, 'parent=')] and count(td) >= 3]"):
        heads = row.xpath("preceding-sibling::tr[td[1][normalize-space()='Number']][1]/td")
        cells = dict(zip([joined(head) for head in heads], row.xpath("./td"), strict=False))
        if "Status" not in cells:
            continue
        name = joined(cells["Number"].css("a")[:1])
        printed = cells["Title"].xpath(".//text()[not(ancestor::font)]").getall() if "Title" in cells else []
        title = clean("".join(printed)) if english else None
        if not name:
            yield Refused(reason="row without a number", text=joined(row)[:200])
            continue
        yield publication_of(name, sector, kind, title=title, status_text=standing(cells["Status"]))


def version_page(page: Selector, head: re.Match[str], sector: str, url: str) -> Document | Refused:
    """The page of one edition (a page of a text without a list of editions too)."""
    texts = [joined(cell) for cell in page.xpath("//td/p")]
    spoken = next((m[1] for text in texts if text.startswith("Approved") and (m := SPOKEN.match(text))), None)
    status = next((text.partition(":")[2] for text in texts if re.match(r"Status\s*:", text)), None)
    title = TITLED.sub("", joined(page.css("title")[:1]))
    return publication_of(
        head[2],
        sector,
        head[1],
        title=None if FOREIGN.search(url) else title or None,
        status_text=clean((status or "").replace("(Main)", "")),
        published_text=spoken,
    )


def publication_of(name: str, sector: str, kind: str | None, **fields: Any) -> Document | Refused:
    """The document of a printed number such as "BO.1130-2 (10/99)": ITU-R numbers its editions, so there the date in
    brackets is a date and no part of the name."""
    if kind == "Question":
        return Refused(reason=OTHER["QUE"], text=f"{name} {fields.get('title') or ''}".strip())
    name = ABBREVIATED.sub("", name)
    century = SHORT_YEAR.search(name)
    if century:
        name = f"{name[: century.start()]}({century[1]}/{'19' if int(century[2]) > 50 else '20'}{century[2]})"
    date = DATED.search(name)
    if sector == "ITU-R" and date:
        fields.setdefault("published_text", None)
        fields["published_text"] = fields["published_text"] or printed_date(date)
        name = name[: date.start()].strip()
    shown = name if kind in (None, "Recommendation") else f"{kind} {name}"
    return document(f"{sector} {shown}", None, kind_text=kind, **fields)


def document(name: str, number: str | None, **fields: Any) -> Document:
    """The document of a printed name, with the sector before it and the date in it where no other is printed.

    A name such as "H.264.1 (01/2012) | ISO/IEC 14496-4" names the shared text too.
    """
    own, _, other = (part.strip() for part in name.partition(" | "))
    designation = own if own.startswith("ITU-") else f"ITU-T {own}"
    date = DATED.search(designation)
    if other:
        fields["relations"] = fields.get("relations") or tuple(twins(other))
    fields["published_text"] = fields.get("published_text") or (printed_date(date) if date else None)
    key = number if number and number.isdecimal() else None
    url = f"{SITE}/ITU-T/recommendations/rec.aspx?rec={key}&lang=en" if key else None
    return Document(designation=designation, key=key, url=url, **fields)


def printed_date(date: re.Match[str]) -> str:
    return f"{date[1]}/{date[2]}" if date[1] else date[2]


def twins(text: str | None) -> Iterator[Relation]:
    """The texts of other bodies that this one shares, from "Equivalent standard: ISO/IEC 17788:2014 (Common)"."""
    listed_texts = re.sub(r"^\s*(?:Equivalent|Identical|Common|Twin)\w*\s+\w+\s*:", "", plain(text) or "")
    for entry in re.split(r"[;|]|,\s+(?=(?:ISO|IEC|ETSI|IEEE|SMPTE|3GPP)\b)", listed_texts):
        match = TWIN.match(entry.strip())
        if match and match[1]:
            yield Relation(type="has twin text", target_text=match[1], evidence=clean(text))


def standing(cell: Selector) -> str | None:
    return clean(joined(cell).replace("(Main)", ""))


def number_in(url: str) -> str | None:
    match = RECORD.search(url)
    return (match[1] or match[2]) if match else None


def text_of(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return clean(str(value))


def plain(text: str | None) -> str | None:
    return clean(replace_entities(remove_tags(text))) if text else None


def joined(node: Any) -> str:
    """Printed text of a node (or the nodes of a list) in one line; an empty text for None."""
    return clean(" ".join(node.xpath(".//text()").getall())) or "" if node is not None else ""
