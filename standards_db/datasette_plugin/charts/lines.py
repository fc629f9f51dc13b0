"""Curves: a measure by year with its interval, and survival curves with steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from standards_db.datasette_plugin.charts import svg as draw
from standards_db.datasette_plugin.charts.svg import Cell, Chart, Element
from standards_db.datasette_plugin.words import say

WIDTH, HEIGHT = 460.0, 250.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 14.0, 26.0, 34.0


@dataclass(frozen=True, slots=True)
class Point:
    """One figure: where it stands, its value (None: a gap, and `text` says why), its interval, and its rows."""

    x: float
    y: float | None
    text: str
    low: float | None = None
    high: float | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One line with a key (its class in the style sheet) and its printed name."""

    key: str
    label: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """How figures become coordinates."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        span = (self.x_high - self.x_low) or 1
        return LEFT + (value - self.x_low) / span * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        span = (self.y_high - self.y_low) or 1
        return HEIGHT - BOTTOM - (value - self.y_low) / span * (HEIGHT - TOP - BOTTOM)


def lines(
    name: str,
    title: str,
    description: str,
    series: Sequence[Series],
    *,
    head: tuple[str, str] | None = None,
    as_text: Callable[[float], str] = str,
    y_range: tuple[float, float] | None = None,
    x_range: tuple[float, float] | None = None,
    is_named: bool = True,
) -> Chart:
    """A line per series over the years, a band where the points have an interval, a gap where they have no value.

    `y_range` and `x_range` are given where small charts share their scales. `as_text` prints a value on the axis.
    `is_named` false: one series, whose name the title says.
    """
    return curve(name, title, description, series, head, as_text, y_range, x_range, is_step=False, is_named=is_named)


def steps(
    name: str,
    title: str,
    description: str,
    series: Sequence[Series],
    *,
    head: tuple[str, str] | None = None,
    as_text: Callable[[float], str] = str,
) -> Chart:
    """A step curve per series between 0 and 1: each value holds until the next point (survival)."""
    return curve(name, title, description, series, head, as_text, (0.0, 1.0), None, is_step=True, is_named=True)


def curve(
    name: str,
    title: str,
    description: str,
    series: Sequence[Series],
    head: tuple[str, str] | None,
    as_text: Callable[[float], str],
    y_range: tuple[float, float] | None,
    x_range: tuple[float, float] | None,
    *,
    is_step: bool,
    is_named: bool,
) -> Chart:
    frame = framed([point for one in series for point in one.points], x_range, y_range)
    svg = draw.root(name, title, description, WIDTH, HEIGHT)
    axes(svg, frame, as_text)
    for place, one in enumerate(series):
        drawn = draw.add(svg, "g", class_=f"series s{place % 4} {one.key}")
        for run in unbroken(one.points):
            trace(drawn, frame, run, place, is_step=is_step)
        for point in one.points:
            if point.y is not None:
                holder = draw.linked(drawn, point.url, f"{one.label}, {in_words(point.x)}: {point.text}")
                draw.marker(holder, place, frame.x(point.x), frame.y(point.y), class_="mark")
    if is_named:
        legend(svg, series)
    rows = tuple(
        (Cell(one.label), Cell(in_words(point.x)), Cell(point.text, point.url), Cell(interval(point, as_text)))
        for one in series
        for point in one.points
    )
    return Chart(
        name,
        title,
        description,
        draw.finished(svg),
        (*(head or (say("chart.series"), say("chart.year"))), say("measure.figure"), say("chart.interval")),
        rows,
    )


def framed(points: list[Point], x_range: tuple[float, float] | None, y_range: tuple[float, float] | None) -> Frame:
    across = [point.x for point in points] or [0.0]
    up = [value for point in points for value in (point.y, point.low, point.high) if value is not None] or [0.0]
    low, high = y_range or (min(0.0, min(up)), max(up) or 1.0)
    left, right = x_range or (min(across), max(across))
    return Frame(left, right, low, high)


def axes(svg: Element, frame: Frame, as_text: Callable[[float], str]) -> None:
    grid = draw.add(svg, "g", class_="grid", aria_hidden="true")
    for value in draw.ticks(frame.y_low, frame.y_high):
        y = frame.y(value)
        draw.add(grid, "line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y)
        draw.add(grid, "text", as_text(value), x=LEFT - 6, y=y + 4, text_anchor="end")
    whole = frame.x_high - frame.x_low >= 1
    for value in draw.ticks(frame.x_low, frame.x_high, 5):
        if whole and value != int(value):
            continue
        draw.add(grid, "text", in_words(value), x=frame.x(value), y=HEIGHT - BOTTOM + 18, text_anchor="middle")
    base = frame.y(max(frame.y_low, 0.0))
    draw.add(grid, "line", class_="base", x1=LEFT, x2=WIDTH - RIGHT, y1=base, y2=base)


def unbroken(points: Iterable[Point]) -> list[list[Point]]:
    """Runs of points that have a value; a point without one breaks the line."""
    runs: list[list[Point]] = [[]]
    for point in points:
        if point.y is not None:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def trace(parent: Element, frame: Frame, run: list[Point], place: int, *, is_step: bool) -> None:
    banded = [point for point in run if point.low is not None and point.high is not None]
    if len(banded) > 1:
        upper = corners([(frame.x(p.x), frame.y(p.high)) for p in banded if p.high is not None], is_step=is_step)
        lower = corners([(frame.x(p.x), frame.y(p.low)) for p in banded if p.low is not None], is_step=is_step)
        draw.add(parent, "path", d=draw.path(upper + lower[::-1]) + "Z", class_="band", aria_hidden="true")
    ends = corners([(frame.x(p.x), frame.y(p.y)) for p in run if p.y is not None], is_step=is_step)
    draw.add(
        parent, "path", d=draw.path(ends), class_="line", stroke_dasharray=draw.DASHES[place % 4], aria_hidden="true"
    )


def corners(ends: list[tuple[float, float]], *, is_step: bool) -> list[tuple[float, float]]:
    if not is_step:
        return ends
    turned = ends[:1]
    for (_, before), (x, y) in pairwise(ends):
        turned += [(x, before), (x, y)]
    return turned


def legend(svg: Element, series: Sequence[Series]) -> None:
    x = LEFT
    for place, one in enumerate(series):
        entry = draw.add(svg, "g", class_=f"series s{place % 4} {one.key}", aria_hidden="true")
        draw.add(entry, "path", d=f"M{x} 10H{x + 22}", class_="line", stroke_dasharray=draw.DASHES[place % 4])
        draw.marker(entry, place, x + 11, 10, class_="mark")
        label = draw.shortened(one.label, 120)
        draw.add(entry, "text", label, x=x + 28, y=14)
        x += 28 + draw.width_of(label) + 18


def interval(point: Point, as_text: Callable[[float], str]) -> str:
    if point.low is None or point.high is None:
        return "–"
    return say("chart.range", low=as_text(point.low), high=as_text(point.high))


def in_words(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.1f}"
