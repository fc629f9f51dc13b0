-- label: Certified vendors on an exclusion list
-- question: How many of the certified vendors of a sphere stand on an exclusion list of another?
-- formula: Vendors at home in the sphere that have a certificate and stand on an exclusion list / its vendors with any certificate, by the end of the year.
-- reading: The home of a vendor is the country that its certificates print most often; sphere `other` is a home too.
-- limits: Schemes that print no country (CMVP, NIAP, FedRAMP) place a vendor only when another scheme does, so vendors of
--   one sphere alone are missing from the denominator. A merger or a subsidiary is another vendor unless curated.
-- unit: share
-- grid: free
-- higher_means: apart
-- interval: wilson
-- numerator: vendor_spheres?sphere={a}&first_year__lte={year}&excluded_year__lte={year}
-- denominator: vendor_spheres?sphere={a}&first_year__lte={year}
select
    v.sphere as sphere_a,
    y.year,
    sum(coalesce(v.excluded_year <= y.year, 0)) as numerator,
    count(*) as denominator,
    count(*) as n_a,
    case when count(*) < cast((select value from measure_settings where key = 'minimum_documents') as integer)
        then 'not enough vendors' end as note
from vendor_spheres v
join figure_years y on v.first_year <= y.year
group by v.sphere, y.year
