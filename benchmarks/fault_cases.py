"""The faults of `benchmarks.faults`, each as it is made: what the server, the disk, the clock or the database does."""

from __future__ import annotations

import datetime
import ipaddress
import resource
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils import Database

from benchmarks.toy import Reply, list_page, run_crawl
from crawler import settings
from standards_db.migrations import migrations
from standards_db.schema import DatabaseError, open_db

if TYPE_CHECKING:
    from benchmarks.faults import World

MEGABYTE = "x" * 2**20
CONTACT = "ops@register.example"
MOMENT = "2026-01-01T00:00:00Z"


@dataclass(frozen=True)
class Case:
    """`run` makes the fault and crawls; what it returns is remarked. `brings_nothing` says that no run may be accepted;
    `settle` puts the world right again before the next try."""

    fault: str
    run: Callable[[World, int], str | None]
    tries: int = 3
    brings_nothing: bool = False
    settle: Callable[[World], None] | None = None


def replaced(*replies: Reply, options: dict[str, object] | None = None) -> Callable[[World, int], str | None]:
    """Every item page is answered like this, in turns."""

    def run(world: World, number: int) -> str | None:
        began, sent = time.monotonic(), world.server.sent
        for place, path in enumerate(p for p in world.server.replies if p.startswith("/item/")):
            world.server.replies[path] = [replies[place % len(replies)]]
        run_crawl(world.server, world.db, settings={"BACK_OFF_SECONDS": ["0.1"], **(options or {})})
        megabytes = (world.server.sent - sent) / 2**20
        return f"{megabytes:.1f} MB sent, {time.monotonic() - began:.0f} s"

    return run


def too_large(reply: Reply) -> Callable[[World, int], str | None]:
    """The list is answered like this, under the limits as they are shipped; memory must stay near that limit."""

    def run(world: World, number: int) -> str | None:
        options = {"settings": {"BACK_OFF_SECONDS": ["0.1"]}}
        healthy = run_crawl(world.server, world.db, **options).peak_mb
        world.accepted = world.site.state()
        world.site.change(0.1)
        world.serve()
        sent = world.server.sent
        world.server.replies["/list"] = [reply]
        ended = run_crawl(world.server, world.db, **options)
        limit = settings.LIVE["DOWNLOAD_MAXSIZE"] / 2**20
        if ended.peak_mb - healthy > 4 * limit:
            raise SystemExit(f"{ended.peak_mb:.0f} MB were held, {healthy:.0f} in a healthy crawl")
        megabytes = (world.server.sent - sent) / 2**20
        return f"limit {limit:.0f} MB: {megabytes:.0f} MB sent, peak {ended.peak_mb:.0f} MB, healthy {healthy:.0f} MB"

    return run


def disk_full(world: World, number: int) -> str | None:
    """No file of the crawl may grow any more, from the first byte or a little later."""
    allowed = (0, 40_000, 90_000)[number % 3]

    def limits() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (allowed, allowed))

    return f"exit code {run_crawl(world.server, world.db, limits).code}"


HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
connection.execute("select count(*) from records").fetchone()
print("held", flush=True)
time.sleep(float(sys.argv[3]))
"""


def held(statement: str, seconds: float) -> Callable[[World, int], str | None]:
    """Another process begins a transaction and keeps it for so long; the crawl begins while it does."""

    def run(world: World, number: int) -> str | None:
        command = [sys.executable, "-c", HOLD, str(world.db), statement, str(seconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout and other.stdout.readline() == "held\n"
            cli = ["crawl", "toy", "--contact", CONTACT, "--db", str(world.db)]
            code = run_crawl(world.server, world.db, settings={"HOST_DELAY": 0.0}, cli=cli).code
            other.kill()
        return f"exit code {code}"

    return run


def two_at_once(world: World, number: int) -> str | None:
    """Two refreshes in the same moment: one works, the other ends with 75."""
    codes: list[int] = []
    order = {"cli": ["refresh", "--force", "--contact", CONTACT, "--db", str(world.db)]}
    options = {"HOST_DELAY": 0.02, "BACK_OFF_SECONDS": ["0.1"]}

    def one() -> None:
        codes.append(run_crawl(world.server, world.db, settings=options, **order).code)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if sorted(codes) != [0, 75]:
        raise SystemExit(f"two refreshes at once ended with {codes}")
    return "exit codes 0 and 75"


def clock_set_back(world: World, number: int) -> str | None:
    """Everything stored was stored in what is now the future."""
    db = open_db(world.db)
    future = "2199-01-01T00:00:00Z"
    db.execute("update records set retrieved_at=?, first_seen=?, last_seen=?", [future] * 3)
    db.execute("update runs set started_at=?, finished_at=? where verdict='accepted'", [future] * 2)
    db.execute("update pages set read_at=?, checked_at=?", [future] * 2)
    db.close()
    world.crawl()
    return None


def redirects(world: World, number: int) -> str | None:
    """Item pages lead to addresses inside; a listener there counts who comes."""
    came = []
    with socket.create_server(("127.0.0.2", 0)) as inside:
        inside.settimeout(0.2)
        port = inside.getsockname()[1]
        targets = (f"http://127.0.0.2:{port}/item/11", f"http://[::1]:{port}/item/12", "http://169.254.169.254/item/13")
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                try:
                    came.append(inside.accept()[1])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        for place, path in enumerate(p for p in world.server.replies if p.startswith("/item/")):
            moved = Reply(status=302, headers={"Location": targets[place % len(targets)]})
            world.server.replies[path] = [moved]
        world.crawl()
        stop.set()
        thread.join()
    if came:
        raise SystemExit(f"{len(came)} connections were made to an address inside")
    return "0 connections inside"


def bad_certificate(world: World, number: int) -> str | None:
    """The site answers with a certificate that nobody signed."""
    with tempfile.TemporaryDirectory() as folder:
        pem = self_signed(Path(folder))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(60)
            asked: list[bytes] = []

            def serve() -> None:
                while True:
                    try:
                        connection = context.wrap_socket(listener.accept()[0], server_side=True)
                        asked.append(connection.recv(1000))
                        connection.close()
                    except ssl.SSLError:
                        continue
                    except OSError:
                        return

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            base = f"https://127.0.0.1:{listener.getsockname()[1]}"
            run_crawl(world.server, world.db, base=base, settings={"BACK_OFF_SECONDS": ["0.1"]})
    if any(asked):
        raise SystemExit("a request was sent to a host whose certificate does not hold")
    return "no request was sent"


def self_signed(folder: Path) -> Path:
    """A fresh certificate for 127.0.0.1 and its key in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def garbage(world: World, number: int) -> str | None:
    """What answers does not speak HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                    connection.recv(1000)
                    connection.sendall(bytes(range(256)) * 40)
                    connection.close()
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        run_crawl(world.server, world.db, base=base, settings={"BACK_OFF_SECONDS": ["0.1"]})
    return None


def every_url_new(world: World, number: int) -> str | None:
    """The site has moved every page to another address; the standards are the same."""
    replies = world.server.replies
    for path in [p for p in replies if p.startswith("/item/")]:
        replies[f"/item/{number + 1}000{path.rpartition('/')[2]}"] = replies.pop(path)
    listed = replies["/list"][0]
    replies["/list"] = [replace(listed, body=listed.body.replace("/item/", f"/item/{number + 1}000"), headers={})]
    world.crawl()
    return None


def feed_shrinks(world: World, number: int) -> str | None:
    """The list has lost nine of ten rows."""
    world.server.replies["/list"] = [Reply(list_page(list(world.site.titles)[:3]))]
    world.crawl()
    return None


def old_database(world: World, number: int) -> str | None:
    """A database of before the refresh tables is opened by this code and crawled into."""
    for path in world.db.parent.glob("live.db*"):
        path.unlink()
    old = Database(sqlite3.connect(world.db, isolation_level=None))
    migrations.apply(old, stop_before="m014_refresh")
    old.close()
    world.crawl()
    world.accepted = world.site.state()
    return "migrated and crawled"


def newer_database(world: World, number: int) -> str | None:
    """A database of later code is refused by this code and left as it is."""
    connection = sqlite3.connect(world.db, isolation_level=None)
    row = connection.execute("select * from _sqlite_migrations limit 1")
    names = [column[0] for column in row.description]
    values = {"migration_set": "standards_db", "name": "m999_later", "applied_at": MOMENT}
    marks = ",".join("?" * len(names))
    columns = ",".join(names)
    connection.execute(f"insert into _sqlite_migrations ({columns}) values ({marks})", [values.get(n) for n in names])
    try:
        open_db(world.db)
        raise SystemExit("a newer database was opened")
    except DatabaseError as error:
        said = str(error)
    code = subprocess.run(
        [sys.executable, "-m", "crawler.cli", "check", "--db", str(world.db)], capture_output=True, check=False
    ).returncode
    connection.execute("delete from _sqlite_migrations where name='m999_later'")
    connection.close()
    return f"exit code {code}: {said.partition(': ')[2][:50]}"


BOMB = "<html>" + " " * (16 * 2**20)  # 16 KB on the wire, sent 640 times: members of one gzip file
CASES = (
    Case("disk full", disk_full),
    Case("database read in one long transaction", held("begin", 60)),
    Case("database locked by a writer for 3 s", held("begin immediate", 3), 2),
    Case("database locked by a writer for 60 s", held("begin immediate", 60), 1, True),
    Case("two refreshes at once", two_at_once, tries=2),
    Case("clock set back", clock_set_back, tries=2),
    Case("server stalls", replaced(Reply("late", stall=5.0), options={"DOWNLOAD_TIMEOUT": 0.5}), 1, True),
    Case("server resets connections", replaced(Reply(reset=True)), 2, True),
    Case("server answers garbage", garbage, 2, True),
    Case("server answers 500", replaced(Reply("down", 500)), 2, True),
    Case("10 GB announced", too_large(Reply(MEGABYTE, repeat=10_240)), 1, True),
    Case("10 GB unannounced", too_large(Reply(MEGABYTE, repeat=10_240, sized=False)), 1, True),
    Case("compression bomb of 10 GB", too_large(Reply(BOMB, zipped=True, repeat=640)), 2, True),
    Case("redirects to addresses inside", redirects, 2, True),
    Case("certificate that nobody signed", bad_certificate, 2, True),
    Case("every URL of the site is new", every_url_new, 2),
    Case("feed loses 90 % of its rows", feed_shrinks, 2, True),
    Case("old database, new code", old_database, 1),
    Case("new database, old code", newer_database, 1),
)
