-- label: Uptake of ISO and IEC
-- question: What share of a topic's ISO and IEC works does a sphere adopt?
-- formula: the uptake U(A,t,y) over works of ISO and IEC alone, joint ones with IEEE and SAE included
-- reading: Read it beside the international share, from the same rows: a sphere can adopt nearly every work of a
--   topic and still write most of its documents itself. The interval is what random choice would do to a share of
--   this size (Wilson, 95 %). It does not cover documents whose withdrawal date is missing (the coverage counts
--   them), nor works that no loaded source lists.
-- limits: These works are made to be adopted; official uptakes such as 88.9 % count them over a whole catalogue and
--   by their own rules. A work counts while an edition of its own is in force or a sphere adopts it.
-- unit: share
-- rests_on: adoptions
-- grid: sphere
-- higher_means: common ground
-- interval: wilson
-- empty: no international work in this topic
-- numerator: alignment_topics?topic={topic}&is_iso_iec=1&{a}_adopts=1&first_year__lte={year}&last_year__gte={year}
-- denominator: alignment_topics?topic={topic}&is_iso_iec=1&first_year__lte={year}&last_year__gte={year}
with counted as (
    select topic, year, count(*) as works, sum(cn_adopts) as cn, sum(eu_adopts) as eu, sum(us_adopts) as us
    from alignment_topics join figure_years on year between first_year and last_year
    where is_iso_iec = 1
    group by topic, year
)
select topic, 'cn' as sphere_a, year, cn as numerator, works as denominator from counted
union all
select topic, 'eu', year, eu, works from counted
union all
select topic, 'us', year, us, works from counted
