"""A vendor: its certificates across schemes and spheres, the lists that exclude it, the names merged and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette.database import Database

from standards_db.datasette_plugin.charts import Chart, bars
from standards_db.datasette_plugin.links import table_url
from standards_db.datasette_plugin.pages import certified
from standards_db.datasette_plugin.pages.frame import Row, first, rows
from standards_db.datasette_plugin.words import say

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

SHOWN = 15
VENDOR = """
select v.*, c.name as country_name, c.sphere, s.label as sphere_label
from vendors v left join countries c on c.key = v.country left join spheres s on s.key = c.sphere where v.key = :key
"""
NAMES = "select * from vendor_names where vendor = :key order by row_count desc, name"
SCHEMES = f"""
select c.scheme, coalesce(m.title, c.scheme, min(c.scheme_text)) as title, c.sphere, p.label as sphere_label,
  {certified.COUNTS}
from certificates c left join schemes m on m.key = c.scheme left join spheres p on p.key = c.sphere
left join statuses s on s.key = c.status
where c.vendor_key = :key group by c.scheme, c.sphere order by held desc, title
"""
CERTIFICATES = """
select c.id, c.number, c.product, c.level, c.issued, c.expires, c.status, c.url,
  coalesce(m.title, c.scheme_text) as scheme,
  s.label as status_label, s.is_in_force
from certificates c left join schemes m on m.key = c.scheme left join statuses s on s.key = c.status
where c.vendor_key = :key order by c.issued desc, c.id limit :shown
"""
EXCLUSIONS = """
select e.*, s.label as sphere_label from exclusions e left join spheres s on s.key = e.sphere
where e.vendor_key = :key order by e.included, e.id
"""
STANDARDS = """
select x.target_work as work, count(distinct x.certificate) as certificates
from certificate_standards x join certificates c on c.id = x.certificate
where c.vendor_key = :key and x.target_work is not null group by 1 order by 2 desc, 1 limit 20
"""


async def read(datasette: Datasette, db: Database, key: str) -> Row | None:
    vendor = await first(db, VENDOR, {"key": key})
    if vendor is None:
        return None
    schemes = await rows(db, SCHEMES, {"key": key})
    return {
        "vendor": vendor,
        "names": await rows(db, NAMES, {"key": key}),
        "schemes": schemes,
        "chart": chart(datasette, key, schemes, await certified.keys_in_force(db)) if schemes else None,
        "certificates": await rows(db, CERTIFICATES, {"key": key, "shown": SHOWN}),
        "all_certificates": table_url(datasette, "certificates", vendor_key=key),
        "exclusions": await rows(db, EXCLUSIONS, {"key": key}),
        "standards": await rows(db, STANDARDS, {"key": key}),
    }


def chart(datasette: Datasette, key: str, schemes: list[Row], in_force: str) -> Chart:
    drawn = []
    for scheme in schemes:
        chosen = {"scheme": scheme["scheme"]} if scheme["scheme"] else {"scheme__isnull": 1}
        filters = {"vendor_key": key, "sphere": scheme["sphere"], **chosen}
        drawn.append(certified.bar(datasette, scheme, scheme["title"] or say("scheme.unknown"), in_force, filters))
    legend = certified.legend(datasette)
    return bars("by-scheme", say("vendor.chart"), say("vendor.chart_about"), drawn, legend, say("scheme.one"))
