"""Common Criteria portal: certified products and protection profiles of all CCRA schemes."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import quote, urljoin

from parsel import Selector
from scrapy.http import HtmlResponse, Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import csv_records, page_text
from standards_db.records import Certificate, Document, PageRefused, Refused

ORIGIN = "https://www.commoncriteriaportal.org"
HOST = r"(?i)^https?://(?:www\.)?commoncriteriaportal\.org(?::\d+)?/"
US_DATE = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})$")
# Columns of the CSV files by the names that fields of the pages' own lists have, letters and digits only.
FIELDS = {
    "name": "name productname product",
    "manufacturer": "manufacturer vendor vendorname",
    "abbreviation": "abbr abbreviation",
    "version": "version",
    "scheme": "scheme schemecode",
    "category": "category categoryname",
    "assurance level": "ealname assurancelevel eal compliance",
    "certification date": "issuedate certificationdate certdate",
    "archived date": "archived archiveddate expirationdate",
    "protection profile": "pdfpp",
    "certification report url": "certificationreporturl pdfcr",
}
COMMA_OUTSIDE_BRACKETS = re.compile(r",(?![^(\[]*[)\]])")
CAPTION_TAIL = re.compile(r"\s*[–—-]\s*\d[\d,]*\s+(?:Certified|Archived|Protection|Collaborative).*$", re.IGNORECASE)

Row = dict[str, str]
Item = TypeVar("Item", Certificate, Document)


class CcPortal(SourceSpider):
    """Register: certified products (active and archived) and protection profiles of the Common Criteria schemes.
    Publisher: Common Criteria Recognition Arrangement, https://www.commoncriteriaportal.org/.
    Caveats: lists print no certificate number, so scheme, vendor, product and issue date together are the key; a
    certificate has one row per maintenance report and one per category; "None" as level means conformance to a
    protection profile and is no level; links carry port 443 over http and blanks.
    """

    name = "cc_portal"
    title = "Common Criteria portal"
    body = "ccra"
    homepage = "https://www.commoncriteriaportal.org/products/"
    holds = "certificates"
    licence = "© CCRA; bibliographic facts only"
    routes = (
        Route(HOST + r"products/certified_products(?:-archived)?\.csv(?:[?#]|$)", "parse_products_csv", "bulk"),
        Route(HOST + r"products/?(?:index\.cfm/?)?(?:[?#]|$)", "parse_products_page", "list"),
        Route(HOST + r"(?:files/)?pps/pps(?:-archived)?\.csv(?:[?#]|$)", "parse_profiles_csv", "bulk"),
        Route(HOST + r"pps/?(?:(?:index|collaborativePP)\.cfm/?)?(?:[?#]|$)", "parse_profiles_page", "list"),
    )
    expect = Expect(min=3_000, max=20_000, filled={"product": 0.99, "vendor": 0.9, "issued": 0.95})
    date_formats = ("%m/%d/%Y", "%Y-%m-%d")
    rank = 40
    start_urls = (
        f"{ORIGIN}/products/certified_products.csv",
        f"{ORIGIN}/products/certified_products-archived.csv",
        f"{ORIGIN}/pps/pps.csv",
        f"{ORIGIN}/pps/pps-archived.csv",
    )

    def parse_products_csv(self, response: Response) -> Iterable[Certificate | Refused]:
        found = csv_records(response, ("name", "manufacturer", "scheme", "certification date"))
        return merged((certificate(row, response.url) for row in found), together)

    def parse_products_page(self, response: Response) -> Iterable[Certificate | Refused]:
        """The page's own list in its script (since 2024), or its tables, one per category."""
        page = html_page(response)
        scripted = listed_in_script(response, "productList")
        found = [row for table in page.css("table[id^=tbl]") for row in products(table)]
        if scripted is None and not found and not any(is_product_table(table) for table in page.css("table")):
            raise PageRefused("neither a list nor a table of certified products on the page")
        found = [*(scripted or []), *found]
        return merged((certificate(row, response.url) for row in found), together)

    def parse_profiles_csv(self, response: Response) -> Iterable[Document | Refused]:
        found = csv_records(response, ("name", "version", "scheme", "certification date"))
        return merged((profile(row, response.url) for row in found), with_categories)

    def parse_profiles_page(self, response: Response) -> Iterable[Document | Refused]:
        """The page's own list in its script (since 2024) and its tables, which show the same profiles by category."""
        page = html_page(response)
        scripted = listed_in_script(response, "ppList")
        tables = [table for table in page.css("table[id^=tbl]") if "Version" in headers(table)]
        if scripted is None and not tables:
            raise PageRefused("neither a list nor a table of protection profiles on the page")
        found = [*(scripted or []), *(row for table in tables for row in profiles(table))]
        return merged((profile(row, response.url) for row in found), with_categories)


