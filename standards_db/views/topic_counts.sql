-- How many documents did a sphere have in force in a topic, and how many of them adopt, year by year?
-- One row per topic, sphere and run of years in which no number changes. `possible_` counts withdrawn documents whose
-- withdrawal date is missing: they are not in the other numbers and may have been in force in these years too.
with spans as (
    select topic, sphere, first_year, last_year + 1 as end_year, adopts, degree, 1 as sure, 0 as possible
    from topic_documents where first_year is not null
    union all
    select topic, sphere, last_year + 1, possible_last_year + 1, adopts, degree, 0, 1
    from topic_documents where possible_last_year > last_year
), steps as (
    select topic, sphere, first_year as year, adopts, degree, sure, possible from spans
    union all
    select topic, sphere, end_year, adopts, degree, -sure, -possible from spans
), changes as (
    select
        topic, sphere, year,
        sum(sure) as documents,
        sum(sure * adopts) as adopting,
        sum(case when degree = 'IDT' then sure else 0 end) as idt,
        sum(case when degree = 'MOD' then sure else 0 end) as mod,
        sum(case when degree = 'NEQ' then sure else 0 end) as neq,
        sum(case when degree = 'unstated' then sure else 0 end) as unstated,
        sum(possible) as possible_documents,
        sum(possible * adopts) as possible_adopting,
        sum(case when degree = 'IDT' then possible else 0 end) as possible_idt,
        sum(case when degree = 'MOD' then possible else 0 end) as possible_mod,
        sum(case when degree = 'NEQ' then possible else 0 end) as possible_neq,
        sum(case when degree = 'unstated' then possible else 0 end) as possible_unstated
    from steps
    group by topic, sphere, year
), running as (
    select
        topic, sphere, year as first_year, lead(year) over sphere_topic - 1 as last_year,
        sum(documents) over sphere_topic as documents,
        sum(adopting) over sphere_topic as adopting,
        sum(idt) over sphere_topic as idt,
        sum(mod) over sphere_topic as mod,
        sum(neq) over sphere_topic as neq,
        sum(unstated) over sphere_topic as unstated,
        sum(possible_documents) over sphere_topic as possible_documents,
        sum(possible_adopting) over sphere_topic as possible_adopting,
        sum(possible_idt) over sphere_topic as possible_idt,
        sum(possible_mod) over sphere_topic as possible_mod,
        sum(possible_neq) over sphere_topic as possible_neq,
        sum(possible_unstated) over sphere_topic as possible_unstated
    from changes
    window sphere_topic as (partition by topic, sphere order by year)
)
select * from running where documents + possible_documents > 0
