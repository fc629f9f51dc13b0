"""Tables and what leads from one to another: a box per table, an arrow from a column that holds another table's key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from standards_db.datasette_plugin.charts import svg as draw
from standards_db.datasette_plugin.charts.svg import Cell, Chart, Element
from standards_db.datasette_plugin.words import say

BOX, BETWEEN, STEP, HEAD, GAP, MARGIN = 226.0, 84.0, 17.0, 24.0, 20.0, 4.0


@dataclass(frozen=True, slots=True)
class Key:
    """A column that holds the key of a row of `target`."""

    column: str
    target: str
    target_column: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its address, its title, its own key and the columns that lead to other tables."""

    name: str
    title: str
    url: str
    own: tuple[str, ...]
    keys: tuple[Key, ...]


def schema(name: str, title: str, description: str, tables: Sequence[Table]) -> Chart:
    """Tables in columns, each left of those that it leads to.

    An arrow is drawn to a table of the next column; any other target is named behind its column, so that no line runs
    behind a box. The table beside the drawing lists them all.
    """
    columns = in_columns(tables)
    places = placed(columns)
    width = 2 * MARGIN + BOX * len(columns) + BETWEEN * (len(columns) - 1)
    height = max((y + tall(table) for table in tables for _, y in (places[table.name],)), default=0.0) + MARGIN
    svg = draw.root(name, title, description, width, height)
    joins = draw.add(svg, "g", class_="keys", aria_hidden="true")
    for table in tables:
        for place, key in enumerate(table.keys):
            if is_next(places, table, key):
                arrow(joins, line_of(places, table, len(table.own) + place), places[key.target])
        box(svg, table, places)
    rows = tuple(
        (Cell(table.name, table.url), Cell(key.column), Cell(f"{key.target}.{key.target_column}"))
        for table in tables
        for key in table.keys
    )
    head = (say("chart.table_name"), say("table.column"), say("chart.leads_to"))
    return Chart(name, title, description, draw.finished(svg), head, rows, is_wide=True)


def in_columns(tables: Sequence[Table]) -> list[list[Table]]:
    """The tables by how many arrows it takes at most to a table from which none leads on; those last stand right."""
    known = {table.name: table for table in tables}
    steps: dict[str, int] = {}

    def count(name: str, seen: frozenset[str]) -> int:
        if name not in steps:
            onward = {key.target for key in known[name].keys if key.target in known} - seen - {name}
            steps[name] = max((1 + count(target, seen | {name}) for target in sorted(onward)), default=0)
        return steps[name]

    deepest = max((count(table.name, frozenset()) for table in tables), default=0)
    return [[table for table in tables if steps[table.name] == deepest - place] for place in range(deepest + 1)]


def placed(columns: list[list[Table]]) -> dict[str, tuple[float, float]]:
    """The upper left corner of every box; a short column stands in the middle of the tallest."""
    highs = [sum(tall(table) + GAP for table in column) - GAP for column in columns]
    places = {}
    for number, column in enumerate(columns):
        y = MARGIN + (max(highs) - highs[number]) / 2
        for table in column:
            places[table.name] = (MARGIN + number * (BOX + BETWEEN), y)
            y += tall(table) + GAP
    return places


def tall(table: Table) -> float:
    return HEAD + STEP * (len(table.own) + len(table.keys)) + 6


def line_of(places: dict[str, tuple[float, float]], table: Table, line: int) -> tuple[float, float]:
    """The left end of one line of a box, at half its height."""
    x, y = places[table.name]
    return x, y + HEAD + STEP * line + STEP / 2


def is_next(places: dict[str, tuple[float, float]], table: Table, key: Key) -> bool:
    """Whether the box that a key leads to stands in the next column."""
    return key.target in places and places[key.target][0] - places[table.name][0] == BOX + BETWEEN


def arrow(parent: Element, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From the right edge of a line to the left edge of a head."""
    x1, y1 = start[0] + BOX, start[1]
    x2, y2 = end[0], end[1] + HEAD / 2
    middle = (x1 + x2) / 2
    draw.add(parent, "path", d=f"M{x1} {y1:.1f}C{middle} {y1:.1f} {middle} {y2:.1f} {x2 - 7} {y2:.1f}", class_="key")
    draw.add(parent, "path", d=f"M{x2} {y2:.1f}l-7 -3.5v7Z", class_="tip")


def box(svg: Element, table: Table, places: dict[str, tuple[float, float]]) -> None:
    x, y = places[table.name]
    draw.add(svg, "rect", x=x, y=y, width=BOX, height=tall(table), class_="box")
    holder = draw.linked(svg, table.url, f"{table.name}: {table.title}")
    draw.add(holder, "text", table.name, x=x + 8, y=y + 17, class_="table-name")
    draw.add(svg, "path", d=f"M{x} {y + HEAD:.1f}h{BOX}", class_="key", aria_hidden="true")
    for line, column in enumerate(table.own):
        _, middle = line_of(places, table, line)
        draw.add(svg, "text", column, x=x + 8, y=middle + 4, class_="own", aria_hidden="true")
    for line, key in enumerate(table.keys, len(table.own)):
        _, middle = line_of(places, table, line)
        words = key.column if is_next(places, table, key) else f"{key.column} → {key.target}"
        draw.add(svg, "text", draw.shortened(words, BOX - 12), x=x + 8, y=middle + 4, aria_hidden="true")
