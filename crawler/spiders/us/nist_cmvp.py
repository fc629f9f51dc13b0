"""CMVP: validated cryptographic modules (lists and certificate pages) and modules on their way to validation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import scrapy
from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean, country_key
from crawler.tables import html_page
from standards_db.records import Certificate, PageRefused, Record, Refused

HOME = "https://csrc.nist.gov/projects/cryptographic-module-validation-program"
SITE = r"(?i)^https?://csrc\.nist\.gov/projects/cryptographic-module-validation-program"
SEARCH = f"{HOME}/validated-modules/search?SearchMode=Advanced&CertificateStatus=%s&ValidationYear=0"
SCHEME = "CMVP"
STATUSES = {"active": "Active", "historical": "Historical", "revoked": "Revoked"}
US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
CONTACTS = re.compile(r"\s*View Contacts?.*$", re.IGNORECASE | re.DOTALL)
CONTACT = re.compile(
    r"@|\[email|^e-?mail\b|^(?:(?:tele)?phone|tel|fax)\b\.?\s*[:#+\d(]|\d{3}[-. )]+\d{3}[-. ]\d{4}", re.IGNORECASE
)
CONTACT_LINK = "[data-cfemail], a[href^='mailto:'], a[href*='email-protection']"
HISTORY = ("date", "type", "lab")  # columns of the validation history; this is also their documented order
INDENT = "contains(concat(' ', normalize-space(@class), ' '), ' indent ')"
TITLE = "ancestor::*[contains(@class, 'panel-heading') or contains(@class, 'panel-title')]"
BEFORE_ADDRESS = (
    f"(.//text()[normalize-space()][not(ancestor::*[{INDENT}])][not(preceding::*[{INDENT}])][not({TITLE})])[1]"
)

Cells = dict[str, Selector]


class NistCmvp(SourceSpider):
    """Register: FIPS 140 validations of cryptographic modules: active, historical, revoked, and those in process.

    Publisher: NIST, Cryptographic Module Validation Program (with the Canadian Centre for Cyber Security).
    Caveats: the country is the last line of the vendor's address, free text that may be a ZIP line, a misprint or a
    sentence; a historical certificate loses its sunset date; modules in process have no number and several of one
    vendor may share a name; approved algorithms are names only, without their validation numbers.
    """

    name = "nist_cmvp"
    title = "Cryptographic Module Validation Program"
    body = "cmvp"
    homepage = f"{HOME}/validated-modules"
    holds = "certificates"
    licence = "work of the United States government, not subject to copyright there"
    rank = 10
    date_formats = ("%m/%d/%Y",)
    routes = (
        Route(SITE + r"/validated-modules/search(?:/all)?/?(?:[?#]|$)", "search", "list"),
        Route(SITE + r"/certificate/\d+/?(?:[?#]|$)", "certificate", "detail"),
        Route(SITE + r"/modules-in-process/modules-in-process-list/?(?:[?#]|$)", "in_process", "list", complete=True),
        Route(SITE + r"/modules-in-process/iut-list/?(?:[?#]|$)", "under_test", "list", complete=True),
    )
    # Shrink compares the two lists of modules in process only, which come and go; the floor guards the certificates.
    expect = Expect(min=4_500, max=30_000, filled={"product": 0.99, "vendor": 0.97, "status": 0.95}, shrink=0.75)
    start_urls = (
        *(SEARCH % status for status in STATUSES.values()),
        f"{HOME}/modules-in-process/modules-in-process-list",
        f"{HOME}/modules-in-process/iut-list",
    )

    def search(self, response: Response) -> Iterator[Record | scrapy.Request]:
        page = html_page(response)
        found: set[str] = set()
        for record in listed(page, response.url):
            yield record
            if isinstance(record, Certificate) and record.key not in found:
                found.add(record.key)
                yield self.request(f"{HOME}/certificate/{record.key}")
        announced = page.css("#divResults::attr(data-total-records)").get("")
        if announced.isdigit() and len(found) != int(announced):
            yield Refused(reason="list does not add up", text=f"{len(found)} of {announced} certificates")

    def certificate(self, response: Response) -> Iterator[Record]:
        number = re.findall(r"/certificate/(\d+)", response.url, re.IGNORECASE)[-1]
        yield validated(html_page(response), number.lstrip("0") or number)

    def in_process(self, response: Response) -> Iterator[Record]:
        yield from waiting(html_page(response), "mip")

    def under_test(self, response: Response) -> Iterator[Record]:
        yield from waiting(html_page(response), "iut")


# --- tables


def heads(table: Selector) -> list[str]:
    row = next(iter(table.xpath("(./thead/tr | ./tbody/tr | ./tr)[th]")), None)
    return [shown(cell) or "" for cell in row.xpath("./th | ./td")] if row is not None else []


def table_with(page: Selector, *names: str) -> Selector | None:
    return next((table for table in page.css("table") if set(names) <= set(heads(table))), None)


def body_rows(table: Selector) -> Iterator[Cells | Refused]:
    """The rows of a table as {header text: cell}; element ids are no help, the list gives one of them twice."""
    names = heads(table)
    for row in table.xpath("(./tbody/tr | ./tr)[td]"):
        cells = row.xpath("./td")
        if len(cells) == len(names):
            yield dict(zip(names, cells, strict=True))
        elif any(shown(cell) for cell in cells):
            yield Refused(reason=f"{len(cells)} cells under {len(names)} columns", text=(shown(row) or "")[:200])


def shown(node: Selector | None) -> str | None:
    return clean(node.xpath("string()").get()) if node is not None else None


def lines(node: Selector | None) -> list[str]:
    """The texts of a cell, one per line as broken by its elements."""
    return [text for raw in (node.xpath(".//text()").getall() if node is not None else []) if (text := clean(raw))]


def iso(text: str) -> str:
    """One spelling of a day: the lists print 05/07/2020, the certificate pages 5/7/2020."""
    match = US_DATE.fullmatch(text)
    return f"{match[3]}-{int(match[1]):02d}-{int(match[2]):02d}" if match else text


# --- lists of validated modules


def listed(page: Selector, url: str) -> Iterator[Certificate | Refused]:
    """The certificates of a list; status and standard come from its query where it has no such column."""
    table = table_with(page, "Certificate Number", "Vendor Name", "Module Name")
    if table is None:
        if re.match(r"(?:0|no) certificates\b", (shown(first(page, "#resultsMessage")) or "").lower()):
            return
        raise PageRefused("no table of certificates on the page")
    query = {name.lower(): value.lower() for name, value in parse_qsl(urlsplit(url).query)}
    standard = query.get("standard", "")
    for cells in body_rows(table):
        if isinstance(cells, Refused):
            yield cells
            continue
        number = shown(cells["Certificate Number"]) or ""
        product = shown(cells["Module Name"])
        if not re.fullmatch(r"#?\d+", number) or not product:
            yield Refused(reason="row without certificate number or module", text=f"{number} {product or ''}".strip())
            continue
        key = number.lstrip("#0") or number
        dates = [day for day in lines(cells.get("Validation Date")) if US_DATE.search(day)]
        yield Certificate(
            key=key,
            scheme_text=SCHEME,
            number=f"{SCHEME} {key}",
            vendor_text=shown(cells["Vendor Name"]),
            product=product,
            category_text=shown(cells.get("Module Type")),
            issued_text=dates[0] if dates else None,
            status_text=shown(cells.get("Status")) or STATUSES.get(query.get("certificatestatus", "")),
            standards=standards(shown(cells.get("Standard")) or (f"FIPS {standard}" if standard else None)),
            maintenance=tuple(dict.fromkeys(map(iso, dates[1:]))),
            url=f"{HOME}/certificate/{key}",
        )


def standards(text: str | None) -> tuple[str, ...]:
    return (text,) if text and re.search(r"140-\d", text) else ()


def first(node: Selector, css: str) -> Selector | None:
    return next(iter(node.css(css)), None)


# --- certificate pages


def validated(page: Selector, number: str) -> Certificate:
    """The certificate on its own page; FIPS 140-2 and 140-3 pages differ only in how algorithms are laid out."""
    details, sections = labelled(page), panels(page)
    product = shown(first(page, "#module-name")) or shown(details.get("module name"))
    if not product:
        raise PageRefused("no module on the certificate page")
    standard = shown(first(page, "#module-standard")) or shown(details.get("standard"))
    history = sorted_history(sections.get("validation history"))
    vendor, country = vendor_of(sections.get("vendor"))
    return Certificate(
        key=number,
        scheme_text=SCHEME,
        number=f"{SCHEME} {number}",
        vendor_text=vendor,
        country_text=country,
        product=product,
        category_text=shown(details.get("module type")),
        level_text=shown(details.get("overall level")),
        issued_text=history[0][0] if history else None,
        expires_text=shown(details.get("sunset date")),
        status_text=shown(details.get("status")),
        lab_text=next((lab for _, lab in history if lab), None),
        standards=standards(standard),
        algorithms=algorithms(details.get("approved algorithms") or first(page, "#fips-algo-table")),
        maintenance=tuple(dict.fromkeys(iso(day) for day, _ in history[1:])),
        url=f"{HOME}/certificate/{number}",
    )


def algorithms(value: Selector | None) -> tuple[str, ...]:
    """The names in the table of a FIPS 140-2 page or in the rows of a FIPS 140-3 page, each once."""
    if value is None:
        return ()
    names = (shown(cell) for cell in value.css("td.text-nowrap, div.row > div.col-md-3"))
    return tuple(dict.fromkeys(name for name in names if name))


def labelled(page: Selector) -> Cells:
    """Every labelled value of the page by its label in lower case; the first of each label counts."""
    found: Cells = {}
    for row in page.css("div.padrow"):
        label = (shown(first(row, "div.col-md-3")) or "").rstrip(":").lower()
        if (value := first(row, "div.col-md-9")) is not None:
            found.setdefault(label, value)
    return found


def panels(page: Selector) -> Cells:
    """Every panel of the page by its title in lower case."""
    found: Cells = {}
    for panel in page.css("div.panel"):
        title = shown(first(panel, ".panel-title")) or shown(first(panel, ".panel-heading")) or ""
        found.setdefault(title.lower(), panel)
    return found


def sorted_history(panel: Selector | None) -> list[tuple[str, str | None]]:
    """(date, laboratory) of each validation, the initial one first."""
    table = first(panel, "table") if panel is not None else None
    if table is None:
        return []
    names = [name.lower() for name in heads(table)]
    place = {part: next((i for i, name in enumerate(names) if part in name), i0) for i0, part in enumerate(HISTORY)}
    found = []
    for row in table.xpath(".//tr[td]"):
        cells = [shown(cell) for cell in row.xpath("./td")]
        day, kind, lab = (cells[place[part]] if place[part] < len(cells) else None for part in HISTORY)
        if day and US_DATE.fullmatch(day):
            found.append((kind or "", iso(day), day, lab))
    found.sort(key=lambda entry: (not entry[0].lower().startswith("initial"), entry[1]))
    return [(day, lab) for _, _, day, lab in found]


def vendor_of(panel: Selector | None) -> tuple[str | None, str | None]:
    """Name and country text of the vendor: what stands before the address, and the address's last line.

    Contacts follow the address. Nothing behind the first sign of them is read, and a line that no address, link or
    country sets apart from them may be a person's name: it is left out.
    """
    if panel is None:
        return None, None
    alone = Selector(panel.get(), type="html")  # so that "before" means before within the panel
    body = first(alone, ".panel-body") or alone
    address, has_contact = address_lines(body)
    name = clean(body.xpath(BEFORE_ADDRESS).get()) if address else shown(first(body, "a[href^='http']"))
    return name, country_line(address) or (address[-1] if address and not has_contact else None)


def country_line(address: list[str]) -> str | None:
    """The last line that is a country; joined with the line before where only both name it: Hong Kong, then China."""
    for index in range(len(address) - 1, -1, -1):
        line = address[index]
        if country := country_key(line):
            pairs = (f"{address[index - 1]}{glue}{line}" for glue in (" / ", ", ")) if index else ()
            return next((pair for pair in pairs if country_key(pair) not in (None, country)), line)
    return None


def address_lines(body: Selector) -> tuple[list[str], bool]:
    """Lines of the address, and whether contacts stand in the same block (the block ends where its parent does)."""
    found: list[str] = []
    block = None
    for span in body.css("span.indent"):
        parent = span.root.getparent()
        block = parent if block is None else block
        if parent is not block:
            break
        if span.css(CONTACT_LINK):
            return found, True
        for line in lines(span):
            if CONTACT.search(line):
                return found, True
            found.append(line)
    return found, False


# --- modules in process


def waiting(page: Selector, kind: str) -> Iterator[Certificate | Refused]:
    """Modules of a list "mip" or "iut". Submissions that share vendor, name and standard are numbered."""
    table = table_with(page, "Module Name", "Vendor Name", "Standard")
    if table is None:
        raise PageRefused("no table of modules on the page")
    displayed = re.search(r"\bDisplayed:?\s*(\d+)", " ".join(lines(first(table, "tfoot"))))
    found, seen = 0, Counter[str]()
    for cells in body_rows(table):
        if isinstance(cells, Refused):
            yield cells
            continue
        found += 1
        product, vendor = shown(cells["Module Name"]), vendor_cell(cells["Vendor Name"])
        standard = shown(cells["Standard"])
        if not product:
            yield Refused(reason="module without a name", text=vendor or "")
            continue
        key = f"{kind}|{vendor or ''}|{product}|{standard or ''}"
        seen[key] += 1
        yield Certificate(
            key=key if seen[key] == 1 else f"{key}|{seen[key]}",
            scheme_text=SCHEME,
            vendor_text=vendor,
            product=product,
            status_text=step(cells),
            standards=standards(standard),
        )
    if displayed and int(displayed[1]) != found:
        yield Refused(reason="list does not add up", text=f"{found} of {displayed[1]} modules")


def vendor_cell(cell: Selector) -> str | None:
    """The vendor before the link to its contacts, which is glued on; nothing behind that link is read."""
    own = clean(" ".join(cell.xpath("./text()[not(preceding-sibling::*)]").getall()))
    return clean(CONTACTS.sub("", own or next(iter(lines(cell)), ""))) or None


def step(cells: Cells) -> str | None:
    """Where the process stands: the status cell, the marked one of several step columns (2020), or the test list."""
    if "Status" in cells:
        return shown(cells["Status"])
    if "IUT Date" in cells:
        return f"Implementation Under Test ({shown(cells['IUT Date']) or 'no date'})"
    steps = [name for name in cells if name not in ("Module Name", "Vendor Name", "Standard")]
    return next((name for name in steps if is_marked(cells[name])), None)


def is_marked(cell: Selector) -> bool:
    return "highlight" in (cell.attrib.get("class") or "") or shown(cell) is not None
