-- label: Regulatory distance
-- question: How often does one of two spheres use a kind of instrument in a topic where the other does not?
-- formula: rd(A,B) = (1/N) Σ_t Σ_l |n(A,l,t) - n(B,l,t)|, n = 1 when the sphere has an instrument of kind l in topic
--   t, else 0; N = topic-kind cells in which A or B has one (Cadot et al., UNCTAD 2015)
-- reading: 0 = both use the same kinds of instrument in the same topics, 1 = nowhere the same. Kinds are mandatory
--   standard, voluntary standard, technical regulation, procurement rule, certification scheme and exclusion list.
--   The row of all topics adds up the cells of every topic, and instruments without a topic.
-- limits: Says nothing of what the instruments demand. Laws, schemes and lists are a curated list with a source per
--   row, so a kind that nobody has entered yet counts as absent; their ends are not recorded. N is the cells that
--   this pair uses, not all that exist: cells empty on both sides would count as agreement.
-- unit: distance
-- grid: pair
-- higher_means: apart
-- empty: no instrument on either side
-- numerator: pair_instruments?topic={topic}&sphere_a={a}&sphere_b={b}&first_year__lte={year}&last_year__gte={year}&is_different=1
-- denominator: pair_instruments?topic={topic}&sphere_a={a}&sphere_b={b}&first_year__lte={year}&last_year__gte={year}
with cells as (
    select topic as cell_topic, sphere_a, sphere_b, year, is_different as value
    from pair_instruments join figure_years on year between first_year and last_year
), placed as (
    select cell_topic as topic, sphere_a, sphere_b, year, value from cells where cell_topic <> 'all'
    union all
    select 'all', sphere_a, sphere_b, year, value from cells
), linked as (
    select
        *,
        'pair_instruments?' || case topic when 'all' then '' else 'topic=' || topic || '&' end
            || 'sphere_a=' || sphere_a || '&sphere_b=' || sphere_b || '&first_year__lte=' || year || '&last_year__gte=' || year as link
    from placed
)
select
    topic, sphere_a, sphere_b, year, 1.0 * sum(value) / count(*) as value, sum(value) as numerator,
    count(*) as denominator, link || '&is_different=1' as numerator_link, link as denominator_link
from linked
group by topic, sphere_a, sphere_b, year, link
