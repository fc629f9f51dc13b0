-- How many certificates of each scheme are held, how many are valid, and who recognises the scheme?
-- One row per scheme. A certificate counts for the scheme that issued it, whichever register lists it; `valid_count` are
-- those whose status is in force; `excluded_count` are those whose vendor is named on an exclusion list. A certificate
-- of a scheme that is not understood is in no row: see `unknowns`.
with held as (
    select certificates.scheme,
        count(*) as certificate_count,
        sum(coalesce(statuses.is_in_force, 0)) as valid_count,
        count(distinct certificates.vendor_key) as vendor_count,
        sum(certificates.id in (select certificate from certificate_exclusions)) as excluded_count
    from certificates
    left join statuses on statuses.key = certificates.status
    where certificates.vanished_at is null
    group by certificates.scheme
), listing as (
    select scheme, group_concat(source, ', ') as sources
    from (select distinct scheme, source from certificates where vanished_at is null order by 1, 2)
    group by scheme
), recognised as (
    select scheme, count(distinct arrangement) as arrangement_count from recognition where scheme is not null group by scheme
)
select
    schemes.key as scheme,
    schemes.title,
    schemes.sphere,
    schemes.country,
    schemes.kind,
    coalesce(held.certificate_count, 0) as certificate_count,
    coalesce(held.valid_count, 0) as valid_count,
    coalesce(held.vendor_count, 0) as vendor_count,
    coalesce(held.excluded_count, 0) as excluded_count,
    coalesce(recognised.arrangement_count, 0) as arrangement_count,
    listing.sources,
    'certificates?scheme=' || schemes.key || '&vanished_at__isnull=1' as rows_link
from schemes
left join held on held.scheme = schemes.key
left join listing on listing.scheme = schemes.key
left join recognised on recognised.scheme = schemes.key
