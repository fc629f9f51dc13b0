-- From how many documents on does a share say anything?
-- minimum_documents: with fewer documents on a side a figure is NULL and says "not enough documents".
select 5 as minimum_documents
