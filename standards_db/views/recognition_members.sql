-- Who takes part in an arrangement that recognises certificates, issuing them or only accepting them?
-- One row per arrangement and country. The editions of one arrangement are one here ("CCRA" of 1998 and 2014). `issues` =
-- its certificates are recognised, `accepts` = it recognises those of others; NULL = the source does not say.
-- `accepts_year` is the first year on record; `issues_year` is blank where no source dates the role. Statements that there
-- is no recognition, intentions, and forums without recognition are not members.
with named as (
    select *, substr(arrangement, 1, coalesce(nullif(instr(arrangement, '('), 0), 999) - 1) as head
    from recognition
    where country is not null
), roles as (
    select
        trim(substr(head, 1, coalesce(nullif(instr(head, ':'), 0), 999) - 1)) as arrangement,
        country,
        role like 'authorizing%' or role like '%(authorizing)' or role like 'joint validation%' as issues,
        coalesce(role, '') not in ('none', 'intent', 'signatory')
            and coalesce(role, '') not like 'designating%' as accepts,
        cast(substr(from_date, 1, 4) as integer) as from_year,
        cast(substr(to_date, 1, 4) as integer) as to_year,
        id
    from named
)
select
    arrangement,
    country,
    sphere,
    max(coalesce(issues, 0)) as issues,
    min(from_year) as accepts_year,
    min(from_year) filter (where issues = 1) as issues_year,
    case when count(*) = count(to_year) then max(to_year) end as until_year,
    group_concat(id, ' ') as recognition_rows
from (select r.*, c.sphere from roles r join countries c on c.key = r.country where r.accepts order by r.id)
group by arrangement, country, sphere
