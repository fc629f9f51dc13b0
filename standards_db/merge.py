"""Several observations of one record become one, and what differed between them becomes rows.

The newest observation wins field by field; a blank never erases a value. Two that differ on one day contradict each
other (a conflict); two of different days show a change. Pure functions over payload dicts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

TRACKED = (
    "identifier",
    "title",
    "title_zh",
    "status",
    "published",
    "implemented",
    "withdrawn",
    "edition",
    "ics",
    "ccs",
    "adoptions",
    "vendor_key",
    "product",
    "level",
    "issued",
    "expires",
    "maintenance",
    "role",
    "subject",
    "included",
    "updated",
)
CONTRADICTABLE = ("status", "published", "implemented", "withdrawn", "issued", "expires", "adoptions")
DATES = ("published", "implemented", "withdrawn", "updated", "issued", "expires")
LISTS = ("relations", "topics", "standards")


@dataclass(frozen=True, slots=True)
class Seen:
    """One observation: its payload, when and where it was read."""

    payload: dict[str, Any]
    retrieved_at: str
    page_url: str


@dataclass(frozen=True, slots=True)
class Difference:
    """`field` was `old` and is `new`, seen at `observed_at`; `same_day` tells a contradiction from a change."""

    field: str
    old: str | None
    new: str | None
    observed_at: str
    page_url: str
    same_day: bool


def merge(observations: Iterable[Seen]) -> tuple[dict[str, Any], list[Difference]]:
    """Observations in order of age -> the merged payload and the differences met on the way."""
    merged: dict[str, Any] = {}
    last: Seen | None = None
    differences: list[Difference] = []
    for seen in observations:
        if last is not None:
            same_day = last.retrieved_at[:10] == seen.retrieved_at[:10]
            differences += compare(merged, seen, same_day=same_day, blanks=False)
        overlay(merged, seen.payload)
        last = seen
    return merged, differences


def compare(old: dict[str, Any], new: Seen, *, same_day: bool, blanks: bool) -> list[Difference]:
    """Tracked fields that differ; a value that appears or disappears counts only when `blanks` is true."""
    found = []
    for name in TRACKED:
        before, after = tracked(old, name), tracked(new.payload, name)
        if before == after or (not blanks and (before is None or after is None)) or coarser(before, after):
            continue
        found.append(Difference(name, before, after, new.retrieved_at, new.page_url, same_day))
    return found


def tracked(payload: dict[str, Any], name: str) -> str | None:
    if name != "adoptions":
        value = payload.get(name)
        return None if value is None else str(value)
    edges = [r for r in payload.get("relations") or () if r["type"] == "adopts" and not is_vague(r)]
    return (
        "; ".join(sorted(f"{r['target_identifier'] or r['target_text']} {r['degree'] or ''}".strip() for r in edges))
        or None
    )


def is_vague(edge: dict[str, Any]) -> bool:
    """Whether an edge rests on the form of the identifier alone, which names no edition."""
    return edge["method"] == "identifier syntax" and edge["target_edition_key"] is None


def coarser(before: str | None, after: str | None) -> bool:
    """Whether one value says the same as the other, only less exactly: 2018-10 beside 2018-10-01; and a register that
    knows no "superseded" says "withdrawn"."""
    if before is None or after is None:
        return False
    if {before, after} == {"superseded", "withdrawn"}:
        return True
    return before[:4].isdigit() and (before.startswith(after) or after.startswith(before))


def overlay(merged: dict[str, Any], payload: dict[str, Any]) -> None:
    """Lay a newer payload over `merged` in place. A relation list replaces older ones of the same type only, and a
    date does not give way to one that says the same less exactly."""
    finer = {n for n in DATES if merged.get(n) and payload.get(n) and merged[n].startswith(f"{payload[n]}-")}
    stay = {f"{name}{part}" for name in finer for part in ("", "_text", "_precision")}
    for name, value in payload.items():
        if name in stay or (name == "kind" and not payload.get("kind_text") and merged.get("kind_text")):
            continue  # a kind that no page prints is only what the number's form suggests
        if name == "relations":
            before = merged.get(name, ())
            dated = {(edge["type"], edge["target_work"]) for edge in before if edge["target_edition_key"]}
            new = [e for e in value if not (is_vague(e) and (e["type"], e["target_work"]) in dated)]
            types = {edge["type"] for edge in new}
            merged[name] = [edge for edge in before if edge["type"] not in types] + new
        elif name == "topics":
            topics = {topic[0]: topic for topic in (*merged.get(name, ()), *value)}
            merged[name] = [list(topics[key]) for key in sorted(topics)]
        elif name in LISTS:
            merged[name] = value or merged.get(name, [])
        elif value is not None or name not in merged:
            merged[name] = value
        elif name in merged and merged[name] is not None and f"{name}_text" in payload and payload[f"{name}_text"]:
            # the page prints a word that is not understood: the older meaning no longer stands
            merged[name] = None
