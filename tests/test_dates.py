"""Dates: every printed form is read once, and no form is guessed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards_db.dates import parse_date

DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))
FORMATS = ("%m/%d/%Y", "%d.%m.%Y", "%d/%m/%Y", "epoch_ms_shanghai")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-08-13", ("2024-08-13", "day")),
        ("2024-8-3", ("2024-08-03", "day")),
        ("2024-08", ("2024-08", "month")),
        ("2024", ("2024", "year")),
        ("20240813", ("2024-08-13", "day")),
        ("2012-07-16T00:07:00Z", ("2012-07-16", "day")),
        ("2025-04-28T20:00:00.000Z", ("2025-04-28", "day")),
        ("2018-06-08 00:00:00", ("2018-06-08", "day")),
        ("August 13, 2024", ("2024-08-13", "day")),
        ("Sept. 3, 2019", ("2019-09-03", "day")),
        ("June 2015", ("2015-06", "month")),
        ("12 Jan 2020", ("2020-01-12", "day")),
        ("21-Feb-2021", ("2021-02-21", "day")),
        ("2018年05月08日", ("2018-05-08", "day")),
        ("2018年5月", ("2018-05", "month")),
        ("2018年", ("2018", "year")),
        ("  2024-08-13 ", ("2024-08-13", "day")),
    ],
)
def test_reads_unambiguous_forms(text: str, expected: tuple[str, str]) -> None:
    """Year-first, compact, named-month and Chinese forms are read with their own precision."""
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("01/03/2024", "13.11.2024", "3/4/24", "19/12/2025"),
        *("Not Active", "No FRR Date", "Not In Process", "#N/A", "", "-", " ", ",", "None", "TBD", "Updated: March"),
        *("2024-02-30", "2023-02-29", "February 30, 2024", "2024-13", "2024-13-01", "20241301", "2024-00-10"),
        *("1899", "1899-12-31", "2101", "2101-01-01", "0000", "99999", "1538323200000", "Smarch 3, 2020"),
    ],
)
def test_gives_nothing_for_what_is_no_single_date(text: str) -> None:
    """Ambiguous, impossible, out-of-range and wordy texts give no date and no precision."""
    assert parse_date(text) == (None, None)


def test_none_is_no_date() -> None:
    """A missing text is no date."""
    assert parse_date(None) == (None, None)


@pytest.mark.parametrize(
    ("text", "formats", "expected"),
    [
        ("01/03/2024", ("%m/%d/%Y",), ("2024-01-03", "day")),
        ("01/03/2024", ("%d/%m/%Y",), ("2024-03-01", "day")),
        ("'19/12/2025'", ("%d/%m/%Y",), ("2025-12-19", "day")),
        ("13.11.2024", ("%d.%m.%Y",), ("2024-11-13", "day")),
        ("06/2015", ("%m/%Y",), ("2015-06", "month")),
        ("02/30/2024", ("%m/%d/%Y",), (None, None)),
        ("03/01/1850", ("%m/%d/%Y",), (None, None)),
        ("2024-05-01", ("%m/%d/%Y",), ("2024-05-01", "day")),
        ("1538323200000", ("epoch_ms_shanghai",), ("2018-10-01", "day")),
        ("-156758400000", ("epoch_ms_shanghai",), ("1965-01-13", "day")),
        ("9999999999999", ("epoch_ms_shanghai",), (None, None)),
        ("20240813", ("epoch_ms_shanghai",), ("2024-08-13", "day")),
    ],
)
def test_uses_the_formats_of_a_source(
    text: str, formats: tuple[str, ...], expected: tuple[str | None, str | None]
) -> None:
    """A source's own formats decide what its ambiguous texts mean; milliseconds mean a midnight in Shanghai."""
    assert parse_date(text, formats) == expected


@given(DAYS)
def test_every_day_survives_every_spelling(day: date) -> None:
    """A day printed in any known form is read back as the same day."""
    iso = (day.isoformat(), "day")
    assert parse_date(day.isoformat()) == iso
    assert parse_date(day.strftime("%Y%m%d")) == iso
    assert parse_date(day.strftime("%B %d, %Y")) == iso
    assert parse_date(f"{day.year}年{day.month}月{day.day}日") == iso
    assert parse_date(day.strftime("%m/%d/%Y"), ("%m/%d/%Y",)) == iso
    assert parse_date(day.isoformat()[:7]) == (day.isoformat()[:7], "month")


@given(st.dates(min_value=date(1972, 1, 1), max_value=date(2100, 12, 31)))
def test_a_midnight_in_shanghai_keeps_its_day(day: date) -> None:
    """Midnight in Shanghai is the previous day in UTC and still gives the Chinese day."""
    since = day - date(1970, 1, 1)
    milliseconds = int((since - timedelta(hours=8)).total_seconds() * 1000)
    assert parse_date(str(milliseconds), ("epoch_ms_shanghai",)) == (day.isoformat(), "day")


@given(st.text(max_size=30) | st.from_regex(r"[0-9年月日/. :TZ-]{1,20}"))
def test_never_raises_and_agrees_with_itself(text: str) -> None:
    """Any text gives a date that reads back to itself with the same precision, or nothing at all."""
    for formats in ((), FORMATS):
        value, precision = parse_date(text, formats)
        assert (value is None) == (precision is None)
        if value:
            assert parse_date(value) == (value, precision)
            assert len(value) == {"year": 4, "month": 7, "day": 10}[precision or ""]
