-- Which documents do the curated facts rest on, are they held, and are they still in force?
-- One row per designation in a cell of competing, crypto_suites or reverse_uptake, looked up at every publication. An
-- undated one means the newest edition in force. `is_withdrawn_edition` = 1 when the document that the fact names is
-- published and no longer in force (NULL when it is not held), and `newer_edition` is what has come since. `note` says so
-- in words, `reason` why a designation could not be linked.
with named as (
    select
        m.*,
        w.edition_count,
        w.newest_in_force,
        coalesce(
            (select id from documents where id = m.identifier and m.is_dated = 1),
            case when m.is_dated = 0 then coalesce(w.newest_in_force, w.newest) end
        ) as document
    from fact_mentions m
    left join works w on w.id = m.work
), judged as (
    select
        n.*,
        d.title,
        d.title_zh,
        d.status,
        d.kind = 'draft' or d.status = 'draft' as is_draft,
        case
            when d.id is null then null
            when d.kind = 'draft' or d.status = 'draft' then 0
            else 1 - coalesce(d.is_in_force, 0)
        end as is_withdrawn_edition,
        case
            when coalesce(d.is_in_force, 0) = 1 then null
            when newest.edition_key > coalesce(d.edition_key, n.edition_key) then newest.id
            else (
                select min(target_document) from relations
                where document = n.document and type = 'superseded by' and target_document is not null
            )
        end as newer_edition
    from named n
    left join documents d on d.id = n.document
    left join documents newest on newest.id = n.newest_in_force
)
select
    id,
    fact,
    fact_row,
    side,
    sphere,
    text,
    identifier,
    work as named_work,
    document,
    document is not null as is_resolved,
    case
        when document is not null then null
        when identifier is null then 'the cell names no designation'
        when coalesce(edition_count, 0) = 0 then 'no edition of it is held'
        else 'this edition is not held, others are'
    end as reason,
    title,
    title_zh,
    status,
    is_withdrawn_edition,
    newer_edition,
    case
        when is_withdrawn_edition = 1 then 'this comparison rests on a withdrawn edition'
        when is_draft = 1 then 'this comparison rests on a draft'
        when document is null and newer_edition is not null then 'this comparison rests on an edition that is not held'
    end || coalesce('; newer: ' || newer_edition, '') as note
from judged
