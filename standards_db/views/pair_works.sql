-- Which international works did two spheres share, and did they adopt the same edition, year by year?
-- One row per topic, pair, work that either of the two adopts, and run of years in which nothing of it changes;
-- `is_current` marks the rows of today. A side's edition is the newest that its counted documents adopt.
-- `is_comparable` = shared, and both editions are known; `gap_years` and `behind` stand where both years are known.
with pairs as (
    select a.key as sphere_a, b.key as sphere_b
    from spheres a join spheres b on a.key < b.key
    where a.key in ('cn', 'eu', 'us') and b.key in ('cn', 'eu', 'us')
), moments as (
    select p.sphere_a, p.sphere_b, s.work, s.first_year as year
    from pairs p join sphere_works s on s.sphere in (p.sphere_a, p.sphere_b)
    union
    select p.sphere_a, p.sphere_b, s.work, s.last_year + 1
    from pairs p join sphere_works s on s.sphere in (p.sphere_a, p.sphere_b)
), segments as (
    select
        sphere_a, sphere_b, work, year as first_year,
        lead(year) over (partition by sphere_a, sphere_b, work order by year) - 1 as last_year
    from moments
), islands as materialized (
    select
        g.sphere_a, g.sphere_b, g.work, g.first_year, g.last_year,
        a.work is not null and b.work is not null as is_shared,
        a.edition as edition_a, b.edition as edition_b, a.edition_year as year_a, b.edition_year as year_b
    from segments g
    left join sphere_works a on a.sphere = g.sphere_a and a.work = g.work
        and a.first_year <= g.first_year and a.last_year >= g.last_year
    left join sphere_works b on b.sphere = g.sphere_b and b.work = g.work
        and b.first_year <= g.first_year and b.last_year >= g.last_year
    where g.last_year is not null and (a.work is not null or b.work is not null)
)
select
    t.topic,
    i.sphere_a,
    i.sphere_b,
    i.work,
    w.title,
    i.first_year,
    i.last_year,
    i.last_year = as_of.year as is_current,
    i.is_shared,
    i.edition_a is not null and i.edition_b is not null as is_comparable,
    coalesce(i.edition_a <> i.edition_b, 0) as is_different,
    i.edition_a,
    i.edition_b,
    i.year_a,
    i.year_b,
    abs(i.year_a - i.year_b) as gap_years,
    case when i.year_a < i.year_b then i.sphere_a when i.year_a > i.year_b then i.sphere_b end as behind
from islands i
cross join as_of
join works w on w.id = i.work
join work_topics t on t.work = i.work
