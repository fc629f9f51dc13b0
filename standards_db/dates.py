"""Reads the dates that sources print and never guesses: where two readings fit, the source must name its format.

Precision stays with the value, because a month or a year is all that many registers know.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

FIRST_YEAR, LAST_YEAR = 1900, 2100
EPOCH_MS_SHANGHAI = "epoch_ms_shanghai"
SHANGHAI = timedelta(hours=8)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}

YEAR_FIRST = re.compile(
    r"(?P<y>\d{4})(?:-(?P<m>\d{1,2})(?:-(?P<d>\d{1,2})"
    r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?)?)?"
)
COMPACT = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})")
CHINESE = re.compile(r"(?P<y>\d{4})\s*年(?:\s*(?P<m>\d{1,2})\s*月(?:\s*(?P<d>\d{1,2})\s*[日号])?)?")
MONTH_FIRST = re.compile(r"(?P<m>[A-Za-z]{3,9})\.?\s+(?:(?P<d>\d{1,2})(?:st|nd|rd|th)?\s*,\s*)?(?P<y>\d{4})")
DAY_FIRST = re.compile(r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s-](?P<m>[A-Za-z]{3,9})\.?,?[\s-](?P<y>\d{4})")
SHAPES = (YEAR_FIRST, COMPACT, MONTH_FIRST, DAY_FIRST, CHINESE)
DIRECTIVE = re.compile(r"%[A-Za-z%]")

Found = tuple[str | None, str | None]
NOTHING: Found = (None, None)


def parse_date(text: str | None, formats: Sequence[str] = ()) -> Found:
    """(ISO date, precision) of a printed date; precision is "day", "month", "year", or None when there is no date.

    The value is as long as the precision: "2024-08-13", "2024-08" or "2024". Read without a format are year-first
    forms, compact YYYYMMDD, ISO timestamps (their own day, no change of zone), English month names and Chinese
    年月日. `formats` are a source's own: strptime formats such as "%d.%m.%Y", tried first and in turn, or
    "epoch_ms_shanghai" for milliseconds since 1970 that mean a midnight in Shanghai. Anything else, an impossible
    day, or a year outside 1900-2100 gives (None, None); nothing is raised.
    """
    if not text:
        return NOTHING
    return _parse(str(text).strip().strip("'\""), tuple(formats))


@lru_cache(maxsize=65536)
def _parse(text: str, formats: tuple[str, ...]) -> Found:
    for form in formats:
        found = _shanghai(text) if form == EPOCH_MS_SHANGHAI else _formatted(text, form)
        if found != NOTHING:
            return found
    for shape in SHAPES:
        if match := shape.fullmatch(text):
            return _checked(match["y"], match["m"], match["d"])
    return NOTHING


def _checked(year: str, month: str | None, day: str | None) -> Found:
    y = int(year)
    if not FIRST_YEAR <= y <= LAST_YEAR:
        return NOTHING
    if month is None:
        return f"{y:04d}", "year"
    m = int(month) if month.isdecimal() else MONTHS.get(month.lower(), 0)
    if not 1 <= m <= 12:
        return NOTHING
    if day is None:
        return f"{y:04d}-{m:02d}", "month"
    try:
        return date(y, m, int(day)).isoformat(), "day"
    except ValueError:
        return NOTHING


def _formatted(text: str, form: str) -> Found:
    try:
        found = datetime.strptime(text, form)
    except ValueError:
        return NOTHING
    named = set(DIRECTIVE.findall(form))
    month = str(found.month) if named & {"%m", "%b", "%B", "%j", "%x", "%D", "%c"} else None
    day = str(found.day) if named & {"%d", "%e", "%j", "%x", "%D", "%c"} else None
    return _checked(str(found.year), month, day)


def _shanghai(text: str) -> Found:
    if not re.fullmatch(r"-\d{8,13}|\d{9,13}", text, re.ASCII):
        return NOTHING
    local = EPOCH + timedelta(milliseconds=int(text)) + SHANGHAI
    return _checked(str(local.year), str(local.month), str(local.day))
