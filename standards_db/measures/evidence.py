"""The rows behind a figure: a link to a filtered table page, translated to the SQL that gives exactly its rows."""

from __future__ import annotations

import re
import sqlite3
from urllib.parse import parse_qsl

OPERATORS = {
    "exact": "{} = ?",
    "not": "{} <> ?",
    "gt": "{} > ?",
    "gte": "{} >= ?",
    "lt": "{} < ?",
    "lte": "{} <= ?",
    "isnull": "{} is null",
    "notnull": "{} is not null",
}
NAME = re.compile(r"[a-z][a-z0-9_]*")


class EvidenceError(ValueError):
    """A link that is no filtered table page, or uses a filter not known here; names the link and the part."""


def query(link: str, select: str = "*") -> tuple[str, list[str]]:
    """SQL and parameters for the rows of a link such as `topic_documents?topic=pki&first_year__lte=2015`.

    Values are parameters, never text of the SQL. Raises EvidenceError.
    """
    table, _, text = link.partition("?")
    if not NAME.fullmatch(table):
        raise EvidenceError(f"{link}: {table!r} is no table")
    conditions, parameters = [], []
    for key, value in parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)):
        column, _, operator = key.partition("__")
        operator = operator or "exact"
        if not NAME.fullmatch(column) or operator not in OPERATORS:
            raise EvidenceError(f"{link}: {key!r} is no filter known here")
        condition = OPERATORS[operator].format(f"[{column}]")
        conditions.append(condition)
        if "?" in condition:
            parameters.append(value)
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return f"select {select} from [{table}]{where}", parameters


def count(connection: sqlite3.Connection, link: str, counts: str = "") -> int:
    """How many rows a link opens; with `counts`, the sum of that column over them."""
    if counts and not NAME.fullmatch(counts):
        raise EvidenceError(f"{link}: {counts!r} is no column")
    sql, parameters = query(link, f"coalesce(sum([{counts}]), 0)" if counts else "count(*)")
    return int(connection.execute(sql, parameters).fetchone()[0])
