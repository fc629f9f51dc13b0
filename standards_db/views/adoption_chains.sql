-- Through which editions does a document adopt another, and how closely is the whole chain?
-- One row per adopting document and path: BS EN from EN from ISO. A chain follows adoptions to the end, over at most eight
-- links, and never enters a document twice (`is_circular` tells that it would). `degree` is the weakest of its links: IDT,
-- then MOD, NEQ, unstated. `is_stale` = 1 when a link points at an edition since replaced, blank when one cannot be judged.
with recursive ranked as (
    select
        document, coalesce(target_document, target_identifier, target_text) as target, target_document,
        case degree when 'IDT' then 1 when 'MOD' then 2 when 'NEQ' then 3 else 4 end as weakness, is_stale,
        row_number() over (
            partition by document, coalesce(target_document, target_identifier, target_text)
            order by confidence <> 'high', degree is null, method, id
        ) as place
    from relations
    where type = 'adopts'
), links as materialized (
    select document, target, target_document, weakness, is_stale from ranked where place = 1 and target <> document
), chain (document, last, last_document, path, seen, link_count, weakness, stale_count, judged_count) as (
    select
        document, target, target_document, document || ' > ' || target, '|' || document || '|' || target || '|', 1,
        weakness, coalesce(is_stale, 0), case when is_stale is null then 0 else 1 end
    from links
    union all
    select
        chain.document, links.target, links.target_document, chain.path || ' > ' || links.target,
        chain.seen || links.target || '|', link_count + 1,
        case when chain.weakness > links.weakness then chain.weakness else links.weakness end,
        stale_count + coalesce(links.is_stale, 0), judged_count + case when links.is_stale is null then 0 else 1 end
    from chain join links on links.document = chain.last_document
    where link_count < 8 and instr(chain.seen, '|' || links.target || '|') = 0
)
select
    chain.document,
    chain.path,
    chain.link_count,
    adopter.sphere,
    adopter.body,
    adopter.is_in_force,
    chain.last,
    chain.last_document,
    ending.body as last_body,
    ending.sphere as last_sphere,
    case weakness when 1 then 'IDT' when 2 then 'MOD' when 3 then 'NEQ' else 'unstated' end as degree,
    case when stale_count > 0 then 1 when judged_count = link_count then 0 end as is_stale,
    exists (
        select 1 from links
        where links.document = chain.last_document and instr(chain.seen, '|' || links.target || '|') > 0
    ) as is_circular
from chain
join documents adopter on adopter.id = chain.document
left join documents ending on ending.id = chain.last_document
where not exists (
    select 1 from links
    where links.document = chain.last_document and link_count < 8
        and instr(chain.seen, '|' || links.target || '|') = 0
)
