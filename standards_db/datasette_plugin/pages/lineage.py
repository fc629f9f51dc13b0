"""The timeline of a work: its editions, and below them what takes it over, each joined to the edition it follows."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from standards_db.datasette_plugin.charts import Chart, Lane, Span, timeline
from standards_db.datasette_plugin.links import row_url
from standards_db.datasette_plugin.pages.frame import Row, text_of

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

SHOWN = 40


def chart(datasette: Datasette, work: str, editions: list[Row], adopters: list[Row], today: str) -> Chart | None:
    """None when nothing of the work or its adopters has a date, or there is only one document to show."""
    t = text_of(datasette)
    now = year_of(today)
    assert now is not None  # a snapshot always has its day
    dated = sorted((row for row in editions if year_of(row["published"])), key=lambda row: row["published"])
    ends = {row["id"]: end_of(row, dated[place + 1 :], now) for place, row in enumerate(dated)}
    own = [span(datasette, row, row["id"], ends[row["id"]], None) for row in dated]
    lanes = [Lane("work", work, tuple(own))] if own else []
    followers: dict[str, list[Span]] = {}
    counted = [row for row in adopters if row["is_adoption"] and year_of(row["published"])]
    for row in sorted(counted, key=lambda row: row["published"])[-SHOWN:]:
        drawn = span(datasette, row, row["document"], end_of(row, [], now), row["target_edition"])
        followers.setdefault(row["sphere_label"], []).append(drawn)
    keys = {row["sphere_label"]: row["sphere"] for row in adopters}
    lanes += [Lane(keys[label], label, tuple(spans)) for label, spans in sorted(followers.items())]
    if sum(len(lane.spans) for lane in lanes) < 2:
        return None
    return timeline("lineage", str(t("work.timeline")), str(t("work.timeline_about")), lanes, now)


def span(datasette: Datasette, row: Row, key: str, end: float | None, follows: str | None) -> Span:
    start = year_of(row["published"])
    assert start is not None
    title = ", ".join(filter(None, (key, row["title"] or row["title_zh"], row["status_label"], row["published"])))
    return Span(key, key, start, end, title, row_url(datasette, "documents", key), follows, not row["is_in_force"])


def end_of(row: Row, later: list[Row], now: float) -> float | None:
    """Day of withdrawal, else the start of the next edition, else `now`; None for what is in force."""
    if row["is_in_force"]:
        return None
    stated = year_of(row["withdrawn"])
    if stated is None and later:
        stated = year_of(later[0]["published"])
    return stated if stated is not None else now


def year_of(day: str | None) -> float | None:
    """A day, month or year as a year with its fraction; None when it is none."""
    parts = (day or "").split("-")
    try:
        whole = date(*[int(part) for part in (*parts, "1", "1")[:3]])
    except ValueError:
        return None
    return whole.year + (whole.timetuple().tm_yday - 1) / 366
