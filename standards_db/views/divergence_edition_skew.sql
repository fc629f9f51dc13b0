-- Of the works that two spheres share in a topic, how many do they adopt in different editions, and how far apart?
-- share = works adopted in different editions / shared works whose editions are known on both sides.
-- `median_gap_years` is the median distance among those that differ and whose years are known (`gap_count` of them).
with counted as (
    select
        topic, sphere_a, sphere_b, sum(is_comparable) as comparable, sum(is_different) as different
    from pair_works
    group by topic, sphere_a, sphere_b
), gaps as (
    select
        topic, sphere_a, sphere_b, gap_years,
        row_number() over (partition by topic, sphere_a, sphere_b order by gap_years, work) as place,
        count(*) over (partition by topic, sphere_a, sphere_b) as gap_count
    from pair_works
    where is_different = 1 and gap_years is not null
), medians as (
    select topic, sphere_a, sphere_b, avg(gap_years) as median_gap_years, max(gap_count) as gap_count
    from gaps
    where place in ((gap_count + 1) / 2, (gap_count + 2) / 2)
    group by topic, sphere_a, sphere_b
), figures as (
    select
        base.topic, base.sphere_a, base.sphere_b, base.documents_a, base.documents_b, base.coverage, base.as_of,
        min(base.documents_a, base.documents_b) >= minimum_documents as is_enough,
        coalesce(different, 0) as numerator, coalesce(comparable, 0) as denominator,
        median_gap_years, coalesce(gap_count, 0) as gap_count,
        base.denominator_link as link
    from divergence_shared_base base
    cross join measure_settings
    left join counted using (topic, sphere_a, sphere_b)
    left join medians using (topic, sphere_a, sphere_b)
)
select
    topic,
    sphere_a,
    sphere_b,
    case when is_enough and denominator > 0 then 1.0 * numerator / denominator end as share,
    numerator,
    denominator,
    case when is_enough then median_gap_years end as median_gap_years,
    gap_count,
    documents_a,
    documents_b,
    case
        when not is_enough then 'not enough documents'
        when denominator = 0 then 'no shared work with the edition known on both sides'
    end as note,
    link || '&is_comparable=1&is_different=1' as numerator_link,
    link || '&is_comparable=1' as denominator_link,
    coverage,
    as_of
from figures
