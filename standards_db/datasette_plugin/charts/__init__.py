"""Charts drawn on the server as SVG: no script, every mark a link to its rows, every chart with its table.

Each function is pure: it takes marks (text, number, address of the rows) and gives a Chart, which `_chart.html` shows.
Series differ by dash, marker and a printed name, bars by pattern, so that a chart reads in black and white.
"""

from standards_db.datasette_plugin.charts.bars import Bar, Part, bars
from standards_db.datasette_plugin.charts.flow import Link, flow
from standards_db.datasette_plugin.charts.lines import Point, Series, lines, steps
from standards_db.datasette_plugin.charts.schema import Key, Table, schema
from standards_db.datasette_plugin.charts.svg import Cell, Chart
from standards_db.datasette_plugin.charts.timeline import Lane, Span, timeline

__all__ = [
    "Bar",
    "Cell",
    "Chart",
    "Key",
    "Lane",
    "Link",
    "Part",
    "Point",
    "Series",
    "Span",
    "Table",
    "bars",
    "flow",
    "lines",
    "schema",
    "steps",
    "timeline",
]
