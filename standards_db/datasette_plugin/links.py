"""Addresses: pages of documents and works, filtered tables, static files, and which foreign address may be a link."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit
from weakref import WeakKeyDictionary

from datasette.utils import tilde_encode

from standards_db.datasette_plugin import words

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette
    from datasette.database import Database

DATABASE = "standards"
MODULE = __name__.rpartition(".")[0]
STATIC = Path(__file__).parent / "static"
WEB_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\]+", re.IGNORECASE)
ABOUT: WeakKeyDictionary[Datasette, dict[str, str]] = WeakKeyDictionary()
DESCRIBED: WeakKeyDictionary[Datasette, dict[str, Any]] = WeakKeyDictionary()
PROVENANCE = {
    *(
        "tier",
        "other_sources",
        "first_seen",
        "last_seen",
        "page_url",
        "page_sha256",
        "retrieved_at",
        "archive_ref",
        "run",
    ),
    *("source", "published_precision", "edition_key"),
}
ROWS = re.compile(r"[a-z_]+(\?[^\s<>\"'`\\]*)?")


def tracker_database(datasette: Datasette) -> Database | None:
    """The served database, when it is served under its name."""
    return datasette.databases.get(DATABASE)


def safe_url(value: object) -> str | None:
    """`value` when it is one whole http or https address, else None: `javascript:` and `data:` never become links."""
    text = str(value).strip() if value is not None else ""
    return text if WEB_ADDRESS.fullmatch(text) and urlsplit_host(text) else None


def urlsplit_host(text: str) -> str:
    """The host of an address, blank when there is none or the address is malformed."""
    try:
        return urlsplit(text).hostname or ""
    except ValueError:
        return ""


def row_url(datasette: Datasette, table: str, key: str) -> str:
    return str(datasette.urls.row(DATABASE, table, tilde_encode(key)))


def table_url(datasette: Datasette, table: str, **filters: object) -> str:
    """The table page with exactly the rows of `filters` (Datasette's `column__op=value`); None values are left out."""
    query = urlencode({column: value for column, value in filters.items() if value is not None})
    return str(datasette.urls.table(DATABASE, table)) + (f"?{query}" if query else "")


def rows_url(datasette: Datasette, link: object) -> str | None:
    """The address behind a figure's `numerator_link`: a path relative to the database. None when it is not one."""
    if not isinstance(link, str) or not ROWS.fullmatch(link):
        return None
    table, _, query = link.partition("?")
    return str(datasette.urls.table(DATABASE, table)) + (f"?{query}" if query else "")


def standard_url(datasette: Datasette, identifier: str) -> str:
    """The address that finds a standard by any spelling and sends the reader to its page."""
    return str(datasette.urls.path(f"/standard/{tilde_encode(identifier)}"))


def static_url(datasette: Datasette, name: str) -> str:
    return str(datasette.urls.static_plugins(static_folder(), name))


@cache
def static_folder() -> str:
    """Datasette names the folder of `static/` after the distribution, or the module when it has none."""
    from datasette.plugins import get_plugins  # not there yet when Datasette loads this plugin

    return next((plugin["name"] for plugin in get_plugins() if plugin["static_path"] == str(STATIC)), MODULE)


def about(datasette: Datasette) -> dict[str, str]:
    """Title, description and licence of the whole in the language of the page.

    metadata.yml is read once: every look into it copies all of it (15 ms).
    """
    if datasette not in ABOUT:
        found = {name: datasette.metadata(name) for name in ("title", "description", "license", "license_url")}
        ABOUT[datasette] = {**found, "title": found["title"] or "Cyberspace standards tracker"}
    return {name: words.told(name, text) for name, text in ABOUT[datasette].items()}


def tables_of(datasette: Datasette) -> dict[str, Any]:
    """What metadata.yml says of each table."""
    found: dict[str, Any] = described(datasette).get("tables", {})
    return found


def queries_of(datasette: Datasette) -> dict[str, Any]:
    """The saved questions of metadata.yml, in its order."""
    found: dict[str, Any] = described(datasette).get("queries", {})
    return found


def described(datasette: Datasette) -> dict[str, Any]:
    """The part of metadata.yml on the snapshot, read once for the same reason."""
    if datasette not in DESCRIBED:
        DESCRIBED[datasette] = (datasette.metadata("databases") or {}).get(DATABASE, {})
    return DESCRIBED[datasette]


def table_about(datasette: Datasette, table: str, name: str, given: str = "") -> str:
    """What metadata.yml says of a table (`title`, `description`) in the language of the page; `given` where nothing."""
    return words.told(
        f"databases.{DATABASE}.tables.{table}.{name}", tables_of(datasette).get(table, {}).get(name) or given
    )


def title_of(datasette: Datasette, name: str) -> str:
    """The title of a table or of a saved question in the language of the page, else its name."""
    if name in tables_of(datasette):
        return table_about(datasette, name, "title", name)
    given = queries_of(datasette).get(name, {}).get("title", name)
    return words.told(f"databases.{DATABASE}.queries.{name}.title", given)


def sql_host(datasette: Datasette) -> str | None:
    """Where visitors may run their own SQL when it is not here: `sql_url` of the plugin's settings."""
    host = safe_url((datasette.plugin_config("standards_db") or {}).get("sql_url"))
    return f"{host.rstrip('/')}/{DATABASE}" if host else None


def menu(datasette: Datasette) -> list[tuple[str, str]]:
    """Addresses of the main menu, each with the key of its word."""
    if tracker_database(datasette) is None:
        return []
    return [
        (table_url(datasette, "documents"), "menu.documents"),
        (table_url(datasette, "certificates"), "menu.certificates"),
        (table_url(datasette, "adoptions"), "menu.adoptions"),
        (table_url(datasette, "topics"), "menu.topics"),
        (str(datasette.urls.path("/pair/cn/us")), "menu.divergence"),
        (table_url(datasette, "instruments"), "menu.law"),
        (str(datasette.urls.path("/compare")), "menu.compare"),
        (str(datasette.urls.path("/methods")), "menu.methods"),
        (str(datasette.urls.path("/recipes")), "menu.recipes"),
        (str(datasette.urls.path("/coverage")), "menu.coverage"),
        (str(datasette.urls.path("/data-health")), "menu.health"),
        (str(datasette.urls.database(DATABASE)), "menu.everything"),
    ]


async def sample_runs(datasette: Datasette) -> int:
    """How many of the snapshot's accepted runs read the embedded sample, which is no recording."""
    if tracker_database(datasette) is None or not await datasette.get_database(DATABASE).table_exists("runs"):
        return 0
    sql = "select count(*) from runs where mode = 'sample' and verdict = 'accepted'"
    return int((await datasette.get_database(DATABASE).execute(sql)).single_value())


def in_order(items: Iterable[dict[str, Any]], names: list[str] | None, key: str) -> list[dict[str, Any]]:
    """The items whose `key` is in `names`, in that order; all of them as they come when no names are given."""
    if not names:
        return list(items)
    known = {item[key]: item for item in items}
    return [known[name] for name in names if name in known]


def row_parts(cells: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The cells of a row: what it says (`main`), and as what it was printed and where and when it was read (`rest`)."""
    parts: dict[str, list[dict[str, Any]]] = {"main": [], "rest": []}
    for cell in cells:
        is_rest = cell["column"] in PROVENANCE or cell["column"].endswith("_text")
        parts["rest" if is_rest else "main"].append(cell)
    return parts if parts["main"] else {"main": parts["rest"], "rest": []}


def topic_words(label: str, label_zh: str | None) -> dict[str, str]:
    """Both names of a topic, that in the language of the page `first`, each with its language."""
    names = [(label, "en"), (label_zh or "", "zh")]
    if words.CURRENT.get() == "zh" and label_zh:
        names.reverse()
    (first, lang), (second, second_lang) = names
    return {"first": first, "lang": lang, "second": second, "second_lang": second_lang}


def template_globals(datasette: Datasette) -> dict[str, Callable[..., Any]]:
    """What every template may call, error pages included."""
    return {
        "t": words.t,
        "named": words.named,
        "heading": words.heading,
        "marked": words.marked,
        "choices_of": words.choices_of,
        "told": words.told,
        "table_about": lambda table, name, given="": table_about(datasette, table, name, given),
        "query_about": lambda query, name, given: words.told(f"databases.{DATABASE}.queries.{query}.{name}", given),
        "yes_no": words.yes_no,
        "row_parts": row_parts,
        "topic_words": topic_words,
        "site_about": lambda: about(datasette),
        "tongue": words.CURRENT.get,
        "doc_url": lambda key: row_url(datasette, "documents", key),
        "work_url": lambda key: row_url(datasette, "works", key),
        "record_url": lambda table, key: row_url(datasette, table, key),
        "rows_of": lambda table, **filters: table_url(datasette, table, **filters),
        "figure_url": lambda link: rows_url(datasette, link),
        "find_url": lambda identifier: standard_url(datasette, identifier),
        "search_url": lambda: str(datasette.urls.path("/-/search")),
        "coverage_url": lambda: str(datasette.urls.path("/coverage")),
        "sql_host": lambda: sql_host(datasette),
        "methods_url": lambda: str(datasette.urls.path("/methods")),
        "compare_url": lambda: str(datasette.urls.path("/compare")),
        "pair_url": lambda a, b: str(datasette.urls.path(f"/pair/{a}/{b}")),
        "tracker_static": lambda name: static_url(datasette, name),
        "tracker_menu": lambda: menu(datasette),
        "tracker_title": lambda: about(datasette)["title"],
        "sample_runs": lambda: sample_runs(datasette),
        "in_order": in_order,
        "safe_url": safe_url,
        "host_of": lambda url: urlsplit_host(str(url)).removeprefix("www."),
    }
