-- Which documents adopt which international works, to what degree, from which edition, and how is that known?
-- One row per adopting document and work. Where several printed statements speak of one pair, the surest is shown
-- (confidence, then a stated degree, then a stated edition); `edge_count` and `degrees_stated` tell of the others.
-- `is_counted` = the document is in force, neither draft nor amendment, and the degree is IDT or MOD. NEQ and edges
-- without a degree (`unstated`) are shown and never counted. Suggestions by similarity are not in here at all.
-- `target_edition` is the adopted edition, also when that edition itself is not held. The adoption holds on 31 December
-- of first_year to last_year; from `stale_from` on a newer edition of the work had been published.
with edges as (
    select
        relations.*,
        count(*) over (partition by document, target_work) as edge_count,
        row_number() over (
            partition by document, target_work
            order by confidence <> 'high', degree is null, target_edition_key is null, target_document is null,
                method, target_text, id
        ) as place
    from relations
    where type = 'adopts' and target_work is not null and target_document is distinct from document
        and confidence in ('high', 'medium')
), stated as (
    select document, target_work, group_concat(degree, ', ') as degrees
    from (select distinct document, target_work, degree from edges where degree is not null order by 1, 2, 3)
    group by document, target_work
)
select
    d.id as document,
    d.identifier,
    d.title,
    d.title_zh,
    d.sphere,
    d.body,
    d.kind,
    d.status,
    d.is_in_force,
    coalesce(y.last_year = as_of.year, 0) and coalesce(e.degree, '') in ('IDT', 'MOD') as is_counted,
    y.first_year,
    y.last_year,
    y.possible_last_year,
    coalesce(e.degree, 'unstated') as degree,
    coalesce(e.degree, '') in ('IDT', 'MOD') as is_adoption,
    e.degree_text,
    stated.degrees as degrees_stated,
    e.edge_count,
    w.id as work,
    w.title as work_title,
    w.body as work_body,
    e.target_text,
    e.target_identifier,
    e.target_document,
    coalesce(e.target_document, case when e.target_edition_key is not null then e.target_identifier end)
        as target_edition,
    coalesce(t.edition_key, e.target_edition_key) as target_edition_key,
    coalesce(
        t.year,
        case
            when e.target_edition_key is null then null
            when substr(e.target_identifier, -5, 1) in (':', '-') then nullif(cast(substr(e.target_identifier, -4) as integer), 0)
            when e.target_identifier like '%/____)' then nullif(cast(substr(e.target_identifier, -5, 4) as integer), 0)
        end
    ) as target_year,
    w.newest_in_force as newest_edition,
    e.target_document is not null or e.target_edition_key is not null as is_edition_known,
    e.is_stale,
    case when e.is_stale = 1 then coalesce(
        (
            select cast(substr(min(n.published), 1, 4) as integer) from documents n
            where n.work = e.target_work and n.edition_key > coalesce(t.edition_key, e.target_edition_key)
                and n.published <= as_of.day and n.kind <> 'draft' and n.vanished_at is null
                and coalesce(n.status, '') not in ('draft', 'upcoming', 'on_approval')
                and (w.family is distinct from '3gpp' or substr(n.edition_key, 1, 6)
                    = substr(coalesce(t.edition_key, e.target_edition_key), 1, 6))
        ),
        as_of.year
    ) end as stale_from,
    e.is_orphan,
    e.method,
    e.confidence,
    e.evidence,
    e.source,
    e.page_url,
    e.retrieved_at
from edges e
cross join as_of
join documents d on d.id = e.document
join works w on w.id = e.target_work
left join document_years y on y.document = e.document
left join documents t on t.id = e.target_document
left join stated on stated.document = e.document and stated.target_work = e.target_work
where e.place = 1 and w.sphere = 'intl' and d.sphere <> 'intl' and d.work is distinct from e.target_work
