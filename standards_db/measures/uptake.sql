-- label: Uptake
-- question: What share of a topic's international works does a sphere adopt?
-- formula: U(A,t,y) = international works of t that A adopts as IDT or MOD at the end of y / international works of t
--   that count at the end of y
-- reading: Read it beside the international share, from the same rows: a sphere can adopt nearly every work of a
--   topic and still write most of its documents itself. The interval is what random choice would do to a share of
--   this size (Wilson, 95 %). It does not cover documents whose withdrawal date is missing (the coverage counts
--   them), nor works that no loaded source lists.
-- limits: An RFC or a 3GPP text is mostly used without being adopted, so uptake over all bodies is low everywhere:
--   see the uptake of ISO and IEC. A work counts while an edition of its own is in force or a sphere adopts it.
-- unit: share
-- rests_on: adoptions
-- grid: sphere
-- higher_means: common ground
-- interval: wilson
-- empty: no international work in this topic
-- numerator: alignment_topics?topic={topic}&{a}_adopts=1&first_year__lte={year}&last_year__gte={year}
-- denominator: alignment_topics?topic={topic}&first_year__lte={year}&last_year__gte={year}
with counted as (
    select topic, year, count(*) as works, sum(cn_adopts) as cn, sum(eu_adopts) as eu, sum(us_adopts) as us
    from alignment_topics join figure_years on year between first_year and last_year
    group by topic, year
)
select topic, 'cn' as sphere_a, year, cn as numerator, works as denominator from counted
union all
select topic, 'eu', year, eu, works from counted
union all
select topic, 'us', year, us, works from counted
