-- How long does each sphere wait for each international work, and for which is it still waiting?
-- One row per topic, sphere that ever adopted anything, and work. The clock starts with the earliest edition held and
-- stops with the first document of the sphere that takes any edition of the work over (IDT or MOD, in force or not);
-- `end_day` is the snapshot's day where nothing has. A month counts from its middle, a year from 1 July. A register shows no
-- adoption before its first one, so works published before that day are left out (of them only the late ones would show),
-- and so are those whose true start or end is not known; `reason` names each (`is_used` = 0). A work adopted up to a year
-- before its publication waited 0 years (parallel votes, coarse dates). `first_year` = the year of publication,
-- `adopted_year` = the year of the first adoption.
with editions as materialized (
    select
        d.work,
        d.id as edition,
        case length(d.published)
            when 4 then d.published || '-07-01' when 7 then d.published || '-15' else d.published
        end as day
    from documents d
    where d.sphere = 'intl' and d.work is not null and d.published is not null
        and coalesce(d.kind, '') not in ('draft', 'amendment') and coalesce(d.status, '') <> 'draft'
), starts as materialized (
    select work, edition, day as start_day
    from (select *, row_number() over (partition by work order by day, edition) as place from editions)
    where place = 1
), takers as materialized (
    select
        a.sphere,
        a.work,
        a.document,
        a.target_year,
        case length(coalesce(d.published, d.implemented))
            when 4 then coalesce(d.published, d.implemented) || '-07-01'
            when 7 then coalesce(d.published, d.implemented) || '-15'
            else coalesce(d.published, d.implemented)
        end as day
    from adoptions a
    join documents d on d.id = a.document
    where a.is_adoption = 1 and a.sphere in ('cn', 'eu', 'us')
        and coalesce(d.kind, '') not in ('draft', 'amendment') and coalesce(d.status, '') <> 'draft'
), firsts as materialized (
    select sphere, work, document, target_year, day, undated
    from (
        select
            *,
            max(day is null) over (partition by sphere, work) as undated,
            row_number() over (partition by sphere, work order by day is null, day, document) as place
        from takers
    )
    where place = 1
), begins as materialized (
    select sphere, min(day) as begin_day
    from firsts group by sphere
), placed as materialized (
    select t.topic, t.work, coalesce(w.body, '') in ('iso', 'iec', 'iso_iec', 'iso_iec_ieee', 'iso_sae') as is_iso_iec
    from work_topics t join works w on w.id = t.work
), measured as (
    select
        p.topic,
        b.sphere,
        p.work,
        p.is_iso_iec,
        s.edition as first_edition,
        s.start_day,
        f.document,
        f.undated,
        f.target_year,
        coalesce(f.day, as_of.day) as end_day,
        f.day is not null as is_observed,
        b.begin_day,
        round((julianday(coalesce(f.day, as_of.day)) - julianday(s.start_day)) / 365.25, 3) as printed_years
    from placed p
    cross join as_of
    cross join begins b
    join starts s on s.work = p.work
    left join firsts f on f.sphere = b.sphere and f.work = p.work
), judged as (
    select
        *,
        case
            when document is not null and (undated = 1 or is_observed = 0) then 'an adopting document has no date'
            when target_year < cast(substr(start_day, 1, 4) as integer)
                then 'an edition was adopted that is older than any held'
            when is_observed = 1 and printed_years < -1 then 'adopted more than a year before publication: national first'
            when printed_years < 0 and is_observed = 0 then 'published after the day of the snapshot'
            when start_day < begin_day then 'published before the first adoption of the sphere on record'
        end as reason
    from measured
)
select
    topic,
    sphere,
    work,
    is_iso_iec,
    first_edition,
    start_day,
    document,
    end_day,
    is_observed,
    case when printed_years < 0 then 0 else printed_years end as lag_years,
    reason,
    reason is null as is_used,
    cast(substr(start_day, 1, 4) as integer) as first_year,
    case when is_observed then cast(substr(end_day, 1, 4) as integer) end as adopted_year
from judged
