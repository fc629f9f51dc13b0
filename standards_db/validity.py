"""When each document is in force: one interval [valid_from, valid_until) with what either end rests on.

`valid_from` is the day of effect where one is stated (a text published and not yet effective is upcoming), else the day
of publication, else the year in the identifier. `valid_until` is the stated withdrawal, else the day on which a newer
edition of the same work or a document that supersedes this one came into force; '9999-12-31' is the open end, and NULL
means never in force or ended on an unknown day (`valid_until_basis` tells which). Dates are as precise as their source:
'2024' and '2024-05' begin with the first day of the year or month, so plain text comparison orders them.

`is_in_force` is the interval judged today; a document without dates is judged by its status alone. An end before its
beginning is kept as stated, counts on no day, and is a row in `conflicts`.
"""

from __future__ import annotations

OPEN_END = "9999-12-31"
CONFLICT = "ended before in force"

# A draft is never in force, nor is a text that was not finished.
UNFINISHED = "(kind = 'draft' or coalesce(status, '') in ('draft', 'on_approval', 'abandoned'))"
UNBEGUN = "(new.kind = 'draft' or new.status in ('draft', 'on_approval', 'abandoned', 'upcoming'))"

FROM = f"""
update documents set (valid_from, valid_from_basis) = (
    case
        when {UNFINISHED} then null
        when status = 'upcoming' and max(coalesce(implemented, ''), coalesce(published, '')) <= :today then null
        else coalesce(max(implemented, published), implemented, published, iif({{year}}, edition, null)) end,
    case
        when {UNFINISHED} then null
        when status = 'upcoming' and max(coalesce(implemented, ''), coalesce(published, '')) <= :today then null
        when implemented is not null and (published is null or implemented >= published) then 'effective date'
        when published is not null then 'publication date'
        when {{year}} then 'year of the edition' end)
""".format(year="edition glob '[12][0-9][0-9][0-9]'")

# Editions in order, each with how many newer ones exist today and from when the first of them is in force; redlines and
# other packagings of one edition are equal. Releases of 3GPP, and of the ETSI texts that transpose them, live side by
# side: there the branch is the release.
BRANCHES = f"""
drop table if exists temp.branches;
create temp table branches as
with transposed as materialized (
    select distinct document from relations where type = 'adopts' and target_work glob '3GPP *'
)
select id, family, valid_from, edition_key, published,
    work || iif(family = '3gpp' or id in (select document from transposed),
        ' ' || coalesce(substr(edition_key, 1, 6), ''), '') as branch,
    vanished_at is null and coalesce(status, '') <> 'upcoming' and coalesce(valid_from, '') <= :today as is_out
from documents where work is not null and not {UNFINISHED};
drop table if exists temp.newer;
create temp table newer as
select id, coalesce(sum(is_out) over later, 0) as newer_count,
    min(case when is_out then valid_from end) over later as newer_from
from branches
window later as (
    partition by branch order by edition_key, iif(edition_key is null, published, null)
    groups between 1 following and unbounded following
);
create unique index temp.newer_id on newer (id)
"""

# A statement of succession towards itself, an older text or one that has not begun has no effect, so that a circle
# leaves its newest member. A successor that is not held counts and gives no date.
SUCCESSORS = f"""
drop table if exists temp.stated;
create temp table stated as
select document as id, target_document as successor from relations
where type = 'superseded by' and coalesce(resolution, '') <> 'the document itself'
union
select target_document, document from relations where type = 'supersedes' and target_document is not null;
create index temp.stated_id on stated (id, successor);
drop table if exists temp.successors;
create temp table successors as
select stated.id, min(new.valid_from) as successor_from
from stated
join documents old on old.id = stated.id
left join documents new on new.id = stated.successor
where stated.successor is not stated.id and not coalesce({UNBEGUN}, 0) and coalesce(new.valid_from, '') <= :today
    and (new.valid_from is null or old.valid_from is null or new.valid_from > old.valid_from
        or (new.valid_from = old.valid_from
            and not exists (select 1 from stated back where back.id = new.id and back.successor = old.id)))
group by stated.id;
create unique index temp.successors_id on successors (id)
"""

# An obsoleted RFC keeps its status word for ever; only the relation tells that another has taken its place.
JUDGED = f"""
drop table if exists temp.judged;
create temp table judged as
with facts as (
    select d.id, d.status, d.withdrawn, d.valid_from, substr(d.vanished_at, 1, 10) as vanished,
        {UNFINISHED} as is_unfinished, d.valid_from_basis, d.work,
        s.is_in_force as status_force, newer_count, newer_from, successor_from,
        d.family = 'ietf' and successors.id is not null as is_obsoleted
    from documents d
    left join statuses s on s.key = d.status
    left join newer on newer.id = d.id
    left join successors on successors.id = d.id
), based as (
    select *, case
        when is_unfinished then 'draft'
        when withdrawn <= :today then 'withdrawal date'
        when valid_from > :today then iif(valid_from_basis = 'effective date', 'effective later', 'published later')
        when is_obsoleted then 'obsoleted by a newer RFC'
        when withdrawn is not null and status in ('withdrawn', 'superseded', 'historical')
            then 'withdrawal date to come'
        when status is not null then 'status'
        when work is null then 'no status stated'
        when newer_count = 0 then 'newest edition, no status stated'
        else 'a newer edition exists, no status stated' end as basis
    from facts
)
select *, case basis
    when 'status' then status_force
    else basis in ('withdrawal date to come', 'no status stated', 'newest edition, no status stated') end as is_listed,
    min(coalesce(newer_from, successor_from), coalesce(successor_from, newer_from)) as next_from
from based;
create unique index temp.judged_id on judged (id)
"""
ENDS_AS_STATED = """
    withdrawn is not null and (vanished is null or withdrawn <= vanished)
    and (withdrawn <= :today or is_listed or j.valid_from > :today)
"""
UNTIL = f"""
update documents set (is_in_force, in_force_basis, valid_until, valid_until_basis) = (
    select is_listed and vanished is null,
    case when vanished is not null then 'no longer listed by the source' else basis end,
    case
        when is_unfinished then null
        when {ENDS_AS_STATED} then withdrawn
        when is_listed and vanished is not null then vanished
        when is_listed or j.valid_from > :today then '{OPEN_END}'
        when j.status in ('upcoming', 'suspended') then null
        else max(next_from, coalesce(j.valid_from, next_from)) end,
    case
        when is_unfinished then 'draft, never in force'
        when {ENDS_AS_STATED} then 'withdrawal date'
        when is_listed and vanished is not null then 'no longer listed by the source'
        when is_listed or j.valid_from > :today then 'open'
        when j.status in ('upcoming', 'suspended') then j.status || ', date missing'
        when next_from is null then iif(j.status = 'unknown', 'status unknown', 'withdrawn') || ', date missing'
        when is_obsoleted then 'obsoleted by a newer RFC'
        when next_from = newer_from then 'newer edition'
        else 'superseded by another document' end
    from judged j where j.id = documents.id)
"""
CONFLICTS = f"""
delete from conflicts where field = '{CONFLICT}';
insert into conflicts (entity, field, kept_source, kept, other_source, other, other_page_url, other_retrieved_at, run)
select id, '{CONFLICT}', source, valid_from, source, valid_until, page_url, retrieved_at, run
from documents where valid_until < valid_from;
drop table temp.branches; drop table temp.newer; drop table temp.stated; drop table temp.successors;
drop table temp.judged
"""

# In this order, after edges have found their targets.
STEPS = (BRANCHES, SUCCESSORS, JUDGED, UNTIL, CONFLICTS)
