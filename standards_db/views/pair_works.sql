-- Which international works do two spheres share, and do they adopt the same edition?
-- One row per topic, pair, and work that either of the two adopts. A side's edition is the newest that its counted
-- documents adopt. `is_comparable` = shared, and both editions are known; `gap_years` stands where both years are known.
with sides as (
    select
        sphere, work, target_edition, target_year,
        row_number() over (
            partition by sphere, work order by target_year desc, target_edition_key desc, target_edition desc
        ) as place
    from adoptions
    where is_counted = 1 and is_edition_known = 1
), newest as materialized (
    select sphere, work, target_edition, target_year from sides where place = 1
), pairs as (
    select a.key as sphere_a, b.key as sphere_b
    from spheres a join spheres b on a.key < b.key
    where a.key in ('cn', 'eu', 'us') and b.key in ('cn', 'eu', 'us')
), adopted as (
    select
        t.topic, p.sphere_a, p.sphere_b, t.work, t.title,
        case p.sphere_a when 'cn' then t.cn_adopts when 'eu' then t.eu_adopts else t.us_adopts end as adopts_a,
        case p.sphere_b when 'cn' then t.cn_adopts when 'eu' then t.eu_adopts else t.us_adopts end as adopts_b
    from alignment_topics t cross join pairs p
    where t.sphere_count > 0
)
select
    adopted.topic,
    adopted.sphere_a,
    adopted.sphere_b,
    adopted.work,
    adopted.title,
    adopts_a and adopts_b as is_shared,
    a.target_edition is not null and b.target_edition is not null as is_comparable,
    coalesce(a.target_edition <> b.target_edition, 0) as is_different,
    a.target_edition as edition_a,
    b.target_edition as edition_b,
    a.target_year as year_a,
    b.target_year as year_b,
    abs(a.target_year - b.target_year) as gap_years
from adopted
left join newest a on a.work = adopted.work and a.sphere = adopted.sphere_a
left join newest b on b.work = adopted.work and b.sphere = adopted.sphere_b
where adopts_a or adopts_b
