-- Which countries of two spheres recognise each other's certificates, and which only in one direction?
-- One row per arrangement and pair of countries of two spheres (alphabetical), one of which issues certificates that the
-- other accepts. `is_reciprocal` = both issue and both accept. From first_year on at least one direction is on record.
-- `reciprocal_year` counts a role without a date from the member's first year on record; `dated_year` is filled only where
-- every role is dated. A member without any date counts this year
-- only. `recognition_rows` are the ids of the curated rows that say so.
with joined as (
    select
        a.arrangement,
        a.sphere as sphere_a,
        b.sphere as sphere_b,
        a.country as country_a,
        b.country as country_b,
        b.issues as a_accepts_b,
        a.issues as b_accepts_a,
        a.issues = 1 and b.issues = 1 as is_reciprocal,
        case when a.accepts_year > b.accepts_year then a.accepts_year when a.accepts_year <= b.accepts_year then b.accepts_year end
            as accepts_year,
        case when a.issues_year > b.issues_year then a.issues_year when a.issues_year <= b.issues_year then b.issues_year end
            as issues_year,
        coalesce(a.until_year, as_of.year) as until_a,
        coalesce(b.until_year, as_of.year) as until_b,
        as_of.year as this_year,
        a.recognition_rows || ' ' || b.recognition_rows as recognition_rows
    from recognition_members a
    cross join as_of
    join recognition_members b on b.arrangement = a.arrangement and a.sphere < b.sphere
    where a.issues = 1 or b.issues = 1
)
select
    arrangement,
    sphere_a,
    sphere_b,
    country_a,
    country_b,
    a_accepts_b,
    b_accepts_a,
    is_reciprocal,
    coalesce(accepts_year, this_year) as first_year,
    case when until_a < until_b then until_a else until_b end as last_year,
    case when is_reciprocal then coalesce(accepts_year, this_year) end as reciprocal_year,
    case
        when is_reciprocal and issues_year > accepts_year then issues_year
        when is_reciprocal and issues_year <= accepts_year then accepts_year
    end as dated_year,
    recognition_rows
from joined
