"""What every migration uses: the list they join, and short ways to declare columns."""

from __future__ import annotations

from sqlite_utils import Migrations


def text(names: str) -> dict[str, type]:
    """Text columns with these names."""
    return dict.fromkeys(names.split(), str)


PROVENANCE = {
    **text("source page_url page_sha256 retrieved_at archive_ref"),
    "run": int,
}

migrations = Migrations("standards_db")
