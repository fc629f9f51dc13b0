"""The timeline of a work: its editions, and below them what takes it over, each joined to the edition it follows."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from standards_db.datasette_plugin.charts import Chart, Lane, Span, timeline
from standards_db.datasette_plugin.links import row_url
from standards_db.datasette_plugin.pages.frame import Row
from standards_db.datasette_plugin.words import named, say

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

SHOWN = 40


def chart(datasette: Datasette, work: str, editions: list[Row], adopters: list[Row], today: str) -> Chart | None:
    """None when there are not two documents of the work and its adopters that have a date."""
    now = year_of(today)
    assert now is not None  # a snapshot always has its day
    lanes = [Lane("work", work, tuple(spans(datasette, editions, "id", now, None)))]
    counted = [row for row in adopters if row["is_adoption"]]
    for sphere, label in sorted({(row["sphere"], row["sphere_label"]) for row in counted}):
        theirs = [row for row in counted if row["sphere"] == sphere]
        lanes.append(
            Lane(
                sphere,
                named("sphere", sphere, label),
                tuple(spans(datasette, theirs, "document", now, "target_edition")),
            )
        )
    lanes = [lane for lane in lanes if lane.spans]
    if sum(len(lane.spans) for lane in lanes) < 2:
        return None
    return timeline("lineage", say("work.timeline"), say("work.timeline_about"), lanes, now)


def spans(datasette: Datasette, records: list[Row], key: str, now: float, follows: str | None) -> list[Span]:
    """A span per dated document, the newest SHOWN of them, by their beginning."""
    dated = sorted(
        ((start_of(row), row) for row in records if start_of(row) is not None), key=lambda pair: pair[0] or 0
    )
    drawn = []
    for place, (start, row) in enumerate(dated):
        assert start is not None
        later = [
            begin for begin, other in dated[place + 1 :] if other["own_work"] == row["own_work"] and begin is not None
        ]
        end, is_known = end_of(row, later, now)
        status = named("status", row["status"], row["status_label"])
        words = (row[key], row["title"] or row["title_zh"], status, row["published"])
        title = ", ".join(str(word) for word in (*words, None if is_known else say("work.end_unknown")) if word)
        url = row_url(datasette, "documents", row[key])
        drawn.append(
            Span(row[key], row[key], start, end, title, url, row[follows] if follows else None, not row["is_in_force"])
        )
    return drawn[-SHOWN:]


def start_of(row: Row) -> float | None:
    """When it began to count: the stated beginning, else its day or year of publication."""
    return year_of(row["valid_from"]) or year_of(row["published"]) or year_of(str(row["year"] or ""))


def end_of(row: Row, later: list[float], now: float) -> tuple[float | None, bool]:
    """Where its bar ends (None: in force) and whether that is stated; else the start of the next edition, else now."""
    if row["is_in_force"]:
        return None, True
    stated = year_of(row["valid_until"]) or year_of(row["withdrawn"])
    if stated is not None and stated <= now:
        return stated, True
    return (later[0] if later else now), False


def year_of(day: str | None) -> float | None:
    """A day, month or year as a year with its fraction; None when it is none."""
    parts = (day or "").split("-")
    try:
        whole = date(*[int(part) for part in (*parts, "1", "1")[:3]])
    except ValueError:
        return None
    return whole.year + (whole.timetuple().tm_yday - 1) / 366
