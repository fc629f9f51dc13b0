"""Several observations of one record become one: what wins, and that a single one is stored as it is."""

from __future__ import annotations

import json

from standards_db.merge import Seen, merge
from standards_db.store import dump, staged_text

PAGE = "http://register.example/list"


def seen(day: str, **payload: object) -> Seen:
    return Seen(payload, f"2026-01-{day}T00:00:00Z", PAGE)


def test_a_coarser_date_does_not_replace_a_finer_one() -> None:
    """A newer page that prints only the month leaves the day, its text and its precision as they were."""
    fine = {"published": "2015-06-24", "published_text": "June 24, 2015", "published_precision": "day"}
    coarse = {"published": "2015-06", "published_text": "June 2015", "published_precision": "month"}

    merged, differences = merge([seen("01", **fine), seen("02", **coarse, title="T")])

    assert merged == {**fine, "title": "T"}
    assert differences == []


def test_another_date_replaces_the_older_one() -> None:
    """A newer page with another month wins although it is less exact, and the difference is a change."""
    merged, differences = merge([seen("01", published="2015-06-24"), seen("02", published="2015-07")])

    assert merged == {"published": "2015-07"}
    assert [(d.field, d.old, d.new, d.same_day) for d in differences] == [("published", "2015-06-24", "2015-07", False)]


def test_a_finer_date_replaces_the_coarser_one() -> None:
    """A newer page that prints the day too fills in what the month left open."""
    merged, differences = merge([seen("01", published="2015-06"), seen("02", published="2015-06-24")])

    assert merged == {"published": "2015-06-24"}
    assert differences == []


def test_a_single_observation_is_staged_as_merge_would_leave_it() -> None:
    """Rows seen once are stored from their staged text unread, so that text must be the merged form."""
    edge = {"type": "adopts", "target_work": "ISO/IEC 27001", "target_edition_key": None, "method": "source field"}
    payload = {
        "title": "信息安全",
        "status": None,
        "topics": [("pki", "title keyword", "PKI"), ("crypto", "ICS", "35.030")],
        "relations": [edge],
    }
    once, _ = merge([Seen(json.loads(dump(payload)), "2026-01-01T00:00:00Z", PAGE)])

    assert staged_text(payload) == dump(once)
