-- Which international works does a topic hold, and which of the three spheres adopted each, year by year?
-- One row per topic, work and run of years in which nothing of it changes; `is_current` marks the rows of today. A
-- work counts in a year when an edition of its own was in force or a sphere adopted it. `cn_adopts`, `eu_adopts`,
-- `us_adopts` = 1 when any counted document of that sphere adopts the work (IDT, MOD). `is_iso_iec` marks the
-- publications of ISO and IEC, which are made to be adopted; an RFC is used without adoption.
with spans as (
    select d.work, y.first_year, y.last_year, 1 as held, 0 as cn, 0 as eu, 0 as us
    from documents d join document_years y on y.document = d.id
    where d.sphere = 'intl' and d.work is not null and y.first_year is not null
    union all
    select work, first_year, last_year, 0, sphere = 'cn', sphere = 'eu', sphere = 'us' from sphere_works
), steps as (
    select work, first_year as year, held, cn, eu, us from spans
    union all
    select work, last_year + 1, -held, -cn, -eu, -us from spans
), changes as (
    select work, year, sum(held) as held, sum(cn) as cn, sum(eu) as eu, sum(us) as us
    from steps
    where work in (select work from work_topics)
    group by work, year
), states as (
    select
        work, year as first_year, lead(year) over work_years - 1 as last_year,
        sum(held) over work_years + sum(cn) over work_years + sum(eu) over work_years + sum(us) over work_years > 0
            as counts,
        case when sum(cn) over work_years > 0 then 1 else 0 end as cn,
        case when sum(eu) over work_years > 0 then 1 else 0 end as eu,
        case when sum(us) over work_years > 0 then 1 else 0 end as us
    from changes
    window work_years as (partition by work order by year)
), marked as (
    select
        *,
        lag(counts) over work_years is distinct from counts or lag(cn) over work_years is distinct from cn
            or lag(eu) over work_years is distinct from eu or lag(us) over work_years is distinct from us as is_new
    from states
    where last_year is not null
    window work_years as (partition by work order by first_year)
), numbered as (
    select *, sum(is_new) over (partition by work order by first_year) as island from marked
), islands as materialized (
    select work, min(first_year) as first_year, max(last_year) as last_year, cn, eu, us
    from numbered
    where counts = 1
    group by work, island, cn, eu, us
)
select
    t.topic,
    w.id as work,
    w.title,
    w.body as work_body,
    coalesce(w.body, '') in ('iso', 'iec', 'iso_iec', 'iso_iec_ieee', 'iso_sae') as is_iso_iec,
    i.first_year,
    i.last_year,
    i.last_year = as_of.year as is_current,
    w.newest_in_force as newest_edition,
    i.cn as cn_adopts,
    i.eu as eu_adopts,
    i.us as us_adopts,
    i.cn + i.eu + i.us as sphere_count
from islands i
cross join as_of
join works w on w.id = i.work
join work_topics t on t.work = i.work
