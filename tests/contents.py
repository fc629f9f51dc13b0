"""What a database says, without when it was written: two databases that were filled on different ways are compared."""

from __future__ import annotations

from pathlib import Path

from standards_db.schema import open_db

NUMBERS = {"run", "last_run", "job", "shipment", "seconds", "waited_seconds", "archive_ref"}  # differ from run to run
TIMES = {"first_seen", "last_seen"}
SEEN_TODAY = {("coverage", "as_of")}
ELSEWHERE = {"jobs", "refreshes", "_sqlite_migrations"}  # how the work was given out


def contents(path: Path) -> dict[str, list[str]]:
    """The rows of every table, sorted. Of times and references only whether there is one is told."""
    db = open_db(path, create=False)
    found = {}
    for table in db.tables:
        if table.name in ELSEWHERE or table.name.startswith(("sqlite_", "search")):
            continue
        columns = []
        for column in table.columns:
            name, kind = column.name, column.type.upper()
            if name == "id" and kind == "INTEGER":
                continue
            is_vague = name in NUMBERS | TIMES or name.endswith("_at") or (table.name, name) in SEEN_TODAY
            columns.append(f'"{name}" is not null' if is_vague else f'"{name}"')
        if table.name == "runs":
            columns = [c for c in columns if not c.startswith(('"job"', '"shipment"'))]
        found[table.name] = sorted(map(repr, db.execute(f'select {", ".join(columns)} from "{table.name}"').fetchall()))
    db.close()
    return found


def differences(one: Path, other: Path) -> dict[str, tuple[int, int]]:
    """Per table that differs: rows that only the first has, rows that only the second has."""
    first, second = contents(one), contents(other)
    assert first.keys() == second.keys()
    found = {}
    for name in first:
        lost, more = list(first[name]), []
        for row in second[name]:
            lost.remove(row) if row in lost else more.append(row)
        if lost or more:
            found[name] = (len(lost), len(more))
    return found
