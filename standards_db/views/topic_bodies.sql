-- How many documents of each body are in a topic?
-- One row per topic, body and sphere, counted over `topic_documents`: those in force today and the others. Under topic
-- `all` a document counts once.
select topic, body, sphere, sum(is_in_force) as in_force_count, sum(1 - is_in_force) as other_count
from topic_documents
group by 1, 2, 3
