"""Manners towards a host: shared pace, a robots.txt that cannot be read, long waits, the account of what was asked."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from pathlib import Path

import pytest
from support import rows
from toy_server import Reply, serving
from toy_site import TEN, crawl, site

from crawler.hosts import Hosts

TEXT = {"Content-Type": "text/plain"}


def test_turns_are_shared_and_apart() -> None:
    """Whoever asks one host gets a moment of its own, the delay apart; another host does not wait."""

    async def ask() -> tuple[list[float], float]:
        hosts, moments = Hosts(), []

        async def one() -> None:
            await hosts.turn("a.example", 0.05)
            moments.append(time.monotonic())

        await asyncio.gather(*(one() for _ in range(4)))
        return sorted(moments), await hosts.turn("b.example", 0.05)

    moments, other = asyncio.run(ask())

    assert all(later - earlier >= 0.049 for earlier, later in pairwise(moments))
    assert other < 0.04


def test_a_host_that_asks_to_wait_is_left_alone_by_all() -> None:
    """A wish to wait holds also for who has already been waiting."""

    async def ask() -> float:
        hosts = Hosts()
        await hosts.turn("a.example", 0.02)
        began = time.monotonic()
        waiting = asyncio.ensure_future(hosts.turn("a.example", 0.02))
        await asyncio.sleep(0)
        hosts.hold("a.example", 0.2)
        await waiting
        return time.monotonic() - began

    assert asyncio.run(ask()) >= 0.19


@pytest.mark.parametrize(
    ("robots", "list_reply", "why", "asked"),
    [
        (Reply("busy", 503), None, "1 of 1 pages refused; see rejects", ["/robots.txt"]),
        (
            Reply("User-agent: *\nCrawl-delay: 900\n", headers=TEXT),
            None,
            "the crawl ended with 'crawl delay too long'",
            ["/robots.txt"],
        ),
        (None, Reply("later", 429, {"Retry-After": "7200"}), "the crawl ended with 'asked to wait too long'", None),
    ],
)
def test_a_site_that_does_not_want_us_now(
    tmp_path: Path, robots: Reply | None, list_reply: Reply | None, why: str, asked: list[str] | None
) -> None:
    """A robots.txt that fails forbids everything; a wish for more patience than we have ends the run at once."""
    given = {name: reply for name, reply in (("robots", robots), ("list", list_reply)) if reply}
    with serving(site(TEN, **given)) as server:
        outcome = crawl(server, tmp_path)

    assert (outcome["verdict"], outcome["why"]) == ("rejected", why)
    assert set(server.paths()) <= {"/robots.txt", "/list"} and server.paths().count("/list") <= 1
    assert asked is None or "/item/11" not in server.paths()
    assert rows(tmp_path / "live.db", "select key from records") == []


def test_crawl_delay_and_account(tmp_path: Path) -> None:
    """The distance that robots.txt asks for is kept; the account says what was asked, also of a rejected run."""
    rules = Reply("User-agent: *\nCrawl-delay: 0.3\n", headers=TEXT)
    with serving(site(TEN[:3], robots=rules, item_12=Reply("gone", 404))) as server:
        outcome = crawl(server, tmp_path, delay=0.01)

    gaps = [later - earlier for earlier, later in pairwise(one.at for one in server.asked)]
    assert min(gaps) >= 0.15 and sum(gaps) >= 0.3 * len(gaps) - 0.15
    assert outcome["verdict"] == "rejected"
    report = rows(tmp_path / "live.db", "select * from host_reports")[0]
    assert (report["host"], report["request_count"], report["statuses"]) == ("127.0.0.1", 5, "200: 4, 404: 1")
    assert report["crawl_delay"] == 0.3 and report["byte_count"] == server.sent
    assert report["waited_seconds"] >= 1.1


def test_a_host_that_only_fails_is_left_alone(tmp_path: Path) -> None:
    """Five failures in a row end the run."""
    broken = {f"item_{number}": Reply(reset=True) for number in TEN}
    with serving(site(TEN, **broken)) as server:
        outcome = crawl(server, tmp_path)

    assert outcome["why"] == "the crawl ended with 'source down'"
    assert len([path for path in server.paths() if path.startswith("/item/")]) <= 6
