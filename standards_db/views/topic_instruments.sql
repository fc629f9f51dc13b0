-- Which instruments of which kind does a sphere have in a topic, and since when?
-- One row per topic, kind, sphere and instrument. Documents are mandatory or voluntary standards, or regulations, as
-- their identifier and kind say; laws, schemes and lists are curated (instrument_topics, instruments) or taken from the schemes of
-- certificates and the exclusion lists. Those that have no topic of their own stand under topic `all`.
with listed as (
    select
        topic,
        case when kind = 'regulation' then 'technical regulation' when force = 'mandatory' then 'mandatory standard'
            else 'voluntary standard' end as kind,
        sphere, document as instrument, coalesce(title, title_zh) as title, first_year, last_year
    from topic_documents
    where topic <> 'all' and first_year is not null and coalesce(kind, '') <> 'protection profile'
    union all
    select
        topic, case kind when 'mandatory standard regime' then 'mandatory standard' else kind end, sphere, instrument,
        title, coalesce(cast(substr(since, 1, 4) as integer), as_of.year), as_of.year
    from instrument_topics cross join as_of
    where coalesce(since, '') <= as_of.day
    union all
    select
        'all', case kind when 'mandatory standard regime' then 'mandatory standard' else kind end, sphere, id, title,
        coalesce(cast(substr(coalesce(in_force, adopted), 1, 4) as integer), as_of.year), as_of.year
    from instruments cross join as_of
    where kind is not null and topics is null and coalesce(in_force, adopted, '') <= as_of.day
    union all
    select
        'all', 'certification scheme', sphere, scheme, 'Scheme of certificates held here',
        coalesce(min(certificates.year), as_of.year), as_of.year
    from certificates cross join as_of
    where scheme is not null and coalesce(issued, '') <= as_of.day
    group by sphere, scheme, as_of.year
    union all
    select
        'all', 'exclusion list', sphere, list, 'List held here',
        coalesce(cast(substr(min(included), 1, 4) as integer), as_of.year), as_of.year
    from exclusions cross join as_of
    where coalesce(included, '') <= as_of.day
    group by sphere, list, as_of.year
)
select topic, kind, sphere, instrument, title, first_year, last_year from listed
where sphere in ('cn', 'eu', 'us')
