-- label: Edition skew
-- question: Of the works that two spheres share in a topic, how many do they follow in different editions?
-- formula: shared works whose newest adopted editions differ / shared works whose editions are known on both sides
-- reading: A shared work in two editions is two texts: 1 = nothing that is shared is the same text. The interval is
--   what random choice would do to a share of this size (Wilson, 95 %) and no more.
-- limits: Adoptions without a stated edition that could be resolved are left out. A side that adopts an old and a new
--   edition stands for the new one.
-- unit: share
-- rests_on: adoptions
-- grid: pair
-- higher_means: apart
-- interval: wilson
-- empty: no shared work with the edition known on both sides
-- numerator: pair_works?topic={topic}&sphere_a={a}&sphere_b={b}&is_comparable=1&is_different=1&first_year__lte={year}&last_year__gte={year}
-- denominator: pair_works?topic={topic}&sphere_a={a}&sphere_b={b}&is_comparable=1&first_year__lte={year}&last_year__gte={year}
select topic, sphere_a, sphere_b, year, sum(is_different) as numerator, count(*) as denominator
from pair_works join figure_years on year between first_year and last_year
where is_comparable = 1
group by topic, sphere_a, sphere_b, year
