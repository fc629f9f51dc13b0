-- How many adoptions does each body state, and of whose works?
-- One row per adopting sphere and body and body of the work, by whether the adoption is counted and whether it is stale.
-- Sums over its rows are counts of `adoptions`.
select sphere, body, work_body, is_counted, is_stale, count(*) as adoption_count
from adoptions
group by 1, 2, 3, 4, 5
