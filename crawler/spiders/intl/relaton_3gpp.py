"""3GPP specifications as Relaton copied them from the 3GPP archive: every version of every release."""

from __future__ import annotations

from crawler.base import Expect
from crawler.platforms import RelatonBulk, relaton_routes, relaton_url


class Relaton3gpp(RelatonBulk):
    """Register: every version of the 3GPP specifications and reports, drafts (0, 1 and 2) included, in one zip.
    Publisher: Relaton (Ribose), https://github.com/relaton/relaton-data-3gpp; the standards are 3GPP's.
    Caveats: almost no status; one version can stand under two releases or as TS and TR, and the printed number carries
    release and version ("3GPP TS 33.501:REL-18/18.6.0"); some versions have no date.
    """

    name = "relaton_3gpp"
    title = "3GPP specifications (Relaton copy)"
    body = "3gpp"
    homepage = "https://github.com/relaton/relaton-data-3gpp"
    routes = relaton_routes("3gpp")
    start_urls = (relaton_url("3gpp"),)
    expect = Expect(min=3500, max=300_000, filled={"title": 0.95, "published": 0.85, "url": 0.85})
