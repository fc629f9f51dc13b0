-- Against which works are the products of a scheme evaluated?
-- One row per scheme and work, held here or not, with the number of certificates that
-- their source still lists and that name any edition of it.
select certificates.scheme, named.target_work, count(distinct named.certificate) as certificate_count
from certificate_standards named
join certificates on certificates.id = named.certificate
where certificates.scheme is not null and certificates.vanished_at is null and named.target_work is not null
group by 1, 2
