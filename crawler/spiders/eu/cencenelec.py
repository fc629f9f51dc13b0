"""CEN and CENELEC: the standards search of the two European bodies, results and one page per work item."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import scrapy
from parsel import Selector, SelectorList
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import html_page
from standards_db.records import Citation, Document, PageRefused, Refused, Relation

HOST = r"(?i)^https?://standards\.(?:cencenelec|cen)\.eu(?::\d+)?/(?:ords|dyn/www)"
PAGE = r"p=(?:[A-Z]+|\d+)(?::|%3A)"
FORM = "https://standards.cencenelec.eu/ords/f?p=CEN:105"
# What a live crawl searches for: the list of the form, the label it prints, and the value behind it in August 2026.
# The label decides; the value is for a form that prints the choice under another label.
QUERIES = (
    ("TC_CODE_LIST", "CEN/CLC/JTC 13", "2307986"),
    ("TC_CODE_LIST", "CEN/CLC/JTC 19", "2702172"),
    ("TC_CODE_LIST", "CEN/CLC/JTC 21", "2916257"),
    ("TC_CODE_LIST", "CEN/CLC/JTC 22", "3197951"),
    ("TC_CODE_LIST", "CEN/CLC/JTC 24", "3342699"),
    ("TC_CODE_LIST", "CEN/TC 224", "6205"),
    ("TC_CODE_LIST", "CLC/TC 47X", "3289823"),
    ("TC_CODE_LIST", "CLC/TC 65X", "1257871"),
    ("DIRECTIVES_LIST", "2014/53/EU", "25716681"),
    ("DIRECTIVES_LIST", "2016/679", "31061974"),
    ("DIRECTIVES_LIST", "2019/881", "31542976"),
    ("DIRECTIVES_LIST", "2023/1230", "33061580"),
    ("DIRECTIVES_LIST", "2024/1689", "34988430"),
    ("DIRECTIVES_LIST", "2024/2847", "34548018"),
    ("DIRECTIVES_LIST", "910/2014", "25769046"),
    ("ICS_LIST", "35.030", "2179815"),
)
Query = tuple[str, str, str]
ITEM_NAMES, ITEM_VALUES = 6, 7  # places of the item names and values among the colon-separated parts of an APEX address
WORK_ITEM = re.compile(r"\(\s*WI\s*=\s*([^)\s]+)\s*\)")
COMMITTEE = re.compile(r"^((?:CEN|CLC|CENELEC)/\S.*?)[\s-]*$")
REFERENCE = re.compile(r"^(.*?)\s*\((IDT|EQV|MOD|NEQ)\)$", re.IGNORECASE)
CITATION = re.compile(r"\bfor\s+(?:(?:Directive|Regulation)s?\s+)?(.+)$", re.IGNORECASE)
JOURNAL = re.compile(r"^(?P<place>.*?)\s*\((?P<day>\d{4}-\d{2}-\d{2})\b")
MANDATE = re.compile(r"\bM/\d{3}\b")  # a request of the Commission; it names no act, so it stays a keyword
ICS = re.compile(r"^\d{2}(?:\.\d{2,3}){0,2}\b")
FIELD = re.compile(r"p_|f[12][01]$")  # the page's other forms and boxes lie inside the broken mark-up too
ENTRY = re.compile(r",(?![^(]*\))")
OUT = ("published", "withdrawn")  # only of these is the date of availability a fact; before that it is a forecast
RELATIONS = {"supersedes": "supersedes", "superseded by": "superseded by", "normative reference": "references"}


class Cencenelec(SourceSpider):
    """Register: the standards search of CEN and CENELEC: European standards, their drafts and withdrawn editions, with
    the international text each takes over and the act of law each supports.
    Publisher: European Committee for Standardization and European Committee for Electrotechnical Standardization.
    Caveats: a session application: links to a standard carry a checksum and cannot be built, a search cannot be
    linked; the date of withdrawal (DOW) is that of conflicting national standards, so it is not read; an act of law
    counts as harmonised only where a citation in the Official Journal is printed. A live crawl reads the committees
    and acts that concern cybersecurity, not the whole catalogue.
    """

    name = "cencenelec"
    title = "CEN-CENELEC standards search"
    body = "cen_cenelec"
    homepage = "https://standards.cencenelec.eu/"
    licence = "© CEN-CENELEC; bibliographic facts only"
    routes = (
        Route(HOST + rf"/f\?(?:[^#]*&)?{PAGE}105(?:\D|$)", "results", "list"),
        Route(HOST + rf"/f\?(?:[^#]*&)?{PAGE}110(?::|%3A)[^#&]*FSP_PROJECT", "standard", "detail"),
        Route(HOST + r"/wwv_flow\.accept(?:\?|$)", "submitted", "api", method="POST"),
    )
    expect = Expect(min=200, max=20_000, filled={"title": 0.97, "status": 0.95, "identifier": 0.85})
    date_formats = ("%Y-%m-%d",)
    rank = 10

    def live_requests(self) -> Iterable[scrapy.Request]:
        """One session per search: the application keeps the criteria in the session, not in the address."""
        for number, query in enumerate(QUERIES):
            yield self.request(FORM, dont_filter=True, meta={"cookiejar": number, "query": query})

    def results(self, response: Response) -> Iterator[Document | Refused | scrapy.Request]:
        """A result list; in a live crawl first the empty form, which is filled in and sent."""
        page = html_page(response)
        session = {"cookiejar": response.meta["cookiejar"]} if "cookiejar" in response.meta else {}
        if query := response.meta.get("query"):
            yield self.search(response, page, query, session)
            return
        for record in result_rows(page, response.url):
            yield record
            if isinstance(record, Document) and record.url:
                yield self.request(record.url, meta=session)

    def search(
        self, response: Response, page: Selector, query: Query, session: dict[str, Any]
    ) -> Refused | scrapy.Request:
        form = page.css("form#wwvFlowForm")
        if not form:
            raise PageRefused("no search form on the page")
        value = option_value(form, *query)
        if value is None:
            return Refused(reason="the search form does not offer this choice", text=" ".join(query[:2]), key=query[1])
        chosen = {query[0]: value}
        if query[0] == "TC_CODE_LIST":
            chosen["TC_NAME_LIST"] = value  # the form keeps both in step by script
        return self.request(
            response.urljoin(form.attrib.get("action", "wwv_flow.accept")),
            method="POST",
            body=urlencode(form_fields(form, chosen)),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            meta={**session, "dont_redirect": True, "handle_httpstatus_list": [302, 303]},
        )

    def submitted(self, response: Response) -> Iterator[scrapy.Request]:
        """The answer to a search: a redirect whose address is HTML-escaped, which no client follows by itself."""
        location = (response.headers.get("Location") or b"").decode("latin-1")
        if not location and response.body.lstrip()[:1] == b"{":
            answer = self.read_json(response)
            location = str(answer.get("redirectURL") or "") if isinstance(answer, dict) else ""
        address = response.urljoin(html.unescape(location))
        if not location or self.route_of(address) is None:
            raise PageRefused(f"the search was not answered with a result page: {location or response.text[:80]!r}")
        session = {"cookiejar": response.meta["cookiejar"]} if "cookiejar" in response.meta else {}
        yield self.request(address, dont_filter=True, meta=session)

    def standard(self, response: Response) -> Iterator[Document]:
        yield detail(html_page(response), response.url)


def option_value(form: SelectorList[Selector], item: str, label: str, value: str) -> str | None:
    """The value of the choice whose printed text is or starts with `label`, else `value` when the list still has it.

    None when the list has neither: a search with a value that is not offered would find everything or nothing.
    """
    choices = [(joined(option), option.attrib.get("value")) for option in form.css(f"select#{item} option")]
    for text, found in choices:
        if found and (text == label or text.startswith(f"{label} ")):
            return found
    return value if any(found == value for _, found in choices) else None


def form_fields(form: SelectorList[Selector], chosen: dict[str, str]) -> list[tuple[str, str]]:
    """The fields a browser would send, in the order of the page, with every box ticked (all stages, both bodies).

    `chosen` gives values by item: the page names an item in a field f10 or f20, its values follow in f11 or f21.
    """
    fields: list[tuple[str, str]] = []
    ticked: dict[str, str] = {}
    item = ""
    for node in form.css("input[name], select[name]"):
        name, value = node.attrib["name"], node.attrib.get("value", "")
        if not FIELD.match(name):
            continue
        if node.root.tag == "select":
            value = node.css("option[selected]::attr(value)").get() or node.css("option::attr(value)").get() or ""
        if name in ("f10", "f20"):
            item = value
        elif name == "f11":
            value = chosen.get(item, value)
        elif name == "f21":
            ticked[item] = f"{ticked.get(item, '')}{value}-"
        fields.append((name, value))
    request = ticked.get("STATUS_CHOICE", "") + ticked.get("CEN_CLC_CHOICE", "")
    return [(name, request if name == "p_request" else value) for name, value in fields]


def result_rows(page: Selector, url: str) -> Iterator[Document | Refused]:
    """The rows of a result list, then whether they are as many as the page counts.

    An empty form or a search without hits gives nothing. Raises PageRefused when there is no place for a list.
    """
    place = page.css("#DASHBOARD_LISTTCPUBS")
    table = (place or page).css("table.dashlist")
    printed = clean(page.css("input.list-num::attr(value)").get()) or ""
    count = int(printed) if printed.isdigit() else None
    if not table:
        if not place or count:
            raise PageRefused("no result list on the page")
        return
    heads = [joined(head).lower() for head in table[0].css("thead th")]
    if not any(head.startswith("reference") for head in heads):
        raise PageRefused(f"the result list has other columns: {', '.join(heads) or 'none'}")
    keys = set()
    for row in table[0].css("tbody > tr"):
        record = result_row(dict(zip(heads, row.xpath("./td"), strict=False)), url)
        keys.add(record.key or joined(row))
        yield record
    if notice := too_many(page):
        yield Refused(reason="the search found more rows than it shows", text=notice, key=url)
    elif count is not None and len(keys) != count:
        yield Refused(reason="rows do not add up", text=f"{len(keys)} rows where the page counts {count}", key=url)


def too_many(page: Selector) -> str | None:
    """The notice of a cut list: its place has no element of its own, only a pair of comments."""
    opened = "//comment()[contains(., 'DASHBOARD_TOO_MANY_ROWS')]"
    inside = "/following-sibling::node()[not(self::comment())][following-sibling::comment()]"
    return clean(" ".join(page.xpath(f"{opened}{inside}/descendant-or-self::text()").getall()))


def result_row(cells: dict[str, Selector], url: str) -> Document | Refused:
    column = {head.split(",")[0]: cell for head, cell in cells.items()}
    cell = column.get("reference")
    if cell is None:
        return Refused(reason="row without a reference", text=" ".join(joined(c) for c in cells.values())[:200])
    link = cell.css("a[href*=FSP_PROJECT]")
    reference = joined((link or cell.css("strong, a"))[:1])
    if not reference:
        return Refused(reason="row without a reference", text=joined(cell)[:200])
    address = html.unescape(link[0].attrib["href"]) if link else ""
    work_item = WORK_ITEM.search(joined(cell))
    target = f"{url.split('?')[0].rpartition('/')[0]}/{address}" if address.startswith("f?") else address
    return Document(
        designation=reference,
        key=project(address) or (work_item[1] if work_item else None),
        title=clean("".join(cell.xpath("./br[1]/following-sibling::node()/descendant-or-self::text()").getall())),
        status_text=joined(column.get("status")) or None,
        committee_text=joined(column.get("committee")) or None,
        url=target if Cencenelec.route_of(target) else None,
    )


def project(address: str) -> str | None:
    """The work item's number in the register, from the parts of an address: names in one, values in another."""
    query = unquote(urlsplit(html.unescape(address)).query)
    parts = next((part[2:].split(":") for part in query.split("&") if part.startswith("p=")), [])
    if len(parts) <= ITEM_VALUES:
        return None
    items = dict(zip(parts[ITEM_NAMES].split(","), parts[ITEM_VALUES].split(","), strict=False))
    number = items.get("FSP_PROJECT", "")
    return number if number.isdigit() else None


