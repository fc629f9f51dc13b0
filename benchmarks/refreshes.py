"""`python -m benchmarks.refreshes [--pages N] [--rounds N]`: what an unchanged and a 1 %-changed refresh cost beside a
full one, on a local toy site, in turns. Read the ratios: all of a line come from the same rounds.

A page is fetched by Scrapy either way, so that the ratio is the smaller the more a page holds. Recorded list and detail
pages hold ten records on average (RESULTS.md); pages with one are the least favourable case.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from tabulate import tabulate

from benchmarks.toy import Site, clock, run_crawl, serving
from standards_db.schema import open_db

HEADERS = (
    "records per page",
    "refresh",
    "requests",
    "304",
    "bytes",
    "CPU s",
    "CPU, full = 1",
    "wall, full = 1",
    "bytes, full = 1",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.refreshes", description=__doc__)
    parser.add_argument("--pages", type=int, default=400, help="item pages of the toy site (default %(default)s)")
    parser.add_argument("--bytes", type=int, default=30_000, help="size of an item page (default %(default)s)")
    parser.add_argument("--records", type=int, nargs="+", default=[1, 10], help="on a page (default 1 and 10)")
    parser.add_argument("--rounds", type=int, default=3, help="the fastest of so many counts (default %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = [line for records in options.records for line in measure(Path(folder), options, records)]
        print(tabulate(lines, headers=HEADERS, tablefmt="github", floatfmt=".3f"))


def measure(folder: Path, options: argparse.Namespace, records: int) -> list[list[object]]:
    """One line per kind of refresh: the round with the least CPU of each."""
    site = Site(options.pages * records, options.bytes, records)
    best: dict[str, list[float]] = {}
    with serving(site.replies(), keeps=True) as server:
        prepared = folder / f"prepared-{records}.db"
        crawl(server, prepared)
        for _ in range(options.rounds):
            for kind in ("full", "unchanged", "1 % changed"):
                db = folder / "round.db"
                for path in folder.glob("round.db*"):
                    path.unlink()
                if kind != "full":
                    shutil.copy(prepared, db)
                if kind == "1 % changed":
                    site.change(0.01)
                    server.replies = site.replies()
                sent = server.sent
                with clock() as taken:
                    cpu = crawl(server, db)
                check(db, site)
                asked, same = counts(db)
                found = [asked, same, server.sent - sent, cpu, taken[0]]
                best[kind] = min(best.get(kind, found), found, key=lambda one: one[3])
                if kind == "1 % changed":
                    shutil.copy(db, prepared)
    full = best["full"]
    return [
        [records, kind, *map(int, one[:3]), one[3], one[3] / full[3], one[4] / full[4], one[2] / full[2]]
        for kind, one in best.items()
    ]


def crawl(server: object, db: Path) -> float:
    ended = run_crawl(server, db, large=True)  # type: ignore[arg-type]
    if ended.code:
        raise SystemExit(f"a crawl ended with {ended.code}")
    connection = open_db(db)
    connection.conn.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    return ended.cpu


def check(db: Path, site: Site) -> None:
    """A refresh that is cheap and wrong does not count."""
    connection = open_db(db)
    rows = {row["id"]: row["title"] for row in connection.query("select id, title from documents")}
    connection.close()
    if rows != site.state():
        raise SystemExit("the refresh did not bring the site's state")


def counts(db: Path) -> tuple[int, int]:
    connection = open_db(db)
    row = connection.execute(
        "select request_count, unchanged_count from host_reports order by run desc limit 1"
    ).fetchone()
    connection.close()
    return int(row[0]), int(row[1])


if __name__ == "__main__":
    main()
