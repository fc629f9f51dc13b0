-- Which vendors hold the certificates of a scheme?
-- One row per scheme and vendor, over certificates that their source still lists. `valid_count` are those in force.
select
    certificates.scheme,
    certificates.vendor_key,
    count(*) as certificate_count,
    sum(coalesce(statuses.is_in_force, 0)) as valid_count,
    min(certificates.year) as first_year
from certificates
left join statuses on statuses.key = certificates.status
where certificates.scheme is not null and certificates.vendor_key is not null and certificates.vanished_at is null
group by 1, 2
