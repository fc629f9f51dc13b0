-- How many certificates does each scheme issue a year?
-- One row per scheme and year of issue: all certificates held, those valid today, and their vendors. A scheme that is not
-- understood stands with its printed text.
select
    coalesce(schemes.title, certificates.scheme_text) as title,
    certificates.scheme,
    certificates.year,
    count(*) as certificate_count,
    sum(coalesce(statuses.is_in_force, 0)) as valid_count,
    count(distinct certificates.vendor_key) as vendor_count,
    case when certificates.scheme is null then 'certificates?scheme__isnull=1'
        else 'certificates?scheme=' || certificates.scheme end
        || '&year=' || certificates.year as rows_link
from certificates
left join statuses on statuses.key = certificates.status
left join schemes on schemes.key = certificates.scheme
where certificates.year is not null
group by certificates.scheme, 1, certificates.year
