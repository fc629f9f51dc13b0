"""How long until a sphere adopts an international work: survival curves of the works not yet adopted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette.database import Database

from standards_db.datasette_plugin.cells import percent
from standards_db.datasette_plugin.charts import Chart, Point, Series, steps
from standards_db.datasette_plugin.links import table_url
from standards_db.datasette_plugin.pages.frame import Row, rows, text_of

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

CURVE = """
select c.sphere, s.label, c.years, c.survival, c.low, c.high, c.at_risk
from adoption_lag_curve c left join spheres s on s.key = c.sphere
where c.measure = 'adoption_lag' and c.topic = :topic order by c.sphere, c.years
"""


async def chart(datasette: Datasette, db: Database, topic: str) -> Chart | None:
    """A step per adoption and sphere, with its interval; None without enough works. Points open the adopted works."""
    t = text_of(datasette)
    curves: dict[str, list[Row]] = {}
    for row in await rows(db, CURVE, {"topic": topic}):
        curve = curves.setdefault(row["sphere"], [])
        if not curve or row["survival"] != curve[-1]["survival"]:
            curve.append(row)
    series = [
        Series(
            key, str(curve[0]["label"]).removesuffix("-aligned"), tuple(point(datasette, topic, row) for row in curve)
        )
        for key, curve in curves.items()
    ]
    if not series:
        return None
    about = str(t("lag.about"))
    return steps("lag", str(t("lag.title")), about, series, head=("Sphere", "Years"), as_text=percent)


def point(datasette: Datasette, topic: str, row: Row) -> Point:
    adopted = table_url(
        datasette,
        "adoption_lags",
        topic=topic,
        sphere=row["sphere"],
        is_used=1,
        is_observed=1,
        lag_years__lte=row["years"],
    )
    text = f"{percent(row['survival'])}, {row['at_risk']:,} at risk"
    return Point(row["years"], row["survival"], text, row["low"], row["high"], adopted)
