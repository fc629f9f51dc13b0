"""How one cell of a table looks: figures open their rows, identifiers their page, addresses are links only if safe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from standards_db.datasette_plugin import links, words
from standards_db.snapshot_tables import FOREIGN_KEYS

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

STANDARD_COLUMNS = {
    "target_identifier",
    "target_edition",
    "newest_edition",
    "newest",
    "newest_in_force",
    "edition_a",
    "edition_b",
    "adopted_work",
    "target_work",
}
CODES = (
    "sphere",
    "sphere_a",
    "sphere_b",
    "target_sphere",
    "last_sphere",
    "body",
    "status",
    "degree",
    "topic",
    "source",
)
LINKED = (*CODES, "scheme", "country", "work_body")
LONGEST = 200  # as much as Datasette shows of a cell
SHARES = ("share", "shared_base", "skew")


def render(datasette: Datasette, database: str, table: str | None, column: str, value: Any, row: Any) -> Markup | None:
    """Markup for a cell, or None for Datasette's own rendering (which escapes)."""
    if database != links.DATABASE or value is None or isinstance(value, bytes):
        return None
    if isinstance(value, dict):
        return labelled(datasette, column, value["value"], value["label"])
    if table == "certificates" and column == "product" and (key := sibling(row, "id")):
        return Markup('<a href="{}">{}</a>').format(links.row_url(datasette, table, key), value or key)
    if column == "url" or column.endswith("_url") or column == "homepage":
        return address(value)
    if column.endswith("_link"):
        return figure(datasette, value, words.say("cell.open_rows"))
    if link := sibling(row, f"{column}_link"):
        return figure(datasette, link, value)
    if isinstance(value, float) and (column in SHARES or column.startswith(("share_", "uptake_", "stale_"))):
        return Markup('<span class="share">{}</span>').format(percent(value))
    if value in (0, 1) and (column.startswith("is_") or column.endswith("adopts")):
        return Markup("{}").format(words.yes_no(value))
    is_name = column in STANDARD_COLUMNS or (table is None and column in ("document", "work"))
    if is_name and isinstance(value, str) and value:
        return Markup('<a href="{}">{}</a>').format(links.standard_url(datasette, value), value)
    if column == "vendor_key":
        return Markup('<a href="{}">{}</a>').format(links.row_url(datasette, "vendors", str(value)), value)
    if column in LINKED or (table is None and column in FOREIGN_KEYS):
        return labelled(datasette, column, value, None)
    if word := words.known(column, value):
        return Markup("{}").format(word)
    if isinstance(value, str) and not column.endswith("_zh") and len(value) <= LONGEST and words.PASSAGE.search(value):
        return words.marked(value)
    return None


def labelled(datasette: Datasette, column: str, value: Any, label: Any) -> Markup | None:
    """A code as a link to its row, by the word that the language has for it, else by its label."""
    target = FOREIGN_KEYS.get(column, "").partition("(")[0]
    if not target or value in (None, ""):
        return None
    name = words.named(column, value, label)
    return Markup('<a href="{}" title="{}">{}</a>').format(links.row_url(datasette, target, str(value)), value, name)


def address(value: Any) -> Markup | None:
    """A link that shows the host; anything that is not a whole web address stays text."""
    url = links.safe_url(value)
    if url is None:
        return Markup("{}").format(value) if value != "" else None
    return Markup('<a href="{}" rel="nofollow noreferrer" title="{}">{}</a>').format(url, url, links.urlsplit_host(url))


def figure(datasette: Datasette, link: Any, text: Any) -> Markup | None:
    url = links.rows_url(datasette, link)
    return Markup('<a class="figure" href="{}">{}</a>').format(url, text) if url else None


def sibling(row: Any, column: str) -> Any:
    """The value of another column of the row, None when there is no such column."""
    return row[column] if row is not None and column in row.keys() else None  # noqa: SIM118  (sqlite3.Row has no `in`)


def percent(value: float) -> str:
    return f"{100 * value:.0f} %"
