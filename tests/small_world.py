"""A small ingest database written row by row, for tests that need to know every figure by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasette.app import Datasette

from standards_db.schema import open_db

PAGE = {
    "page_url": "https://register.example/list",
    "page_sha256": "0" * 64,
    "retrieved_at": "2026-03-01T10:00:00Z",
    "run": 1,
}
BODIES = {"cn": "sac", "eu": "cen", "us": "nist", "intl": "iso"}
SOURCES = {"cn": "register_cn", "eu": "register_eu", "us": "register_us", "intl": "register_intl"}


@dataclass
class World:
    """Rows by table. Every method takes the few values that matter and overrides for the rest."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: str, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    def work(self, work: str, *, body: str = "iso", sphere: str = "intl", **over: Any) -> None:
        self.add("works", **{"id": work, "body": body, "sphere": sphere, "title": f"Title of {work}", **over})

    def document(self, id_: str, sphere: str, topics: Iterable[str] = (), **over: Any) -> None:
        row = {
            "id": id_,
            "identifier": id_,
            "identifier_text": id_,
            "body": BODIES[sphere],
            "sphere": sphere,
            "kind": "standard",
            "title": f"Title of {id_}",
            "status": "in_force",
            "is_in_force": 1,
            "source": SOURCES[sphere],
            **PAGE,
        }
        self.add("documents", **{**row, **over})
        for topic in topics:
            self.add("document_topics", document=id_, topic=topic, rule="title keyword", matched="word")

    def adopts(self, document: str, work: str, degree: str | None, edition: str | None = None, **over: Any) -> None:
        """`edition` is the year of the adopted edition, None when the source states none."""
        row = {
            "document": document,
            "type": "adopts",
            "degree": degree,
            "degree_text": degree,
            "target_text": f"{work}:{edition}" if edition else work,
            "target_identifier": f"{work}:{edition}" if edition else work,
            "target_work": work,
            "target_edition_key": edition.zfill(6) if edition else None,
            "method": "source field",
            "confidence": "high",
            "evidence": "printed cell",
            "source": "register_cn",
            **PAGE,
        }
        self.add("relations", **{**row, **over})

    def certificate(self, id_: str, **over: Any) -> None:
        row = {
            "id": id_,
            "number": id_,
            "scheme": "eucc",
            "scheme_text": "EUCC",
            "sphere": "eu",
            "source": SOURCES["eu"],
            **PAGE,
        }
        self.add("certificates", **{**row, **over})

    def write(self, path: Path) -> Path:
        with closing(open_db(path).conn) as connection:
            connection.execute("begin")
            connection.execute("delete from instrument_topics")  # curated facts are no part of a world written by hand
            for sphere, source in SOURCES.items():
                connection.execute(
                    "insert or ignore into sources (key, title, sphere, body, holds, tier) values (?,?,?,?,?,?)",
                    [source, f"Register of {sphere}", sphere, BODIES[sphere], "documents", "primary"],
                )
            connection.execute(
                "insert into runs (id, source, mode, started_at, verdict)"
                " values (1, 'register_cn', 'live', ?, 'accepted')",
                [PAGE["retrieved_at"]],
            )
            for table, rows in self.rows.items():
                for row in rows:
                    marks = ", ".join(f":{name}" for name in row)
                    connection.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", row)
            connection.execute("commit")
        return path


def small_world(spheres: tuple[str, str, str] = ("cn", "eu", "us"), topics: tuple[str, str] = ("isms", "pki")) -> World:
    """Two topics of which every figure is worked out in test_measures; `spheres` plays the roles of cn, eu, us."""
    cn, eu, us = spheres
    first, second = topics
    world = World()
    for n in range(1, 6):
        work = f"ISO 900{n}"
        world.work(work, newest_in_force=f"{work}:2022")
        world.document(f"{work}:2022", "intl", [first], work=work, edition="2022", edition_key="002022", year=2022)
    world.document("ISO 9001:2013", "intl", [first], work="ISO 9001", edition_key="002013", year=2013, is_in_force=0)
    world.work("ISO 9006", title=None)  # adopted, and not held
    world.work("RFC 9999", body="ietf", newest_in_force="RFC 9999")
    world.document("RFC 9999", "intl", [first], work="RFC 9999", body="ietf")

    for n in range(1, 7):
        world.document(f"C {n}-2020", cn, [first], title_zh=f"信息安全 {n}", title=None)
    world.document("C 7-2020", cn, [first], kind="draft")
    world.document("C 8-2020", cn, [first], kind="amendment")
    world.document("C 9-2020", cn, [first], status="superseded", is_in_force=0)
    world.adopts("C 1-2020", "ISO 9001", "IDT", "2013", target_document="ISO 9001:2013", is_stale=1)
    world.adopts("C 2-2020", "ISO 9002", "MOD", "2022", target_document="ISO 9002:2022", is_stale=0)
    world.adopts("C 3-2020", "ISO 9003", "NEQ", "2022", is_stale=0)
    world.adopts("C 4-2020", "ISO 9004", None, "2022", is_stale=0)
    for n in (7, 8, 9):
        world.adopts(f"C {n}-2020", "ISO 9005", "IDT", "2022", is_stale=0)

    for n in range(1, 6):
        world.document(f"E {n}-2023", eu, [first])
    world.adopts("E 1-2023", "ISO 9001", "IDT", "2022", target_document="ISO 9001:2022", is_stale=0)
    world.adopts("E 2-2023", "ISO 9002", "IDT", "2022", is_stale=0)
    world.adopts("E 3-2023", "ISO 9003", "IDT", "2022", is_stale=0)
    world.adopts("E 4-2023", "ISO 9006", "IDT")

    for n in range(1, 5):
        world.document(f"U {n}-2021", us, [first])
    world.adopts("U 1-2021", "ISO 9001", "IDT", "2013", target_document="ISO 9001:2013", is_stale=1)

    for n in range(1, 7):
        world.work(f"ISO 80{n}")
        world.document(f"D {n}-2019", cn, [second])
        world.adopts(f"D {n}-2019", f"ISO 80{n}", "IDT", "2010", is_stale=(1, 0, 1, 0, 0, None)[n - 1])
    return world


def rows_at(path: Path, links: Iterable[str]) -> dict[str, int]:
    """How many rows the served database shows at each link (a path relative to the database root)."""

    async def count() -> dict[str, int]:
        datasette = Datasette([], immutables=[str(path)], settings={"suggest_facets": False})
        found = {}
        for link in dict.fromkeys(links):
            table, _, query = link.partition("?")
            response = await datasette.client.get(f"/{path.stem}/{table}.json?{query}&_size=1&_shape=objects")
            assert response.status_code == 200, f"{link}: {response.text}"
            found[link] = response.json()["filtered_table_rows_count"]
        return found

    return asyncio.run(count())
