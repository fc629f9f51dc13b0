-- label: Shared base
-- question: How much of what two spheres adopt in a topic do both adopt?
-- formula: J(A,B,t,y) = |I(A) ∩ I(B)| / |I(A) ∪ I(B)|, I(A) = international works of t that A adopts as IDT or MOD at
--   the end of y
-- reading: 1 = the same base, 0 = nothing in common. Look at the edition skew before calling a high figure agreement.
--   The interval is what random choice would do to a share of this size (Wilson, 95 %); it does not cover documents
--   whose withdrawal date is missing (the coverage counts them), nor adoptions that no loaded source states.
-- limits: Says nothing of what either side wrote itself. A sphere whose registers are thinly collected shares less.
-- unit: share
-- rests_on: adoptions
-- grid: pair
-- higher_means: common ground
-- interval: wilson
-- empty: neither side adopts an international work
-- numerator: pair_works?topic={topic}&sphere_a={a}&sphere_b={b}&is_shared=1&first_year__lte={year}&last_year__gte={year}
-- denominator: pair_works?topic={topic}&sphere_a={a}&sphere_b={b}&first_year__lte={year}&last_year__gte={year}
select topic, sphere_a, sphere_b, year, sum(is_shared) as numerator, count(*) as denominator
from pair_works join figure_years on year between first_year and last_year
group by topic, sphere_a, sphere_b, year
