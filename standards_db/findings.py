"""Findings in words: sentences made from the figures of a snapshot, each number linked to the rows that it counts.

A sentence says what a figure's rows say and nothing else. Where a figure is blank because too little is held, the
sentence says that. Clauses are data: {"text", "link", "numbers": [{"number", "link"}]}; each number is counted by
its link.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

TABLE = """
create table findings (
    topic text not null references topics(key), rank integer not null, kind text not null, sentence text not null,
    clauses text not null, coverage text, primary key (topic, rank))
"""
NAMES = {"cn": "China", "eu": "the EU", "us": "the US", "intl": "the international bodies", "other": "other states"}
YEARS_BACK = 10
# What each symmetric measure of common ground counts: "A and B ... n of m ...".
SYMMETRIC = {
    "shared_base": "share {n} of the {m} international works that either adopts",
    "crypto_overlap": "both approve {n} of the {m} cryptographic algorithms that one of them approves and both judge",
    "recognition_reciprocity": "recognise certificates in both directions in {n} of the {m} pairs of their countries "
    "in which at least one does",
}
FIGURES = """
select f.measure, f.topic, f.sphere_a, f.sphere_b, f.year, f.value, f.low, f.high, f.numerator, f.denominator, f.n_a,
    f.n_b, f.note, f.numerator_link, f.denominator_link, f.coverage
from figures f
where f.measure in (
        'shared_base', 'edition_skew', 'international_share', 'uptake', 'crypto_overlap', 'recognition_reciprocity'
    ) and f.year in (:now, :before)
order by f.measure, f.topic, f.sphere_a, f.sphere_b, f.year
"""


BEHIND = """
select topic, sphere_a, sphere_b, behind, count(*) from pair_works
where is_current = 1 and is_different = 1 and behind is not null group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of a sentence; `numbers` are the numbers in it with the links that count them, the last is the whole."""

    text: str
    numbers: tuple[tuple[int, str], ...]

    def as_json(self) -> dict[str, Any]:
        numbers = [{"number": number, "link": link} for number, link in self.numbers]
        return {"text": self.text, "link": self.numbers[-1][1] if self.numbers else None, "numbers": numbers}


@dataclass(frozen=True, slots=True)
class Finding:
    topic: str
    kind: str
    clauses: tuple[Clause, ...]
    coverage: str | None = None

    @property
    def sentence(self) -> str:
        text = "; ".join(clause.text for clause in self.clauses)
        return f"{text[:1].upper()}{text[1:]}."


class Figures:
    """The figures of this year and of ten years before that sentences are made from."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        cursor = connection.execute("select max(year) from figure_years")
        self.now: int | None = cursor.fetchone()[0]
        self.before = (self.now or 0) - YEARS_BACK
        cursor = connection.execute(FIGURES, {"now": self.now, "before": self.before})
        names = [column[0] for column in cursor.description]
        self.rows = [dict(zip(names, row, strict=True)) for row in cursor]
        self.by_key = {(r["measure"], r["topic"], r["sphere_a"], r["sphere_b"], r["year"]): r for r in self.rows}
        minimum = "select cast(value as integer) from measure_settings where key = 'minimum_documents'"
        self.minimum: int = connection.execute(minimum).fetchone()[0]
        self.behind: dict[tuple[str, str, str], dict[str, int]] = {}
        for topic, a, b, sphere, count in connection.execute(BEHIND):
            self.behind.setdefault((topic, a, b), {})[sphere] = count
        self.labels: dict[str, str] = dict(connection.execute("select key, label from topics"))

    def current(self, measure: str, topic: str) -> list[dict[str, Any]]:
        return [r for r in self.rows if (r["measure"], r["topic"], r["year"]) == (measure, topic, self.now)]

    def says(self, row: dict[str, Any]) -> bool:
        """Whether a figure has a value over enough rows for a sentence of its own."""
        return row["value"] is not None and row["denominator"] >= self.minimum

    def same(
        self, row: dict[str, Any], *, measure: str | None = None, year: int | None = None
    ) -> dict[str, Any] | None:
        """The figure of another measure or year for the same topic and spheres, if it has a value."""
        key = (measure or row["measure"], row["topic"], row["sphere_a"], row["sphere_b"], year or row["year"])
        found = self.by_key.get(key)
        return found if found and found["value"] is not None else None


