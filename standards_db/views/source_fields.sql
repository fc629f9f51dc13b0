-- How full are the fields of what each source gives?
-- One row per source, kind of record (documents, certificates) and field; filled_count of record_count rows have it. Rows
-- that several sources list count for the one that is shown.
with document_fields as (
    select
        source,
        count(*) as held,
        count(identifier) as identifier,
        count(coalesce(title, title_zh)) as title,
        count(status) as status,
        count(published) as published,
        count(ics) as ics,
        count(url) as url
    from documents
    group by source
), certificate_fields as (
    select
        source,
        count(*) as held,
        count(vendor_key) as vendor,
        count(country) as country,
        count(status) as status,
        count(issued) as issued,
        count(level) as level,
        count(expires) as expires
    from certificates
    group by source
)
select source, 'documents' as holds, 'identifier' as field, held as record_count, identifier as filled_count
from document_fields
union all select source, 'documents', 'title', held, title from document_fields
union all select source, 'documents', 'status', held, status from document_fields
union all select source, 'documents', 'published', held, published from document_fields
union all select source, 'documents', 'ics', held, ics from document_fields
union all select source, 'documents', 'url', held, url from document_fields
union all select source, 'certificates', 'vendor', held, vendor from certificate_fields
union all select source, 'certificates', 'country', held, country from certificate_fields
union all select source, 'certificates', 'status', held, status from certificate_fields
union all select source, 'certificates', 'issued', held, issued from certificate_fields
union all select source, 'certificates', 'level', held, level from certificate_fields
union all select source, 'certificates', 'expires', held, expires from certificate_fields
