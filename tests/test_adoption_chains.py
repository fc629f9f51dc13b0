"""Chains of adoption: how far they go, how close they are, and that they end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from served import Served
from small_register import Register
from sqlite_utils import Database

from standards_db.datasette_plugin.links import tilde_encode
from standards_db.snapshot import publish


def chains(db: Database) -> dict[str, dict[str, Any]]:
    return {row["path"]: row for row in db.query("select * from adoption_chains")}


def national() -> Register:
    """BS EN from EN from ISO/IEC, a second path with a weaker and stale link, and a target that is not held."""
    world = Register()
    world.edition("ISO/IEC 27001:2013", "2013-10")
    world.edition("ISO/IEC 27001:2022", "2022-10")
    world.edition("EN ISO/IEC 27001:2017", "2017-02")
    world.edition("BS EN ISO/IEC 27001:2017", "2017-03")
    world.edition("GB/T 22080-2025", "2025-06")
    world.edition("GB/T 1-2025", "2025-06")
    world.edge("BS EN ISO/IEC 27001:2017", "adopts", "EN ISO/IEC 27001:2017", "IDT")
    world.edge("EN ISO/IEC 27001:2017", "adopts", "ISO/IEC 27001:2013", "IDT")
    world.edge("GB/T 22080-2025", "adopts", "ISO/IEC 27001:2022", "MOD")
    world.edge("GB/T 1-2025", "adopts", "ISO 5:2001", None)
    return world


def test_a_chain_goes_to_its_end(tmp_path: Path) -> None:
    """Every adopting document has its own chain; the weakest degree and one stale link tell for the whole."""
    found = chains(national().resolved(tmp_path))
    assert set(found) == {
        "BS EN ISO/IEC 27001:2017 > EN ISO/IEC 27001:2017 > ISO/IEC 27001:2013",
        "EN ISO/IEC 27001:2017 > ISO/IEC 27001:2013",
        "GB/T 22080-2025 > ISO/IEC 27001:2022",
        "GB/T 1-2025 > ISO 5:2001",
    }
    row = found["BS EN ISO/IEC 27001:2017 > EN ISO/IEC 27001:2017 > ISO/IEC 27001:2013"]
    assert (row["document"], row["last"], row["link_count"]) == ("BS EN ISO/IEC 27001:2017", "ISO/IEC 27001:2013", 2)
    assert (row["degree"], row["is_stale"], row["is_circular"]) == ("IDT", 1, 0)
    assert found["GB/T 22080-2025 > ISO/IEC 27001:2022"]["degree"] == "MOD"
    assert found["GB/T 22080-2025 > ISO/IEC 27001:2022"]["is_stale"] == 0
    missing = found["GB/T 1-2025 > ISO 5:2001"]
    assert (missing["last_document"], missing["degree"], missing["is_stale"]) == (None, "unstated", None)


def test_the_weakest_link_tells(tmp_path: Path) -> None:
    """IDT of MOD is MOD, and a NEQ link makes the chain not equivalent."""
    world = Register()
    for number in range(1, 5):
        world.edition(f"ISO {number}:2000", "2000-01-01")
    for number, degree in ((1, "IDT"), (2, "MOD"), (3, "NEQ")):
        world.edge(f"ISO {number}:2000", "adopts", f"ISO {number + 1}:2000", degree)
    found = chains(world.resolved(tmp_path))
    assert {path: row["degree"] for path, row in found.items()} == dict.fromkeys(found, "NEQ")
    assert max(row["link_count"] for row in found.values()) == 3


def test_circles_end(tmp_path: Path) -> None:
    """A chain never enters a document twice: a circle of three and a document that adopts itself are bounded."""
    world = Register()
    for number in range(1, 5):
        world.edition(f"ISO {number}:2000", "2000-01-01")
    for one, other in ((1, 2), (2, 3), (3, 1), (4, 4)):
        world.edge(f"ISO {one}:2000", "adopts", f"ISO {other}:2000", "IDT")
    found = chains(world.resolved(tmp_path))
    assert set(found) == {
        "ISO 1:2000 > ISO 2:2000 > ISO 3:2000",
        "ISO 2:2000 > ISO 3:2000 > ISO 1:2000",
        "ISO 3:2000 > ISO 1:2000 > ISO 2:2000",
    }
    assert all(row["is_circular"] == 1 and row["link_count"] == 2 for row in found.values())


def test_depth_is_bounded(tmp_path: Path) -> None:
    """A chain longer than any real one is cut after eight links and still shown."""
    world = Register()
    for number in range(1, 21):
        world.edition(f"ISO {number}:2000", "2000-01-01")
        world.edge(f"ISO {number}:2000", "adopts", f"ISO {number + 1}:2000", "IDT")
    found = chains(world.resolved(tmp_path))
    assert len(found) == 20 and max(row["link_count"] for row in found.values()) == 8


def test_the_page_shows_the_chain_and_who_is_stale(tmp_path: Path) -> None:
    """The page of an edition shows the chains that begin or end with it, and who follows another edition."""
    national().resolved(tmp_path).conn.close()
    publish(tmp_path / "ingest.db", tmp_path / "standards.db")
    served = Served(tmp_path / "standards.db")
    for id_ in ("BS EN ISO/IEC 27001:2017", "ISO/IEC 27001:2013"):
        page = served.soup(f"/standards/documents/{tilde_encode(id_)}")
        (line,) = [item.get_text() for item in page.select("ul.rules li") if " adopts " in item.get_text()]
        assert line.startswith(
            "BS EN ISO/IEC 27001:2017 adopts EN ISO/IEC 27001:2017 adopts ISO/IEC 27001:2013: identical"
        )
        assert "stale" in line
    newest = served.soup(f"/standards/documents/{tilde_encode('ISO/IEC 27001:2022')}")
    table = newest.select_one("[aria-label='Adoptions of other editions']")
    cells = [cell.get_text(" ", strip=True) for cell in table.select("tbody td")]
    assert len(table.select("tbody tr")) == 1
    assert "EN ISO/IEC 27001:2017" in cells[0] and "IDT" in cells[1]
    assert cells[2].startswith("ISO/IEC 27001:2013 stale")
    served.close()
