-- What share of a sphere's documents in a topic adopts an international work?
-- S = documents that adopt (IDT or MOD) / documents in force. The rest is the home-grown share; it holds the NEQ and the
-- unstated ones, counted beside it. A high share means common ground with the international baseline.
with counted as (
    select
        topic, sphere, count(*) as documents, sum(adopts) as adopting,
        sum(degree is 'IDT') as idt, sum(degree is 'MOD') as mod, sum(degree is 'NEQ') as neq,
        sum(degree is 'unstated') as unstated
    from topic_documents
    where is_counted = 1
    group by topic, sphere
), figures as (
    select
        topics.key as topic, c.sphere, c.coverage, c.as_of, minimum_documents,
        coalesce(adopting, 0) as numerator, coalesce(documents, 0) as denominator,
        coalesce(idt, 0) as idt_count, coalesce(mod, 0) as mod_count,
        coalesce(neq, 0) as neq_count, coalesce(unstated, 0) as unstated_count,
        'topic_documents?topic=' || topics.key || '&sphere=' || c.sphere || '&is_counted=1' as link
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
    idt_count,
    mod_count,
    neq_count,
    unstated_count,
    case when denominator >= minimum_documents then 1.0 * (denominator - numerator) / denominator end
        as home_grown_share,
    denominator - numerator as home_grown_count,
    link || '&adopts=0' as home_grown_link,
    case when denominator < minimum_documents then 'not enough documents' end as note,
    link || '&adopts=1' as numerator_link,
    link as denominator_link,
    coverage,
    as_of
from figures
