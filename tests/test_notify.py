"""Telling somebody: an address or a command gets the account, and what cannot be delivered is said with the reason."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from toy_live import CONTACT
from toy_server import Reply, serving
from toy_site import TEN, site, start

from crawler import notify

MESSAGE = {"verdict": "incomplete", "missed": ["标准"]}


@contextmanager
def raw_server(answer: bytes, pause: float = 0.0) -> Iterator[str]:
    """An address at which every connection gets these bytes, one at a time if there is a pause between two."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(10_000)
                    for byte in answer if pause else ():
                        connection.sendall(bytes([byte]))
                        time.sleep(pause)
                    connection.sendall(b"" if pause else answer)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_an_address_gets_the_message() -> None:
    """It is posted as JSON, and an answer of 200 to 299 means that it was taken."""
    with serving({"/hook": [Reply(status=204)]}) as server:
        assert notify.send(f"{server.base}/hook", MESSAGE) is None

    (asked,) = server.asked
    assert json.loads(asked.body) == MESSAGE


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_address_that_fails(status: int) -> None:
    """Any other status is a failure that is named."""
    with serving({"/hook": [Reply("no", status)]}) as server:
        reason = notify.send(f"{server.base}/hook", MESSAGE)

    assert reason and str(status) in reason


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_taken_for_delivery(status: int) -> None:
    """The message is not sent on: followed as urllib does, it would arrive empty and count as taken."""
    replies = {"/gone": [Reply(status=status, headers={"Location": "/taken"})], "/taken": [Reply()]}
    with serving(replies) as server:
        reason = notify.send(f"{server.base}/gone", MESSAGE)

    assert reason and str(status) in reason
    assert server.paths() == ["/gone"]


def test_a_slow_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that says nothing, and one that says 200 so slowly that no single wait is long, are given up."""
    monkeypatch.setattr(notify, "SECONDS", 0.5)
    with serving({"/hook": [Reply(stall=2.0)]}) as server:
        silent = notify.send(f"{server.base}/hook", MESSAGE)
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", pause=0.05) as address:
        slow = notify.send(address, MESSAGE)

    assert silent and ("timed out" in silent or "no answer" in silent)
    assert slow == "no answer within 0.5 seconds"


@pytest.mark.parametrize("answer", [b"", b"\x00\x01\x02 garbage\r\n\r\n", b"HTTP/1.1 2000 odd\r\n\r\n"])
def test_an_address_that_answers_nonsense(answer: bytes) -> None:
    """What is no HTTP is a reason too, not a crash at the end of a refresh."""
    with raw_server(answer) as address:
        assert notify.send(address, MESSAGE)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    reason = notify.send(f"http://127.0.0.1:{port}/", MESSAGE)
    assert reason and "refused" in reason


@pytest.mark.parametrize(
    ("command", "said"),
    [("false", "exit code 1"), ("no-such-command-here", "No such file"), ("tee 'half", "No closing quotation")],
)
def test_a_command_that_fails(command: str, said: str) -> None:
    """The exit code, or why it could not be run."""
    reason = notify.send(command, MESSAGE)
    assert reason and said in reason


def test_a_refresh_says_what_it_could_not_deliver(tmp_path: Path) -> None:
    """The address of `--notify` answers 500: the refresh says so and ends with its own exit code."""
    with serving({**site(TEN, list=Reply("down", 500)), "/hook": [Reply("no", 500)]}) as server:
        command = ["refresh", "--force", "--contact", CONTACT, "--db", str(tmp_path / "live.db")]
        options = {"BACK_OFF_SECONDS": ["0.1"], "HOST_DELAY": 0.02}
        done = start({"base": server.base, "cli": [*command, "--notify", f"{server.base}/hook"], "settings": options})

    assert done.returncode == 1, done.stderr
    assert "the notification could not be delivered: HTTP Error 500" in done.stderr
    (told,) = [json.loads(asked.body) for asked in server.asked if asked.path == "/hook"]
    assert (told["verdict"], told["missed"]) == ("incomplete", ["toy"])
