"""The live way in, against a server on 127.0.0.1: politeness, waiting, refusals, archives, and how a run is judged."""

from __future__ import annotations

import asyncio
import socket
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.settings import Settings
from support import rows, run
from toy_live import CONTACT, LiveToy, item_page, list_page
from toy_server import Reply, serving
from toy_site import TEN, crawl, site, start

from crawler import settings
from crawler.addresses import Guard, private_address

CHALLENGE = "<html><head><title>Just a moment...</title></head><body>wait</body></html>"
SEEN = "select id, title, url, source, page_url, page_sha256, archive_ref, is_in_force from documents order by id"


def reasons(folder: Path) -> dict[str, str]:
    """Why each page was refused, by its path."""
    found = rows(folder / "live.db", "select page_url, reason from rejects where level='page'")
    return {row["page_url"].partition("/item/")[2]: row["reason"] for row in found}


def test_polite(tmp_path: Path) -> None:
    """Robots.txt is asked first and obeyed, the user agent names a contact, and requests keep their distance."""
    rules = Reply("User-agent: *\nDisallow: /item/13\n", headers={"Content-Type": "text/plain"})
    with serving(site(TEN, robots=rules)) as server:
        outcome = crawl(server, tmp_path, delay=0.15)

    assert server.paths()[:2] == ["/robots.txt", "/list"]
    assert sorted(server.paths()[2:]) == [f"/item/{n}" for n in TEN if n != 13]
    assert all(f"contact: {CONTACT}" in asked.agent and "cyber-spheres/" in asked.agent for asked in server.asked)
    times = [asked.at for asked in server.asked]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) >= 0.1
    assert sum(gaps) >= 0.15 * len(gaps) - 0.1
    assert (outcome["verdict"], outcome["warnings"]) == ("accepted", ["1 of 11 pages refused"])
    assert reasons(tmp_path) == {"13": "Forbidden by robots.txt"}


def test_sources_of_one_host_share_its_pace(tmp_path: Path) -> None:
    """Two sources of one host are crawled one after the other, at the distance of one."""
    with serving(site(TEN, twin=Reply(list_page(TEN)))) as server:
        order = {"base": server.base, "db": str(tmp_path / "live.db"), "delay": 0.1, "record_to": None, "twin": True}
        done = start(order)

    assert done.returncode == 0, done.stderr
    paths = server.paths()
    second = paths.index("/twin")
    assert paths.index("/list") < second and sorted(paths[1:second]) == sorted([*paths[second + 1 :], "/list"])
    assert paths.count("/robots.txt") == 1
    found = rows(tmp_path / "live.db", "select source, verdict, row_count from runs order by source")
    assert [(r["source"], r["verdict"]) for r in found] == [("toy", "accepted"), ("twin", "accepted")]


def test_default_pace() -> None:
    """Without being told otherwise a source sends one request at a time and at most one a second to a host."""
    live = settings.live(CONTACT, 1.0)

    assert (live["HOST_DELAY"], live["CONCURRENT_REQUESTS"], live["ROBOTSTXT_OBEY"]) == (1.0, 1, True)
    assert settings.live(CONTACT, 2.5)["HOST_DELAY"] == 2.5


def test_archive_of_a_live_crawl(tmp_path: Path) -> None:
    """What a live crawl keeps as WARC, read again, gives the same documents with the same page hashes."""
    replies = site(TEN, list=Reply(list_page(TEN), zipped=True))
    with serving(replies) as server:
        outcome = crawl(server, tmp_path, record_to=tmp_path / "kept")
    again = run(tmp_path / "again.db", tmp_path / "kept", sources={"toy": LiveToy})

    assert [path.name.partition("-")[0] for path in (tmp_path / "kept").glob("*.warc.gz")] == ["toy"]
    assert (outcome["verdict"], again.verdict) == ("accepted", "accepted")
    live = rows(tmp_path / "live.db", SEEN)
    assert len(live) == len(TEN)
    assert all(row["archive_ref"].startswith("toy-") for row in live)
    assert live == rows(tmp_path / "again.db", SEEN)


