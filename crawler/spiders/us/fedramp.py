"""FedRAMP: cloud services authorised, or on the way to be, for US federal agencies, and the rules of the programme."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from standards_db.records import Certificate, Document, PageRefused, Record, Refused

REPOSITORY = "GSA/marketplace-fedramp-gov-data"
PRODUCTS = "https://marketplace.fedramp.gov/products/"
BLANK = {"#N/A", "#REF!", "N/A"}  # errors of the spreadsheet behind the feed: nothing is printed there
RULES = (
    "https://raw.githubusercontent.com/FedRAMP/rules/main/fedramp-consolidated-rules.json",
    "https://raw.githubusercontent.com/FedRAMP/docs/main/FRMR.documentation.json",
)
GROUPS = ("FRD", "FRR", "KSI")
LEAST = 300  # the feed has held more products than this on every day since 2023


class Fedramp(SourceSpider):
    """Register: cloud services with a FedRAMP authorisation, readiness or running authorisation; the programme's rules.

    Publisher: General Services Administration, FedRAMP programme office.
    Caveats: date fields hold words where there is no date ("Not Active", "Not Authorized"); feeds of 2023 are padded
    with blank rows, and one lost seventy products for hours; the country of a provider is not printed. The baseline
    is the printed impact level: which revision of SP 800-53 it rests on is not said. Rules are one document per block
    of requirements, not one per requirement.
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
        Route(
            r"(?i)^https?://raw\.githubusercontent\.com/FedRAMP/(?:rules|docs)/(?:refs/heads/)?[^/?#]+/(?:[^?#]*/)?"
            r"(?:fedramp-consolidated-rules|FRMR\.documentation)\.json(?:[?#]|$)",
            "rules",
            "api",
        ),
    )
    date_formats = ("%Y-%m-%d",)
    expect = Expect(min=LEAST, max=5_000, filled={"product": 0.99, "vendor": 0.99, "status": 0.95, "level": 0.9})
    start_urls = (f"https://raw.githubusercontent.com/{REPOSITORY}/main/data.json", *RULES)

    def products(self, response: Response) -> Iterator[Record]:
        feed = self.read_json(response)
        data = feed.get("data") if isinstance(feed, dict) else None
        rows = data.get("Products") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(rows, list) or not rows:
            raise PageRefused("the feed has no list of products")
        meta = feed.get("meta")
        yield from records(rows, printed(meta, "last_change") if isinstance(meta, dict) else None)
        yield from sums(rows, data.get("Metrics"))

    def rules(self, response: Response) -> Iterator[Record]:
        answer = self.read_json(response)
        about = answer.get("info") if isinstance(answer, dict) else None
        if not isinstance(about, dict) or not any(isinstance(answer.get(group), dict) for group in GROUPS):
            raise PageRefused("no blocks of rules in the file")
        for group in GROUPS:
            for code, block in blocks(group, answer.get(group)):
                yield rule(group, code, block, about)


def blocks(group: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """(code, facts) of each block: the definitions are one, the requirements and indicators have one per theme."""
    if not isinstance(value, dict):
        return
    if isinstance(value.get("info"), dict):
        yield group, value["info"]
        return
    for code, block in value.items():
        if isinstance(block, dict):
            facts = block.get("info")
            yield f"{group}-{code}", facts if isinstance(facts, dict) else block


def rule(group: str, code: str, block: dict[str, Any], about: dict[str, Any]) -> Record:
    """One block of rules; each edition of the file replaces the one before, so its version is the edition."""
    title = printed(block, "name")
    if not title:
        return Refused(reason="block of rules without a name", text=code, key=code)
    effective = block.get("effective")
    effective = effective if isinstance(effective, dict) else {}
    days = effective.get("date")
    start = printed(days, "obtain") if isinstance(days, dict) else None
    return Document(
        designation=f"FedRAMP {code}",
        key=f"rule|{code}",
        title=title,
        status_text=printed(block, "status") or rollout(effective),
        kind_text="scheme rule",
        implemented_text=start,
        updated_text=printed(about, "last_updated"),
        edition_text=printed(about, "version"),
        abstract=printed(block, "purpose", "theme"),
        as_of=printed(about, "last_updated"),
    )


def rollout(effective: dict[str, Any]) -> str | None:
    """How far the introduction of a block is, as files before July 2026 say of each path to an authorisation."""
    paths = [path for name in ("20x", "rev5") if isinstance(path := effective.get(name), dict)]
    return next((text for path in paths if (text := printed(path, "current_status"))), None)


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
        baselines=(f"FedRAMP {level}",) if (level := printed(row, "impact_level")) else (),
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
