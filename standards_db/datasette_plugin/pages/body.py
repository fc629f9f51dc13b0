"""A body: why it belongs to its sphere, what it publishes, whose texts it takes over, and who takes over its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette.database import Database

from standards_db.datasette_plugin.charts import Bar, Chart, Link, Part, Series, bars, flow, lines
from standards_db.datasette_plugin.links import table_url, topic_words
from standards_db.datasette_plugin.pages import figures
from standards_db.datasette_plugin.pages.frame import Row, first, rows, total
from standards_db.datasette_plugin.words import named, say

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

TOPICS_SHOWN = 12
BODY = """
select b.*, s.label as sphere_label, c.name as country_name
from bodies b left join spheres s on s.key = b.sphere left join countries c on c.key = b.country where b.key = :key
"""
STATUSES = """
select d.status, s.label, d.kind, sum(d.document_count) as held,
  sum(iif(d.is_in_force = 1, d.document_count, 0)) as in_force
from document_counts d left join statuses s on s.key = d.status where d.body = :key group by 1, 3 order by held desc
"""
YEARS = """
select year, sum(document_count) as held from document_counts where body = :key and year is not null
group by 1 order by 1
"""
TOPICS = """
select x.topic, t.label, t.label_zh, sum(x.in_force_count) as in_force, sum(x.other_count) as other
from topic_bodies x join topics t on t.key = x.topic
where x.body = :key and x.topic <> 'all' group by 1 order by sum(x.in_force_count + x.other_count) desc, t.label
"""
ADOPTED_BY = """
select a.sphere, s.label, sum(a.adoption_count) as edges, sum(iif(a.is_stale = 1, a.adoption_count, 0)) as stale
from adoption_counts a left join spheres s on s.key = a.sphere
where a.work_body = :key and a.is_counted = 1 group by 1 order by edges desc
"""
ADOPTS_FROM = """
select a.work_body as body, coalesce(b.name, a.work_body) as label, sum(a.adoption_count) as edges
from adoption_counts a left join bodies b on b.key = a.work_body
where a.body = :key and a.is_counted = 1 group by 1 order by edges desc
"""
SCHEMES = """
select m.key, m.title, m.kind, x.certificate_count, x.valid_count, x.rows_link
from schemes m left join scheme_certificates x on x.scheme = m.key where m.body = :key order by m.title
"""
SOURCES = """
select s.key, s.title, s.tier, s.is_on, s.why_off, c.state, c.reason, c.loaded
from sources s left join coverage c on c.source = s.key where s.body = :key order by s.tier, s.key
"""


async def read(datasette: Datasette, db: Database, key: str) -> Row | None:
    body = await first(db, BODY, {"key": key})
    if body is None:
        return None
    statuses = await rows(db, STATUSES, {"key": key})
    topics = await rows(db, TOPICS, {"key": key})
    years = await rows(db, YEARS, {"key": key})
    takers, givers = await rows(db, ADOPTED_BY, {"key": key}), await rows(db, ADOPTS_FROM, {"key": key})
    return {
        "body": body,
        "statuses": statuses,
        "held": total(statuses, "held"),
        "in_force": total(statuses, "in_force"),
        "topics": topics,
        "topic_chart": topic_chart(datasette, key, topics[:TOPICS_SHOWN]) if topics else None,
        "year_chart": year_chart(datasette, key, body, years) if len(years) > 1 else None,
        "takers": takers,
        "givers": givers,
        "flow": adoption_flow(datasette, key, body, takers, givers) if len(takers) + len(givers) > 1 else None,
        "single": single(datasette, key, takers, givers),
        "schemes": await rows(db, SCHEMES, {"key": key}),
        "sources": await rows(db, SOURCES, {"key": key}),
    }


def topic_chart(datasette: Datasette, key: str, topics: list[Row]) -> Chart:

    def link(topic: Row, in_force: int) -> str:
        return table_url(datasette, "topic_documents", topic=topic["topic"], body=key, is_in_force=in_force)

    drawn = [
        Bar(
            topic_words(topic["label"], topic["label_zh"])["first"],
            (Part(topic["in_force"], link(topic, 1)), Part(topic["other"], link(topic, 0))),
            table_url(datasette, "topic_documents", topic=topic["topic"], body=key),
        )
        for topic in topics
    ]
    legend = (say("document.in_force"), say("document.other"))
    return bars("by-topic", say("body.topics"), say("body.topics_about"), drawn, legend, say("topic.one"))


def year_chart(datasette: Datasette, key: str, body: Row, years: list[Row]) -> Chart:
    points = figures.counts_by_year(years, lambda year: table_url(datasette, "documents", body=key, year=year))
    series = Series(body["sphere"], body["name"], points)
    return lines(
        "by-year",
        say("body.years"),
        say("body.years_about"),
        [series],
        as_text=lambda n: f"{n:,.0f}",
        is_named=False,
    )


def adoption_flow(datasette: Datasette, key: str, body: Row, takers: list[Row], givers: list[Row]) -> Chart:
    here = named("body", key, body["name"])
    links = [
        Link(
            here,
            named("sphere", row["sphere"], row["label"]),
            row["edges"],
            adoptions(datasette, work_body=key, sphere=row["sphere"]),
        )
        for row in takers
    ]
    links += [
        Link(
            row["label"] or say("body.not_resolved"),
            here,
            row["edges"],
            adoptions(datasette, body=key, work_body=row["body"]),
        )
        for row in givers
    ]
    head = (say("adoption.from"), say("adoption.to"), say("adoption.many"))
    return flow("adoptions", say("body.flow"), say("body.flow_about"), links, head)


def single(datasette: Datasette, key: str, takers: list[Row], givers: list[Row]) -> Row | None:
    """The only flow from or to this body, where a chart would be one block."""
    if len(takers) + len(givers) != 1:
        return None
    row = (takers + givers)[0]
    if takers:
        name = named("sphere", row["sphere"], row["label"])
        return {"name": name, "edges": row["edges"], "url": adoptions(datasette, work_body=key, sphere=row["sphere"])}
    name = named("body", row["body"], row["label"] or say("body.not_resolved"))
    return {
        "name": name,
        "edges": row["edges"],
        "url": adoptions(datasette, body=key, work_body=row["body"]),
        "taken": 1,
    }


def adoptions(datasette: Datasette, **filters: object) -> str:
    return table_url(datasette, "adoptions", is_counted=1, **filters)
