"""Findings in words: sentences of the snapshot in which every number opens its rows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from datasette.database import Database
from markupsafe import Markup

from standards_db.datasette_plugin.links import rows_url
from standards_db.datasette_plugin.pages.frame import Row, rows

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

FINDINGS = "select kind, sentence, clauses, coverage from findings where topic = :topic order by rank"


async def of_topic(datasette: Datasette, db: Database, topic: str, shown: int) -> list[Row]:
    """The leading sentences of a topic that state a number, each once, as markup with links in it.

    Those that only say that there is too little to compare stand in the table `findings`.
    """
    found = await rows(db, FINDINGS, {"topic": topic})
    told: list[Row] = []
    for row in sorted(
        found, key=lambda row: -len(json.loads(row["clauses"]))
    ):  # what says more swallows what says less
        said = [one["text"] for one in json.loads(row["clauses"])]
        longer = [other for other in told if other["said"][:1] == said[:1] and set(said) <= set(other["said"])]
        if longer:
            longer[0]["kinds"].append(row["kind"])
        elif any(one["numbers"] for one in json.loads(row["clauses"])):
            told.append({**row, "kinds": [row["kind"]], "said": said})
    ordered = sorted(told, key=found_order(found))[:shown]
    return [{**row, "markup": linked(datasette, row["clauses"])} for row in ordered or plain(found)]


def found_order(found: list[Row]) -> Callable[[Row], int]:
    """Findings in the order of the table, by the first kind that each of them answers."""
    places = {row["kind"]: place for place, row in enumerate(found)}
    return lambda row: min(places[kind] for kind in row["kinds"])


def plain(found: list[Row]) -> list[Row]:
    """The first finding where none states a number: why there is none."""
    return [{**row, "kinds": [row["kind"]]} for row in found[:1]]


def linked(datasette: Datasette, clauses: str) -> Markup:
    """The clauses joined to a sentence; each of their numbers, in the order of the text, is a link to its rows."""
    written = [clause(datasette, one) for one in json.loads(clauses)]
    sentence = Markup("; ").join(written)
    return sentence[:1].upper() + sentence[1:] + Markup(".") if sentence else sentence


def clause(datasette: Datasette, one: dict[str, Any]) -> Markup:
    text, done = one["text"], Markup("")
    for counted in one["numbers"]:
        number = re.escape(f"{counted['number']:,}")
        found = re.search(rf"(?<![\d.,]){number}(?!\d)", text)
        url = rows_url(datasette, counted["link"])
        if found is None or url is None:
            continue
        link = Markup('<a class="figure" href="{}">{}</a>').format(url, found[0])
        done += Markup.escape(text[: found.start()]) + link
        text = text[found.end() :]
    return done + Markup.escape(text)
