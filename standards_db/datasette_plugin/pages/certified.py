"""Certificates counted as valid, ended or without a stated status, each number with exactly its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette.database import Database

from standards_db.datasette_plugin.charts import Bar, Part
from standards_db.datasette_plugin.links import table_url
from standards_db.datasette_plugin.pages.frame import Row, first
from standards_db.datasette_plugin.words import say

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

# for a query over `certificates c left join statuses s on s.key = c.status`
COUNTS = """count(*) as held, sum(coalesce(s.is_in_force, 0)) as valid, sum(c.status is null) as unstated"""
IN_FORCE = "select group_concat(key) as keys from statuses where is_in_force = 1"


async def keys_in_force(db: Database) -> str:
    """The statuses that mean in force, as the value of a filter `status__in`."""
    found = await first(db, IN_FORCE)
    return str(found["keys"]) if found else ""


def legend(datasette: Datasette) -> tuple[str, ...]:
    return (say("certificate.valid"), say("certificate.ended"), say("certificate.unstated"))


def bar(datasette: Datasette, row: Row, label: str, in_force: str, filters: Row) -> Bar:
    """The bar of a row with COUNTS, in the order of `legend`; `filters` are those of all its certificates."""

    def part(value: int, **more: object) -> Part:
        return Part(value, table_url(datasette, "certificates", **filters, **more))

    ended = row["held"] - row["valid"] - row["unstated"]
    parts = (
        part(row["valid"], status__in=in_force),
        part(ended, status__notin=in_force),
        part(row["unstated"], status__isnull=1),
    )
    return Bar(label, parts, table_url(datasette, "certificates", **filters))
