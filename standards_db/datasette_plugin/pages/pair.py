"""Two spheres: every topic today, how their common base moved over the years, and the works that they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette.database import Database
from datasette.utils.asgi import Request, Response

from standards_db.datasette_plugin.cells import percent
from standards_db.datasette_plugin.charts import Chart
from standards_db.datasette_plugin.links import rows_url, table_url, topic_words
from standards_db.datasette_plugin.pages import figures
from standards_db.datasette_plugin.pages.frame import Row, kept, no_snapshot, render, rows, snapshot_of
from standards_db.datasette_plugin.words import named

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

SHOWN, PANELS, LEAST_PANEL = 40, 12, 3
SPHERES = "select key, label, description from spheres where key in (:a, :b)"
TOPICS = """
select p.*, t.label, t.label_zh from divergence_pairs p join topics t on t.key = p.topic
where p.sphere_a = :a and p.sphere_b = :b order by p.topic <> 'all', t.label
"""
SHARED = """
select p.work, p.title, p.edition_a, p.edition_b, p.year_a, p.year_b, p.is_different, p.gap_years, w.title_zh
from pair_works p left join works w on w.id = p.work
where p.topic = 'all' and p.sphere_a = :a and p.sphere_b = :b and p.is_current = 1 and p.is_shared = 1
order by p.is_different desc, p.gap_years desc, p.work limit :shown
"""
COMPETING = """
select x.fact_row, x.problem, x.what_differs, x.source_url,
  max(case x.sphere when :a then x.specification end) as spec_a,
  max(case x.sphere when :b then x.specification end) as spec_b
from competing_sides x where x.sphere in (:a, :b) group by x.fact_row having count(*) = 2 order by x.problem
"""
PARTS = ("numerator", "denominator", "numerator_link", "denominator_link", "note")
FIGURES = (
    ("shared_base", *PARTS),
    *(
        (name, *(f"{name}_{part}" for part in PARTS))
        for name in ("skew", "share_a", "share_b", "uptake_a", "uptake_b", "stale_a", "stale_b")
    ),
)


async def page(datasette: Datasette, request: Request) -> Response:
    """`/pair/<a>/<b>`: both in alphabetical order; another order is redirected, an unknown sphere is 404."""
    db = await snapshot_of(datasette)
    if db is None:
        return await no_snapshot(datasette, request)
    a, b = request.url_vars["a"], request.url_vars["b"]
    if a > b:
        return Response.redirect(str(datasette.urls.path(f"/pair/{b}/{a}")))
    shown = await kept(db, f"pair/{a}/{b}", lambda: read(datasette, db, a, b))
    if shown is None:
        context: Row = {"asked": f"{a} / {b}", "status": 404}
        return await render(datasette, request, "404.html", context, "pair", 404)
    return await render(datasette, request, "pair.html", shown, "pair")


async def read(datasette: Datasette, db: Database, a: str, b: str) -> Row | None:
    params = {"a": a, "b": b, "shown": SHOWN}
    spheres = {row["key"]: row for row in await rows(db, SPHERES, params)}
    topics = await rows(db, TOPICS, params)
    if not topics or len(spheres) < 2:
        return None
    lines = [{**row, "figures": [cell(datasette, row, *names) for names in FIGURES]} for row in topics]
    with_figures = [line for line in lines if any(one["text"] for one in line["figures"])]
    everything = await figures.of_topic(db, figures.ALL_TOPICS)
    of_pair = [row for row in everything if {row["sphere_a"], row["sphere_b"]} <= {a, b, ""}]
    return {
        "a": spheres[a],
        "b": spheres[b],
        "lines": with_figures,
        "blank": [line for line in lines if line not in with_figures],
        "pairs_over_time": figures.multiples(datasette, of_pair, pairs=True),
        "spheres_over_time": figures.multiples(datasette, of_pair, pairs=False),
        "topics_over_time": await topic_panels(datasette, db, a, b),
        "shared": await rows(db, SHARED, params),
        "all_shared": table_url(
            datasette, "pair_works", topic="all", sphere_a=a, sphere_b=b, is_current=1, is_shared=1
        ),
        "competing": await rows(db, COMPETING, params),
    }


def cell(
    datasette: Datasette, row: Row, name: str, over: str, under: str, over_link: str, under_link: str, note: str
) -> Row:
    """One figure of the wide table: its text (blank when there is none), counts and links."""
    value = row[name]
    return {
        "name": name.removesuffix("_a").removesuffix("_b") if name[-2:] in ("_a", "_b") else name,
        "side": name[-1] if name[-2:] in ("_a", "_b") else "",
        "text": percent(value) if value is not None else "",
        "note": named("note", row[note]),
        "numerator": row[over],
        "denominator": row[under],
        "numerator_url": rows_url(datasette, row[over_link]),
        "denominator_url": rows_url(datasette, row[under_link]),
    }


async def topic_panels(datasette: Datasette, db: Database, a: str, b: str) -> list[Chart]:
    """The shared base by year of each topic that has enough figures, those with most of them first."""
    ours = [row for row in await figures.of_pair(db, "shared_base", a, b) if row["topic"] != "all"]
    labels = {
        row["key"]: topic_words(row["label"], row["label_zh"])["first"]
        for row in await rows(db, "select key, label, label_zh from topics")
    }
    groups = figures.by_key(ours, "topic")
    filled = sorted(groups, key=lambda topic: -sum(row["value"] is not None for row in groups[topic]))[:PANELS]
    drawn = []
    for topic in filled:
        if sum(row["value"] is not None for row in groups[topic]) >= LEAST_PANEL:
            drawn.append(figures.chart(datasette, f"t-{topic}", groups[topic], labels.get(topic, topic)))
    return [one for one in drawn if one]
