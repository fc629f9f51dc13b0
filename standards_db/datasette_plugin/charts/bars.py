"""Horizontal bars of parts that differ by pattern; a label stands over its bar, so that a phone shows it whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from standards_db.datasette_plugin.charts import svg as draw
from standards_db.datasette_plugin.charts.svg import Cell, Chart, Element

WIDTH = 460.0
STEP, BAR, TOP = 40.0, 16.0, 26.0
END = 62.0  # room for the number behind the longest bar


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar: its size, and the rows that were counted."""

    value: float
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A label and the pieces of its bar, in the order of the legend."""

    label: str
    parts: tuple[Part, ...]
    url: str | None = None


def bars(name: str, title: str, description: str, rows: Sequence[Bar], legend: tuple[str, ...], head: str) -> Chart:
    """One bar per row. `legend` names the pieces; `head` names what a row is."""
    longest = max((sum(part.value for part in row.parts) for row in rows), default=0) or 1
    named = len(legend) > 1
    top = TOP if named else 4.0
    svg = draw.root(name, title, description, WIDTH, top + STEP * len(rows))
    draw.hatches(svg, name)
    if named:
        key(svg, name, legend)
    for place, row in enumerate(rows):
        y, x = top + STEP * place, 0.0
        holder = draw.linked(svg, row.url, row.label) if row.url else svg
        draw.add(holder, "text", draw.shortened(row.label, WIDTH), x=0, y=y + 13, class_="label")
        for number, part in enumerate(row.parts):
            width = part.value / longest * (WIDTH - END)
            if width <= 0:
                continue
            piece = draw.linked(svg, part.url, f"{row.label}, {legend[number]}: {amount(part.value)}")
            draw.add(
                piece,
                "rect",
                x=x,
                y=y + 18,
                width=max(width, 1.0),
                height=BAR,
                class_=f"bar b{number}",
                fill=draw.fill(name, number),
            )
            x += max(width, 1.0)
        total = sum(part.value for part in row.parts)
        draw.add(svg, "text", amount(total), x=x + 6, y=y + 31, class_="value", aria_hidden="true")
    table = tuple(
        (Cell(row.label, row.url), *(Cell(amount(part.value), part.url) for part in row.parts)) for row in rows
    )
    return Chart(name, title, description, draw.finished(svg), (head, *legend), table)


def key(svg: Element, name: str, legend: tuple[str, ...]) -> None:
    x = 0.0
    for place, label in enumerate(legend):
        draw.add(svg, "rect", x=x, y=2, width=16, height=12, class_=f"bar b{place}", fill=draw.fill(name, place))
        draw.add(svg, "text", label, x=x + 21, y=13, aria_hidden="true")
        x += 21 + draw.width_of(label) + 16


def amount(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