def detail(page: Selector, url: str) -> Document:
    """The page of one work item. Raises PageRefused when it is not such a page."""
    cells = labelled(page)
    reference = joined(cells.get("reference"))
    if not reference:
        raise PageRefused("no reference on the page: " + (joined(page.css("title")) or "no title"))
    status = joined(cells.get("status")) or None
    scope = joined(cells.get("abstract/scope"))
    available = joined(cells.get("date of availability"))
    return Document(
        designation=reference,
        key=project(url) or joined(cells.get("work item number")) or None,
        title=joined(cells.get("title")) or None,
        status_text=status,
        published_text=(available or None) if status is None or status.lower() in OUT else None,
        ics=tuple(match[0] for line in lines(cells.get("ics")) if (match := ICS.match(line))),
        committee_text=next((m[1] for head in page.css("h1") if (m := COMMITTEE.match(joined(head)))), None),
        keywords=tuple(MANDATE.findall(joined(cells.get("mandate(s)")))),
        abstract=scope if scope and scope.lower() != "no scope available" else None,
        url=url,
        relations=tuple(relations(cells)),
    )


def labelled(page: Selector) -> dict[str, Selector]:
    """The value cells by label, without the footnote numbers and abbreviations in brackets: "supersedes" -> cell."""
    found: dict[str, Selector] = {}
    for row in page.css("table.dashlist tr"):
        head, cell = row.xpath("./th"), row.xpath("./td")
        if len(head) == 1 and len(cell) == 1:
            label = re.sub(r"\s*\((?:\d+|[A-Z]{3})\)", "", joined(head)).lower()
            if not joined(found.get(label)):  # the date of availability is printed in two tables
                found[label] = cell[0]
    return found