# --- reading pages into rows with the column names of the CSV files, in lower case


def html_page(response: Response) -> Selector:
    if not isinstance(response, HtmlResponse) and not page_text(response).lstrip().startswith("<"):
        raise PageRefused("not an HTML page")
    return Selector(page_text(response), type="html")


def headers(table: Selector) -> list[str]:
    row = next((row for row in table.xpath(".//tr[th]")), None)
    return [clean(text) or "" for text in row.xpath("./th").xpath("string()").getall()] if row is not None else []


def is_product_table(table: Selector) -> bool:
    return {"Product", "Vendor", "Scheme"} <= set(headers(table))


def products(table: Selector) -> Iterator[Row | Refused]:
    """The rows of one category's table of products."""
    names = {"product": "name", "vendor": "manufacturer", "scheme": "scheme", "compliance": "level"}
    columns = columns_of(table, names)
    if not {"name", "scheme"} <= set(columns):
        return
    for cells in body_rows(table, columns):
        cell = cells["name"]
        yield {
            "category": caption(table),
            "name": own_text(cell),
            "manufacturer": full_text(cells.get("manufacturer")),
            "scheme": scheme_code(cells["scheme"]),
            "assurance level": listed_text(cells.get("level")),
            "certification date": full_text(cells.get("issued")),
            "archived date": full_text(cells.get("ends")),
            "profiles": "\n".join(text for link in cell.css('a[href*="/ppfiles/"]') if (text := full_text(link))),
            "maintenance": "\n".join(maintenance_items(cell)),
            "certification report url": cell.css('a[title^="Certification Report"]::attr(href)').get() or "",
        }


def profiles(table: Selector) -> Iterator[Row]:
    """The rows of one category's table of protection profiles."""
    names = {"protection profile": "name", "version": "version", "scheme": "scheme", "assurance level": "level"}
    columns = columns_of(table, names)
    for cells in body_rows(table, columns):
        link = cells["name"].css("a[href]")
        yield {
            "category": caption(table),
            "name": full_text(link[0]) if link else own_text(cells["name"]),
            "version": full_text(cells.get("version")),
            "scheme": scheme_code(cells["scheme"]),
            "assurance level": listed_text(cells.get("level")),
            "certification date": full_text(cells.get("issued")),
            "archived date": full_text(cells.get("ends")),
            "protection profile": (link.attrib.get("href") or "") if link else "",
        }


def columns_of(table: Selector, names: dict[str, str]) -> dict[str, int]:
    """Position of each known column by its header text."""
    found: dict[str, int] = {}
    for position, text in enumerate(headers(table)):
        label = text.lower()
        if "issued" in label:
            found.setdefault("issued", position)
        elif "expiration" in label or "archived" in label:
            found.setdefault("ends", position)
        elif label in names:
            found.setdefault(names[label], position)
    return found


def body_rows(table: Selector, columns: dict[str, int]) -> Iterator[dict[str, Selector]]:
    for row in table.xpath("./tbody/tr[td] | ./tr[td]"):
        cells = row.xpath("./td")
        if len(cells) > max(columns.values(), default=0) and len(cells) > 1:
            yield {name: cells[position] for name, position in columns.items()}


