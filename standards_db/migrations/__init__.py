"""The tables of the ingest database, as append-only migrations: each runs once, in its own transaction.

Never edit one that has landed; add the next to the newest file. Column suffixes carry meaning: `_text` as printed,
`_count`, `_at` (time), `is_` (0 or 1); the same thing has the same name everywhere.
"""

from standards_db.migrations import m001_to_m007, m008_onward
from standards_db.migrations.frame import migrations

__all__ = ["m001_to_m007", "m008_onward", "migrations"]
