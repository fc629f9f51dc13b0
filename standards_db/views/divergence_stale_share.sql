-- What share of a sphere's adoptions in a topic points at an edition that has been replaced?
-- Only adoptions whose edition is known and can be compared with the newest one are in the denominator;
-- `unknown_edition_count` tells how many are not. A high share means common ground that has moved on.
with counted as (
    select
        topic, sphere, count(*) as adoptions, count(is_stale) as judged, coalesce(sum(is_stale), 0) as stale
    from adoption_topics
    where is_counted = 1
    group by topic, sphere
), figures as (
    select
        topics.key as topic, c.sphere, minimum_documents, c.as_of,
        c.coverage || ' | ' || (select coverage from sphere_coverage where sphere = 'intl') as coverage,
        coalesce(stale, 0) as numerator, coalesce(judged, 0) as denominator, coalesce(adoptions, 0) as adoptions,
        'adoption_topics?topic=' || topics.key || '&sphere=' || c.sphere || '&is_counted=1' as link
    from topics
    cross join sphere_coverage c
    cross join measure_settings
    left join counted on counted.topic = topics.key and counted.sphere = c.sphere
    where c.sphere in ('cn', 'eu', 'us')
)
select
    topic,
    sphere,
    case when denominator >= minimum_documents then 1.0 * numerator / denominator end as share,
    numerator,
    denominator,
    adoptions as adoption_count,
    adoptions - denominator as unknown_edition_count,
    case when denominator < minimum_documents then 'not enough documents' end as note,
    link || '&is_stale=1' as numerator_link,
    link || '&is_stale__notnull=1' as denominator_link,
    coverage,
    as_of
from figures
