-- Which sources does each sphere's figures rest on, and as of which day?
-- One row per sphere of the comparison and the international baseline. `coverage` names every source of documents not
-- fully loaded, by its state; `as_of` is the day on which "in force" was judged.
with worst as (
    select sources.key as source, sources.sphere, coalesce(max(coverage.state), 'not loaded') as state
    from sources left join coverage on coverage.source = sources.key
    where sources.holds = 'documents'
    group by sources.key, sources.sphere
), listed as (
    select sphere, state, group_concat(source, ', ') as names
    from (select * from worst where state <> 'loaded' order by sphere, state, source)
    group by sphere, state
), missing as (
    select sphere, group_concat(state || ': ' || names, '; ') as text
    from (select * from listed order by sphere, state)
    group by sphere
), counted as (
    select sphere, count(*) as source_count, sum(state = 'loaded') as loaded_count from worst group by sphere
), held as (
    select sphere, count(*) as document_count from documents group by sphere
)
select
    spheres.key as sphere,
    spheres.label,
    coalesce(held.document_count, 0) as document_count,
    coalesce(counted.source_count, 0) as source_count,
    coalesce(counted.loaded_count, 0) as loaded_count,
    spheres.key || ': ' || coalesce(counted.loaded_count, 0) || ' of ' || coalesce(counted.source_count, 0)
        || ' sources loaded' || coalesce('; ' || missing.text, '') as coverage,
    as_of.day as as_of
from spheres
cross join as_of
left join held on held.sphere = spheres.key
left join counted on counted.sphere = spheres.key
left join missing on missing.sphere = spheres.key
where spheres.key in ('cn', 'eu', 'us', 'intl')
