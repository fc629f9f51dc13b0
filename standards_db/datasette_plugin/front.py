"""The front page: what is here, how fresh it is, and where the spheres share a base, each number with its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Request, Response

from standards_db.datasette_plugin.cells import percent
from standards_db.datasette_plugin.charts import Chart, Link, flow
from standards_db.datasette_plugin.links import queries_of, rows_url, table_url, title_of
from standards_db.datasette_plugin.pages import figures, findings
from standards_db.datasette_plugin.pages.frame import kept, render, rows, snapshot_of
from standards_db.datasette_plugin.words import named, say

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette
    from datasette.database import Database

SPHERES = """
with d as (select sphere, sum(document_count) as documents, sum(iif(is_in_force = 1, document_count, 0)) as in_force
  from document_counts group by 1),
c as (select sphere, sum(certificate_count) as certificates from certificate_counts group by 1),
a as (select sphere, sum(adoption_count) as adoptions, sum(iif(is_stale = 1, adoption_count, 0)) as stale
  from adoption_counts where is_counted = 1 group by 1)
select s.key, s.label, s.description,
  coalesce(documents, 0) as documents, coalesce(in_force, 0) as in_force, coalesce(certificates, 0) as certificates,
  coalesce(adoptions, 0) as adoptions, coalesce(stale, 0) as stale,
  v.coverage, v.source_count, v.loaded_count,
  (select note from figures f where f.measure = 'uptake' and f.topic = 'all' and f.sphere_a = s.key
    and f.year = (select max(year) from figure_years) and f.note like 'adoptions are not collected%') as unheld
from spheres s left join sphere_coverage v on v.sphere = s.key left join d on d.sphere = s.key
left join c on c.sphere = s.key left join a on a.sphere = s.key
order by case s.key when 'us' then 1 when 'cn' then 2 when 'eu' then 3 when 'intl' then 4 else 5 end
"""
FRESHNESS = """
select s.key, s.title, s.sphere, p.label as sphere_label, s.holds, s.tier, s.interval_days, s.is_on, s.why_off,
  c.state, c.reason, c.loaded, c.scope as mode, g.finished_at,
  (select max(retrieved_at) from source_records r where r.source = s.key) as retrieved_at,
  (select verdict from runs r where r.source = s.key order by r.id desc limit 1) as last_verdict,
  (select why from runs r where r.source = s.key order by r.id desc limit 1) as last_why
from sources s
left join spheres p on p.key = s.sphere
left join coverage c on c.source = s.key
left join (select source, max(finished_at) as finished_at from runs where verdict = 'accepted' group by source) g
  on g.source = s.key
order by s.is_on desc, s.sphere, s.key
"""
PAIRS = """
select p.topic, t.label, t.label_zh, p.sphere_a, p.sphere_b, p.shared_base as share, p.numerator, p.denominator,
  p.numerator_link, p.denominator_link, p.note, p.coverage
from divergence_pairs p join topics t on t.key = p.topic
order by p.topic <> 'all', t.label, p.sphere_a, p.sphere_b
"""
SHARES = """
select f.topic, f.sphere_a as sphere, f.value as share, f.numerator, f.denominator, f.numerator_link,
  f.denominator_link, f.note, f.coverage
from figures f join figure_years y on y.year = f.year
where f.measure = 'international_share' and y.is_current = 1
"""
SNAPSHOT = "select * from snapshot limit 1"
MINIMUM = "select cast(value as integer) as least from measure_settings where key = 'minimum_documents'"

CHANGES = """
select c.entity, c.kind, c.field, c.old, c.new, c.observed_at, c.source, d.id as document, d.title, d.title_zh
from changes c left join documents d on d.id = c.entity order by c.observed_at desc, c.entity, c.field limit 8
"""
FLOWS = """
select f.work_body, coalesce(b.name, f.work_body) as name, f.sphere, f.adoption_count, f.rows_link
from adoption_flows f left join bodies b on b.key = f.work_body where f.adoption_count > 0
"""
TRENDS = ("shared_base", "international_share")

FINDINGS_SHOWN = 6
TOO_FEW = "not enough documents"
SHADES = 5


@dataclass(frozen=True, slots=True)
class Heat:
    """One cell of the heat table: printed text, shade 0..SHADES (None: no figure), its rows and what it rests on."""

    text: str
    shade: int | None
    numerator: int
    denominator: int
    numerator_url: str | None
    denominator_url: str | None
    title: str


async def page(datasette: Datasette, request: Request) -> Response:
    """`/`, in the place of Datasette's own, which asks for the permission to see each table (0.5 s of it)."""
    db = await snapshot_of(datasette)
    if db is None:
        names = [name for name in datasette.databases if not name.startswith("_")]
        return await render(datasette, request, "index.html", {"tracker": None, "names": names}, "index")
    shown = await kept(db, "front", lambda: read(datasette, db))
    today = datetime.now(UTC).date()
    sources = [{**source, **age(source, today)} for source in shown["sources"]]
    return await render(datasette, request, "index.html", {"tracker": {**shown, "sources": sources}}, "index")