def build(connection: sqlite3.Connection) -> int:
    """Create and fill `findings` from the figures of `connection`; the whole stands under topic `all`, ranks from 1."""
    connection.execute(TABLE)
    figures = Figures(connection)
    ranks: dict[str, int] = {}
    rows = []
    for finding in findings(figures):
        ranks[finding.topic] = ranks.get(finding.topic, 0) + 1
        clauses = json.dumps([clause.as_json() for clause in finding.clauses], ensure_ascii=False)
        rows.append((finding.topic, ranks[finding.topic], finding.kind, finding.sentence, clauses,
                     finding.coverage))  # fmt: skip
    connection.executemany("insert into findings values (?,?,?,?,?,?)", rows)
    return len(rows)


def findings(figures: Figures) -> Iterator[Finding]:
    """The findings of the whole, then one of each topic."""
    if figures.now is None:
        return
    yield extreme(figures, "strongest divergence")
    yield extreme(figures, "strongest convergence")
    yield from changes(figures)
    yield topic_finding(figures, "all")
    yield from between_pairs(figures)
    for topic in sorted(figures.labels):
        if topic != "all":
            yield topic_finding(figures, topic)


def extreme(figures: Figures, kind: str) -> Finding:
    """The pair and topic of which the interval lies lowest (divergence) or highest (convergence).

    The shared base of all topics together has a finding of its own and stands here only where no topic has a figure.
    """
    found = [r for r in figures.rows if r["year"] == figures.now and r["measure"] in SYMMETRIC and figures.says(r)]
    rows = [r for r in found if r["topic"] != "all" or r["measure"] != "shared_base"] or found
    if not rows:
        return Finding("all", kind, (Clause(f"{kind}: no pair of spheres has enough rows for a figure", ()),))
    if kind == "strongest divergence":
        row = min(rows, key=lambda r: (bound(r, "high"), -r["denominator"], r["topic"], r["sphere_a"], r["sphere_b"]))
    else:
        row = min(rows, key=lambda r: (-bound(r, "low"), -r["denominator"], r["topic"], r["sphere_a"], r["sphere_b"]))
    return whole(figures, kind, row)


def whole(figures: Figures, kind: str, row: dict[str, Any]) -> Finding:
    clauses = (pair_clause(figures, row), *sides(figures, row), *earlier(figures, row))
    return Finding("all", kind, clauses, row["coverage"])


def bound(row: dict[str, Any], side: str) -> float:
    return float(row["value"] if row[side] is None else row[side])


def changes(figures: Figures) -> Iterator[Finding]:
    """The pair and topic whose shared base fell most in ten years, and the one whose shared base rose most."""
    moved = []
    for row in figures.rows:
        if row["measure"] != "shared_base" or row["year"] != figures.now or not figures.says(row):
            continue
        if (old := figures.same(row, year=figures.before)) is not None and figures.says(old):
            moved.append((row["value"] - old["value"], row))
    for kind, sign in (("moved apart", -1), ("moved together", 1)):
        ways = [(sign * change, row) for change, row in moved if sign * change > 0]
        if not ways:
            since = f"no pair of spheres with enough rows in {figures.before} and today {kind} in any topic"
            yield Finding("all", kind, (Clause(since, ()),))
            continue
        _, row = max(ways, key=lambda way: (way[0], way[1]["denominator"], way[1]["topic"], way[1]["sphere_a"]))
        yield whole(figures, kind, row)


def between_pairs(figures: Figures) -> Iterator[Finding]:
    """Cryptography and recognition: one finding each, a clause per pair of spheres."""
    for measure, kind in (("crypto_overlap", "cryptography"), ("recognition_reciprocity", "recognition")):
        rows = figures.current(measure, "all")
        clauses = tuple(pair_clause(figures, row) if figures.says(row) else without(row) for row in rows)
        if clauses:
            yield Finding("all", kind, clauses, rows[0]["coverage"])


def without(row: dict[str, Any]) -> Clause:
    return Clause(f"for {NAMES[row['sphere_a']]} and {NAMES[row['sphere_b']]} there is no figure: {row['note']}", ())


