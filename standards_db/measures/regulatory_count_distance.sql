-- label: Regulatory distance in counts
-- question: By how many instruments of a kind do two spheres differ in a topic?
-- formula: (1/N) Σ_t Σ_l |n(A,l,t) - n(B,l,t)|, n = number of instruments of kind l that the sphere has in topic t, N =
--   topic-kind cells in which A or B has one
-- reading: Mean distance in instruments per cell; 0 = the same number of each kind. The numerator adds up the column
--   difference of its rows. A sphere that writes many small standards is far from one that writes few long ones.
-- limits: Counts, not weights, and large where one register is larger. See the regulatory distance for presence alone.
-- unit: count
-- grid: pair
-- higher_means: apart
-- empty: no instrument on either side
-- counts: difference
-- numerator: pair_instruments?topic={topic}&sphere_a={a}&sphere_b={b}&first_year__lte={year}&last_year__gte={year}
-- denominator: pair_instruments?topic={topic}&sphere_a={a}&sphere_b={b}&first_year__lte={year}&last_year__gte={year}
with cells as (
    select topic as cell_topic, sphere_a, sphere_b, year, difference as value
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
    count(*) as denominator, link || '' as numerator_link, link as denominator_link
from linked
group by topic, sphere_a, sphere_b, year, link