async def read(datasette: Datasette, db: Database) -> dict[str, Any]:
    pairs, shares, spheres = await rows(db, PAIRS), await rows(db, SHARES), await rows(db, SPHERES)
    least = (await rows(db, MINIMUM))[0]["least"]
    return {
        "snapshot": (await rows(db, SNAPSHOT))[0],
        "spheres": spheres,
        "sources": await rows(db, FRESHNESS),
        "heat": heat_table(datasette, pairs, shares, least),
        "minimum": least,
        "shades": [percent(shade / SHADES) for shade in range(SHADES + 1)],
        "questions": questions(datasette),
        "trends": await trends(datasette, db),
        "flow": adoption_flow(datasette, await rows(db, FLOWS)),
        "unheld": unheld(spheres),
        "changes": await rows(db, CHANGES),
        "findings": await findings.of_topic(datasette, db, figures.ALL_TOPICS, FINDINGS_SHOWN),
    }


async def trends(datasette: Datasette, db: Database) -> list[Chart]:
    """The leading measures over all topics and years, as far as there are figures."""
    measured = figures.by_key(await figures.of_topic(db, figures.ALL_TOPICS), "measure")
    drawn = [figures.chart(datasette, f"trend-{name}", measured.get(name, [])) for name in TRENDS]
    return [chart for chart in drawn if chart]


def adoption_flow(datasette: Datasette, flows: list[dict[str, Any]]) -> Chart | None:
    """Who takes over whose texts: bands from the international bodies to the spheres."""
    bands = [
        Link(
            named("body", row["work_body"], row["name"]),
            say(f"sphere.{row['sphere']}"),
            row["adoption_count"],
            rows_url(datasette, row["rows_link"]),
        )
        for row in flows
    ]
    head = (say("adoption.from"), say("adoption.to"), say("adoption.many"))
    return (
        flow("adoption-flow", say("front.flow"), say("front.flow_about"), bands, head, is_share=True) if bands else None
    )


def unheld(spheres: list[dict[str, Any]]) -> str:
    """The spheres whose adoptions are not collected, by name."""
    return say("list").join(say(f"sphere.{row['key']}") for row in spheres if row["unheld"])


def age(source: dict[str, Any], today: date) -> dict[str, Any]:
    """Days since the last good run and the newest page; overdue when older than the source's own interval."""
    days = since(source["finished_at"], today)
    return {
        "age_days": days,
        "page_age_days": since(source["retrieved_at"], today),
        "is_overdue": bool(source["is_on"]) and days is not None and days > (source["interval_days"] or 7),
    }


def since(moment: str | None, today: date) -> int | None:
    try:
        return max(0, (today - date.fromisoformat((moment or "")[:10])).days)
    except ValueError:
        return None


def heat_table(
    datasette: Datasette,
    pairs: list[dict[str, Any]],
    shares: list[dict[str, Any]],
    least: int,
) -> dict[str, Any]:
    """Rows per topic; columns: the international share of each sphere, then the shared base of each pair."""
    spheres = sorted({row["sphere"] for row in shares})
    couples = sorted({(row["sphere_a"], row["sphere_b"]) for row in pairs})
    share_of = {(row["topic"], row["sphere"]): row for row in shares}
    base_of = {(row["topic"], row["sphere_a"], row["sphere_b"]): row for row in pairs}
    topics = {row["topic"]: row for row in pairs}
    lines = [
        {
            "topic": topic,
            "label": row["label"],
            "label_zh": row["label_zh"],
            "shares": [heat(datasette, share_of.get((topic, sphere)), least) for sphere in spheres],
            "bases": [heat(datasette, base_of.get((topic, *couple)), least) for couple in couples],
        }
        for topic, row in topics.items()
    ]
    return {
        "spheres": spheres,
        "pairs": [{"a": a, "b": b} for a, b in couples],
        "lines": [line for line in lines if has_figure(line)],
        "blank": [line for line in lines if not has_figure(line)],
    }


def has_figure(line: dict[str, Any]) -> bool:
    return any(cell.shade is not None for cell in [*line["shares"], *line["bases"]])


def heat(datasette: Datasette, row: dict[str, Any] | None, least: int) -> Heat:
    if row is None:
        return Heat("–", None, 0, 0, None, None, say("heat.none"))
    numerator_url = rows_url(datasette, row["numerator_link"])
    denominator_url = rows_url(datasette, row["denominator_link"])
    share, numerator, denominator = row["share"], row["numerator"], row["denominator"]
    if share is None:
        note = row["note"] or TOO_FEW
        text = f"n<{least}" if note.startswith("not enough") else say("heat.not_applicable")
        why = f"{named('note', note)}. {row['coverage']}"
        return Heat(text, None, numerator, denominator, numerator_url, denominator_url, why)
    title = say("heat.of", numerator=numerator, denominator=denominator, coverage=row["coverage"])
    return Heat(percent(share), round(share * SHADES), numerator, denominator, numerator_url, denominator_url, title)


def questions(datasette: Datasette) -> list[dict[str, str]]:
    """The canned queries with their titles, in the order of metadata.yml."""
    return [{"url": table_url(datasette, name), "title": title_of(datasette, name)} for name in queries_of(datasette)]
