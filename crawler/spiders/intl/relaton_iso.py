"""ISO deliverables as Relaton copied them from ISO: editions, drafts, stages and replacements."""

from __future__ import annotations

from crawler.base import Expect
from crawler.platforms import RelatonBulk, relaton_routes, relaton_url


class RelatonIso(RelatonBulk):
    """Register: editions, drafts and amendments of ISO and ISO/IEC, with stage codes and replacements, in one zip.
    Publisher: Relaton (Ribose), https://github.com/relaton/relaton-data-iso; the standards are ISO's.
    Caveats: the copies are not all of one date: files of former stages stay beside the published edition, and two files
    of one number can contradict each other; the schema generation, the dates and the stage order them.
    An amendment prints the year of its base as its date: its own month stands under another name.
    """

    name = "relaton_iso"
    title = "ISO deliverables (Relaton copy)"
    body = "iso"
    rank = 40
    homepage = "https://github.com/relaton/relaton-data-iso"
    routes = relaton_routes("iso")
    start_urls = (relaton_url("iso"),)
    expect = Expect(min=8000, max=200_000, filled={"title": 0.95, "published": 0.7, "status": 0.9, "ics": 0.8})
