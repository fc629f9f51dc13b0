-- Where do two spheres stand to each other in a topic today: every figure of the pair side by side?
-- One row per topic and pair: the figures of the current year, each with its own numerator, denominator, links and note.
-- `shared_base` leads; then the edition skew of the pair, then for either side (`_a`, `_b`) its international share, uptake
-- and stale share. No figure is mixed with another: there is no index here. Earlier years are in `figures`.
with now as materialized (
    select figures.* from figures join figure_years on figure_years.year = figures.year where is_current = 1
)
select
    j.topic,
    j.sphere_a,
    j.sphere_b,
    j.n_a as documents_a,
    j.n_b as documents_b,
    sa.denominator_link as documents_a_link,
    sb.denominator_link as documents_b_link,
    j.value as shared_base,
    j.low as shared_base_low,
    j.high as shared_base_high,
    j.numerator,
    j.denominator,
    j.numerator_link,
    j.denominator_link,
    j.note,
    k.value as skew,
    k.numerator as skew_numerator,
    k.denominator as skew_denominator,
    k.numerator_link as skew_numerator_link,
    k.denominator_link as skew_denominator_link,
    k.note as skew_note,
    g.value as median_gap_years,
    sa.value as share_a,
    sa.numerator as share_a_numerator,
    sa.denominator as share_a_denominator,
    sa.numerator_link as share_a_numerator_link,
    sa.denominator_link as share_a_denominator_link,
    sa.note as share_a_note,
    ua.value as uptake_a,
    ua.numerator as uptake_a_numerator,
    ua.denominator as uptake_a_denominator,
    ua.numerator_link as uptake_a_numerator_link,
    ua.denominator_link as uptake_a_denominator_link,
    ua.note as uptake_a_note,
    ta.value as stale_a,
    ta.numerator as stale_a_numerator,
    ta.denominator as stale_a_denominator,
    ta.numerator_link as stale_a_numerator_link,
    ta.denominator_link as stale_a_denominator_link,
    ta.note as stale_a_note,
    sb.value as share_b,
    sb.numerator as share_b_numerator,
    sb.denominator as share_b_denominator,
    sb.numerator_link as share_b_numerator_link,
    sb.denominator_link as share_b_denominator_link,
    sb.note as share_b_note,
    ub.value as uptake_b,
    ub.numerator as uptake_b_numerator,
    ub.denominator as uptake_b_denominator,
    ub.numerator_link as uptake_b_numerator_link,
    ub.denominator_link as uptake_b_denominator_link,
    ub.note as uptake_b_note,
    tb.value as stale_b,
    tb.numerator as stale_b_numerator,
    tb.denominator as stale_b_denominator,
    tb.numerator_link as stale_b_numerator_link,
    tb.denominator_link as stale_b_denominator_link,
    tb.note as stale_b_note,
    j.coverage,
    j.year
from now j
join now k on k.measure = 'edition_skew' and k.topic = j.topic and k.sphere_a = j.sphere_a and k.sphere_b = j.sphere_b
join now g on g.measure = 'edition_gap' and g.topic = j.topic and g.sphere_a = j.sphere_a and g.sphere_b = j.sphere_b
join now sa on sa.measure = 'international_share' and sa.topic = j.topic and sa.sphere_a = j.sphere_a
join now ua on ua.measure = 'uptake' and ua.topic = j.topic and ua.sphere_a = j.sphere_a
join now ta on ta.measure = 'stale_share' and ta.topic = j.topic and ta.sphere_a = j.sphere_a
join now sb on sb.measure = 'international_share' and sb.topic = j.topic and sb.sphere_a = j.sphere_b
join now ub on ub.measure = 'uptake' and ub.topic = j.topic and ub.sphere_a = j.sphere_b
join now tb on tb.measure = 'stale_share' and tb.topic = j.topic and tb.sphere_a = j.sphere_b
where j.measure = 'shared_base'
