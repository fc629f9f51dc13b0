-- Which documents belong to a topic, why, and which of them adopt an international work?
-- One row per topic and document, and one under topic `all` for each document that is in any. n(A,t) of a year counts
-- the rows with first_year <= year <= last_year: in force then, neither a draft nor an amendment (it changes a
-- document and is not one of its own). `is_counted` marks those of today. `adopts` = 1 for IDT or MOD; `degree` is
-- the closest one that the document states towards any work.
with closest as (
    select
        document, work, degree, is_adoption, is_stale,
        row_number() over (
            partition by document
            order by case degree when 'IDT' then 1 when 'MOD' then 2 when 'NEQ' then 3 else 4 end, work
        ) as place
    from adoptions
), placed as (
    select topic, document, rule, matched from document_topics
    union all
    select 'all', document, 'in ' || count(*) || ' of the topics', group_concat(topic, ', ')
    from (select topic, document from document_topics order by document, topic)
    group by document
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
    coalesce(y.last_year = as_of.year, 0) as is_counted,
    y.first_year,
    y.last_year,
    y.possible_last_year,
    d.year,
    coalesce(closest.is_adoption, 0) as adopts,
    closest.degree,
    closest.work as adopted_work,
    closest.is_stale,
    d.url
from placed dt
cross join as_of
join documents d on d.id = dt.document
left join document_years y on y.document = d.id
left join closest on closest.document = d.id and closest.place = 1
