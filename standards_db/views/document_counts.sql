-- How many documents does each body hold, of which kind, status and year?
-- One row per body, sphere, kind, status, year and whether it is in force today, with the number of documents. Sums over
-- its rows are counts of `documents`, without reading each of them.
select body, sphere, kind, status, year, is_in_force, count(*) as document_count
from documents
group by 1, 2, 3, 4, 5, 6
