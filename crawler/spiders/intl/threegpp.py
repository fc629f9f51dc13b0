"""3GPP: the bibliography of all versions as one CSV file, and archived pages of the portal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

import scrapy
from parsel import Selector
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from crawler.tables import csv_records, html_page
from standards_db.records import Document, PageRefused, Refused

BIBLIOGRAPHY = "https://www.3gpp.org/ftp/Information/Databases/3GPPBibliography.csv"
COLUMNS = ("title", "version", "is ts", "release", "date", "link", "responsible primary")
NUMBER = re.compile(r"\d\d\.[\dA-Za-z]+(?:-\d+)*")
YEAR_FIRST = re.compile(r"\d{4}-\d{2}-\d{2}")
VERSION = re.compile(r"\d+\.\d+\.\d+")
KIND = re.compile(r"\((TS|TR)\)")
GRID = "SpecificationReleaseControl1_rpbReleases_i"


class Threegpp(SourceSpider):
    """Register: every version of every 3GPP specification (TS) and report (TR), in one CSV file.
    Publisher: 3rd Generation Partnership Project, https://www.3gpp.org/specifications-technologies.
    Caveats: the file states no status; versions 0, 1 and 2 are drafts by 3GPP's numbering. Some 1,600 versions stand
    in it several times with different dates: the earliest is kept, the others are refused by name. It names the
    rapporteurs, who are not read. Status comes from the portal's page of a specification, read from archives only: it
    is that of the newest version of each release.
    """

    name = "threegpp"
    title = "3GPP specifications"
    body = "3gpp"
    homepage = "https://www.3gpp.org/specifications-technologies"
    licence = "© 3GPP organisational partners; bibliographic facts only"
    routes = (
        Route(
            r"(?i)^https?://(?:www\.|ftp\.)?3gpp\.org(?::\d+)?/(?:ftp/)?Information/Databases/3GPPBibliography\.csv(?:[?#]|$)",
            "bibliography",
            "bulk",
            complete=True,
            min_rows=50_000,
        ),
        Route(
            r"(?i)^https?://portal\.3gpp\.org(?::\d+)?/desktopmodules/Specifications/SpecificationDetails\.aspx\?"
            r"[^#]*\bspecificationId=\d+",
            "specification",
            "detail",
        ),
    )
    start_urls = (BIBLIOGRAPHY,)
    expect = Expect(min=60_000, max=400_000, filled={"identifier": 0.95, "title": 0.95, "published": 0.8})
    # The file's dates are read day-first by others without a failure, so that a slash cannot mean month-first.
    date_formats = ("%d/%m/%Y", "%d/%m/%Y %H:%M:%S")
    interval_days = 30
    rank = 20

    def live_requests(self) -> Iterable[scrapy.Request]:
        # Above 20 MB from a slow server: more time than the settings allow a page.
        yield self.request(BIBLIOGRAPHY, meta={"download_timeout": 900})

    def bibliography(self, response: Response) -> Iterator[Document | Refused]:
        """One row per version; the first column, whatever its name, is the number."""
        kept: dict[str, Document] = {}
        for row in csv_records(response, COLUMNS, delimiter=";"):
            record = row if isinstance(row, Refused) else version_of(row)
            if isinstance(record, Refused):
                yield record
            elif (first := kept.get(record.designation)) is None:
                kept[record.designation] = record
            else:
                kept[record.designation], later = earliest(first, record)
                if later:
                    yield later
        yield from kept.values()

    def specification(self, response: Response) -> Iterator[Document | Refused]:
        """The portal's page of one specification: its versions by release, newest first."""
        page = html_page(response)
        number, kind = joined(page.css("#referenceVal")), KIND.search(joined(page.css("#typeVal")))
        if not number or kind is None:
            raise PageRefused("no reference and type of a specification: " + (joined(page.css("title")) or "no title"))
        group = page.xpath("//*[@id='PrimaryResponsibleGroupLbl']/ancestor::td[1]/following-sibling::td[1]")
        shared = {
            "title": joined(page.css("#titleVal")) or None,
            "kind_text": kind[1],
            "committee_text": joined(group) or None,
        }
        status = joined(page.css("#statusVal")) or None
        rows = page.css(f"tr[id*='{GRID}'][id*='specificationsVersionGrid_ctl00__']")
        if not rows:
            yield Document(designation=f"3GPP {kind[1]} {number}", status_text=status, url=response.url, **shared)
        for row in rows:
            cells = [joined(cell) for cell in row.xpath("./td")]
            version = next((match[0] for cell in cells if (match := VERSION.fullmatch(cell))), None)
            if version is None:
                yield Refused(reason="row without a version", text=" ".join(cells)[:200], key=number)
                continue
            newest = row.attrib["id"].endswith("_ctl00__0")
            is_approved = not version.startswith(("0.", "1.", "2."))
            yield Document(
                designation=f"3GPP {kind[1]} {number} V{version}",
                status_text=status if newest and is_approved else None,
                published_text=next((cell for cell in cells if re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell)), None),
                edition_text=version,
                url=web_address(row.css("a[id$=lnkFtpDownload]::attr(href)").get()),
                **shared,
            )


def earliest(first: Document, again: Document) -> tuple[Document, Refused | None]:
    """What two rows of one version say together, and the date that is not kept. Dates compare as printed, year first;
    in another form the first row is kept."""
    days = [record.published_text or "" for record in (first, again)]
    swapped = days[1] and (not days[0] or (all(YEAR_FIRST.match(day) for day in days) and days[1] < days[0]))
    kept, other = (again, first) if swapped else (first, again)
    merged = replace(
        kept,
        title=kept.title or other.title,
        committee_text=kept.committee_text or other.committee_text,
        url=kept.url or other.url,
    )
    if not all(days) or days[0] == days[1]:
        return merged, None
    reason = "the same version with another date"
    return merged, Refused(reason=reason, text=other.published_text or "", key=other.designation)


def version_of(row: dict[str, str]) -> Document | Refused:
    number, version = next(iter(row.values())), row["version"]
    if not NUMBER.fullmatch(number) or not VERSION.fullmatch(version):
        text = f"{number} {version} {row['title']}".strip()
        return Refused(reason="row without a number and version", text=text[:200], key=number or None)
    kind = {"1": "TS", "0": "TR"}.get(row["is ts"])
    if kind is None:
        return Refused(reason="neither TS nor TR", text=f"{number} {version}: {row['is ts']}"[:200], key=number)
    return Document(
        designation=f"3GPP {kind} {number} V{version}",
        title=row["title"] or None,
        kind_text=kind,
        published_text=row["date"] or None,
        edition_text=version,
        committee_text=row["responsible primary"] or None,
        keywords=(row["release"],) if row["release"] else (),
        url=web_address(row["link"]),
    )


def web_address(value: str | None) -> str | None:
    return value.strip() if value and re.match(r"(?i)\s*https?://", value) else None


def joined(node: Selector) -> str:
    return clean(" ".join(node.xpath(".//text()").getall())) or ""
