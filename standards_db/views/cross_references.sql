-- Which documents refer to which works, within their own sphere or across?
-- One row per topic of the referring document, that document, and a work it refers to as a normative or cited text
-- (relations of type references whose target is understood). `is_external` = the work belongs to another sphere than the
-- document. The reference holds on 31 December of first_year to last_year, the years in which the document is in force.
select distinct
    td.topic,
    td.document,
    td.identifier,
    td.title,
    td.title_zh,
    td.sphere,
    w.id as work,
    w.title as work_title,
    w.sphere as target_sphere,
    w.sphere <> td.sphere as is_external,
    td.first_year,
    td.last_year
from relations r
join works w on w.id = r.target_work
join topic_documents td on td.document = r.document
where r.type = 'references' and w.sphere is not null and td.first_year is not null and w.id is distinct from r.document
    and w.id <> coalesce((select work from documents where id = r.document), '')
