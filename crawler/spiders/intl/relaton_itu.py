"""ITU recommendations as Relaton copied them from ITU: editions, amendments, corrigenda, twin texts."""

from __future__ import annotations

from crawler.base import Expect
from crawler.platforms import RelatonBulk, relaton_routes, relaton_url


class RelatonItu(RelatonBulk):
    """Register: editions of ITU recommendations with amendments, corrigenda and supplements, in one zip.
    Publisher: Relaton (Ribose), https://github.com/relaton/relaton-data-itu; the standards are ITU's.
    Caveats: a recommendation that is also an ISO/IEC standard names that number without its year; some corrigenda have
    no title and some editions no status.
    """

    name = "relaton_itu"
    title = "ITU recommendations (Relaton copy)"
    body = "itu-t"
    rank = 60
    homepage = "https://github.com/relaton/relaton-data-itu"
    routes = relaton_routes("itu")
    start_urls = (relaton_url("itu"),)
    expect = Expect(min=2000, max=60_000, filled={"title": 0.8, "published": 0.95, "status": 0.8})
