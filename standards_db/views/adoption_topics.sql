-- Which adoptions belong to a topic?
-- One row per topic of the adopting document (and topic `all`), that document, and the work it adopts; a document
-- with two adopted works has two rows. An adoption (IDT or MOD) counts in a year when first_year <= year <=
-- last_year, and is stale in it when stale_from <= year. `is_counted` marks those of today.
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
    a.is_adoption,
    a.is_counted,
    a.first_year,
    a.last_year,
    a.possible_last_year,
    a.is_edition_known,
    a.is_stale,
    a.stale_from,
    a.is_orphan,
    a.target_edition,
    a.newest_edition
from adoptions a
join topic_documents td on td.document = a.document
