"""IEC publications as Relaton copied them from the IEC webstore: editions with status words and withdrawal dates."""

from __future__ import annotations

from crawler.base import Expect
from crawler.platforms import RelatonBulk, relaton_routes, relaton_url


class RelatonIec(RelatonBulk):
    """Register: editions and amendments of IEC and ISO/IEC as the IEC webstore lists them, in one zip.
    Publisher: Relaton (Ribose), https://github.com/relaton/relaton-data-iec; the standards are IEC's.
    Caveats: names no replacement; what the webstore sells beside the standards (series packages, redline, commented and
    extended versions, handbooks) is refused; consolidated versions (CSV) are kept.
    """

    name = "relaton_iec"
    title = "IEC publications (Relaton copy)"
    body = "iec"
    rank = 60
    homepage = "https://github.com/relaton/relaton-data-iec"
    routes = relaton_routes("iec")
    start_urls = (relaton_url("iec"),)
    expect = Expect(min=6000, max=100_000, filled={"title": 0.95, "published": 0.95, "status": 0.9, "ics": 0.8})
    not_standards = {
        r" SER$": "package of a whole series",
        r" RLV$": "redline version",
        r" CMV$": "commented version",
        r" EXV$": "extended version",
        r"\b-?HBK\b": "handbook",
    }
