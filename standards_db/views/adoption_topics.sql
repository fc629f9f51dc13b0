-- Which adoptions belong to a topic?
-- One row per topic of the adopting document, that document, and the work it adopts; a document with two adopted works
-- has two rows. `is_counted` = the document counts (in force, no draft, no amendment) and the degree is IDT or MOD.
select
    td.topic,
    a.document,
    a.work,
    a.identifier,
    a.title,
    a.title_zh,
    a.work_title,
    a.sphere,
    a.degree,
    a.is_counted,
    a.is_edition_known,
    a.is_stale,
    a.is_orphan,
    a.target_edition,
    a.newest_edition
from adoptions a
join topic_documents td on td.document = a.document
