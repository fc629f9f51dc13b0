"""How long until a sphere adopts an international work: survival curves of the works not yet adopted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette.database import Database

from standards_db.datasette_plugin.cells import percent
from standards_db.datasette_plugin.charts import Chart, Point, Series, steps
from standards_db.datasette_plugin.links import table_url
from standards_db.datasette_plugin.pages.frame import Row, rows
from standards_db.datasette_plugin.words import say

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

CURVE = """
select c.sphere, c.years, c.survival, c.low, c.high, c.at_risk
from adoption_lag_curve c
where c.measure = 'adoption_lag' and c.topic = :topic order by c.sphere, c.years
"""


async def chart(datasette: Datasette, db: Database, topic: str) -> Chart | None:
    """A step per adoption and sphere, with its interval; None without enough works. Points open the adopted works."""
    curves: dict[str, list[Row]] = {}
    for row in await rows(db, CURVE, {"topic": topic}):
        curve = curves.setdefault(row["sphere"], [])
        if not curve or round(row["survival"], 3) != round(curve[-1]["survival"], 3):  # a step that can be seen
            curve.append(row)
    series = [
        Series(key, say(f"sphere.{key}"), tuple(point(datasette, topic, row) for row in curve))
        for key, curve in curves.items()
    ]
    if not series:
        return None
    about = say("lag.about")
    return steps("lag", say("lag.title"), about, series, head=(say("sphere.one"), say("lag.years")), as_text=percent)


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
    text = say("lag.at_risk", share=percent(row["survival"]), count=row["at_risk"])
    return Point(row["years"], row["survival"], text, row["low"], row["high"], adopted)
