-- Whose texts does each sphere take over?
-- One row per adopting sphere and body of the adopted works. Counted are identical and modified adoptions by documents
-- in force (adoption_count); stale_count of them follow an edition since replaced, other_count are shown and not counted.
select
    sphere,
    work_body,
    count(distinct work) filter (where is_counted = 1) as work_count,
    sum(is_counted) as adoption_count,
    sum(is_counted = 1 and is_stale = 1) as stale_count,
    sum(is_counted = 0) as other_count,
    'adoptions?sphere=' || sphere || '&work_body=' || work_body || '&is_counted=1' as rows_link
from adoptions
where sphere is not null and work_body is not null
group by sphere, work_body
