-- Which international works did a sphere adopt, in which edition, year by year?
-- One row per sphere, work and run of years in which the newest adopted edition is the same; IDT and MOD count. The
-- edition is blank in years in which no counted adoption states one.
with counted as materialized (
    select sphere, work, first_year, last_year, target_edition, target_edition_key, target_year, is_edition_known
    from adoptions
    where is_adoption = 1 and first_year is not null and sphere in ('cn', 'eu', 'us')
), moments as (
    select sphere, work, first_year as year from counted
    union
    select sphere, work, last_year + 1 from counted
), segments as materialized (
    select sphere, work, year as first_year, lead(year) over (partition by sphere, work order by year) - 1 as last_year
    from moments
), held as (
    select
        s.sphere, s.work, s.first_year, s.last_year,
        case when c.is_edition_known then c.target_edition end as edition,
        case when c.is_edition_known then c.target_year end as edition_year,
        count(*) over segment as document_count,
        row_number() over (
            segment
            order by c.is_edition_known desc, c.target_year desc, c.target_edition_key desc, c.target_edition desc
        ) as place
    from segments s
    join counted c on c.sphere = s.sphere and c.work = s.work
        and c.first_year <= s.first_year and c.last_year >= s.last_year
    window segment as (partition by s.sphere, s.work, s.first_year)
), newest as (
    select
        *,
        lag(last_year) over sphere_work is distinct from first_year - 1
            or lag(edition) over sphere_work is distinct from edition as is_new
    from held
    where place = 1
    window sphere_work as (partition by sphere, work order by first_year)
), islands as (
    select *, sum(is_new) over (partition by sphere, work order by first_year) as island from newest
)
select
    sphere, work, min(first_year) as first_year, max(last_year) as last_year, edition,
    max(edition_year) as edition_year, max(document_count) as document_count
from islands
group by sphere, work, island, edition