def relations(cells: dict[str, Selector]) -> Iterator[Relation]:
    for line in lines(cells.get("reference document")):
        match = REFERENCE.match(line)
        target, degree = (match[1], match[2].upper()) if match else (line, None)
        yield Relation(type="adopts", target_text=target, degree_text=degree, evidence=line)
    for label, kind in RELATIONS.items():
        for line in lines(cells.get(label)):
            yield Relation(type=kind, target_text=line, evidence=f"{label}: {line}")
    acts, citations, mandates = (
        joined(cells.get(label)) for label in ("directive(s)", "citation in ojeu", "mandate(s)")
    )
    yield from cited(acts, citations, mandates)


def cited(directives: str, citations: str, mandates: str = "") -> Iterator[Relation]:
    """Edges to acts: "harmonised under" where a citation is printed, "prepared for" where the act is only listed.

    Being written for an act does not make a standard harmonised. A citation that names no act belongs to the only one
    listed, if there is just one.
    """
    acts = [act for part in ENTRY.split(directives) if (act := clean(part))]
    found: dict[str, list[str]] = {}
    for entry in filter(None, map(clean, ENTRY.split(citations))):
        if entry.lower().startswith("no citation"):
            continue
        match = CITATION.search(entry)
        act = match[1] if match else acts[0] if len(acts) == 1 else None
        if act:
            found.setdefault(act, []).append(entry)
    for act, entries in found.items():
        yield Relation(
            type="harmonised under",
            target_text=act,
            evidence=f"Citation in OJEU: {', '.join(entries)}",
            citations=tuple(map(citation, entries)),
        )
    evidence = "; ".join(filter(None, [f"Directive(s): {directives}", mandates and f"Mandate(s): {mandates}"]))
    for act in dict.fromkeys(acts):
        if act not in found:
            yield Relation(type="prepared for", target_text=act, evidence=evidence)


def citation(entry: str) -> Citation:
    """ "L 138 (2022-05-17) for Directive 2017/745" -> the journal and its day; the act is the edge's target."""
    match = JOURNAL.match(entry)
    place = match["place"] if match else entry.partition(" for ")[0]
    return Citation(reference_text=f"OJ {place}" if place else None, date_text=match["day"] if match else None)


def lines(cell: Selector | None) -> list[str]:
    """The entries of a cell; each is a link or a text of its own between line breaks."""
    return [text for node in cell.xpath(".//text()") if (text := clean(node.get()))] if cell is not None else []


def joined(node: Any) -> str:
    """Printed text of a node (or the nodes of a list) in one line; an empty text for None."""
    return clean("".join(node.xpath(".//text()").getall())) or "" if node is not None else ""
