"""Charts as pure functions: every mark opens its rows, every figure is in the table, hostile text stays text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from standards_db.datasette_plugin import charts
from standards_db.datasette_plugin.charts import Bar, Chart, Key, Lane, Link, Part, Point, Series, Span, Table
from standards_db.datasette_plugin.charts import svg as draw

HOSTILE = '</title><script>alert(1)</script>"><img src=x onerror=alert(2)>\x00网络'
ROWS = "/standards/documents?sphere=cn&year=2020"


def shares(label: str, *values: float | None) -> Series:
    points = [
        Point(2019 + n, y, "n<5" if y is None else f"{100 * y:.0f} %", y and y - 0.1, y and y + 0.1, ROWS)
        for n, y in enumerate(values)
    ]
    return Series("cn", label, tuple(points))


def a_line(text: str, url: str | None) -> Chart:
    return charts.lines("c1", text, text, [Series("cn", text, (Point(2019, 0.5, text, url=url),))])


def a_step(text: str, url: str | None) -> Chart:
    return charts.steps("c2", text, text, [Series("us", text, (Point(0, 1.0, text), Point(2, 0.5, text, url=url)))])


def a_bar(text: str, url: str | None) -> Chart:
    return charts.bars("c3", text, text, [Bar(text, (Part(3, url), Part(0)), url)], (text, "rest"), text)


def a_flow(text: str, url: str | None) -> Chart:
    return charts.flow("c4", text, text, [Link(text, "B", 2, url)], (text, "to", "rows"))


def a_timeline(text: str, url: str | None) -> Chart:
    spans = (Span("a", text, 2013.8, 2022.8, text, url), Span("b", text, 2022.8, None, text, follows="a"))
    return charts.timeline("c5", text, text, [Lane("intl", text, spans)], 2026.9)


def a_schema(text: str, url: str | None) -> Chart:
    tables = (
        Table("relations", text, url or "", ("id",), (Key("document", "documents", "id"), Key("degree", text, "key"))),
        Table("documents", text, url or "", ("id",), (Key("work", "works", "id"), Key("body", "bodies", "key"))),
        Table("works", text, url or "", ("id",), ()),
    )
    return charts.schema("c6", text, text, tables)


KINDS = pytest.mark.parametrize("draws", [a_line, a_step, a_bar, a_flow, a_timeline, a_schema])


def tree(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(str(chart.svg))


@KINDS
def test_hostile_text_is_escaped_and_kept(draws: Callable[[str, str | None], Chart]) -> None:
    """A title full of markup is one text in the drawing: no element of it exists, nothing but control bytes is lost."""
    chart = draws(HOSTILE, None)
    drawn = tree(chart)

    assert {element.tag for element in drawn.iter()}.isdisjoint({"script", "img"})
    assert drawn.find("title").text == HOSTILE.replace("\x00", "")
    assert "<script" not in chart.svg and "<img" not in chart.svg


@KINDS
@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil.example/", "https://evil.example/", "data:x", '/"x'])
def test_only_local_addresses_become_links(draws: Callable[[str, str | None], Chart], url: str) -> None:
    """An address of another host, of a script or with odd characters is no link; a path of this site is."""
    assert not tree(draws("x", url)).findall(".//a")
    assert {link.get("href") for link in tree(draws("x", ROWS)).iter("a")} == {ROWS}


@KINDS
def test_a_screen_reader_gets_names_and_a_table(draws: Callable[[str, str | None], Chart]) -> None:
    """The drawing is named by its title and description, each link says what it is, and the table has every column."""
    chart = draws("Words", ROWS)
    drawn = tree(chart)
    ids = {element.get("id"): element.text for element in drawn.iter() if element.get("id")}

    assert [ids[name] for name in drawn.get("aria-labelledby").split()] == ["Words", "Words"]
    assert all(link.get("aria-label") and link.find("title") is not None for link in drawn.iter("a"))
    assert chart.rows and all(len(row) == len(chart.head) for row in chart.rows)
    assert any(cell.url == ROWS for row in chart.rows for cell in row)


def test_a_missing_figure_breaks_the_line_and_says_why() -> None:
    """A year without a figure is a gap in line and band, never a zero; the table prints the reason."""
    chart = charts.lines("m", "Share", "by year", [shares("China", 0.5, 0.6, None, 0.7, 0.8)])
    drawn = tree(chart)

    assert [element.get("d").count("L") for element in drawn.iter("path") if element.get("class") == "band"] == [3, 3]
    assert len(drawn.findall(".//a")) == 4
    assert [row[2].text for row in chart.rows] == ["50 %", "60 %", "n<5", "70 %", "80 %"]


def test_scales_can_be_shared() -> None:
    """Two small charts with the same ranges put the same figure at the same height."""
    places = [
        tree(charts.lines("m", "t", "d", [shares("China", *values)], y_range=(0, 1), x_range=(2010, 2026))).find(
            ".//a/circle"
        )
        for values in ((0.5,), (0.5, 1.0))
    ]

    assert [(mark.get("cx"), mark.get("cy")) for mark in places] == [(places[0].get("cx"), places[0].get("cy"))] * 2


def test_steps_hold_their_value_until_the_next_event() -> None:
    """A survival curve turns at right angles: each stroke is level or upright."""
    chart = charts.steps(
        "s", "t", "d", [Series("us", "US", (Point(0, 1, "1"), Point(2, 0.5, "½"), Point(5, 0.2, "⅕")))]
    )
    line = next(element.get("d") for element in tree(chart).iter("path") if element.get("class") == "line")
    corners = [tuple(map(float, corner.split())) for corner in line[1:].split("L")]

    assert len(corners) == 5
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in itertools.pairwise(corners))


def test_bars_are_told_apart_without_colour() -> None:
    """The pieces of a bar have different patterns, their lengths are in proportion, and a zero draws nothing."""
    chart = charts.bars(
        "b", "t", "d", [Bar("A", (Part(30), Part(10))), Bar("B", (Part(0), Part(20)))], ("x", "y"), "row"
    )
    drawn = [element for element in tree(chart).iter("rect") if element.get("height") == "16"]

    assert [element.get("fill") for element in drawn] == ["url(#b-p0)", "url(#b-p1)", "url(#b-p1)"]
    widths = [float(element.get("width")) for element in drawn]
    assert widths[0] == pytest.approx(3 * widths[1], rel=0.01) and widths[2] == pytest.approx(2 * widths[1], rel=0.01)


def test_bands_of_a_flow_fill_their_nodes() -> None:
    """Bands leave a node below each other without gap, and as high as their share."""
    chart = charts.flow("f", "t", "d", [Link("ISO", "EU", 3), Link("ISO", "China", 1)], ("from", "to", "rows"))
    first, second = (element.get("d") for element in tree(chart).iter("path") if element.get("class") == "flow")

    assert first.startswith("M390.0 4.0C") and second.startswith("M390.0 184.0C")


def test_timeline_joins_a_text_to_the_edition_it_follows() -> None:
    """Each follower has one joint to its edition; what is no longer in force ends, what is goes on."""
    drawn = tree(a_timeline("x", None))
    bars = list(drawn.iter("rect"))

    assert len([element for element in drawn.iter("path") if element.get("class") == "join"]) == 1
    assert float(bars[0].get("x")) + float(bars[0].get("width")) == pytest.approx(float(bars[1].get("x")), abs=0.2)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.5, 1.0]),
        (2010, 2026, [2010, 2015, 2020, 2025]),
        (0, 0.08, [0, 0.02, 0.04, 0.06, 0.08]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    """Axes carry round numbers inside their range."""
    assert draw.ticks(low, high) == expected


def test_long_labels_are_cut_to_their_room() -> None:
    """Chinese characters count double; the whole label stays in the table."""
    assert draw.shortened("网络安全等级保护基本要求", 60) == "网络安全…"
    assert draw.shortened("short", 60) == "short"


def test_shares_of_a_flow_make_every_target_equally_high() -> None:
    """Where one target has nearly all rows the others are no hairlines: each column is the whole of its target."""
    links = [Link("3GPP", "EU", 1000), Link("ISO", "China", 6), Link("IEC", "China", 4)]
    drawn = tree(charts.flow("f", "t", "d", links, ("from", "to", "rows"), is_share=True))
    bands = {
        band.find("title").text: band.find("path").get("d") for band in drawn.iter("g") if band.find("path") is not None
    }
    edges = {name: re.search(r"([\d.]+)V([\d.]+)", drawn_as).groups() for name, drawn_as in bands.items()}
    heights = {name: float(lower) - float(upper) for name, (upper, lower) in edges.items()}

    assert heights == {"3GPP to EU: 1,000": 120.0, "ISO to China: 6": 72.0, "IEC to China: 4": 48.0}


def test_arrows_of_a_schema_lead_to_the_next_column_only() -> None:
    """A key to the table beside it has an arrow, any other is named behind its column; the table lists all of them."""
    chart = a_schema("codes", ROWS)
    drawn = tree(chart)
    boxes = [float(box.get("x")) for box in drawn.iter("rect") if box.get("class") == "box"]
    texts = {element.text for element in drawn.iter("text")}

    assert boxes == sorted(set(boxes)) and len([tip for tip in drawn.iter("path") if tip.get("class") == "tip"]) == 2
    assert {"document", "work", "degree → codes", "body → bodies"} <= texts
    assert [tuple(cell.text for cell in row) for row in chart.rows] == [
        ("relations", "document", "documents.id"),
        ("relations", "degree", "codes.key"),
        ("documents", "work", "works.id"),
        ("documents", "body", "bodies.key"),
    ]


def test_tables_that_lead_to_each_other_are_drawn() -> None:
    """A circle of keys ends, and every table has its box."""
    a = Table("a", "A", ROWS, ("id",), (Key("b", "b", "id"), Key("parent", "a", "id")))
    b = Table("b", "B", ROWS, ("id",), (Key("a", "a", "id"),))
    drawn = tree(charts.schema("s", "t", "d", (a, b)))

    assert len([box for box in drawn.iter("rect") if box.get("class") == "box"]) == 2
