-- Which kinds of instrument do two spheres have in a topic, how many of each, year by year?
-- One row per topic, kind, pair, and run of years in which neither number changes; kinds that neither side has are left
-- out. `is_different` = one side has the kind and the other has not; `difference` is the distance of the two numbers.
with pairs as (
    select a.key as sphere_a, b.key as sphere_b
    from spheres a join spheres b on a.key < b.key
    where a.key in ('cn', 'eu', 'us') and b.key in ('cn', 'eu', 'us')
), steps as (
    select topic, kind, sphere, first_year as year, 1 as step from topic_instruments
    union all
    select topic, kind, sphere, last_year + 1, -1 from topic_instruments
), changes as (
    select
        p.sphere_a, p.sphere_b, topic, kind, year,
        sum(case when sphere = p.sphere_a then step else 0 end) as a,
        sum(case when sphere = p.sphere_b then step else 0 end) as b
    from steps join pairs p on sphere in (p.sphere_a, p.sphere_b)
    group by p.sphere_a, p.sphere_b, topic, kind, year
    having a <> 0 or b <> 0
), running as (
    select
        topic, kind, sphere_a, sphere_b, year as first_year, lead(year) over cell - 1 as last_year,
        sum(a) over cell as count_a, sum(b) over cell as count_b
    from changes
    window cell as (partition by topic, kind, sphere_a, sphere_b order by year)
)
select
    topic, kind, sphere_a, sphere_b, first_year, last_year, last_year = as_of.year as is_current, count_a, count_b,
    (count_a > 0) <> (count_b > 0) as is_different,
    abs(count_a - count_b) as difference
from running cross join as_of
where count_a + count_b > 0
