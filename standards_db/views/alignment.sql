-- Who adopts which international work, through which document, to what degree, and from which edition?
-- One row per international work that at least one sphere adopts (IDT or MOD, documents in force). A cell lists that
-- sphere's documents as "identifier degree adopted-edition"; "(stale)" = that edition has been replaced, "(orphan)" =
-- it was withdrawn and nothing of the work is in force. NEQ and unstated degrees are listed and not counted.
with cells as (
    select
        work,
        sphere,
        is_counted,
        coalesce(identifier, document)
            || ' ' || case degree when 'unstated' then 'degree not stated' else degree end
            || coalesce(' ' || case
                when substr(target_edition, 1, length(work)) = work and length(target_edition) > length(work)
                    then trim(substr(target_edition, length(work) + 1), ' :-')
                else target_edition end, '')
            || case when is_orphan = 1 then ' (orphan)' when is_stale = 1 then ' (stale)' else '' end as text
    from adoptions
    where sphere in ('cn', 'eu', 'us')
        and (is_counted = 1 or is_adoption = 0 and is_in_force = 1 and coalesce(kind, '') not in ('draft', 'amendment'))
    order by work, sphere, is_counted desc, text
), rows_of as (
    select
        work,
        group_concat(text, '; ') filter (where sphere = 'cn') as cn,
        group_concat(text, '; ') filter (where sphere = 'eu') as eu,
        group_concat(text, '; ') filter (where sphere = 'us') as us,
        sum(sphere = 'cn' and is_counted) as cn_count,
        sum(sphere = 'eu' and is_counted) as eu_count,
        sum(sphere = 'us' and is_counted) as us_count
    from cells
    group by work
), labels as (
    select work, group_concat(label, ', ') as topics
    from (
        select work_topics.work, topics.label
        from work_topics join topics on topics.key = work_topics.topic
        where work_topics.topic <> 'all'
        order by 1, 2
    )
    group by work
)
select
    rows_of.work,
    w.title,
    w.body as work_body,
    w.newest_in_force as newest_edition,
    labels.topics,
    rows_of.cn,
    rows_of.eu,
    rows_of.us,
    rows_of.cn_count,
    rows_of.eu_count,
    rows_of.us_count,
    case when rows_of.cn_count > 0 then 1 else 0 end + case when rows_of.eu_count > 0 then 1 else 0 end
        + case when rows_of.us_count > 0 then 1 else 0 end as sphere_count
from rows_of
join works w on w.id = rows_of.work
left join labels on labels.work = rows_of.work
where rows_of.cn_count + rows_of.eu_count + rows_of.us_count > 0
