-- Which countries of two spheres recognise each other's certificates, and which only in one direction?
-- One row per arrangement and pair of countries of two spheres (alphabetical), one of which issues certificates that the
-- other accepts. `is_reciprocal` = both issue and both accept. From first_year on at least one direction is on record.
-- `reciprocal_year` counts a role without a date from the member's first year on record; `dated_year` is filled only where
-- every role is dated. A member without any date counts this year
-- only. `recognition_rows` are the ids of the curated rows that say so.
select
    a.arrangement,
    a.sphere as sphere_a,
    b.sphere as sphere_b,
    a.country as country_a,
    b.country as country_b,
    b.issues as a_accepts_b,
    a.issues as b_accepts_a,
    a.issues = 1 and b.issues = 1 as is_reciprocal,
    coalesce(max(a.accepts_year, b.accepts_year), as_of.year) as first_year,
    min(coalesce(a.until_year, as_of.year), coalesce(b.until_year, as_of.year)) as last_year,
    case when a.issues = 1 and b.issues = 1 then coalesce(max(a.accepts_year, b.accepts_year), as_of.year) end
        as reciprocal_year,
    case when a.issues = 1 and b.issues = 1 then max(a.issues_year, b.issues_year, a.accepts_year, b.accepts_year) end
        as dated_year,
    a.recognition_rows || ' ' || b.recognition_rows as recognition_rows
from recognition_members a
cross join as_of
join recognition_members b on b.arrangement = a.arrangement and a.sphere < b.sphere
where a.issues = 1 or b.issues = 1
