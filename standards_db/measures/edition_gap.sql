-- label: Edition gap
-- question: How many years apart are the editions that two spheres follow, where they differ?
-- formula: median over shared works in different editions of |year of A's edition - year of B's edition|
-- reading: Read it beside the edition skew: it tells how far apart, not how often. The numerator counts the works
--   whose gap is known, the denominator all shared works in different editions; the figure is the median and not
--   their quotient.
-- limits: Years of editions, not of contents: a confirmed reprint counts like a new text.
-- unit: years
-- rests_on: adoptions
-- grid: pair
-- higher_means: apart
-- empty: no shared work in two editions of known years
-- numerator: pair_works?topic={topic}&sphere_a={a}&sphere_b={b}&is_different=1&gap_years__notnull=1&first_year__lte={year}&last_year__gte={year}
-- denominator: pair_works?topic={topic}&sphere_a={a}&sphere_b={b}&is_different=1&first_year__lte={year}&last_year__gte={year}
with gaps as (
    select
        topic, sphere_a, sphere_b, year, gap_years,
        row_number() over (cell order by gap_years is null, gap_years) as place,
        count(gap_years) over cell as known,
        count(*) over cell as different
    from pair_works join figure_years on year between first_year and last_year
    where is_different = 1
    window cell as (partition by topic, sphere_a, sphere_b, year)
)
select
    topic, sphere_a, sphere_b, year,
    avg(gap_years) filter (where place in ((known + 1) / 2, (known + 2) / 2)) as value,
    max(known) as numerator,
    max(different) as denominator
from gaps
group by topic, sphere_a, sphere_b, year
