-- Where a body's own register and a bulk copy hold the same editions, do they say the same?
-- One row per body, primary and secondary source with editions in common; where there are none, the largest primary one. differ = editions in both whose status,
-- dates or adoptions contradict each other (a coarser date does not contradict a finer one); `fields` counts them and
-- `example` shows one. Every contradiction is a row of conflicts, where the primary source is the one kept.
with listed as (
    select id as document, body, source from documents where vanished_at is null and body is not null
    union all
    select documents.id, documents.body, sources.key
    from documents join sources on ', ' || other_sources || ',' like '%, ' || sources.key || ',%'
    where vanished_at is null and documents.body is not null and other_sources is not null
), held as materialized (
    select listed.*, sources.tier from listed join sources on sources.key = listed.source
), counted as (
    select body, source, tier, count(*) as documents from held group by body, source, tier
), shared as (
    select a.body, a.source as primary_source, b.source as secondary_source, count(*) as both_count
    from held a join held b on b.document = a.document
    where a.tier = 'primary' and b.tier = 'secondary'
    group by a.body, a.source, b.source
), contradicted as materialized (
    select documents.body, kept_source, other_source, entity, field, entity || ' ' || field || ': ' || kept || ' / ' || other as shown
    from conflicts join documents on documents.id = conflicts.entity
    where kept_source <> other_source and documents.vanished_at is null
), by_field as (
    select body, kept_source, other_source, group_concat(field || ' ' || n, ', ') as fields
    from (
        select body, kept_source, other_source, field, count(distinct entity) as n
        from contradicted group by body, kept_source, other_source, field order by n desc, field
    )
    group by body, kept_source, other_source
), differing as (
    select body, kept_source, other_source, count(distinct entity) as differ_count, min(shown) as example
    from contradicted group by body, kept_source, other_source
)
select
    p.body,
    p.source as primary_source,
    s.source as secondary_source,
    coalesce(both_count, 0) as both_count,
    coalesce(both_count, 0) - coalesce(differ_count, 0) as agree_count,
    coalesce(differ_count, 0) as differ_count,
    1.0 * (both_count - coalesce(differ_count, 0)) / both_count as agree_share,
    p.documents - coalesce(both_count, 0) as only_primary_count,
    s.documents - coalesce(both_count, 0) as only_secondary_count,
    by_field.fields,
    differing.example,
    'conflicts?kept_source=' || p.source || '&other_source=' || s.source as rows_link
from counted p
join counted s on s.body = p.body
left join shared on shared.body = p.body and shared.primary_source = p.source and shared.secondary_source = s.source
left join differing
    on differing.body = p.body and differing.kept_source = p.source and differing.other_source = s.source
left join by_field on by_field.body = p.body and by_field.kept_source = p.source and by_field.other_source = s.source
where p.tier = 'primary' and s.tier = 'secondary'
    and (both_count > 0 or p.source = (
        select source from counted other
        where other.body = p.body and other.tier = 'primary'
            and not exists (
                select 1 from shared where shared.body = p.body and shared.secondary_source = s.source)
        order by documents desc, source limit 1))
