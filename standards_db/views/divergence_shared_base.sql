-- How much of what two spheres adopt in a topic do both adopt?
-- J = international works that both adopt / works that either adopts (Jaccard): 1 = the same base, 0 = nothing in common.
-- NULL when either side has too few documents, or when neither adopts anything.
with counted as (
    select topic, sphere_a, sphere_b, count(*) as works, sum(is_shared) as shared
    from pair_works
    group by topic, sphere_a, sphere_b
), sizes as (
    select topic, sphere, count(*) as documents from topic_documents where is_counted = 1 group by topic, sphere
), figures as (
    select
        topics.key as topic, a.sphere as sphere_a, b.sphere as sphere_b, minimum_documents, a.as_of,
        a.coverage || ' | ' || b.coverage as coverage,
        coalesce(shared, 0) as numerator, coalesce(works, 0) as denominator,
        coalesce(size_a.documents, 0) as documents_a, coalesce(size_b.documents, 0) as documents_b,
        'pair_works?topic=' || topics.key || '&sphere_a=' || a.sphere || '&sphere_b=' || b.sphere as link
    from topics
    cross join sphere_coverage a
    join sphere_coverage b on b.sphere > a.sphere
    cross join measure_settings
    left join counted on counted.topic = topics.key and counted.sphere_a = a.sphere and counted.sphere_b = b.sphere
    left join sizes size_a on size_a.topic = topics.key and size_a.sphere = a.sphere
    left join sizes size_b on size_b.topic = topics.key and size_b.sphere = b.sphere
    where a.sphere in ('cn', 'eu', 'us') and b.sphere in ('cn', 'eu', 'us')
)
select
    topic,
    sphere_a,
    sphere_b,
    case
        when min(documents_a, documents_b) >= minimum_documents and denominator > 0 then 1.0 * numerator / denominator
    end as share,
    numerator,
    denominator,
    documents_a,
    documents_b,
    case
        when min(documents_a, documents_b) < minimum_documents then 'not enough documents'
        when denominator = 0 then 'neither side adopts an international work'
    end as note,
    link || '&is_shared=1' as numerator_link,
    link as denominator_link,
    coverage,
    as_of
from figures