def listed_in_script(response: Response, name: str) -> list[Row] | None:
    """The rows of `var <name> = […]` in the page's script; None when the page has no such list.

    Raises PageRefused for a broken list, and for one whose rows have no name and scheme under any known field.
    """
    text = page_text(response)
    if (start := re.search(rf"\b{name}\s*=\s*(?=\[)", text)) is None:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(text, start.end())
    except (ValueError, RecursionError) as error:
        raise PageRefused(f"the script's list {name} is broken: {error}") from error
    objects = [row for row in found if isinstance(row, dict)]
    rows = [scripted_row(row) for row in objects]
    if rows and not any(row["name"] and row["scheme"] for row in rows):
        raise PageRefused(f"the script's list {name} has unknown fields: {', '.join(map(str, objects[0]))[:200]}")
    return rows


def scripted_row(row: dict[str, Any]) -> Row:
    values = {re.sub(r"[^a-z0-9]", "", str(key).casefold()): value for key, value in row.items()}
    found = {}
    for name, spellings in FIELDS.items():
        value = next((values[key] for key in spellings.split() if values.get(key) not in (None, "")), "")
        found[name] = clean(html.unescape(str(value))) or ""
    file = found["protection profile"]
    return {**found, "protection profile": f"/nfs/ccpfiles/files/ppfiles/{file}" if file else ""}


def caption(table: Selector) -> str:
    return CAPTION_TAIL.sub("", full_text(table.xpath("./caption")) or "")


def own_text(cell: Selector) -> str:
    return clean(" ".join(cell.xpath("./text()").getall())) or full_text(cell)


def full_text(node: Any) -> str:
    return (clean(html.unescape(node.xpath("string()").get() or "")) or "") if node is not None else ""


def listed_text(cell: Selector | None) -> str:
    """Lines of a cell joined by commas, as the CSV files print them: `EAL3+,ALC_FLR.2`."""
    lines = cell.xpath(".//text()").getall() if cell is not None else []
    return ",".join(text for line in lines if (text := clean(line)))


def evaluated_level(text: str) -> str | None:
    """The level of a product; none where it conforms to a profile: "PP Compliant" on pages, "None" in CSV files."""
    return None if text.lower() in ("", "none", "pp compliant") else text


def scheme_code(cell: Selector) -> str:
    texts = [text for found in cell.xpath(".//text()").getall() if (text := clean(found))]
    return texts[-1] if texts else ""


def maintenance_items(cell: Selector) -> Iterator[str]:
    for item in cell.css("ol li"):
        if text := own_text(item):
            yield re.sub(r"^([\d-]+)\s*[–—]\s*", r"\1 ", text)


# --- rows to records


def certificate(row: Row | Refused, url: str) -> Certificate | Refused:
    if isinstance(row, Refused):
        return row
    scheme, product, issued = (row.get(name, "") for name in ("scheme", "name", "certification date"))
    if not (scheme and product and issued):
        return Refused(reason="product without scheme, name or date", text=f"{scheme} {product} {issued}".strip())
    # One spelling of the date, or the same report read from a CSV file and from a page would look like two.
    dated = f"{iso_date(row.get('maintenance date', ''))} {row.get('maintenance title', '')}".strip()
    return Certificate(
        key="|".join(map(folded, (scheme, row.get("manufacturer", ""), product, iso_date(issued)))),
        scheme_text=f"CCRA/{scheme}",
        vendor_text=row.get("manufacturer") or None,
        country_text=scheme,
        product=product,
        category_text=row.get("category") or None,
        level_text=evaluated_level(row.get("assurance level", "")),
        issued_text=issued,
        expires_text=row.get("archived date") or None,
        status_text=row.get("status") or ("Archived" if is_archived(url) else "Active"),
        profiles=tuple(profile_names(row)),
        maintenance=tuple(item for item in (dated, *row.get("maintenance", "").split("\n")) if item),
        url=link(row.get("certification report url")),
    )


