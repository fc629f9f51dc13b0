"""How to cite a page: its title, the day and hash of the snapshot, and an address that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from datasette.utils import tilde_decode
from datasette.utils.asgi import Request

from standards_db.datasette_plugin.links import DATABASE, about, title_of
from standards_db.datasette_plugin.pages.frame import first, kept, snapshot_of
from standards_db.datasette_plugin.words import say

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

SNAPSHOT = "select as_of, sha256, built_at from snapshot limit 1"
HASH_SHOWN = 12


async def citation(datasette: Datasette, request: Request) -> str | None:
    """One line that names this page, the snapshot it was read from and its address; None without a snapshot."""
    db = await snapshot_of(datasette)
    if db is None:
        return None
    snapshot = await kept(db, "citation", lambda: first(db, SNAPSHOT))
    assert snapshot is not None  # publish writes exactly one row
    query = f"?{request.query_string}" if request.query_string else ""
    return say(
        "record.citation",
        title=about(datasette)["title"],
        page=page_name(datasette, request.path),
        day=snapshot["as_of"],
        hash=snapshot["sha256"][:HASH_SHOWN],
        url=datasette.absolute_url(request, f"{request.scope.get('tongue', '')}{request.path}{query}"),
    )


def page_name(datasette: Datasette, path: str) -> str:
    """What a reader calls the page: the title of its table or question and the key of its row, else its path."""
    parts = [tilde_decode(unquote(part)) for part in path.strip("/").split("/")]
    if len(parts) > 1 and parts[0] == DATABASE:
        parts = [title_of(datasette, parts[1]), *parts[2:]]
    return " ".join(parts[-2:])
