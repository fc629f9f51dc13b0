"""Flows between two columns: who takes over whose texts. The width of a band is its number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from standards_db.datasette_plugin.charts import svg as draw
from standards_db.datasette_plugin.charts.bars import amount
from standards_db.datasette_plugin.charts.svg import Cell, Chart, Element
from standards_db.datasette_plugin.words import say

WIDTH, LEFT, RIGHT = 940.0, 390.0, 300.0  # LEFT and RIGHT are for the names
GAP, LEAST, SCALE = 14.0, 14.0, 240.0


@dataclass(frozen=True, slots=True)
class Link:
    """`value` rows go from `source` to `target`."""

    source: str
    target: str
    value: float
    url: str | None = None


@dataclass(slots=True)
class Side:
    """A node of one column: where it stands and how much of it is already used by bands."""

    y: float
    height: float
    used: float = 0.0

    def take(self, height: float) -> float:
        start = self.y + self.used
        self.used += height
        return start


def flow(
    name: str,
    title: str,
    description: str,
    links: Sequence[Link],
    head: tuple[str, str, str],
    *,
    is_share: bool = False,
) -> Chart:
    """Bands from the left column to the right one, the largest first. `head` names left, right and what is counted.

    `is_share`: every target is equally high, so that a band is a share of it; where one target has nearly all rows, the
    others would be hairlines.
    """
    ordered = sorted(links, key=lambda link: -link.value)
    whole = sum(link.value for link in ordered)
    given = totals("target", ordered)
    heights = {
        link: link.value / ((given[link.target] * len(given)) if is_share else whole) * SCALE for link in ordered
    }
    ordered.sort(key=lambda link: -heights[link])
    left = stacked([link.source for link in ordered], heights, "source")
    right = stacked([link.target for link in ordered], heights, "target")
    bottom = max((side.y + side.height for side in (*left.values(), *right.values())), default=20.0)
    svg = draw.root(name, title, description, WIDTH, bottom + 6)
    draw.hatches(svg, name)
    patterns = {target: place for place, target in enumerate(right)}
    for link in ordered:
        height = heights[link]
        start, end = left[link.source].take(height), right[link.target].take(height)
        band(svg, name, link, (start, end, max(height, 1.0)), patterns[link.target])
    for column, counts, room, x, anchor in (
        (left, totals("source", ordered), LEFT, LEFT - 8, "end"),
        (right, totals("target", ordered), RIGHT, WIDTH - RIGHT + 8, "start"),
    ):
        for label, side in column.items():
            middle = side.y + side.height / 2 + 4
            words = draw.shortened(f"{label} {amount(counts[label])}", room - 16)
            draw.add(svg, "text", words, x=x, y=middle, text_anchor=anchor, aria_hidden="true")
    rows = tuple((Cell(link.source), Cell(link.target), Cell(amount(link.value), link.url)) for link in ordered)
    return Chart(name, title, description, draw.finished(svg), head, rows, is_wide=True)


def totals(side: str, links: Sequence[Link]) -> dict[str, float]:
    """The rows of every node of one side."""
    counts: dict[str, float] = {}
    for link in links:
        counts[getattr(link, side)] = counts.get(getattr(link, side), 0.0) + link.value
    return counts


def stacked(names: list[str], heights: dict[Link, float], side: str) -> dict[str, Side]:
    column: dict[str, Side] = {}
    y = 4.0
    for name in dict.fromkeys(names):
        height = sum(height for link, height in heights.items() if getattr(link, side) == name)
        column[name] = Side(y, max(height, 1.0))
        y += max(height, LEAST) + GAP
    return column


def band(svg: Element, name: str, link: Link, place: tuple[float, float, float], pattern: int) -> None:
    start, end, height = place
    holder = draw.linked(
        svg, link.url, say("chart.flow", source=link.source, target=link.target, amount=amount(link.value))
    )
    x1, x2, middle = LEFT, WIDTH - RIGHT, (LEFT + WIDTH - RIGHT) / 2
    top = f"M{x1} {start:.1f}C{middle} {start:.1f} {middle} {end:.1f} {x2} {end:.1f}"
    back = f"V{end + height:.1f}C{middle} {end + height:.1f} {middle} {start + height:.1f} {x1} {start + height:.1f}Z"
    draw.add(holder, "path", d=top + back, class_="flow", fill=draw.fill(name, pattern))