def test_waits_and_tries_again(tmp_path: Path) -> None:
    """After 429 the whole source waits what Retry-After asks; a page that stays at 503 is refused after its tries."""
    busy = [Reply("later", 429, {"Retry-After": "1"}), Reply(item_page(12))]
    with serving(site(TEN, item_12=busy, item_15=Reply("down", 503))) as server:
        outcome = crawl(server, tmp_path, BACK_OFF_SECONDS=["0.2", "0.4"])

    first, second = server.times("/item/12")
    assert second - first >= 1.0
    assert not [asked.path for asked in server.asked if first < asked.at < first + 1.0]
    tries = server.times("/item/15")
    assert [
        round(later - earlier, 1) >= wait for earlier, later, wait in zip(tries, tries[1:], (0.2, 0.4), strict=False)
    ]
    assert len(tries) == 3
    assert reasons(tmp_path) == {"15": "blocked: HTTP status 503"}
    assert (outcome["verdict"], outcome["tally"]["refused_count"]) == ("accepted", 1)
    assert outcome["tally"]["response_count"] == len(TEN) + 1


def test_leaves_a_site_that_blocks(tmp_path: Path) -> None:
    """The third block page ends the crawl: the run is rejected, nothing becomes visible, the site is left alone."""
    blocked = {f"item_{number}": Reply(CHALLENGE) for number in TEN}
    with serving(site(TEN, **blocked)) as server:
        outcome = crawl(server, tmp_path)

    assert (outcome["verdict"], outcome["why"]) == ("rejected", "the crawl ended with 'blocked'")
    assert 3 <= len([path for path in server.paths() if path.startswith("/item/")]) <= 4
    assert set(reasons(tmp_path).values()) == {"blocked: Cloudflare challenge"}
    assert rows(tmp_path / "live.db", "select id from documents") == []


def test_redirect_to_a_private_address(tmp_path: Path) -> None:
    """A redirect to an address inside is refused before a connection is made, whatever its spelling."""
    with serving({}) as server:
        port = server.server_port
        targets = {
            12: f"http://127.0.0.2:{port}/item/92",
            13: f"http://localhost:{port}/item/93",
            14: f"http://2130706433:{port}/item/94",
            15: "http://169.254.169.254/item/95",
            16: "file:///etc/hostname",
        }
        server.replies = site(
            list(range(11, 17)),
            **{f"item_{n}": Reply(status=302, headers={"Location": to}) for n, to in targets.items()},
        )
        outcome = crawl(server, tmp_path)

    assert sorted(set(server.paths())) == sorted(["/robots.txt", "/list", *(f"/item/{n}" for n in range(11, 17))])
    assert outcome["verdict"] == "rejected"
    assert outcome["tally"]["response_count"] == 7
    found = reasons(tmp_path)
    private = {number: reason for number, reason in found.items() if "private address" in reason}
    assert sorted(private) == ["92", "93", "94", "95"]
    assert "127.0.0.2" in found["92"]
    assert len(found) == 5


@pytest.mark.parametrize(("allowed", "reached"), [([], False), (["register.example"], True)])
def test_a_name_that_leads_inside_when_it_is_connected_to(tmp_path: Path, allowed: list[str], reached: bool) -> None:
    """A name that is public when it is checked and at 127.0.0.1 a moment later: nothing is sent, with the reason.

    With the name allowed the same crawl reaches the server, so it is the resolver that stops it.
    """
    with serving(site(TEN)) as server:
        order = {
            "base": f"http://register.example:{server.server_port}",
            "db": str(tmp_path / "live.db"),
            "delay": 0.02,
        }
        done = start({**order, "rebinds": "register.example", "settings": {"GUARD_ALLOW": allowed}})

    assert done.returncode == 0, done.stderr
    assert bool(server.asked) is reached
    found = [row["reason"] for row in rows(tmp_path / "live.db", "select reason from rejects where level='page'")]
    assert found == ([] if reached else ["refused: register.example is at the private address 127.0.0.1"])


