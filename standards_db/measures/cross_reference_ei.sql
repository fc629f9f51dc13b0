-- label: Cross-reference E-I index
-- question: Do the documents of a sphere refer to texts of others, or to their own?
-- formula: (E - I) / (E + I): E = references to works of another sphere or of the international bodies, I = references to
--   works of the own sphere, over the documents of the sphere that are in force in the topic (Krackhardt and Stern).
-- reading: 1 when every reference leaves the sphere, -1 when none does. Numerator: E. Denominator: E + I.
-- limits: Few sources print their references; where one sphere's do and another's do not, only the first has a figure.
-- unit: distance
-- grid: sphere
-- higher_means: common ground
-- numerator: cross_references?topic={topic}&sphere={a}&is_external=1&first_year__lte={year}&last_year__gte={year}
-- denominator: cross_references?topic={topic}&sphere={a}&first_year__lte={year}&last_year__gte={year}
-- empty: no references on record
select
    topic,
    sphere as sphere_a,
    year,
    sum(is_external) as numerator,
    count(*) as denominator,
    count(*) as n_a,
    1.0 * sum(is_external - (1 - is_external)) / count(*) as value
from cross_references
join figure_years on year between first_year and last_year
where sphere in ('cn', 'eu', 'us')
group by topic, sphere, year
