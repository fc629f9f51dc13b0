"""A topic: its documents by sphere, every measure over time, who adopts which work, what each sphere wrote alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette.database import Database

from standards_db.datasette_plugin.charts import Bar, Chart, Part, bars
from standards_db.datasette_plugin.links import rows_url, table_url
from standards_db.datasette_plugin.pages import figures, findings, lag
from standards_db.datasette_plugin.pages.frame import Row, first, rows
from standards_db.datasette_plugin.words import named, say

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

WORKS_SHOWN, HOME_SHOWN, FINDINGS_SHOWN = 40, 8, 4
SPHERES = ("cn", "eu", "us")
TOPIC = "select * from topics where key = :key"
DOCUMENTS = """
select d.sphere, s.label, sum(d.in_force_count) as in_force, sum(d.other_count) as other
from topic_bodies d left join spheres s on s.key = d.sphere where d.topic = :key group by 1
order by sum(d.in_force_count + d.other_count) desc
"""
WORKS = """
select a.*, w.title_zh, b.name as body_name from alignment_topics a left join works w on w.id = a.work
left join bodies b on b.key = a.work_body
where a.topic = :key and a.is_current = 1 and a.sphere_count > 0 order by a.sphere_count desc, a.work limit :shown
"""
WORK_COUNTS = """
select count(*) as works, sum(sphere_count > 0) as adopted, sum(sphere_count > 1) as shared
from alignment_topics where topic = :key and is_current = 1
"""
HOME_GROWN = """
select document, identifier, title, title_zh, year, force, kind from topic_documents
where topic = :key and sphere = :sphere and is_counted = 1 and adopts = 0
order by force is 'mandatory' desc, year desc, document limit :shown
"""
HOME_COUNTS = """
select d.sphere, s.label, count(*) as held from topic_documents d left join spheres s on s.key = d.sphere
where d.topic = :key and d.is_counted = 1 and d.adopts = 0 group by 1
"""
LAW = """
select i.*, s.label as sphere_label, (select 1 from instruments x where x.id = i.instrument) as is_held
from instrument_topics i left join spheres s on s.key = i.sphere
where i.topic = :key order by i.sphere, i.kind, i.since desc
"""
OTHERS = "select key, label, label_zh from topics where key <> 'all' order by label"


async def read(datasette: Datasette, db: Database, key: str) -> Row | None:
    topic = await first(db, TOPIC, {"key": key})
    if topic is None:
        return None
    measured = await figures.of_topic(db, key)
    documents = await rows(db, DOCUMENTS, {"key": key})
    counts = {row["sphere"]: row for row in await rows(db, HOME_COUNTS, {"key": key})}
    home = []
    for sphere in (name for name in SPHERES if name in counts):
        found = await rows(db, HOME_GROWN, {"key": key, "sphere": sphere, "shown": HOME_SHOWN})
        link = table_url(datasette, "topic_documents", topic=key, sphere=sphere, is_counted=1, adopts=0)
        home.append({**counts[sphere], "documents": found, "url": link})
    return {
        "topic": topic,
        "documents": document_chart(datasette, key, documents) if documents else None,
        "current": current(datasette, measured),
        "spheres_over_time": figures.multiples(datasette, measured, pairs=False),
        "pairs_over_time": figures.multiples(datasette, measured, pairs=True),
        "lag": await lag.chart(datasette, db, key),
        "works": await rows(db, WORKS, {"key": key, "shown": WORKS_SHOWN}),
        "work_counts": await first(db, WORK_COUNTS, {"key": key}),
        "all_works": table_url(datasette, "alignment_topics", topic=key, is_current=1),
        "spheres": SPHERES,
        "home": home,
        "findings": await findings.of_topic(datasette, db, key, FINDINGS_SHOWN),
        "law": await rows(db, LAW, {"key": key}),
        "others": await rows(db, OTHERS),
    }


def document_chart(datasette: Datasette, key: str, documents: list[Row]) -> Chart:

    def link(row: Row, **more: object) -> str:
        return table_url(datasette, "topic_documents", topic=key, sphere=row["sphere"], **more)

    drawn = [
        Bar(
            named("sphere", row["sphere"], row["label"]),
            (Part(row["in_force"], link(row, is_in_force=1)), Part(row["other"], link(row, is_in_force=0))),
            link(row),
        )
        for row in documents
    ]
    legend = (say("document.in_force"), say("document.other"))
    return bars("by-sphere", say("topic.documents"), say("topic.documents_about"), drawn, legend, say("sphere.one"))


def current(datasette: Datasette, measured: list[Row]) -> list[Row]:
    """Today's figures in two tables, of spheres and of pairs: a line per measure, a cell per sphere or pair."""
    last = max((figure["year"] for figure in measured), default=None)
    today = [figure for figure in measured if figure["year"] == last and figure["value"] is not None]
    tables = []
    for is_pair in (True, False):
        ours = [figure for figure in today if bool(figure["sphere_b"]) is is_pair]
        columns = sorted({(figure["sphere_a"], figure["sphere_b"]): figures.name_of(figure) for figure in ours}.items())
        lines = []
        for group in figures.by_key(ours, "measure").values():
            cells = {(figure["sphere_a"], figure["sphere_b"]): cell(datasette, figure) for figure in group}
            lines.append({**group[0], "cells": [cells.get(key) for key, _ in columns]})
        if lines:
            tables.append({"columns": [name for _, name in columns], "lines": lines})
    return tables


def cell(datasette: Datasette, figure: Row) -> Row:
    """One figure as printed, with links to both counts."""
    return {
        **figure,
        "text": figures.printed(figure["unit"])(figure["value"]),
        "numerator_url": rows_url(datasette, figure["numerator_link"]),
        "denominator_url": rows_url(datasette, figure["denominator_link"]),
    }
