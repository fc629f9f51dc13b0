-- Which vendors are certified in the schemes of two or more spheres, and which of them are on an exclusion list?
-- One row per vendor with a known home country and at least one dated certificate. `sphere_count` counts the spheres cn, eu
-- and us whose schemes have certified it; schemes of other states stand in `other_count`. `first_year` = its first
-- certificate, `crossed_year` = the year in which the second sphere was reached, `excluded_year` = the first inclusion in an
-- exclusion list (the first year of its certificates where the list prints no day).
with dated as (
    select vendor_key, sphere, min(year) as first_year, count(*) as certificates
    from certificates
    where vendor_key is not null and year is not null
    group by vendor_key, sphere
), ranked as (
    select *, row_number() over (partition by vendor_key order by first_year, sphere) as place
    from dated
    where sphere in ('cn', 'eu', 'us')
), crossed as (
    select vendor_key, count(*) as sphere_count, min(case when place = 2 then first_year end) as crossed_year
    from ranked
    group by vendor_key
), summed as (
    select
        vendor_key,
        min(first_year) as first_year,
        sum(certificates) as certificate_count,
        sum(case when sphere = 'cn' then certificates else 0 end) as cn_count,
        sum(case when sphere = 'eu' then certificates else 0 end) as eu_count,
        sum(case when sphere = 'us' then certificates else 0 end) as us_count,
        sum(case when sphere not in ('cn', 'eu', 'us') then certificates else 0 end) as other_count
    from dated
    group by vendor_key
), excluded as (
    select vendor_key, group_concat(list, ', ') as exclusion_lists, min(included_year) as included_year
    from (
        select vendor_key, list, min(cast(substr(included, 1, 4) as integer)) as included_year
        from exclusions
        where vendor_key is not null
        group by vendor_key, list
        order by vendor_key, list
    )
    group by vendor_key
)
select
    v.key as vendor_key,
    v.name,
    v.country,
    c.sphere,
    coalesce(x.sphere_count, 0) as sphere_count,
    coalesce(x.sphere_count, 0) >= 2 as is_cross_certified,
    s.certificate_count,
    s.cn_count,
    s.eu_count,
    s.us_count,
    s.other_count,
    s.first_year,
    x.crossed_year,
    e.vendor_key is not null as is_excluded,
    e.exclusion_lists,
    case when e.included_year > s.first_year then e.included_year when e.vendor_key is not null then s.first_year end
        as excluded_year
from summed s
join vendors v on v.key = s.vendor_key
join countries c on c.key = v.country
left join crossed x on x.vendor_key = s.vendor_key
left join excluded e on e.vendor_key = s.vendor_key
