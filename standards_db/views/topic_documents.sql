-- Which documents belong to a topic, why, and which of them adopt an international work?
-- One row per topic and document. `is_counted` marks n(A,t), the documents that figures count: in force, not a draft,
-- not an amendment (it changes a document and is not one of its own) and not an act of law, which adopts nothing. A
-- document that its source no longer lists is not in force. `adopts` = 1 for IDT or MOD; `degree` is the closest one that the document states towards any work.
with closest as (
    select
        document, work, degree, is_adoption, is_stale,
        row_number() over (
            partition by document
            order by case degree when 'IDT' then 1 when 'MOD' then 2 when 'NEQ' then 3 else 4 end, work
        ) as place
    from adoptions
)
select
    dt.topic,
    d.id as document,
    d.identifier,
    d.title,
    d.title_zh,
    dt.rule,
    dt.matched,
    d.sphere,
    d.body,
    d.kind,
    d.force,
    d.status,
    coalesce(d.is_in_force, 0) as is_in_force,
    coalesce(d.is_in_force, 0) = 1 and coalesce(d.kind, '') not in ('draft', 'amendment', 'act', 'corrigendum') as is_counted,
    d.year,
    coalesce(closest.is_adoption, 0) as adopts,
    closest.degree,
    closest.work as adopted_work,
    closest.is_stale,
    d.url
from document_topics dt
join documents d on d.id = dt.document
left join closest on closest.document = d.id and closest.place = 1
