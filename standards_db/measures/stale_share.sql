-- label: Stale share
-- question: What share of a sphere's adoptions follows an edition that had been replaced?
-- formula: adoptions (IDT, MOD) in force at the end of y whose edition had a published successor by then / adoptions
--   in force at the end of y whose edition is known and comparable
-- reading: A high share means common ground that has moved on. The interval is what random coming and going of
--   documents would do to a share of this size (Wilson, 95 %), widened by every document whose withdrawal date is
--   missing. It does not cover documents that no loaded source lists, nor the error of the topics.
-- limits: Adoptions without an edition that can be compared are left out. Releases of 3GPP live side by side: a
--   version is stale when its own release has a newer one.
-- unit: share
-- grid: sphere
-- higher_means: apart
-- interval: wilson
-- numerator: adoption_topics?topic={topic}&sphere={a}&is_adoption=1&stale_from__lte={year}&first_year__lte={year}&last_year__gte={year}
-- denominator: adoption_topics?topic={topic}&sphere={a}&is_adoption=1&is_stale__notnull=1&first_year__lte={year}&last_year__gte={year}
with judged as (
    select topic, sphere, year, last_year >= year as is_sure, coalesce(stale_from <= year, 0) as is_stale_then
    from adoption_topics join figure_years on year between first_year and possible_last_year
    where is_adoption = 1 and is_stale is not null and sphere in ('cn', 'eu', 'us')
)
select
    topic, sphere as sphere_a, year,
    sum(is_sure and is_stale_then) as numerator,
    sum(is_sure) as denominator,
    sum(not is_sure and is_stale_then) as possible_numerator,
    sum(not is_sure and not is_stale_then) as possible_rest
from judged
group by topic, sphere, year
