-- In which years was a document in force?
-- One row per document that figures may count, no draft, amendment, corrigendum or act of law. It counts on 31
-- December of first_year to last_year, and today where last_year is the current year. A withdrawn document whose
-- withdrawal date is missing counts at the end of the year it appeared in and no longer; it may have been in force
-- until `possible_last_year`. A document in force without a date of its own counts today only. One withdrawn in the
-- year it appeared in counts in no year, nor does one whose dates contradict each other; `basis` tells.
with dated as (
    select
        d.id, d.is_in_force, d.valid_from, d.valid_until, as_of.day as today, as_of.year as this_year,
        cast(substr(d.valid_from, 1, 4) as integer) as start_year,
        cast(substr(d.valid_until, 1, 4) as integer) as end_year
    from documents d cross join as_of
    where coalesce(d.kind, '') not in ('draft', 'amendment', 'act', 'corrigendum')
), judged as (
    select
        *,
        case
            when is_in_force = 1 and valid_from <= today then 'in force'
            when is_in_force = 1 then 'in force, start not known'
            when valid_from is null then 'not in force, start not known'
            when valid_from > today then 'published later'
            when valid_until < valid_from then 'dates contradict each other'
            when valid_until <= today then 'withdrawal date known'
            else 'withdrawal date missing'
        end as basis
    from dated
)
select
    id as document,
    case
        when basis = 'in force' then start_year
        when basis = 'in force, start not known' then this_year
        when basis = 'withdrawal date known' and start_year < end_year then start_year
        when basis = 'withdrawal date missing' and start_year < this_year then start_year
    end as first_year,
    case
        when is_in_force = 1 then this_year
        when basis = 'withdrawal date known' and start_year < end_year then end_year - 1
        when basis = 'withdrawal date missing' and start_year < this_year then start_year
    end as last_year,
    case
        when is_in_force = 1 then this_year
        when basis = 'withdrawal date known' and start_year < end_year then end_year - 1
        when basis = 'withdrawal date missing' and start_year < this_year then this_year - 1
    end as possible_last_year,
    basis
from judged
