-- Per home country: how many vendors are certified, how many by schemes of two spheres, how many are on an exclusion list?
-- One row per country of vendors with a dated certificate, as of the day of the snapshot: counts, each with the link that
-- opens its rows. Shares by home sphere and year are the measure vendor_cross_certification.
select
    v.country,
    c.sphere,
    count(*) as vendor_count,
    sum(v.is_cross_certified) as cross_certified_count,
    sum(v.is_excluded) as excluded_count,
    sum(v.is_excluded and v.is_cross_certified) as excluded_cross_count,
    'vendor_spheres?country=' || v.country as vendor_link,
    'vendor_spheres?country=' || v.country || '&is_cross_certified=1' as cross_certified_link,
    'vendor_spheres?country=' || v.country || '&is_excluded=1' as excluded_link
from vendor_spheres v
join countries c on c.key = v.country
group by v.country, c.sphere
