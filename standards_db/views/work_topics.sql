-- Which international works belong to a topic?
-- A work belongs to a topic when any edition of its own does, or any document that adopts it (IDT or MOD) and ever
-- counted: titles in two languages may not betray the same topic, and the text is the same. What a work is about does
-- not change with the year; whether it counts in a year is in alignment_topics. Topic `all` holds the works that are
-- in any.
select td.topic, d.work
from topic_documents td join documents d on d.id = td.document
where td.sphere = 'intl' and td.first_year is not null and d.work is not null
union
select topic, work from adoption_topics where is_adoption = 1 and first_year is not null and sphere in ('cn', 'eu', 'us')
