"""A timeline of lanes: when each edition was in force, and which text that takes it over followed which edition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from standards_db.datasette_plugin.charts import svg as draw
from standards_db.datasette_plugin.charts.svg import Cell, Chart, Element
from standards_db.datasette_plugin.words import say

WIDTH, LEFT, RIGHT = 860.0, 18.0, 24.0
STEP, BAR, TOP = 34.0, 9.0, 30.0


@dataclass(frozen=True, slots=True)
class Span:
    """One document in time, in years with fraction; `end` None: still in force. `follows` names another span."""

    name: str
    label: str
    start: float
    end: float | None
    title: str
    url: str | None = None
    follows: str | None = None
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """A group of spans with a heading, for instance one sphere; `key` is its class in the style sheet."""

    key: str
    label: str
    spans: tuple[Span, ...]


def timeline(name: str, title: str, description: str, lanes: Sequence[Lane], now: float) -> Chart:
    """Lanes of spans over the years up to `now`; a thin line joins a span to the one it follows."""
    spans = [span for lane in lanes for span in lane.spans]
    first = min((span.start for span in spans), default=now)
    low, high = min(float(int(first)), now - 1), now
    height = TOP + sum(24 + STEP * len(lane.spans) for lane in lanes) + 6
    svg = draw.root(name, title, description, WIDTH, height)

    def x(year: float) -> float:
        return LEFT + (min(max(year, low), high) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    years(svg, x, low, high, height)
    places: dict[str, tuple[float, float]] = {}
    y = TOP
    joins = draw.add(svg, "g", class_="joins", aria_hidden="true")
    for lane in lanes:
        draw.add(svg, "text", lane.label, x=LEFT - 14, y=y + 14, class_="lane")
        y += 24
        for span in lane.spans:
            places[span.name] = (x(span.start), y + 19)
            one(svg, lane.key, span, (x(span.start), x(span.end if span.end is not None else high), y))
            y += STEP
    for span in spans:
        if span.follows in places and span.follows is not None:
            (x1, y1), (x2, y2) = places[span.follows], places[span.name]
            draw.add(joins, "path", d=f"M{x2:.1f} {y2:.1f}V{y1:.1f}H{x1:.1f}", class_="join")
    rows = tuple(
        (
            Cell(lane.label),
            Cell(span.label, span.url),
            Cell(day(span.start)),
            Cell(say("status.in_force") if span.end is None else day(span.end)),
            Cell(span.follows or "–"),
        )
        for lane in lanes
        for span in lane.spans
    )
    head = tuple(say(f"chart.{name}") for name in ("lane", "document", "from", "until", "follows"))
    return Chart(name, title, description, draw.finished(svg), head, rows, is_wide=True)


def years(svg: Element, x: Callable[[float], float], low: float, high: float, height: float) -> None:
    grid = draw.add(svg, "g", class_="grid", aria_hidden="true")
    for value in draw.ticks(low, high, 8):
        if value == int(value):
            draw.add(grid, "line", x1=x(value), x2=x(value), y1=20, y2=height)
            draw.add(grid, "text", str(int(value)), x=x(value), y=14, text_anchor="middle")


def one(svg: Element, key: str, span: Span, place: tuple[float, float, float]) -> None:
    start, end, y = place
    holder = draw.linked(svg, span.url, span.title)
    room = draw.width_of(span.label)
    at = min(start, WIDTH - RIGHT - room)
    draw.add(holder, "text", span.label, x=max(at, LEFT), y=y + 12, class_="label")
    style = f"span {key}{' off' if span.is_off else ''}"
    draw.add(holder, "rect", x=start, y=y + 17, width=max(end - start, 3.0), height=BAR, class_=style)
    if span.end is None:
        draw.add(holder, "path", d=f"M{end:.1f} {y + 15:.1f}l7 6.5l-7 6.5Z", class_=style)


def day(year: float) -> str:
    """Year and month of a fractional year."""
    month = min(12, int((year - int(year)) * 12) + 1)
    return f"{int(year)}-{month:02d}"