def topic_finding(figures: Figures, topic: str) -> Finding:
    """The pair with most to compare, its editions and ten years before; else shares; else that there is too little."""
    pairs = [row for row in figures.current("shared_base", topic) if figures.says(row)]
    if pairs:
        row = max(pairs, key=lambda r: (r["denominator"], r["sphere_a"], r["sphere_b"]))
        clauses = (pair_clause(figures, row), *sides(figures, row), *editions(figures, row), *earlier(figures, row))
        return Finding(topic, "shared base", clauses, row["coverage"])
    shares = [row for row in figures.current("international_share", topic) if row["value"] is not None]
    if shares:
        return Finding(
            topic, "international share", tuple(share_clauses(figures, topic, shares)), shares[0]["coverage"]
        )
    return Finding(topic, "too little", too_little(figures, topic))


def place(figures: Figures, topic: str) -> str:
    """ "in Cloud security " for the beginning of a sentence; the label as the taxonomy writes it."""
    return "over all topics " if topic == "all" else f"in the topic “{figures.labels[topic]}” "


def counted(row: dict[str, Any]) -> tuple[tuple[int, str], ...]:
    return ((row["numerator"], row["numerator_link"]), (row["denominator"], row["denominator_link"]))


def pair_clause(figures: Figures, row: dict[str, Any]) -> Clause:
    said = SYMMETRIC[row["measure"]].format(n=row["numerator"], m=row["denominator"])
    where = place(figures, row["topic"]) if row["measure"] == "shared_base" else ""
    return Clause(f"{where}{NAMES[row['sphere_a']]} and {NAMES[row['sphere_b']]} {said}", counted(row))


def sides(figures: Figures, row: dict[str, Any]) -> Iterator[Clause]:
    """How many works either side adopts, without which a small shared base cannot be read."""
    if row["measure"] != "shared_base":
        return
    found = [
        figures.by_key.get(("uptake", row["topic"], row[side], "", figures.now)) for side in ("sphere_a", "sphere_b")
    ]
    for adopted in found:
        if adopted is not None:
            text = f"{NAMES[adopted['sphere_a']]} adopts {adopted['numerator']}"
            yield Clause(text, ((adopted["numerator"], adopted["numerator_link"]),))


def editions(figures: Figures, row: dict[str, Any]) -> Iterator[Clause]:
    if (skew := figures.same(row, measure="edition_skew")) is not None:
        text = (
            f"of the {skew['denominator']} whose editions are known, {skew['numerator']} are adopted in different ones"
        )
        yield Clause(text, counted(skew))
        pair = skew["topic"], skew["sphere_a"], skew["sphere_b"]
        for sphere, count in figures.behind.get(pair, {}).items():
            link = skew["numerator_link"] + f"&behind={sphere}"
            yield Clause(f"{NAMES[sphere]} follows the older edition of {count}", ((count, link),))


def earlier(figures: Figures, row: dict[str, Any]) -> Iterator[Clause]:
    old = figures.by_key.get((row["measure"], row["topic"], row["sphere_a"], row["sphere_b"], figures.before))
    if old is None:
        return
    if not figures.says(old):
        yield Clause(f"for {figures.before} there is no figure ({old['note'] or 'too few rows'})", ())
    else:
        yield Clause(f"at the end of {figures.before} it was {old['numerator']} of {old['denominator']}", counted(old))


def share_clauses(figures: Figures, topic: str, shares: list[dict[str, Any]]) -> Iterator[Clause]:
    """One clause per sphere with a figure, highest share first."""
    ordered = sorted(shares, key=lambda r: (-r["value"], r["sphere_a"]))
    for number, row in enumerate(ordered):
        where = place(figures, topic) if number == 0 else ""
        text = f"{row['numerator']} of the {row['denominator']} documents of {NAMES[row['sphere_a']]} in force adopt an"
        yield Clause(f"{where}{text} international work", counted(row))
    missing = sorted({"cn", "eu", "us"} - {row["sphere_a"] for row in shares})
    if missing:
        yield Clause(f"{' and '.join(NAMES[m] for m in missing)}: not enough documents for a figure", ())


def too_little(figures: Figures, topic: str) -> tuple[Clause, ...]:
    rows = figures.current("international_share", topic)
    texts = [f"{row['denominator']} of {NAMES[row['sphere_a']]}" for row in rows]
    numbers = tuple((row["denominator"], row["denominator_link"]) for row in rows)
    said = f"{place(figures, topic)}too few documents are in force to compare ({', '.join(texts)})"
    return (Clause(said, numbers),)
