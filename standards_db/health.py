"""Whether the data is fresh, in figures: for the health page, for Prometheus, for who asks SQL.

The SQL runs on the ingest database and on the snapshot alike; whoever asks brings a way to run it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

Row = Mapping[str, Any]

SOURCES = """
select s.key as source, s.is_on, s.interval_days,
  (select max(finished_at) from runs r where r.source=s.key and r.verdict='accepted' and r.mode<>'sample')
    as last_good_run,
  (select verdict from runs r where r.source=s.key order by id desc limit 1) as last_verdict,
  (select why from runs r where r.source=s.key order by id desc limit 1) as last_why,
  (select row_count from runs r where r.source=s.key and r.verdict='accepted' order by id desc limit 1) as row_count
from sources s order by 1
"""
REFRESH = (
    "select id, started_at, finished_at, verdict, due_count, accepted_count from refreshes order by id desc limit 1"
)
LATE_AFTER = 2  # intervals without an accepted run


def age_seconds(time: str | None, at: datetime | None = None) -> int | None:
    """Seconds since an ISO time, never negative: a clock that was set back makes nothing younger than new."""
    if not time:
        return None
    moment = at or datetime.now(UTC)
    then = datetime.fromisoformat(time)
    then = then.replace(tzinfo=UTC) if then.tzinfo is None else then
    return max(0, int((moment - then).total_seconds()))


def late(row: Row, at: datetime | None = None) -> bool:
    """Whether a source that is on was read at some time, and has missed two intervals since."""
    age = age_seconds(row["last_good_run"], at)
    return bool(row["is_on"]) and age is not None and age > LATE_AFTER * row["interval_days"] * 86_400


def metrics(sources: Iterable[Row], refresh: Row | None, snapshot_at: str | None = None) -> str:
    """The figures in Prometheus' text format. Times are Unix seconds; what never happened has no line."""
    sources = list(sources)
    lines = family("spheres_source_on", "1 when the source is collected", ((r, r["is_on"]) for r in sources))
    lines += family(
        "spheres_source_last_good_run_timestamp_seconds",
        "End of the last accepted run",
        ((r, unix(r["last_good_run"])) for r in sources),
    )
    lines += family("spheres_source_rows", "Rows of the last accepted run", ((r, r["row_count"]) for r in sources))
    lines += family(
        "spheres_source_last_run_accepted",
        "1 when the newest run was accepted",
        ((r, r["last_verdict"] and int(r["last_verdict"] == "accepted")) for r in sources),
    )
    lines += family(
        "spheres_source_late",
        "1 when two intervals passed without an accepted run",
        ((r, int(late(r))) for r in sources),
    )
    if refresh:
        lines += single("spheres_refresh_due", "Sources that were due in the last refresh", refresh["due_count"])
        lines += single("spheres_refresh_accepted", "Sources accepted in it", refresh["accepted_count"])
        lines += single("spheres_refresh_end_timestamp_seconds", "When it ended", unix(refresh["finished_at"]))
    lines += single("spheres_snapshot_timestamp_seconds", "When the snapshot was built", unix(snapshot_at))
    return "\n".join(lines) + "\n"


def family(name: str, text: str, values: Iterable[tuple[Row, int | None]]) -> list[str]:
    lines = [f'{name}{{source="{row["source"]}"}} {value}' for row, value in values if value is not None]
    return [f"# HELP {name} {text}", f"# TYPE {name} gauge", *lines] if lines else []


def single(name: str, text: str, value: int | None) -> list[str]:
    return [] if value is None else [f"# HELP {name} {text}", f"# TYPE {name} gauge", f"{name} {value}"]


def unix(time: str | None) -> int | None:
    if not time:
        return None
    then = datetime.fromisoformat(time)
    return int((then.replace(tzinfo=UTC) if then.tzinfo is None else then).timestamp())
