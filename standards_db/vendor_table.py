"""One row per maker: printed names are grouped by spelling, by the curated file, and by near-identical spelling.

Every name keeps the rule that put it with its vendor. The table is derived from what the sources print and rebuilt each
time, so a wrong merge is undone by taking its cause away.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations

from rapidfuzz import fuzz

from standards_db.taxonomy import model
from standards_db.vendors import clean_vendor, vendor_key

ALIKE = 95.0  # of 100; below it, two real companies of one first word begin to meet
SHORTEST = 8
NAMES = """
select vendor_text, country_text, country, country_role, count(*) from certificates where vendor_text is not null
group by 1, 2, 3, 4
union all
select vendor_text, country_text, country, 'vendor', count(*) from exclusions where vendor_text is not null
group by 1, 2, 3, 4
"""
COUNTS = (
    "update vendors set certificate_count = 0, scheme_count = 0, sphere_count = 0, exclusion_count = 0",
    """
    update vendors set certificate_count = certificates, scheme_count = schemes, sphere_count = spheres
    from (
        select vendor_key, count(*) as certificates, count(distinct coalesce(scheme, scheme_text)) as schemes,
            count(distinct sphere) as spheres
        from certificates group by 1
    ) held
    where held.vendor_key = vendors.key
    """,
    """
    update vendors set exclusion_count = exclusions
    from (select vendor_key, count(*) as exclusions from exclusions group by 1) listed
    where listed.vendor_key = vendors.key
    """,
)
EXCLUDED = """
insert into certificate_exclusions (certificate, exclusion, vendor_key)
select c.id, e.id, e.vendor_key from exclusions e join certificates c on c.vendor_key = e.vendor_key
where e.vanished_at is null
"""


@dataclass
class Group:
    """The names that mean one vendor, each with its rule, score and number of rows; countries as the sources print."""

    names: dict[str, tuple[str, float | None, int]] = field(default_factory=dict)
    countries: Counter[str] = field(default_factory=Counter)

    @property
    def row_count(self) -> int:
        return sum(count for _, _, count in self.names.values())


@cache
def curated() -> tuple[dict[str, str], dict[str, dict[str, str]], set[frozenset[str]]]:
    """(folded alias -> key, key -> entry, pairs that are never merged)."""
    data = model.read("vendors")
    aliases = {vendor_key(alias): key for key, entry in data["vendors"].items() for alias in (key, *entry["aliases"])}
    return aliases, data["vendors"], {frozenset(pair) for pair in data["never_merge"]}


def build(connection: sqlite3.Connection) -> None:
    """Fill vendors and vendor_names, and point certificates and exclusions at their vendor. In the open transaction."""
    groups = grouped(connection.execute(NAMES).fetchall())
    merge_alike(groups)
    entries = curated()[1]
    connection.execute("delete from vendor_names")
    connection.execute("delete from vendors")
    for key in sorted(groups):
        group = groups[key]
        shown = entries[key]["name"] if key in entries else most_frequent(group)
        country, basis = home(group)
        connection.execute(
            "insert into vendors (key, name, country, country_basis) values (?,?,?,?)", [key, shown, country, basis]
        )
        connection.executemany(
            "insert into vendor_names (name, vendor, rule, score, row_count) values (?,?,?,?,?)",
            [(name, key, *how) for name, how in sorted(group.names.items())],
        )
    for table in ("certificates", "exclusions"):
        connection.execute(
            f"update {table} set vendor_key = (select vendor from vendor_names where name = {table}.vendor_text)"
        )
    for counted in COUNTS:
        connection.execute(counted)
    connection.execute("delete from certificate_exclusions")
    connection.execute(EXCLUDED)


def grouped(rows: list[tuple[str, str | None, str | None, str | None, int]]) -> dict[str, Group]:
    aliases, _, _ = curated()
    groups: dict[str, Group] = defaultdict(Group)
    for name, _, country, role, count in rows:
        folded = vendor_key(name) or name
        key = aliases.get(folded, folded)
        rule = "curated alias" if folded != key else "same spelling without legal form"
        before = groups[key].names.get(name)
        groups[key].names[name] = (rule, None, count + (before[2] if before else 0))
        if country and role == "vendor":
            groups[key].countries[country] += count
    return groups


def merge_alike(groups: dict[str, Group]) -> None:
    """Join keys that are one but for a letter or a blank: same first word, same digits, no contradicting country."""
    _, entries, apart = curated()
    blocks: dict[str, list[str]] = defaultdict(list)
    for key in sorted(groups):
        blocks[key.split(" ")[0]].append(key)
    for keys in blocks.values():
        for first, second in combinations(keys, 2):
            if first not in groups or second not in groups or frozenset((first, second)) in apart:
                continue
            if min(len(first), len(second)) < SHORTEST or digits(first) != digits(second):
                continue
            score = fuzz.ratio(first, second)
            mine, theirs = set(groups[first].countries), set(groups[second].countries)
            if score < ALIKE or (mine and theirs and not mine & theirs):
                continue
            kept, gone = sorted((first, second), key=lambda k: (k not in entries, -groups[k].row_count, k))
            absorb(groups[kept], groups.pop(gone), score)


def absorb(kept: Group, gone: Group, score: float) -> None:
    for name, (_, _, count) in gone.names.items():
        kept.names[name] = ("near-identical spelling", round(score, 1), count)
    kept.countries += gone.countries


def digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def most_frequent(group: Group) -> str:
    name = min(group.names, key=lambda n: (-group.names[n][2], n))
    return clean_vendor(name) or name


def home(group: Group) -> tuple[str | None, str | None]:
    """The home country that most of its rows print, and in how many; None where no row prints one."""
    if not group.countries:
        return None, None
    country = min(group.countries, key=lambda c: (-group.countries[c], c))
    count, total = group.countries[country], sum(group.countries.values())
    return country, f"printed in {count} of {total} rows"
