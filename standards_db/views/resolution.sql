-- How many edges of each source find the document that they point at, and why do the others not?
-- One row per source and type of relation. share = edges that point at a held document / all edges. Exact: the printed
-- target is that document. Respelled: the same edition written shorter, in another packaging, under another prefix of
-- ISO and IEC, or a designation that no grammar reads and the same source lists. Dated: the target names no edition, and
-- the newest before publication is meant (for a successor, the first after it). What is left is told by reason. Relations
-- to acts of law are in instrument_standards.
select
    source,
    type,
    count(*) as edge_count,
    count(target_document) as resolved_count,
    1.0 * count(target_document) / count(*) as share,
    sum(resolution = 'exact') as exact_count,
    sum(resolution glob 'same *') as respelled_count,
    sum(resolution glob 'newest *' or resolution glob 'first *') as dated_count,
    sum(resolution = 'edition not held' or resolution glob 'no edition *') as edition_missing_count,
    sum(resolution = 'work not held') as work_missing_count,
    sum(resolution = 'identifier not understood') as not_understood_count,
    sum(resolution = 'the document itself') as itself_count,
    'relations?source=' || source || '&type=' || replace(type, ' ', '+') || '&target_document__isnull=1' as rest_link
from relations
where type not in ('harmonised under', 'prepared for')
group by source, type
