"""What the load benchmark asks for: every kind of page with many addresses of it, drawn from the served snapshot."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from random import Random
from urllib.parse import urlencode

from datasette.utils import tilde_encode

Questions = dict[str, dict[str, str]]
DATABASE = "/standards"
MEDIAN_MS, P95_MS, FRONT_MS = 300, 1000, 100
ROWS = 50  # as our table pages show
SPHERES = ("cn", "eu", "us")
SEARCHED = ("security", "battery", "encryption", "privacy", "valves", "firewall", "lamps", "identity", "cloud", "risk")
SEARCHED_ZH = ("安全", "密码", "电池", "管理", "个人信息", "要求", "光纤", "移动通信", "照明", "漏洞")
DOCUMENT_FACETS = ("sphere", "body", "status", "kind")
FIGURE_FACETS = ("measure", "topic", "sphere_a", "year")
PARAMETER = re.compile(r"(?<!:):([a-z_]+)\b")


@dataclass(frozen=True)
class Kind:
    """One kind of page: addresses at our host, and the same at a Datasette without plugin where it has such a page."""

    name: str
    ours: list[str]
    stock: list[str]
    median_ms: int = MEDIAN_MS


def kinds(snapshot: Path, questions: Questions, wanted: int, seed: int) -> list[Kind]:
    """Every kind with up to `wanted` different addresses; `questions` are those of metadata.yml."""
    with closing(sqlite3.connect(f"{snapshot.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        draw = Draw(connection, wanted, seed)
        return [*draw.designed(), *draw.tables(), *draw.answers(questions)]


class Draw:
    """Draws addresses of rows anywhere in a snapshot, the same ones for the same seed."""

    def __init__(self, connection: sqlite3.Connection, wanted: int, seed: int) -> None:
        self.connection, self.wanted, self.rng = connection, wanted, Random(seed)

    def keys(self, table: str, key: str = "id") -> list[str]:
        """Keys of rows drawn by their number, so that even a large table is not read."""
        last = self.connection.execute(f"select max(rowid) from {table}").fetchone()[0] or 0
        places = [self.rng.randint(1, last) for _ in range(4 * self.wanted)] if last else []
        found = (self.connection.execute(f"select {key} from {table} where rowid = ?", [place]) for place in places)
        return list(dict.fromkeys(row[0] for rows in found for row in rows if row[0]))[: self.wanted]

    def all_of(self, sql: str) -> list[str]:
        """Up to `wanted` of the values that a query gives."""
        found = [row[0] for row in self.connection.execute(sql)]
        return self.rng.sample(found, min(self.wanted, len(found)))

    def designed(self) -> Iterator[Kind]:
        """The pages that the plugin designs."""
        documents = self.keys("documents")
        pairs = [f"/pair/{a}/{b}" for a, b in combinations(SPHERES, 2)]
        compared = [urlencode({"a": a, "b": b}) for a, b in pairwise(documents)]
        yield Kind("front", ["/"], ["/"], FRONT_MS)
        yield Kind("database", [DATABASE], [DATABASE])
        yield Kind("topic", rows_of("topics", self.all_of("select key from topics")), [])
        yield Kind("pair (compare spheres)", pairs, [])
        yield Kind("document", rows_of("documents", documents), rows_of("documents", documents))
        works = rows_of("works", self.keys("works"))
        yield Kind("work", works, works)
        bodies = rows_of("bodies", self.all_of("select distinct body from documents where body is not null"))
        yield Kind("body", bodies, bodies)
        vendors = rows_of("vendors", self.keys("vendors", "key"))
        yield Kind("vendor", vendors, vendors)
        schemes = "select distinct scheme from certificates where scheme is not null"
        yield Kind("scheme", rows_of("schemes", self.all_of(schemes)), [])
        yield Kind("compare documents", [f"/compare?{query}" for query in compared], [])
        yield from (Kind(name[1:], [name], []) for name in ("/data-health", "/coverage", "/methods", "/recipes"))
        words = [*SEARCHED, *SEARCHED_ZH][: self.wanted]
        yield Kind("search over everything", [f"/-/search?{urlencode({'q': word})}" for word in words], [])

    def tables(self) -> Iterator[Kind]:
        """Table pages: ours show the facets of metadata.yml, the other is asked for the same ones."""
        sizes = [f"_size={ROWS - place}" for place in range(min(self.wanted, ROWS - 1))]
        documents, certificates = f"{DATABASE}/documents?", f"{DATABASE}/certificates?"
        yield Kind("table, plain", after(documents, sizes, "&_nofacet=1"), after(documents, sizes))
        yield Kind("table, facets", after(documents, sizes), after(documents, sizes, facets(*DOCUMENT_FACETS)))
        filters = [self.filters() for _ in range(self.wanted)]
        filtered = after(documents, filters, facets(*DOCUMENT_FACETS))
        yield Kind("table, facets, two filters", after(documents, filters), filtered)
        for name, words in (("English", SEARCHED), ("Chinese", SEARCHED_ZH)):
            asked = [urlencode({"_search": word}) for word in words]
            searched = after(documents, asked, facets(*DOCUMENT_FACETS))
            yield Kind(f"table, facets, {name} search", after(documents, asked), searched)
        faceted = after(certificates, sizes, facets("scheme", "country", "status", "year"))
        yield Kind("certificates, facets", after(certificates, sizes), faceted)
        topics = [urlencode({"topic": topic}) for topic in self.all_of("select key from topics")]
        figures = f"{DATABASE}/figures?"
        yield Kind("figures of a topic", after(figures, topics), after(figures, topics, facets(*FIGURE_FACETS)))

    def answers(self, questions: Questions) -> Iterator[Kind]:
        """Saved questions, feeds, and what machines read."""
        named, typed = [], []
        for name, question in questions.items():
            asked = dict.fromkeys(PARAMETER.findall(question["sql"]), "")
            asked |= {"sphere": self.rng.choice(SPHERES)} if "sphere" in asked else {}
            asked |= {"q": self.rng.choice(SEARCHED_ZH)} if "q" in asked else {}
            asked |= {"work": self.keys("works")[0]} if "work" in asked else {}
            named.append(f"{DATABASE}/{name}?{urlencode(asked)}")
            typed.append(f"{DATABASE}?{urlencode({'sql': question['sql'], **asked})}")
        yield Kind("saved question", named, typed)
        yield Kind("feed of a question", [one.replace("?", ".atom?", 1) for one in named], [])
        filters = [self.filters() for _ in range(self.wanted)]
        rows = after(f"{DATABASE}/documents.json?", filters)
        yield Kind("table, JSON", rows, rows)
        yield Kind("feed of changes", after(f"{DATABASE}/changes.atom?", [f"_size={100 + n}" for n in range(5)]), [])
        yield Kind("sitemap", ["/sitemap.xml"], [])
        yield Kind("openapi", ["/-/openapi.json"], [])

    def filters(self) -> str:
        body, status = self.connection.execute(
            "select body, status from documents where rowid = ?", [self.rng.randint(1, self.last_document())]
        ).fetchone()
        return urlencode({"body": body, **({"status": status} if status else {"status__isnull": 1})})

    def last_document(self) -> int:
        return int(self.connection.execute("select max(rowid) from documents").fetchone()[0])


def rows_of(table: str, keys: list[str]) -> list[str]:
    return [f"{DATABASE}/{table}/{tilde_encode(key)}" for key in keys]


def after(start: str, queries: list[str], end: str = "") -> list[str]:
    return [f"{start}{query}{end}" for query in queries]


def facets(*columns: str) -> str:
    return "".join(f"&_facet={column}" for column in columns)
