-- Which international works does a topic hold, and which of the three spheres adopts each?
-- One row per topic and work. A work is in a topic when an edition of its own is (in force, no draft, no amendment), or
-- when a counted document that adopts it is: titles in two languages may not betray the same topic, and the text is the
-- same. `cn_adopts`, `eu_adopts`, `us_adopts` = 1 when any counted document of that sphere adopts the work (IDT, MOD).
-- `is_iso_iec` marks the publications of ISO and IEC, which are made to be adopted; an RFC is used without adoption.
with adopted as (
    select
        work,
        max(sphere = 'cn') as cn_adopts,
        max(sphere = 'eu') as eu_adopts,
        max(sphere = 'us') as us_adopts
    from adoptions
    where is_counted = 1
    group by work
), placed as (
    select td.topic, d.work
    from topic_documents td join documents d on d.id = td.document
    where td.sphere = 'intl' and td.is_counted = 1 and d.work is not null
    union
    select topic, work from adoption_topics where is_counted = 1 and sphere in ('cn', 'eu', 'us')
)
select
    placed.topic,
    placed.work,
    w.title,
    w.body as work_body,
    coalesce(w.body, '') in ('iso', 'iec', 'iso_iec', 'iso_iec_ieee', 'iso_sae') as is_iso_iec,
    w.newest_in_force as newest_edition,
    coalesce(adopted.cn_adopts, 0) as cn_adopts,
    coalesce(adopted.eu_adopts, 0) as eu_adopts,
    coalesce(adopted.us_adopts, 0) as us_adopts,
    coalesce(adopted.cn_adopts + adopted.eu_adopts + adopted.us_adopts, 0) as sphere_count
from placed
join works w on w.id = placed.work
left join adopted on adopted.work = placed.work
