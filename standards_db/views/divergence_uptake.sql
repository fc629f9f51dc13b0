-- What share of a topic's international works does a sphere adopt?
-- U = adopted works / works of the topic, all bodies; beside it the same for ISO and IEC alone, whose publications are
-- made to be adopted (an RFC or a 3GPP text is mostly used without). Read it next to the international share: a sphere
-- can adopt nearly every work and still write most of its documents itself.
with adopted as (
    select
        t.topic, c.sphere, c.coverage, c.as_of, t.is_iso_iec,
        case c.sphere when 'cn' then t.cn_adopts when 'eu' then t.eu_adopts else t.us_adopts end as adopts
    from alignment_topics t cross join sphere_coverage c
    where c.sphere in ('cn', 'eu', 'us')
), counted as (
    select
        topic, sphere, count(*) as works, sum(adopts) as adopting,
        sum(is_iso_iec) as iso_works, sum(adopts and is_iso_iec) as iso_adopting
    from adopted
    group by topic, sphere
), figures as (
    select
        topics.key as topic, c.sphere, minimum_documents, c.as_of,
        c.coverage || ' | ' || (select coverage from sphere_coverage where sphere = 'intl') as coverage,
        coalesce(adopting, 0) as numerator, coalesce(works, 0) as denominator,
        coalesce(iso_adopting, 0) as iso_numerator, coalesce(iso_works, 0) as iso_denominator,
        (
            select count(*) from topic_documents d
            where d.topic = topics.key and d.sphere = c.sphere and d.is_counted = 1
        ) as documents,
        'alignment_topics?topic=' || topics.key as link
    from topics
    cross join sphere_coverage c
    cross join measure_settings
    left join counted on counted.topic = topics.key and counted.sphere = c.sphere
    where c.sphere in ('cn', 'eu', 'us')
)
select
    topic,
    sphere,
    case when min(documents, denominator) >= minimum_documents then 1.0 * numerator / denominator end as share,
    numerator,
    denominator,
    documents as document_count,
    case when min(documents, iso_denominator) >= minimum_documents then 1.0 * iso_numerator / iso_denominator end
        as iso_iec_share,
    iso_numerator as iso_iec_numerator,
    iso_denominator as iso_iec_denominator,
    case
        when documents < minimum_documents then 'not enough documents'
        when denominator < minimum_documents then 'not enough documents: international works in this topic'
    end as note,
    link || '&' || sphere || '_adopts=1' as numerator_link,
    link as denominator_link,
    link || '&is_iso_iec=1&' || sphere || '_adopts=1' as iso_iec_numerator_link,
    link || '&is_iso_iec=1' as iso_iec_denominator_link,
    coverage,
    as_of
from figures
