"""What only the whole database can tell: works, newest editions, what is in force, where edges point, what is stale.

Everything here is derived and may be recomputed at any time; it runs after every command that accepted a run.
"""

from __future__ import annotations

import sqlite3
from datetime import date

from sqlite_utils import Database

from standards_db import instruments, targets, taxonomy, validity, vendor_table
from standards_db.identifiers import parse
from standards_db.store import transaction

WORKS = """
insert into works (id, family, body, sphere, edition_count)
select work, max(family), max(body), max(sphere), sum(vanished_at is null) from documents
where work is not null group by work
"""
NEWEST = """
update documents set is_newest = 0;
with ranked as (
    select id, row_number() over (
        partition by work
        order by edition_key desc, iif(edition_key is null, published, null) desc, length(id), published desc, id desc
    ) as place
    from documents
    where work is not null and vanished_at is null and kind not in ('draft')
      and coalesce(status, '') not in ('draft', 'upcoming', 'on_approval') and coalesce(valid_from, '') <= :today
)
update documents set is_newest = 1 where id in (select id from ranked where place = 1);
"""
WORK_EDITIONS = """
update works set
  newest = (select id from documents d where d.work = works.id and d.is_newest = 1),
  newest_in_force = (
    select id from documents d where d.work = works.id and d.is_in_force = 1 and d.kind <> 'draft'
    order by d.is_newest desc, d.edition_key desc, d.published desc, length(d.id), d.id desc limit 1),
  title = (
    select title from documents d where d.work = works.id and d.title is not null
    order by d.is_newest desc, d.edition_key desc, d.id desc limit 1),
  title_zh = (
    select title_zh from documents d where d.work = works.id and d.title_zh is not null
    order by d.is_newest desc, d.edition_key desc, d.id desc limit 1)
"""
# Release branches of 3GPP live side by side: a version is stale when its own release has a newer one.
STALE = """
with edition as (
    select relations.id,
           coalesce((select edition_key from documents d where d.id = relations.target_document),
                    relations.target_edition_key) as key,
           relations.target_work as work
    from relations where type = 'adopts' and target_work is not null
), judged as (
    select edition.id, case when edition.key is null then null
      when works.newest is null then null
      else exists (
        select 1 from documents d where d.work = edition.work and d.kind <> 'draft' and d.vanished_at is null
          and d.edition_key > edition.key and d.published <= :today
          and coalesce(d.status, '') not in ('draft', 'upcoming', 'on_approval')
          and (works.family <> '3gpp' or substr(d.edition_key, 1, 6) = substr(edition.key, 1, 6))
      ) end as is_stale
    from edition left join works on works.id = edition.work
)
update relations set is_stale = (select is_stale from judged where judged.id = relations.id)
where type = 'adopts' and target_work is not null
"""
ORPHAN = """
update relations set is_orphan = (
    select d.status = 'withdrawn' and works.newest_in_force is null
    from documents d left join works on works.id = d.work where d.id = relations.target_document)
where type = 'adopts'
"""
CERTIFICATE_TARGETS = """
update certificate_standards set target_document =
    case when target_identifier in (select id from documents) then target_identifier end;
with profiles as materialized (
    select identifier_text as name, min(id) as id from documents where kind = 'protection profile' group by 1
)
update certificate_standards set target_document = (select id from profiles where name = target_text)
where type = 'protection profile' and target_document is null and target_text in (select name from profiles)
"""
UNKNOWNS = """
insert into unknowns (source, field, text, row_count, example)
select r.source, json_extract(j.value, '$[0]'), json_extract(j.value, '$[1]'), count(*), min(r.entity)
from records r, json_each(r.unknowns) j where r.unknowns is not null group by 1, 2, 3
"""
COVERAGE = """
insert into coverage (source, scope, state, reason, loaded, expected, share, as_of)
select s.key, coalesce(latest.mode, 'none'),
  case when not s.is_on and n.rows is null then 'off'
       when n.rows is null then 'not loaded'
       when latest.mode = 'sample' then 'sample only'
       when n.rows < s.expected_min then 'partly loaded'
       else 'loaded' end,
  case when not s.is_on then s.why_off
       when n.rows is null then coalesce('last run rejected: ' || failed.why, 'no run accepted yet')
       when latest.mode = 'sample' then 'the embedded sample, not recorded: a small part of the catalogue'
       when n.rows < s.expected_min then 'fewer rows than the ' || s.expected_min || ' of a healthy full crawl'
       end,
  coalesce(n.rows, 0), s.expected_min,
  min(1.0, 1.0 * coalesce(n.rows, 0) / nullif(s.expected_min, 0)), latest.finished_at
from sources s
left join (select source, count(*) as rows from records where vanished_at is null group by 1) n on n.source = s.key
left join (select source, mode, finished_at, max(id) from runs where verdict = 'accepted' group by source) latest
  on latest.source = s.key
left join (select source, why, max(id) from runs where verdict = 'rejected' group by source) failed
  on failed.source = s.key
"""


def resolve(db: Database, *, today: str | None = None) -> None:
    """Recompute every derived column and table as of `today` (ISO date; default the date of the clock)."""
    day = {"today": today or date.today().isoformat()}
    with transaction(db) as connection:
        run_all(connection, "delete from works", {})
        run_all(connection, WORKS, {})
        run_all(connection, validity.FROM, day)
        run_all(connection, NEWEST, day)
        targets.point(connection)
        for step in validity.STEPS:
            run_all(connection, step, day)
        add_targeted_works(connection)
        run_all(connection, WORK_EDITIONS, {})
        run_all(connection, STALE, day)
        run_all(connection, ORPHAN, {})
        run_all(connection, CERTIFICATE_TARGETS, {})
        vendor_table.build(connection)
        instruments.build(connection)
        run_all(connection, "delete from unknowns", {})
        run_all(connection, UNKNOWNS, {})
        refresh_coverage(connection)
        connection.execute("insert or replace into state values ('resolve', 'done')")
        connection.execute("insert or replace into state values ('as_of', ?)", [day["today"]])


def refresh_coverage(connection: sqlite3.Connection) -> None:
    connection.execute("delete from coverage")
    connection.execute(COVERAGE)
    connection.executemany(
        "insert into coverage (source, scope, state, reason, loaded) values (?, ?, 'not collected', ?, 0)",
        [
            (key, row.get("holds", "none"), f"{row['title']}: {row['reason']}")
            for key, row in sorted(taxonomy.CLOSED_SOURCES.items())
        ],
    )


def is_due(db: Database) -> bool:
    """Whether a run was accepted since the last `resolve` (a process may have ended between the two)."""
    return bool(list(db.query("select 1 from state where key='resolve' and value='due'")))


def run_all(connection: sqlite3.Connection, script: str, values: dict[str, str]) -> None:
    """Run the statements of a script inside the open transaction (executescript would commit it)."""
    for statement in script.split(";"):
        if statement.strip():
            named = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(statement, named)


def add_targeted_works(connection: sqlite3.Connection) -> None:
    """Works that documents refer to and that are not held: listed with no edition, so that edges have two ends."""
    missing = connection.execute(
        "select distinct target_work from relations where target_work is not null"
        " and target_work not in (select id from works)"
    ).fetchall()
    rows = []
    for (work,) in missing:
        identifier = parse(work)
        if identifier is not None and identifier.body in taxonomy.BODIES:
            body = taxonomy.BODIES[identifier.body]
            rows.append((work, identifier.family, body.key, body.sphere, 0))
    connection.executemany("insert into works (id, family, body, sphere, edition_count) values (?,?,?,?,?)", rows)
