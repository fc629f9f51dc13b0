-- Where does each cryptographic algorithm stand in each sphere, and which statement says so?
-- One row per algorithm and sphere that makes any statement; a pair without a row was not seen, which is not the same as
-- absent. `standing`: approved, allowed, legacy, disallowed, absent (a list that is complete does not name it) or draft
-- (only a draft speaks of it). Where authorities of one sphere differ, the most favourable is shown, `is_contradicted` = 1
-- and `statements` names them all. The evidence is that of the statement shown.
with ranked as (
    select
        *,
        row_number() over (
            partition by algorithm, sphere
            order by is_draft,
                case standing when 'approved' then 1 when 'allowed' then 2 when 'legacy' then 3
                    when 'disallowed' then 4 when 'not listed' then 5 else 6 end,
                confidence <> 'verified', document is null, evidence_date desc, fact_row
        ) as place
    from crypto_statements
), said as (
    select
        algorithm,
        sphere,
        count(*) as statement_count,
        count(distinct case when is_draft = 0 then standing end) > 1 as is_contradicted,
        group_concat(authority || ': ' || standing, '; ') as statements
    from (select distinct algorithm, sphere, authority, standing, is_draft from crypto_statements order by 1, 2, 3, 4)
    group by algorithm, sphere
)
select
    r.algorithm,
    r.sphere,
    case when r.is_draft then 'draft' when r.standing = 'not listed' then 'absent' else r.standing end as standing,
    r.authority,
    r.evidence_id,
    r.document,
    r.document_note,
    r.evidence_date,
    r.confidence,
    s.statement_count,
    s.is_contradicted,
    s.statements,
    r.source_url,
    'crypto_statements?algorithm=' || replace(r.algorithm, ' ', '+') || '&sphere=' || r.sphere as statements_link
from ranked r
join said s on s.algorithm = r.algorithm and s.sphere = r.sphere
where r.place = 1
