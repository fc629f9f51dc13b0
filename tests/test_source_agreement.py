"""How a body's own register and a bulk copy of it agree: counted by hand on a small world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from small_register import Register
from small_world import PAGE

COPY = {"source": "copy_intl", "tier": "secondary"}


def agreement(world: Register, folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    db = world.resolved(folder)
    return {(row["body"], row["secondary_source"]): row for row in db.query("select * from source_agreement")}


def conflict(world: Register, entity: str, field: str, kept: str, other: str) -> None:
    row = {"entity": entity, "field": field, "kept_source": "register_intl", "kept": kept, "other_source": "copy_intl"}
    world.add("conflicts", **row, other=other, other_page_url=PAGE["page_url"], run=1)


def test_agreement_is_counted_by_edition_and_field(tmp_path: Path) -> None:
    """Two of three shared editions differ, one of them in two fields; each side holds some alone."""
    world = Register()
    register = {"title": "Copy", "sphere": "intl", "body": "iso", "holds": "documents"}
    world.add("sources", key="copy_intl", **register, tier="secondary")
    for year in (2001, 2002, 2003):
        world.edition(f"ISO 9001:{year}", str(year), tier="primary", other_sources="copy_intl")
    world.edition("ISO 9001:2004", "2004", tier="primary")
    world.edition("ISO 9001:2005", "2005", **COPY)
    world.edition("ISO 9001:2006", "2006", **COPY)
    world.edition("ISO 9001:2007", "2007", **COPY, vanished_at="2026-01-01T00:00:00Z")
    conflict(world, "ISO 9001:2001", "status", "in_force", "withdrawn")
    conflict(world, "ISO 9001:2001", "published", "2001", "2000")
    conflict(world, "ISO 9001:2002", "status", "withdrawn", "in_force")
    row = agreement(world, tmp_path)["iso", "copy_intl"]
    assert {name: row[name] for name in row if name.endswith(("_count", "_share"))} == {
        "both_count": 3,
        "agree_count": 1,
        "differ_count": 2,
        "agree_share": 1 / 3,
        "only_primary_count": 1,
        "only_secondary_count": 2,
    }
    assert row["fields"] == "status 2, published 1"
    assert row["example"] == "ISO 9001:2001 published: 2001 / 2000"


def test_sources_with_nothing_in_common_are_told(tmp_path: Path) -> None:
    """Where the two share no edition the row says so, without a share; a body with a copy alone has no row."""
    world = Register()
    named = {"title": "Copy", "sphere": "intl", "holds": "documents", "tier": "secondary"}
    world.add("sources", key="copy_intl", body="iso", **named)
    world.edition("ISO 9001:2004", "2004", tier="primary")
    world.edition("ISO 9001:2005", "2005", **COPY)
    world.edition("RFC 1", "1969", body="ietf", **COPY)
    found = agreement(world, tmp_path)
    assert set(found) == {("iso", "copy_intl")}
    row = found["iso", "copy_intl"]
    assert (row["both_count"], row["agree_share"], row["only_primary_count"], row["only_secondary_count"]) == (
        0,
        None,
        1,
        1,
    )
