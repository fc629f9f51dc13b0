"""FedRAMP Marketplace: cloud services authorised, or on the way to be, for use by US federal agencies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from standards_db.records import Certificate, PageRefused, Record, Refused

REPOSITORY = "GSA/marketplace-fedramp-gov-data"
PRODUCTS = "https://marketplace.fedramp.gov/products/"
BLANK = {"#N/A", "#REF!", "N/A"}  # errors of the spreadsheet behind the feed: nothing is printed there
LEAST = 300  # the feed has held more products than this on every day since 2023


class Fedramp(SourceSpider):
    """Register: cloud services with a FedRAMP authorisation, readiness or running authorisation.

    Publisher: General Services Administration, FedRAMP programme office.
    Caveats: date fields hold words where there is no date ("Not Active", "Not Authorized"); feeds of 2023 are padded
    with blank rows, and one lost seventy products for hours; the country of a provider is not printed.
    """

    name = "fedramp"
    title = "FedRAMP Marketplace"
    body = "fedramp"
    homepage = "https://marketplace.fedramp.gov/"
    holds = "certificates"
    licence = "work of the United States government, not subject to copyright there"
    rank = 10
    routes = (
        Route(
            rf"(?i)^https?://(?:raw\.githubusercontent\.com/{REPOSITORY}/(?:refs/heads/)?[^/?#]+"
            rf"|(?:www\.)?github\.com/{REPOSITORY}/(?:raw|blob)/(?:refs/heads/)?[^/?#]+)/data\.json(?:[?#]|$)",
            "products",
            "feed",
            complete=True,
            min_rows=LEAST,
        ),
    )
    expect = Expect(min=LEAST, max=5_000, filled={"product": 0.99, "vendor": 0.99, "status": 0.95, "level": 0.9})
    start_urls = (f"https://raw.githubusercontent.com/{REPOSITORY}/main/data.json",)

    def products(self, response: Response) -> Iterator[Record]:
        feed = self.read_json(response)
        data = feed.get("data") if isinstance(feed, dict) else None
        rows = data.get("Products") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(rows, list) or not rows:
            raise PageRefused("the feed has no list of products")
        meta = feed.get("meta")
        yield from records(rows, printed(meta, "last_change") if isinstance(meta, dict) else None)
        yield from sums(rows, data.get("Metrics"))


def records(rows: list[Any], as_of: str | None) -> Iterator[Record]:
    """One certificate per product; a row without a name is padding, a second row of one product is refused."""
    seen: set[str] = set()
    for row in rows:
        if not isinstance(row, dict):
            yield Refused(reason="row is not an object", text=str(row)[:100])
            continue
        key = printed(row, "id")
        vendor = printed(row, "csp", "name")
        product = printed(row, "cso", "service_offering")
        if not vendor and not product:
            yield Refused(reason="padding row", key=key)
        elif not key:
            yield Refused(reason="product without an id", text=f"{vendor}: {product}")
        elif key in seen:
            yield Refused(reason="second row of one product", text=f"{vendor}: {product}", key=key)
        else:
            seen.add(key)
            yield certificate(row, key, vendor, product or vendor, as_of)


def certificate(
    row: dict[str, Any], key: str, vendor: str | None, product: str | None, as_of: str | None
) -> Certificate:
    return Certificate(
        key=key,
        scheme_text="FedRAMP",
        number=key,
        vendor_text=vendor,
        product=product,
        category_text="; ".join(listed(row.get("service_model"))) or None,
        level_text=printed(row, "impact_level"),
        issued_text=printed(row, "auth_date", "fedramp_auth"),
        status_text=printed(row, "status"),
        lab_text=printed(row, "independent_assessor"),
        url=f"{PRODUCTS}{key}",
        as_of=as_of,
    )


def printed(row: dict[str, Any], *names: str) -> str | None:
    """The first of these fields that holds a text; the fields were renamed over the years."""
    for name in names:
        value = row.get(name)
        text = clean(value) if isinstance(value, str) else None
        if text and text not in BLANK:
            return text
    return None


def listed(value: Any) -> list[str]:
    """The texts of a list; an empty list is fed as one empty text."""
    texts = value if isinstance(value, list) else [value]
    return [text for text in (clean(text) for text in texts if isinstance(text, str)) if text and text not in BLANK]


def sums(rows: list[Any], metrics: Any) -> Iterator[Refused]:
    """A refusal when fewer authorised products are listed than the feed itself counts."""
    total = metrics.get("total") if isinstance(metrics, dict) else None
    found = sum(isinstance(row, dict) and row.get("status") == "FedRAMP Authorized" for row in rows)
    if isinstance(total, int) and found < total:
        yield Refused(reason="products do not add up", text=f"{found} of {total} authorised products")
