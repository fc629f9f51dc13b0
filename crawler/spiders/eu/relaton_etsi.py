"""ETSI deliverables as Relaton copied them from ETSI: every version, without status."""

from __future__ import annotations

from crawler.base import Expect
from crawler.platforms import RelatonBulk, relaton_routes, relaton_url


class RelatonEtsi(RelatonBulk):
    """Register: every version of every ETSI deliverable, as bibliographic records in one zip.
    Publisher: Relaton (Ribose), https://github.com/relaton/relaton-data-etsi; the standards are ETSI's.
    Caveats: no status and no relation; dates are months, and old editions ("ed.1") print theirs in the number only.
    A copy: where ETSI itself is read, ETSI decides.
    """

    name = "relaton_etsi"
    title = "ETSI deliverables (Relaton copy)"
    body = "etsi"
    homepage = "https://github.com/relaton/relaton-data-etsi"
    routes = relaton_routes("etsi")
    start_urls = (relaton_url("etsi"),)
    expect = Expect(min=20_000, max=60_000, filled={"title": 0.95, "published": 0.95, "url": 0.95})
