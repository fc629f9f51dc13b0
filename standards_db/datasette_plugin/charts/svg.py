"""What all charts are made of: the finished Chart, an SVG root that a screen reader can read, and safe links."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from xml.etree import ElementTree

from markupsafe import Markup

Element = ElementTree.Element
NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LOCAL_PATH = re.compile(r"/(?!/)[^\s\\\"<>]*|")
WIDE = ((0x2E80, 0xA4CF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFF60))
MARKERS = ("circle", "square", "triangle", "diamond")
DASHES = ("", "7 3", "2 3", "9 3 2 3")
PATTERNS = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a chart's table: its text and, if any, the local address of the rows behind it."""

    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart: `name` is its id on the page, `svg` safe markup, `head` and `rows` the same figures as a table."""

    name: str
    title: str
    description: str
    svg: Markup
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_wide: bool = False


def root(name: str, title: str, description: str, width: float, height: float) -> Element:
    """An svg element that says its title and description, and scales with the page."""
    svg = ElementTree.Element(
        "svg",
        {
            "viewBox": f"0 0 {number(width)} {number(height)}",
            "width": number(width),
            "height": number(height),
            "role": "group",
            "aria-labelledby": f"{name}-title {name}-desc",
        },
    )
    add(svg, "title", title, id=f"{name}-title")
    add(svg, "desc", description, id=f"{name}-desc")
    return svg


def add(parent: Element, tag: str, words: str | None = None, /, **attributes: object) -> Element:
    """A child of `parent`; underscores in attribute names become hyphens (`class_` is class), None is left out."""
    named = {
        key.rstrip("_").replace("_", "-"): number(value) if isinstance(value, int | float) else clean(str(value))
        for key, value in attributes.items()
        if value is not None
    }
    child = ElementTree.SubElement(parent, tag, named)
    if words is not None:
        child.text = clean(words)
    return child


def linked(parent: Element, url: str | None, label: str) -> Element:
    """The element that holds one mark: a link to its rows, or a plain group when there is no local address."""
    if url and LOCAL_PATH.fullmatch(url):
        holder = add(parent, "a", href=url, aria_label=label)
    else:
        holder = add(parent, "g", role="img", aria_label=label)
    add(holder, "title", label)
    return holder


def marker(parent: Element, place: int, x: float, y: float, **attributes: object) -> None:
    """The point marker of series number `place`: circle, square, triangle or diamond."""
    shape = MARKERS[place % len(MARKERS)]
    if shape == "circle":
        add(parent, "circle", cx=x, cy=y, r=3, **attributes)
    elif shape == "square":
        add(parent, "rect", x=x - 2.7, y=y - 2.7, width=5.4, height=5.4, **attributes)
    else:
        sides = ((0, -3.8), (3.6, 2.8), (-3.6, 2.8)) if shape == "triangle" else ((0, -4), (4, 0), (0, 4), (-4, 0))
        add(parent, "path", d=path([(x + dx, y + dy) for dx, dy in sides]) + "Z", **attributes)


def path(points: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) if points else ""


def hatches(svg: Element, name: str) -> None:
    """Definitions of the fill patterns `{name}-p0` … `{name}-p3`, told apart by their strokes alone."""
    definitions = add(svg, "defs")
    strokes = ("", "M0 8L8 0M-2 2L2 -2M6 10L10 6", "M0 4H8", "M2 0V8M6 0V8")
    for place, stroke in enumerate(strokes):
        pattern = add(definitions, "pattern", id=f"{name}-p{place}", width=8, height=8, patternUnits="userSpaceOnUse")
        add(pattern, "rect", width=8, height=8, class_=f"fill-{place}")
        if stroke:
            add(pattern, "path", d=stroke, class_=f"hatch-{place}")


def fill(name: str, place: int) -> str:
    return f"url(#{name}-p{place % PATTERNS})"


def finished(svg: Element) -> Markup:
    return Markup(ElementTree.tostring(svg, encoding="unicode", short_empty_elements=False))


def clean(text: str) -> str:
    """`text` without the characters that no markup may hold."""
    return NOT_IN_XML.sub("", text)


def number(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def width_of(text: str) -> float:
    """Roughly how many units a text takes at 12 px; a Chinese character takes twice a Latin letter."""
    return sum(12 if any(low <= ord(char) <= high for low, high in WIDE) else 6.6 for char in text)


def shortened(text: str, room: float) -> str:
    """`text` cut with an ellipsis to fit `room` units; the whole of it stands in the mark's title and the table."""
    if width_of(text) <= room:
        return text
    kept = ""
    for char in text:
        if width_of(kept + char) > room - 10:
            break
        kept += char
    return kept.rstrip() + "…"


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round values (multiples of 1, 2 or 5 times a power of ten) within `low` to `high`, roughly `about` of them."""
    if high <= low:
        return [low]
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(step * place, 9) for place in range(first, math.floor(high / step + 1e-9) + 1)]
