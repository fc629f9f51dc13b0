-- What does each authority say of each cryptographic algorithm?
-- One row per primitive and row of crypto_suites that speaks of it, with the document it rests on as it stands today
-- (`document_note`: a withdrawn edition, a draft). `is_draft` statements are shown and decide nothing.
select
    trim(k.value, '"') as algorithm,
    s.sphere,
    s.authority,
    s.status as standing,
    s.status = 'draft' or s.authority like '%(draft)%' as is_draft,
    s.id as fact_row,
    s.evidence_id,
    (
        select document from fact_links l where l.fact = 'crypto_suites' and l.fact_row = s.id and document is not null
        order by l.id limit 1
    ) as document,
    (
        select note from fact_links l where l.fact = 'crypto_suites' and l.fact_row = s.id and note is not null
        order by l.id limit 1
    ) as document_note,
    s.date as evidence_date,
    s.source_url,
    s.confidence,
    s.note
from crypto_suites s
cross join json_each('["' || replace(s.keys, ';', '","') || '"]') k
where s.keys is not null
