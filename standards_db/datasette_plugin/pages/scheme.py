"""A certification scheme: its certificates by year, vendor country and level, who recognises it, what is not held."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from datasette.database import Database

from standards_db.datasette_plugin.charts import Chart, Series, bars, lines
from standards_db.datasette_plugin.links import table_url
from standards_db.datasette_plugin.pages import certified, figures
from standards_db.datasette_plugin.pages.frame import Row, first, rows
from standards_db.datasette_plugin.words import say

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

SHOWN = 10
SCHEME = """
select m.*, s.label as sphere_label, b.name as body_name, c.name as country_name, x.certificate_count, x.valid_count,
  x.vendor_count, x.excluded_count, x.rows_link, x.sources
from schemes m left join spheres s on s.key = m.sphere left join bodies b on b.key = m.body
left join countries c on c.key = m.country left join scheme_certificates x on x.scheme = m.key where m.key = :key
"""
YEARS = """
select year, sum(certificate_count) as held from certificate_counts
where scheme = :key and year is not null and is_listed = 1 group by 1 order by 1
"""
COUNTRIES = """
select c.country, coalesce(n.name, c.country) as label, sum(certificate_count) as held,
  sum(iif(s.is_in_force = 1, certificate_count, 0)) as valid,
  sum(iif(c.status is null, certificate_count, 0)) as unstated
from certificate_counts c left join countries n on n.key = c.country left join statuses s on s.key = c.status
where c.scheme = :key and c.is_listed = 1 group by 1 order by held desc, label
"""
VENDORS = """
select c.vendor_key as key, v.name, v.exclusion_count, c.certificate_count as held, c.valid_count as valid
from scheme_vendors c join vendors v on v.key = c.vendor_key
where c.scheme = :key order by held desc, v.name limit :shown
"""
LEVELS = """
select level, sum(certificate_count) as held from certificate_counts
where scheme = :key and is_listed = 1 and level is not null group by 1 order by held desc, level limit :shown
"""
RECOGNITION = "select * from recognition where scheme = :key order by arrangement, from_date, id"
STANDARDS = """
select target_work as work, certificate_count as held from scheme_works where scheme = :key
order by 2 desc, 1 limit :shown
"""
EXCLUDED = """
select vendor_key from scheme_vendors
where scheme = :key and vendor_key in (select vendor_key from exclusions where vanished_at is null) order by 1
"""
SOURCES = """
select s.key, s.title, s.is_on, s.why_off, c.state, c.reason, sum(x.certificate_count) as held
from certificate_counts x join sources s on s.key = x.source left join coverage c on c.source = s.key
where x.scheme = :key and x.is_listed = 1 group by 1 order by held desc
"""


async def excluded_url(datasette: Datasette, db: Database, key: str) -> str:
    """Opens the certificates of a scheme whose vendor is named on an exclusion list."""
    vendors = [row["vendor_key"] for row in await rows(db, EXCLUDED, {"key": key})]
    return listed(datasette, key, vendor_key__in=json.dumps(vendors, ensure_ascii=False))


async def read(datasette: Datasette, db: Database, key: str) -> Row | None:
    scheme = await first(db, SCHEME, {"key": key})
    if scheme is None:
        return None
    params = {"key": key, "shown": SHOWN}
    years, countries = await rows(db, YEARS, params), await rows(db, COUNTRIES, params)
    named = [row for row in countries if row["country"]]
    return {
        "scheme": scheme,
        "year_chart": year_chart(datasette, scheme, years) if len(years) > 1 else None,
        "country_chart": country_chart(datasette, key, named[:SHOWN], await certified.keys_in_force(db))
        if named
        else None,
        "countries": countries,
        "excluded_url": await excluded_url(datasette, db, key),
        "vendors": await rows(db, VENDORS, params),
        "levels": await rows(db, LEVELS, params),
        "recognition": await rows(db, RECOGNITION, params),
        "standards": await rows(db, STANDARDS, params),
        "sources": await rows(db, SOURCES, params),
    }


def listed(datasette: Datasette, key: str, **filters: object) -> str:
    return table_url(datasette, "certificates", scheme=key, vanished_at__isnull=1, **filters)


def year_chart(datasette: Datasette, scheme: Row, years: list[Row]) -> Chart:
    points = figures.counts_by_year(years, lambda year: listed(datasette, scheme["key"], year=year))
    series = Series(scheme["sphere"], scheme["title"], points)
    about = say("scheme.years_about")
    return lines("by-year", say("scheme.years"), about, [series], as_text=lambda n: f"{n:,.0f}", is_named=False)


def country_chart(datasette: Datasette, key: str, countries: list[Row], in_force: str) -> Chart:
    drawn = []
    for row in countries:
        filters = {"scheme": key, "vanished_at__isnull": 1, "country": row["country"]}
        drawn.append(certified.bar(datasette, row, row["label"], in_force, filters))
    about, legend = say("scheme.countries_about"), certified.legend(datasette)
    return bars("by-country", say("scheme.countries"), about, drawn, legend, say("country.one"))
