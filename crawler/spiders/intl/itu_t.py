"""ITU: the service behind the search for Recommendations, and archived pages of ITU-T and ITU-R publications."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

import scrapy
from parsel import Selector
from scrapy.http import Response
from w3lib.html import remove_tags, replace_entities

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Document, PageRefused, Refused, Relation

HOST = r"(?i)^https?://(?:www\.)?itu\.int(?::\d+)?/"
API = HOST + r"mws/api/recommendations/"
SERVICE = "https://www.itu.int/mws/api/recommendations"
SITE = "https://www.itu.int"
ROWS = 100_000
# The catalogue prints no twin text: what each Recommendation of the series on security says of itself is asked for.
DETAILED = re.compile(r"^(?:ITU-T )?X\.\d")
PARENT = re.compile(r"(?i)[?&]parent=([A-Z]-[^&#\s]+)|/(?:rec|pub)/([A-Z]-[^/?#\s]+)")
RECORD = re.compile(r"(?i)[?&](?:idrec|rec|id)=(\d+)(?:[&#]|$)|/11\.1002/1000/(\d+)")
HANDLE = re.compile(r"\b11\.1002/1000/(\d+)")
FOREIGN = re.compile(r"(?i)[?&]lang=(?!en)[a-z]|/(?:ar|es|fr|ru|zh)/?(?:[?#]|$)|^https?://[^/]+/(?:ar|es|fr|ru|zh)/")
DATED = re.compile(r"\((?:(\d{2})/)?(\d{4})\)$")
SHORT_YEAR = re.compile(r"\((\d{2})/(\d{2})\)$")
TITLED = re.compile(r"^[A-Z]{1,3}\.[\d.]+[A-Za-z]?\s*:\s*")
NAMED = re.compile(r"^(ITU-[TR] .*?\)|[^:]*?)\s*:\s+(.*)$")
HEADED = re.compile(r"^(Recommendation|Report|Resolution|Question|Opinion)\s+(?:ITU-[RT]\s+)?(.+)$")
ABBREVIATED = re.compile(r"^(?:Res|Rep)\.\s*(?=\d)")  # lists shorten the kind that the heading spells out
TWIN_LABEL = re.compile(r"^(?:identical|equivalent|common|twin)\w*\b.*:$", re.IGNORECASE)
TWIN = re.compile(r"^(.*?)\s*(?:\(([A-Za-z ]+)\))?$")
SPOKEN = re.compile(r"^[^\d]*(\d.*)$")
BLOCKED = (
    re.compile(r"notfound\.aspx", re.IGNORECASE),
    re.compile(r"(?i)<title>\s*(?:Request Rejected|Page not found|Not found)|The requested URL was rejected"),
)
# What the sectors publish beside Recommendations and Reports.
OTHER = {
    "HDB": "handbook, not a standard",
    "QUE": "question to a study group, not a text",
    "REG": "regulations by treaty, not a standard",
    "SP": "service publication, not a standard",
}


class ItuT(SourceSpider):
    """Register: the Recommendations of ITU-T with every edition, amendment and supplement; Recommendations, Reports and
    Resolutions of ITU-R where an archive holds their pages.
    Publisher: International Telecommunication Union, https://www.itu.int/itu-t/recommendations/.
    Caveats: a firewall answers some paths with a page "not found" that says 200, which is a block and no missing
    document; a catalogue row prints no twin text, so a live crawl also asks for the details of the X series. The date
    is that of approval. ITU-R numbers its Reports and its Recommendations alike: the kind stays part of the name.
    """

    name = "itu_t"
    title = "ITU-T Recommendations"
    body = "itu-t"
    homepage = "https://www.itu.int/itu-t/recommendations/"
    licence = "© ITU; bibliographic facts only"
    routes = (
        Route(API + r"searchRecs/?\?", "catalogue", "bulk"),
        Route(API + r"getRecHdrDetail/?\?", "details", "api"),
        Route(API + r"(?:getRecEditions|getRecSupplements|getImplGuides)/?\?", "editions", "api"),
        Route(HOST + r"(?:net\d?/)?ITU-T/search/GlobalSearch/(?:Run)?Search", "hits", "api", "POST"),
        Route(HOST + r"ITU-T/recommendations/rec\.aspx\?", "recommendation", "detail"),
        Route(r"(?i)^https?://handle\.itu\.int/11\.1002/1000/\d+(?:[-/?#]|$)", "recommendation", "detail"),
        Route(HOST + r"(?:rec|pub)/[RT]-[^?#]+", "publication", "detail"),
        Route(HOST + r"rec/recommendation\.asp\?", "publication", "detail"),
        Route(HOST + r"(?:[a-z]{2}/)?publications/(?:[\w-]+/)?pages/publications\.aspx\?", "publication", "detail"),
        Route(HOST + r"(?:[a-z]{2}/)?publications/(?:[\w-]+/)?pages/notfound\.aspx", "publication", "detail"),
    )
    expect = Expect(min=100, max=100_000, filled={"identifier": 0.85})
    date_formats = ("%Y-%m-%d", "%m/%Y")
    rank = 20

    def live_requests(self) -> Iterable[scrapy.Request]:
        yield self.search(1, ())

    def search(self, page: int, seen: tuple[str, ...]) -> scrapy.Request:
        return self.request(
            f"{SERVICE}/searchRecs?series=-1&type_of_text=-1&sg=-1&main_edition_flag=0&rows={ROWS}&page={page}"
            "&status=Z&sort_order=asc",
            headers={"Accept": "application/json", "Referer": f"{SITE}/myworkspace/"},
            cb_kwargs={"page": page, "seen": seen},
        )

    def catalogue(
        self, response: Response, page: int | None = None, seen: tuple[str, ...] = ()
    ) -> Iterator[Document | Refused | scrapy.Request]:
        """One row per edition of every text; the following page while this one is full and brings new rows."""
        rows = self.rows_of(response)
        new: list[str] = []
        for row in rows:
            record = edition_row(row)
            yield record
            if isinstance(record, Document):
                new.append(record.key or record.designation)
                if record.key and DETAILED.match(record.designation):
                    yield self.request(f"{SERVICE}/getRecHdrDetail?idrec={record.key}&lang=en")
        if page is None:
            return
        together = tuple(dict.fromkeys((*seen, *new)))
        if len(rows) >= ROWS and len(together) > len(seen):
            yield self.search(page + 1, together)
        elif len(together) != len(seen) + len(rows):
            text = f"{len(together)} different of {len(seen) + len(rows)} rows after page {page}"
            yield Refused(reason="paging does not add up", text=text)

    def details(self, response: Response) -> Iterator[Document | Refused]:
        """One edition of one text, with the text of another body that it shares."""
        answer = self.answer(response)
        answer = answer[0] if isinstance(answer, list) and answer else answer
        if not isinstance(answer, dict) or not text_of(answer.get("rec_name")):
            raise PageRefused("no name of a Recommendation in the answer")
        yield edition_row(answer, number_in(response.url))

    def editions(self, response: Response) -> Iterator[Document | Refused]:
        """The editions, supplements or guides of one text."""
        for row in self.rows_of(response):
            yield edition_row(row)

    def hits(self, response: Response) -> Iterator[Document]:
        """The answer of the site's general search until 2026: Recommendations among everything else it finds."""
        answer = self.answer(response)
        if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
            raise PageRefused("no list `results` in the answer")
        for row in answer["results"]:
            if (found := hit(row)) is not None:
                yield found

    def recommendation(self, response: Response) -> Iterator[Document | Refused]:
        """The page of one edition, with the lists of its other editions, its supplements and guides."""
        page = self.page(response)
        english = not FOREIGN.search(response.url)
        number = page.css("input[id$=rec_main_info1_txt_idrec]::attr(value)").get() or number_in(response.url)
        yield details_page(page, number, english)
        for row in page.xpath("//tr[td//span[contains(@id, 'lbl_title') or contains(@id, 'lbl_imp_title')]//a]"):
            yield listed(row, english)

    def publication(self, response: Response) -> Iterator[Document | Refused | scrapy.Request]:
        """A page of the shop: one edition, the editions of one text, or links to the texts of one series."""
        page = self.page(response)
        parent = PARENT.search(response.url)
        name = unquote((parent[1] or parent[2]) if parent else "").upper()
        sector = "ITU-T" if name.startswith("T-") else "ITU-R"
        head = HEADED.match(joined(page.xpath("(//td/p[b or strong])[1]/*[self::b or self::strong][1]")))
        rows = list(version_rows(page, sector, head[1] if head else None, not FOREIGN.search(response.url)))
        if head and not rows:
            yield version_page(page, head, sector, response.url)
        yield from rows
        title = joined(page.css("head title")[:1])
        links = self.followed(page, name)
        part = name.split("-")[1] if "-" in name else ""
        recognised = head or rows or links
        if not recognised and title and part in OTHER:
            yield Refused(reason=OTHER[part], text=title, key=name)
        elif not recognised:
            raise PageRefused(f"neither a publication nor a list: {title or 'no title'}")
        yield from links

    def followed(self, page: Selector, name: str) -> list[scrapy.Request]:
        """Requests of the texts below this list: those whose name begins with the name of the list."""
        below: dict[str, str] = {}
        for href in page.css("a::attr(href)").getall():
            child = PARENT.search("".join(href.split()))
            if child and (found := (child[1] or child[2]).upper()).startswith(name) and found != name and name:
                below.setdefault(found, f"{SITE}/{'rec' if '-REC' in found else 'pub'}/{child[1] or child[2]}/en")
        return [self.request(target) for target in below.values() if self.route_of(target)]

    def page(self, response: Response) -> Selector:
        """The page as HTML. Raises PageRefused for a block that says 200."""
        text = getattr(response, "text", "")
        if BLOCKED[0].search(response.url) or any(pattern.search(text[:4000]) for pattern in BLOCKED):
            raise PageRefused("blocked: the site answers with a page that is not there")
        return html_page(response)

    def answer(self, response: Response) -> Any:
        """The JSON of an answer. Raises PageRefused for a block that says 200, and for anything but JSON."""
        if response.body.lstrip()[:1] == b"<":
            self.page(response)
        return self.read_json(response)

    def rows_of(self, response: Response) -> list[Any]:
        answer = self.answer(response)
        if isinstance(answer, dict):
            answer = answer.get("Data", answer.get("data"))
        if not isinstance(answer, list):
            raise PageRefused("no list of texts in the answer")
        return answer


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
