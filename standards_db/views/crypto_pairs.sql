-- Which algorithms do two spheres both approve, and of which does only one of them speak?
-- One row per pair of spheres and algorithm that at least one of the two approves. `is_compared` = both make a statement
-- that is more than a draft; without one the other side was not seen, and nothing follows from that.
with pairs as (
    select a.key as sphere_a, b.key as sphere_b
    from spheres a join spheres b on a.key < b.key
    where a.key in ('cn', 'eu', 'intl', 'us') and b.key in ('cn', 'eu', 'intl', 'us')
), algorithms as (
    select distinct algorithm from crypto_matrix
)
select
    p.sphere_a,
    p.sphere_b,
    g.algorithm,
    a.standing as standing_a,
    b.standing as standing_b,
    coalesce(a.standing, 'draft') <> 'draft' and coalesce(b.standing, 'draft') <> 'draft' as is_compared,
    coalesce(a.standing = 'approved' and b.standing = 'approved', 0) as is_shared,
    a.evidence_id as evidence_a,
    a.document as document_a,
    b.evidence_id as evidence_b,
    b.document as document_b
from pairs p
cross join algorithms g
left join crypto_matrix a on a.algorithm = g.algorithm and a.sphere = p.sphere_a
left join crypto_matrix b on b.algorithm = g.algorithm and b.sphere = p.sphere_b
where a.standing = 'approved' or b.standing = 'approved'
