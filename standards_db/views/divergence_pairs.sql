-- Where do two spheres stand to each other in a topic: every figure of the pair side by side?
-- One row per topic and pair. `shared_base` (J) with `numerator`, `denominator` and `note` leads; then the edition skew of
-- the pair, then for either side (`_a`, `_b`) its international share, uptake and stale share, each with its own
-- numerator, denominator, links and note. No figure is mixed with another: there is no index here.
with j as materialized (select * from divergence_shared_base),
k as materialized (select * from divergence_edition_skew),
s as materialized (select * from divergence_international_share),
u as materialized (select * from divergence_uptake),
t as materialized (select * from divergence_stale_share)
select
    j.topic,
    j.sphere_a,
    j.sphere_b,
    j.documents_a,
    j.documents_b,
    sa.denominator_link as documents_a_link,
    sb.denominator_link as documents_b_link,
    j.share as shared_base,
    j.numerator,
    j.denominator,
    j.numerator_link,
    j.denominator_link,
    j.note,
    k.share as skew,
    k.numerator as skew_numerator,
    k.denominator as skew_denominator,
    k.numerator_link as skew_numerator_link,
    k.denominator_link as skew_denominator_link,
    k.note as skew_note,
    k.median_gap_years,
    sa.share as share_a,
    sa.numerator as share_a_numerator,
    sa.denominator as share_a_denominator,
    sa.numerator_link as share_a_numerator_link,
    sa.denominator_link as share_a_denominator_link,
    sa.note as share_a_note,
    ua.share as uptake_a,
    ua.numerator as uptake_a_numerator,
    ua.denominator as uptake_a_denominator,
    ua.numerator_link as uptake_a_numerator_link,
    ua.denominator_link as uptake_a_denominator_link,
    ua.note as uptake_a_note,
    ta.share as stale_a,
    ta.numerator as stale_a_numerator,
    ta.denominator as stale_a_denominator,
    ta.numerator_link as stale_a_numerator_link,
    ta.denominator_link as stale_a_denominator_link,
    ta.note as stale_a_note,
    sb.share as share_b,
    sb.numerator as share_b_numerator,
    sb.denominator as share_b_denominator,
    sb.numerator_link as share_b_numerator_link,
    sb.denominator_link as share_b_denominator_link,
    sb.note as share_b_note,
    ub.share as uptake_b,
    ub.numerator as uptake_b_numerator,
    ub.denominator as uptake_b_denominator,
    ub.numerator_link as uptake_b_numerator_link,
    ub.denominator_link as uptake_b_denominator_link,
    ub.note as uptake_b_note,
    tb.share as stale_b,
    tb.numerator as stale_b_numerator,
    tb.denominator as stale_b_denominator,
    tb.numerator_link as stale_b_numerator_link,
    tb.denominator_link as stale_b_denominator_link,
    tb.note as stale_b_note,
    j.coverage || ' | ' || (select coverage from sphere_coverage where sphere = 'intl') as coverage,
    j.as_of
from j
join k using (topic, sphere_a, sphere_b)
join s sa on sa.topic = j.topic and sa.sphere = j.sphere_a
join u ua on ua.topic = j.topic and ua.sphere = j.sphere_a
join t ta on ta.topic = j.topic and ta.sphere = j.sphere_a
join s sb on sb.topic = j.topic and sb.sphere = j.sphere_b
join u ub on ub.topic = j.topic and ub.sphere = j.sphere_b
join t tb on tb.topic = j.topic and tb.sphere = j.sphere_b
