"""The load benchmark asks for pages that are there, and judges what it measured by its goals."""

from __future__ import annotations

import http.client
import http.server
import threading
from collections.abc import Iterator

import pytest
import yaml
from served import METADATA, Served
from small_snapshot import build_snapshot

from benchmarks.load import Times, asked_again, in_turns, table
from benchmarks.load_pages import Kind, kinds


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, list[Kind]]]:
    path = build_snapshot(tmp_path_factory.mktemp("load"))
    questions = yaml.safe_load(METADATA.read_text(encoding="utf-8"))["databases"]["standards"]["queries"]
    found = Served(path)
    yield found, kinds(path, questions, 4, 7)
    found.close()


def test_every_address_is_a_page(served: tuple[Served, list[Kind]]) -> None:
    """Each kind has addresses, no two alike, and each of them is answered with 200."""
    host, asked = served
    assert len({kind.name for kind in asked}) == len(asked) > 25
    for kind in asked:
        assert kind.ours, kind.name
        wrong = {address: status for address in set(kind.ours) if (status := host.get(address).status_code) != 200}
        assert wrong == {}, kind.name


def test_the_other_host_is_asked_for_the_same_tables(served: tuple[Served, list[Kind]]) -> None:
    """As many addresses on both sides, on the same tables, wherever both have the page; designed pages are ours."""
    for kind in served[1]:
        assert len(kind.stock) in (0, len(kind.ours)), kind.name
        if kind.name.startswith(("table", "certificates", "figures")):
            assert [one.partition("?")[0] for one in kind.stock] == [one.partition("?")[0] for one in kind.ours]
    assert {kind.name for kind in served[1] if not kind.stock} >= {"topic", "coverage", "search over everything"}


def test_turns_hold_every_address_once(served: tuple[Served, list[Kind]]) -> None:
    turns = in_turns(served[1], 1, stock=False)
    assert sorted(turns) == sorted((kind.name, address) for kind in served[1] for address in kind.ours)
    assert turns != sorted(turns)


@pytest.mark.parametrize(
    ("first", "many", "failed", "met"),
    [
        ([10.0] * 20, [20.0] * 20, 0, "yes"),
        ([10.0] * 20, [400.0] * 20, 0, "one client"),
        ([400.0] * 20, [20.0] * 20, 0, "no"),
        ([10.0] * 18 + [1200.0] * 2, [20.0] * 20, 0, "no"),
        ([10.0] * 20, [20.0] * 20, 1, "no"),
    ],
)
def test_goals(first: list[float], many: list[float], failed: int, met: str) -> None:
    """Median and 95th percentile of both phases count, and so does an answer that is not 200."""
    kind = Kind("page", ["/page"], [])
    once, again = Times(first, cpu=0.5, failed=failed), Times(first)
    (line,) = table(
        [kind], {"first": {"page": once}, "again": {"page": again}, "many": {"page": Times(many)}, "stock": {}}
    )
    assert line[-1] == met
    assert line[2] == sorted(first)[9]
    assert line[4] == 25.0


def test_a_closed_connection_is_opened_again() -> None:
    """A server that closes after each answer is asked on; one that is gone gives no answer and no error."""

    class Once(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")
            self.close_connection = True  # without saying so in a header

        def log_message(self, *given: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Once) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = http.client.HTTPConnection(*server.server_address[:2], timeout=20)
        assert [asked_again(connection, "/") for _ in range(3)] == [200, 200, 200]
        server.shutdown()
    connection.close()
    assert asked_again(connection, "/") == 0


def test_percentile_is_a_measured_value() -> None:
    """The 95th percentile of 20 answers is the 19th, of one answer that one, of none nothing."""
    assert Times([float(n) for n in range(1, 21)]).p95 == 19
    assert Times([3.0]).p95 == 3
    assert Times().p95 is None and Times().median is None
