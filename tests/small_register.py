"""Editions and edges as the interpretation of a page would write them, resolved as of a day of the test's choice."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from small_world import PAGE, SOURCES, World
from sqlite_utils import Database

from standards_db.identifiers import parse
from standards_db.interpret import edition_key, kind_of
from standards_db.resolve import resolve
from standards_db.schema import open_db

TODAY = "2026-03-02"


class Register(World):
    """A world whose documents are named by their printed designation alone."""

    def edition(self, printed: str, published: str | None = None, **over: Any) -> str:
        """Add an edition (status none unless given) and return its id."""
        identifier = parse(printed)
        known: dict[str, Any] = {"status": None, "published": published, "kind": kind_of(identifier, None)}
        id_ = f"register_intl:{printed}"
        if identifier is not None:
            id_ = str(identifier)
            known |= {"work": identifier.undated, "family": identifier.family, "edition": identifier.edition}
            known |= {"edition_key": edition_key(identifier), "stage": identifier.stage}
        named = {"identifier": str(identifier) if identifier else None, "identifier_text": printed}
        self.document(id_, "intl", **{**named, **known, **over})
        return id_

    def edge(self, printed: str, type_: str, target: str, degree: str | None = None) -> None:
        """Add a statement of a document (by designation) about another."""
        document, known = parse(printed), parse(target)
        row = {"document": str(document) if document else f"register_intl:{printed}", "type": type_, "degree": degree}
        row |= {"target_text": target, "target_identifier": str(known) if known else None}
        row |= {"target_work": known.undated if known else None, "target_edition_key": edition_key(known)}
        row |= {"method": "source field", "confidence": "high", "source": SOURCES["intl"], **PAGE}
        self.add("relations", **row)

    def resolved(self, folder: Path, today: str = TODAY) -> Database:
        shutil.copy(empty(), folder / "ingest.db")
        db = open_db(self.write(folder / "ingest.db"))
        resolve(db, today=today)
        return db


@cache
def empty() -> Path:
    """An ingest database without rows, made once."""
    path = Path(tempfile.mkdtemp(prefix="register-")) / "empty.db"
    open_db(path).conn.close()
    return path


def by_id(db: Database, *columns: str) -> dict[str, tuple[Any, ...]]:
    """The named columns of every document."""
    return {row[0]: row[1:] for row in db.execute(f"select id, {', '.join(columns)} from documents")}


def intervals(db: Database) -> dict[str, tuple[Any, ...]]:
    return by_id(db, "valid_from", "valid_until", "valid_until_basis", "is_in_force")


def targets(db: Database) -> dict[tuple[str, str], tuple[Any, ...]]:
    """(target document, how it was found) of every edge, by document and printed target."""
    sql = "select document, target_text, target_document, resolution from relations"
    return {(row[0], row[1]): row[2:] for row in db.execute(sql)}
