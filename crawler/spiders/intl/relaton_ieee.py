"""IEEE standards as Relaton copied them from IEEE Xplore: standards and drafts with status and revisions."""

from __future__ import annotations

from crawler.base import Expect
from crawler.platforms import RelatonBulk, relaton_routes, relaton_url


class RelatonIeee(RelatonBulk):
    """Register: IEEE standards and drafts with status, committees, revisions and adoptions, in one zip.
    Publisher: Relaton (Ribose), https://github.com/relaton/relaton-data-ieee; the standards are IEEE's.
    Caveats: "published" is the day a text came online, decades late for old ones: the first publication stands under
    "created"; numbers of joint standards carry dots for dashes; redlines are refused.
    """

    name = "relaton_ieee"
    title = "IEEE standards (Relaton copy)"
    body = "ieee-sa"
    rank = 60
    homepage = "https://github.com/relaton/relaton-data-ieee"
    routes = relaton_routes("ieee")
    start_urls = (relaton_url("ieee"),)
    expect = Expect(min=3000, max=60_000, filled={"title": 0.95, "published": 0.9, "status": 0.8})
    published_dates = ("created", "published")
    not_standards = {r"\bRedline$": "redline"}
