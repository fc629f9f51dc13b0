"""OASIS specifications as Relaton copied them from OASIS: standards and committee specifications."""

from __future__ import annotations

from crawler.base import Expect
from crawler.platforms import RelatonBulk, relaton_routes, relaton_url


class RelatonOasis(RelatonBulk):
    """Register: OASIS standards, committee specifications and their parts, in one zip.
    Publisher: Relaton (Ribose), https://github.com/relaton/relaton-data-oasis; the standards are OASIS's.
    Caveats: no status and no replacement; the number is made of the abbreviation, version and stage ("-CS01").
    """

    name = "relaton_oasis"
    title = "OASIS specifications (Relaton copy)"
    body = "oasis"
    homepage = "https://github.com/relaton/relaton-data-oasis"
    routes = relaton_routes("oasis")
    start_urls = (relaton_url("oasis"),)
    expect = Expect(min=400, max=5_000, filled={"title": 0.95, "published": 0.9})
