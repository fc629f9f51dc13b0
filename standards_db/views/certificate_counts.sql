-- How many certificates has each scheme issued, by country, level, status and year?
-- One row per scheme, sphere, country, level, status, year and source. `is_listed` = its source still lists them. Sums
-- over its rows are counts of `certificates`.
select
    scheme,
    sphere,
    country,
    level,
    status,
    year,
    source,
    vanished_at is null as is_listed,
    count(*) as certificate_count
from certificates
group by 1, 2, 3, 4, 5, 6, 7, 8
