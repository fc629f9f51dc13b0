-- Which specifications does each sphere set against the others for one problem, and where are they?
-- One row per problem and sphere that has a specification. `is_evidenced` = 1 when the source of the row speaks of this
-- side; the other sides are pointers and claim nothing. `document_list` lists the crawled documents that the cell names,
-- `unlinked_count` its designations that none is held of. A side without a designation is words alone.
with sides as (
    select id, problem, 'cn' as sphere, cn_spec as specification, what_differs, sides_with_evidence, source_url
    from competing
    union all
    select id, problem, 'us', us_spec, what_differs, sides_with_evidence, source_url from competing
    union all
    select id, problem, 'eu', eu_spec, what_differs, sides_with_evidence, source_url from competing
    union all
    select id, problem, 'intl', intl_spec, what_differs, sides_with_evidence, source_url from competing
), linked as (
    select
        fact_row,
        side,
        group_concat(document, '; ') as document_list,
        sum(identifier is not null) as designation_count,
        sum(identifier is not null and document is null) as unlinked_count,
        sum(is_withdrawn_edition) as withdrawn_count,
        group_concat(note, '; ') as note
    from (select * from fact_links where fact = 'competing' order by id)
    group by fact_row, side
)
select
    s.id as fact_row,
    s.problem,
    s.sphere,
    s.specification,
    (',' || s.sides_with_evidence || ',') like ('%,' || s.sphere || ',%') as is_evidenced,
    l.document_list,
    coalesce(l.designation_count, 0) as designation_count,
    coalesce(l.unlinked_count, 0) as unlinked_count,
    coalesce(l.withdrawn_count, 0) as withdrawn_count,
    l.note,
    s.what_differs,
    s.source_url
from sides s
left join linked l on l.fact_row = s.id and l.side = s.sphere || '_spec'
where s.specification is not null