def profile_names(row: Row) -> Iterator[str]:
    """The profiles a product conforms to: lines of a page's cell, or the CSV's text cut at commas outside brackets."""
    in_csv = COMMA_OUTSIDE_BRACKETS.split(row.get("protection profile(s)", ""))
    for part in (*row.get("profiles", "").split("\n"), *in_csv):
        if text := clean(part):
            yield text


def profile(row: Row | Refused, url: str) -> Document | Refused:
    if isinstance(row, Refused):
        return row
    scheme, name, version = (row.get(part, "") for part in ("scheme", "name", "version"))
    if not (scheme and name):
        return Refused(reason="protection profile without scheme or name", text=f"{scheme} {name}".strip())
    archived = is_archived(url)
    return Document(
        designation=name,
        key="|".join(map(folded, (scheme, name, version))),
        title=name,
        status_text="Archived" if archived else "Active",
        kind_text="protection profile",
        published_text=row.get("certification date") or None,
        # On the list of active profiles this date lies ahead: the end of validity, not an archiving.
        withdrawn_text=(row.get("archived date") or None) if archived else None,
        edition_text=version or None,
        owner_text=f"CCRA/{scheme}",
        keywords=tuple(text for part in ("category", "abbreviation", "assurance level") if (text := row.get(part, ""))),
        url=link(row.get("protection profile")),
    )


def merged(records: Iterable[Item | Refused], join: Callable[[Item, Item], Item]) -> Iterator[Item | Refused]:
    """One record per key, in the order of first appearance; refused rows pass through."""
    kept: dict[str, Item] = {}
    for record in records:
        if isinstance(record, Refused):
            yield record
        elif record.key not in kept:
            kept[record.key] = record
        elif is_another(kept[record.key], record):
            reason = "another certificate of the same scheme, vendor, product and date"
            yield Refused(reason=reason, text=record.url or record.level_text or "", key=record.key)
        else:
            kept[record.key] = join(kept[record.key], record)
    yield from kept.values()


def is_another(first: Certificate | Document, again: Certificate | Document) -> bool:
    """Two certificates may share all that makes the key: their levels differ, or their reports within one category."""
    if not isinstance(first, Certificate) or not isinstance(again, Certificate):
        return False
    if first.level_text != again.level_text:
        return True
    same_category = (again.category_text or "") in (first.category_text or "").split("; ")
    return same_category and bool(first.url and again.url) and first.url != again.url


def together(first: Certificate, again: Certificate) -> Certificate:
    """One certificate from two of its rows: maintenance reports and categories add up."""
    categories = dict.fromkeys(filter(None, [*(first.category_text or "").split("; "), again.category_text]))
    return replace(
        first,
        category_text="; ".join(categories) or None,
        profiles=tuple(dict.fromkeys((*first.profiles, *again.profiles))),
        maintenance=tuple(sorted({*first.maintenance, *again.maintenance})),
        expires_text=first.expires_text or again.expires_text,
        url=first.url or again.url,
    )


def with_categories(first: Document, again: Document) -> Document:
    return replace(first, keywords=tuple(dict.fromkeys((*first.keywords, *again.keywords))), url=first.url or again.url)


def is_archived(url: str) -> bool:
    return re.search(r"-archived\.csv|[?&]archived=1\b", url) is not None


def link(target: str | None) -> str | None:
    """The address of a file: https, no port, blanks quoted; none when the page itself lost characters of its name."""
    if not target or "\ufffd" in target:
        return None
    try:
        return quote(urljoin(f"{ORIGIN}/", re.sub(HOST, f"{ORIGIN}/", target)), safe="/:?&=%#+,;()'~@!")
    except ValueError:  # a bracket that opens no address
        return None


def folded(text: str) -> str:
    """Letters and digits only, lower case: the CSV files and the pages differ in signs such as ® and in spacing."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def iso_date(text: str) -> str:
    match = US_DATE.match(text)
    return f"{match[3]}-{int(match[1]):02d}-{int(match[2]):02d}" if match else text
