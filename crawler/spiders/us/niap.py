"""NIAP, the Common Criteria scheme of the United States: products, protection profiles, technical decisions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import scrapy
from scrapy.http import Response

from crawler.base import Expect, Route, SourceSpider, clean
from standards_db.records import Certificate, Document, PageRefused, Record, Refused, Relation

ORIGIN = "https://www.niap-ccevs.org"
API = r"(?i)^https?://(?:www\.)?niap-ccevs\.org(?::\d+)?/api/"
PRODUCTS_URL = f"{ORIGIN}/api/project/product/pcl_products_all/"
PROFILES_URL = f"{ORIGIN}/api/protection-profile/public_pps_all/"
DECISIONS_URL = f"{ORIGIN}/api/technical-decision/frontend_tds/"

Json = dict[str, Any]


class Niap(SourceSpider):
    """Register: products evaluated under or recognised by NIAP, its protection profiles and technical decisions.

    Publisher: National Information Assurance Partnership, https://www.niap-ccevs.org/.
    Caveats: a product taken over from the Common Criteria portal is another nation's certificate as NIAP sees it,
    and may be archived here while it is valid there; the country of a vendor is not printed; the status of a
    profile reads "Publishing" even after its sunset and is not read; old dates carry their month in the minutes.
    """

    name = "niap"
    title = "NIAP product compliant list"
    body = "niap"
    homepage = f"{ORIGIN}/products"
    holds = "certificates"
    licence = "work of the United States government, not subject to copyright there"
    rank = 30
    routes = (
        Route(API + r"project/product/pcl_products(?:_all|/\d[\d.]*)/?(?:[?#]|$)", "products", "api"),
        Route(API + r"protection-profile/public_pps_all/?(?:[?#]|$)", "profiles", "api"),
        Route(API + r"technical-decision/frontend_tds/?(?:[?#]|$)", "decisions", "api"),
    )
    expect = Expect(min=1_200, max=10_000, filled={"product": 0.99, "vendor": 0.95, "issued": 0.8, "title": 0.95})
    start_urls = (PRODUCTS_URL, PROFILES_URL, DECISIONS_URL)

    def products(self, response: Response) -> Iterator[Record | scrapy.Request]:
        answer = self.read_json(response)
        seen: set[str] = set()
        for row in rows_of(answer, "product_id"):
            key = printed(row.get("product_id"))
            product = printed(row.get("product_name"))
            if not key or not product:
                yield Refused(reason="product without id or name", text=str(row)[:200], key=key)
            elif key in seen:
                yield Refused(reason="second row of one product", text=product, key=key)
            else:
                seen.add(key)
                yield certificate(row, key, product)
        yield from self.next_page(answer)

    def profiles(self, response: Response) -> Iterator[Record | scrapy.Request]:
        answer = self.read_json(response)
        rows = rows_of(answer, "pp_id")
        names = names_by_id(rows)
        for row in rows:
            yield profile(row, names)
        yield from self.next_page(answer)

    def decisions(self, response: Response) -> Iterator[Record | scrapy.Request]:
        """Technical decisions, and the profiles embedded in them, which name their predecessor and successor."""
        answer = self.read_json(response)
        rows = rows_of(answer, "td_id")
        embedded = {str(pp["pp_id"]): pp for row in rows for pp in profiles_of(row) if pp.get("pp_id") is not None}
        names = names_by_id(list(embedded.values()))
        for row in rows:
            yield decision(row)
        for row in embedded.values():
            yield profile(row, names)
        yield from self.next_page(answer)

    def next_page(self, answer: Any) -> Iterator[scrapy.Request]:
        """The page that an answer in pages names as its next; the API names it with the scheme http."""
        link = answer.get("next") if isinstance(answer, dict) and answer.get("results") else None
        if isinstance(link, str) and self.route_of(link):
            yield self.request(link.replace("http://", "https://", 1))


def rows_of(answer: Any, key: str) -> list[Json]:
    """The objects of an answer: a bare array, a page of results, or one object.

    Raises PageRefused when there are rows and none has the field `key`.
    """
    if isinstance(answer, dict):
        answer = answer["results"] if isinstance(answer.get("results"), list) else [answer]
    if not isinstance(answer, list):
        raise PageRefused("the answer is not an array")
    rows = [row for row in answer if isinstance(row, dict)]
    if answer and not any(key in row for row in rows):
        raise PageRefused(f"no row has the field {key}")
    return rows


def certificate(row: Json, key: str, product: str) -> Certificate:
    nation = printed(row.get("submitting_country_id_code"))
    is_foreign = row.get("from_cc_portal") is True
    applied = objects(row, "protection_profiles")
    profiles = [printed(pp.get("pp_short_name")) or printed(pp.get("pp_name")) for pp in applied]
    return Certificate(
        key=key,
        scheme_text=f"CCRA/{nation}" if is_foreign and nation else "CCRA" if is_foreign else "NIAP/US",
        number=None if is_foreign else f"CCEVS-VR-VID{printed(row.get('v_id')) or key}",
        vendor_text=printed(row.get("vendor_id_name")),
        country_text=nation if is_foreign else None,  # the vendor's country is not in the answer
        product=product,
        category_text="; ".join(texts(row.get("tech_types"))) or None,
        issued_text=printed(row.get("certification_date")),
        expires_text=printed(row.get("sunset_date")) or printed(row.get("am_sort")),
        status_text=printed(row.get("status_sort")),
        lab_text=printed(row.get("assigned_lab_name")),
        profiles=tuple(name for name in profiles if name and name.lower() != "none"),
        maintenance=tuple(maintenance(row)),
        url=f"{ORIGIN}/products/{key}",
    )


def maintenance(row: Json) -> Iterator[str]:
    """Day and title of each assurance maintenance, oldest first."""
    found = (
        f"{(printed(entry.get('completion_date')) or '')[:10]} {printed(entry.get('title')) or ''}".strip()
        for entry in objects(row, "active_maintenances")
    )
    yield from sorted({text for text in found if text})


def profile(row: Json, names: dict[str, str]) -> Record:
    short, name = printed(row.get("pp_short_name")), printed(row.get("pp_name"))
    key, version = printed(row.get("pp_id")), printed(row.get("cc_version"))
    if not key or not (short or name):
        return Refused(reason="protection profile without id or name", text=str(row)[:200], key=key)
    if (short or "").lower() == "none":
        return Refused(reason="stands for no protection profile", text=name or "", key=f"pp|{key}")
    words = (printed(row.get("tech_type")), f"Common Criteria {version.removeprefix('CC:')}" if version else None)
    return Document(
        designation=short or name or "",
        key=f"pp|{key}",
        title=name,
        kind_text="protection profile",
        published_text=printed(row.get("pp_date")),
        withdrawn_text=printed(row.get("sunset_date")),
        owner_text=printed(row.get("pp_sponsor_id")),
        keywords=tuple(word for word in words if word),
        relations=(*succession(row, names), *criteria(version)),
    )


def succession(row: Json, names: dict[str, str]) -> Iterator[Relation]:
    for field, kind in (("predecessor_id", "supersedes"), ("successor_id", "superseded by")):
        if target := names.get(str(row.get(field))):
            yield Relation(type=kind, target_text=target, evidence=f"{field} {row[field]}")


def criteria(version: str | None) -> Iterator[Relation]:
    """The edition of the Common Criteria that a profile is written for, printed as "3.1" or "CC:2022"."""
    if version:
        text = f"CC:{version.removeprefix('CC:')}"
        yield Relation(type="references", target_text=text, evidence=f"cc_version {version}")


def decision(row: Json) -> Record:
    designation, title, key = (printed(row.get(name)) for name in ("identifier", "title", "td_id"))
    if not designation or not key:
        return Refused(reason="technical decision without identifier", text=title or "", key=key)
    about = (printed(pp.get("pp_short_name")) for pp in profiles_of(row))
    return Document(
        designation=designation,
        key=f"td|{key}",  # the number of the identifier is another one
        title=title,
        status_text=printed(row.get("status")),
        kind_text="technical decision",
        published_text=printed(row.get("publication_date")),
        withdrawn_text=printed(row.get("removed_on")),
        keywords=tuple(dict.fromkeys(name for name in about if name)),
    )


def profiles_of(row: Json) -> list[Json]:
    return [*objects(row, "protection_profile"), *objects(row, "sunset_protection_profile")]


def names_by_id(rows: list[Json]) -> dict[str, str]:
    return {str(row["pp_id"]): name for row in rows if "pp_id" in row and (name := printed(row.get("pp_short_name")))}


def objects(row: Json, name: str) -> list[Json]:
    value = row.get(name)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    return [text for entry in value if (text := printed(entry))] if isinstance(value, list) else []


def printed(value: Any) -> str | None:
    """A text or number as text with its blanks tidied; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return clean(str(value))
