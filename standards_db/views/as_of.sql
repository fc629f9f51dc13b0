-- On which day was "in force" judged?
-- One row. The day of the last resolve, or the day of the newest page where there was none. Figures of this year are as
-- of this day, those of earlier years as of 31 December.
select day, cast(substr(day, 1, 4) as integer) as year
from (
    select coalesce(
        (select value from state where key = 'as_of'),
        (select max(substr(retrieved_at, 1, 10)) from documents)
    ) as day
)