def test_broken_answers(tmp_path: Path) -> None:
    """A body over the limit, a reset, a stall and a missing page are refused one by one, and the run is judged."""
    big = "x" * 200_000
    broken = {
        "item_11": Reply(big),
        "item_12": Reply(big, sized=False),
        "item_13": Reply(reset=True),
        "item_14": Reply(item_page(14), stall=3),
        "item_15": Reply("gone", 404),
    }
    with serving(site(TEN, **broken)) as server:
        outcome = crawl(server, tmp_path, DOWNLOAD_MAXSIZE=50_000, DOWNLOAD_TIMEOUT=1)

    assert (outcome["verdict"], outcome["why"]) == ("rejected", "5 of 11 pages refused; see rejects")
    found = reasons(tmp_path)
    assert sorted(found) == ["11", "12", "13", "14", "15"]
    assert "50000" in found["11"]
    assert found["12"] == "DownloadCancelledError"
    assert found["15"] == "HTTP status 404"
    assert all(found.values())


@pytest.mark.parametrize(
    ("replies", "arguments", "code", "said"),
    [
        (site(TEN), ["--contact", CONTACT], 0, "accepted"),
        (site(TEN, list=Reply("down", 500)), ["--contact", CONTACT], 1, "pages refused"),
        (site(TEN), [], 2, "--contact"),
    ],
)
def test_exit_codes(
    tmp_path: Path, replies: dict[str, list[Reply]], arguments: list[str], code: int, said: str
) -> None:
    """The command ends with 0 for an accepted run, 1 for a rejected one, 2 when it is asked wrongly."""
    with serving(replies) as server:
        command = ["crawl", "toy", *arguments, "--delay", "0.5", "--db", str(tmp_path / "live.db")]
        options = {"BACK_OFF_SECONDS": ["0.1"], "HOST_DELAY": 0.02}
        done = start({"base": server.base, "cli": command, "settings": options})

    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr
    assert bool(server.asked) == (code != 2)


def guard(*allowed: str) -> Guard:
    return Guard(SimpleNamespace(settings=Settings({"GUARD_ALLOW": list(allowed)})))


def resolves_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every name resolve to these addresses; the list of names that were asked for."""
    asked: list[str] = []

    def answer(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "10.1.2.3", "192.168.0.1"),
        *("169.254.169.254", "100.64.0.1", "224.0.0.1", "::1", "::", "fd00::1", "fe80::1", "ff02::1"),
        *("::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "localhost"),
    ],
)
def test_private_address(host: str) -> None:
    """Every spelling of an address inside is recognised."""
    assert asyncio.run(private_address(host)) is not None


@pytest.mark.parametrize("host", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_address(host: str) -> None:
    """Addresses of the open internet pass."""
    assert asyncio.run(private_address(host)) is None


def test_guard_refuses_a_name_with_any_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public name that resolves to a private address beside a public one is refused with that address."""
    resolves_to(monkeypatch, "93.184.216.34", "10.0.0.7")

    with pytest.raises(IgnoreRequest, match=r"register\.example is at the private address 10\.0\.0\.7"):
        asyncio.run(guard().process_request(Request("http://register.example/list")))


def test_guard_lets_public_names_pass_and_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public name passes and is resolved once for many requests."""
    asked = resolves_to(monkeypatch, "93.184.216.34")

    async def two(one: Guard) -> None:
        for path in ("list", "item/1"):
            await one.process_request(Request(f"http://register.example/{path}"))

    asyncio.run(two(guard()))

    assert asked == ["register.example"]


def test_guard_allows_only_what_is_named() -> None:
    """An allowed address is that address and no other of its network."""
    one = guard("127.0.0.1")

    asyncio.run(one.process_request(Request("http://127.0.0.1/")))
    with pytest.raises(IgnoreRequest, match=r"127\.0\.0\.2"):
        asyncio.run(one.process_request(Request("http://127.0.0.2/")))
    with pytest.raises(IgnoreRequest, match="scheme 'ftp'"):
        asyncio.run(one.process_request(Request("ftp://127.0.0.1/")))
