"""Puts a document into topics by its title, codes, committee and keywords; see topics.yml for the rules as data.

Most documents of a general catalogue are in no topic, so a pattern is tried only when a piece of fixed text that
it must contain occurs in the title; an index of the first letters of these pieces finds the few to try.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any

from standards_db.taxonomy.model import Topic, fold

# Same length on both sides, so that a match in the folded title can be cut out of the printed one.
FLAT = str.maketrans("-‐‑‒–—/_™®’", "           ")
TOKEN = re.compile(r"[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*")
HAN = re.compile(r"[\u3400-\u9fff]")
GROUPS = re.compile(r"\[[^\]]*\]|\([^()]*\)")
OPTIONAL = re.compile(r"\\.(?:[?*+]|\{[^}]*\})?|.[?*]|.\{[^}]*\}|\.")
# Keywords alone give few topics, and only to a record that is about security by its title or by this many keywords.
MOST_KEYWORD_TOPICS = 3
SECURITY_KEYWORDS = 3

Match = tuple[str, str, str]


@dataclass(frozen=True, eq=False)
class Pattern:
    """A pattern, the owner it speaks for and a piece of text that must occur for it to match."""

    owner: str
    literal: str
    source: str

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Compiled at the first use: most runs need few of the patterns."""
        return re.compile(self.source)


def literal_of(pattern: str) -> str | None:
    """The longest fixed text (two characters or more) in every match of a pattern, or None.

    Raises nothing for a pattern with alternatives at its top level: no part of it is fixed, so the answer is None.
    """
    rest = pattern
    while GROUPS.search(rest):
        rest = GROUPS.sub("\0", rest)
    if "|" in rest:
        return None
    rest = re.sub("\0[?*]?(\\{[^}]*\\})?", "\0", rest)
    pieces = re.split("[\0+^$]", OPTIONAL.sub("\0", rest.replace("\\.", "\1")))
    longest = max((piece.replace("\1", ".") for piece in pieces), key=len)
    return longest if len(longest) >= 2 else None


class Index:
    """Patterns by the first letters of their fixed text: four for English, two for Chinese."""

    def __init__(self, patterns: list[Pattern], size: int) -> None:
        self._size = size
        self._by_start: dict[str, list[tuple[int, Pattern]]] = {}
        self._short: list[tuple[int, Pattern]] = []
        for place, pattern in enumerate(patterns):
            start = pattern.literal[:size]
            target = self._by_start.setdefault(start, []) if len(start) == size else self._short
            target.append((place, pattern))

    def starts(self, text: str) -> set[str]:
        """Every piece of the text that a pattern's fixed text could begin with."""
        size = self._size
        return {text[i : i + size] for i in range(len(text) - size + 1)}

    def search(self, text: str, starts: set[str] | None = None) -> list[tuple[Pattern, re.Match[str]]]:
        """Every pattern that matches somewhere in the text, in the order of the file, with its first match.

        `starts` saves time when they are known already; too many of them do no harm.
        """
        by_start = self._by_start
        starts = self.starts(text) if starts is None else starts
        likely = [entry for start in starts.intersection(by_start) for entry in by_start[start]] + self._short
        likely = sorted((entry for entry in likely if entry[1].literal in text), key=itemgetter(0))
        return [(pattern, match) for _, pattern in likely if (match := pattern.regex.search(text))]


def english(owner: str, pattern: str) -> Pattern:
    """A pattern of whole words, lower case, with or without a plural ending."""
    return Pattern(owner, literal_of(pattern) or "", rf"(?<![a-z0-9])(?:{pattern})(?:e?s)?(?![a-z0-9])")


def chinese(owner: str, pattern: str) -> Pattern:
    return Pattern(owner, literal_of(pattern) or "", pattern)


class TopicMatcher:
    """All patterns of topics.yml, compiled once."""

    def __init__(self, topics: dict[str, Topic], data: dict[str, Any]) -> None:
        self._topics = topics
        self._order = {key: place for place, key in enumerate(topics)}
        self._english = Index([english(key, p) for key, t in topics.items() for p in t.keywords_en], 4)
        self._chinese = Index([chinese(key, p) for key, t in topics.items() for p in t.keywords_zh], 2)
        self._acronyms: dict[str, list[str]] = {}
        for key, topic in topics.items():
            for word in topic.acronyms:
                self._acronyms.setdefault(word, []).append(key)
        self._exclude = {key: re.compile("|".join(t.exclude)) for key, t in topics.items() if t.exclude}
        self._ics = {code: key for key, t in topics.items() for code in t.ics}
        self._ccs = {code: key for key, t in topics.items() for code in t.ccs}
        self._committees = {fold(name): key for key, t in topics.items() for name in t.committees}
        security = data["security"]
        self._security_en = Index([english("security", p) for p in security["keywords_en"]], 4)
        self._security_zh = Index([chinese("security", p) for p in security["keywords_zh"]], 2)
        self._security_acronyms = frozenset(security["acronyms"])
        self._security_ics = tuple(security["ics"])
        self._security_ccs = frozenset(security["ccs"])
        self._security_committees = tuple(fold(name) for name in security["committees"])
        # Editions of one work repeat its title, and catalogues their keywords, so each is looked up once.
        self._remembered = lru_cache(maxsize=16384)(self._topics_of)
        self._keyword_topics = lru_cache(maxsize=16384)(self._topics_of_keyword)
        self._keyword_is_security = lru_cache(maxsize=16384)(self._is_security_keyword)
        self._committee_topic = lru_cache(maxsize=4096)(self._topic_of_committee)
        self._committee_is_security = lru_cache(maxsize=4096)(self._is_security_committee)
        self._not_security = re.compile("|".join(security["exclude"]))
        self._series = re.compile(r"^\s*(?:" + "|".join(security["series_prefixes"]) + r")[\s:：,，、-]+")

    def topics_of(
        self,
        *,
        title: str | None,
        title_zh: str | None = None,
        ics: Sequence[str] = (),
        ccs: Sequence[str] = (),
        committee: str | None = None,
        keywords: Sequence[str] = (),
    ) -> list[Match]:
        """Topics of a document as (topic key, rule, matched text): one entry a topic, in the order of topics.yml.

        Rules: "title keyword", "committee", "ICS", "CCS", and "keyword" when nothing else gave a topic.
        Topics that name a branch or a technique (`needs_security`) also ask for a sign of security anywhere in
        the record. No match gives [].
        """
        texts = (title or "", title_zh or "", tuple(ics), tuple(ccs), committee or "", tuple(keywords))
        return list(self._remembered(*texts))

    def _topics_of(
        self,
        title: str,
        title_zh: str,
        ics: tuple[str, ...],
        ccs: tuple[str, ...],
        committee: str,
        keywords: tuple[str, ...],
    ) -> tuple[Match, ...]:
        record = Record(self, title, title_zh, ics, ccs, committee, keywords)
        found: dict[str, Match] = {}
        for key, rule, text in self._candidates(record):
            topic = self._topics[key]
            if key in found or (topic.needs_security and not record.is_security):
                continue
            exclude = self._exclude.get(key)
            if exclude and (exclude.search(record.flat) or exclude.search(record.zh)):
                continue
            found[key] = (key, rule, text)
        if not found and keywords:
            found = self._by_keywords(record)
        return tuple(found[key] for key in sorted(found, key=self._order.__getitem__))

    def _candidates(self, record: Record) -> list[Match]:
        flat, printed = record.flat, record.printed
        hits = [
            (p.owner, "title keyword", printed[m.start() : m.end()])
            for p, m in self._english.search(flat, record.starts)
        ]
        hits += [(key, "title keyword", word) for word in record.tokens for key in self._acronyms.get(word, ())]
        if record.zh:
            hits += [(p.owner, "title keyword", m[0]) for p, m in self._chinese.search(record.zh)]
        if record.committee and (key := self._committee_topic(record.committee)):
            hits.append((key, "committee", record.committee))
        hits += [(self._ics[code], "ICS", code) for code in record.ics if code in self._ics]
        hits += [(self._ccs[code], "CCS", code) for code in record.ccs if code in self._ccs]
        return hits

    def _topic_of_committee(self, committee: str) -> str | None:
        name = fold(committee)
        return self._committees.get(name) or next((t for c, t in self._committees.items() if c in name), None)

    def _is_security_committee(self, committee: str) -> bool:
        name = fold(committee)
        return any(part in name for part in self._security_committees)

    def _by_keywords(self, record: Record) -> dict[str, Match]:
        """A keyword counts when the pattern covers it entirely: catalogue keywords are many and loose."""
        found: dict[str, Match] = {}
        if not record.is_security and self._security_words(record.keywords) < SECURITY_KEYWORDS:
            return found
        for keyword in record.keywords:
            for key in self._keyword_topics(keyword):
                if len(found) < MOST_KEYWORD_TOPICS:
                    found.setdefault(key, (key, "keyword", keyword))
        return found

    def _topics_of_keyword(self, keyword: str) -> tuple[str, ...]:
        flat = keyword.lower().translate(FLAT).strip()
        owners = [p.owner for p, m in self._english.search(flat) if m[0] == flat]
        return (*owners, *self._acronyms.get(keyword.strip(), ()))

    def _is_security_keyword(self, keyword: str) -> bool:
        return bool(self._security_en.search(keyword.lower().translate(FLAT)))

    def _security_words(self, keywords: Sequence[str]) -> int:
        return sum(self._keyword_is_security(word) for word in keywords)


class Record:
    """One document's texts, folded once."""

    def __init__(
        self,
        matcher: TopicMatcher,
        title: str,
        title_zh: str,
        ics: tuple[str, ...],
        ccs: tuple[str, ...],
        committee: str,
        keywords: tuple[str, ...],
    ) -> None:
        self._matcher = matcher
        if not title_zh and HAN.search(title):
            title, title_zh = "", title
        self.title, self.ics, self.ccs, self.committee, self.keywords = title, ics, ccs, committee, keywords
        series, series_zh = matcher._series.match(title), title_zh and matcher._series.match(title_zh)
        self.has_series = bool(series or series_zh)
        self.zh = title_zh[series_zh.end() :] if series_zh else title_zh
        plain = title[series.end() :] if series else title
        flat = plain.lower().translate(FLAT)
        self.flat = flat
        self.printed = plain if len(plain) == len(flat) else flat
        # In a title set in capitals every word looks like an acronym.
        latin = "" if plain.isupper() and " " in plain else plain
        self.tokens = list(dict.fromkeys(TOKEN.findall(f"{latin} {self.zh}")))

    @cached_property
    def starts(self) -> set[str]:
        """What the index of English patterns looks up."""
        return self._matcher._english.starts(self.flat)

    @cached_property
    def is_security(self) -> bool:
        """Whether anything in the record says that it is about information security."""
        m = self._matcher
        if self.has_series or any(code.startswith(m._security_ics) for code in self.ics):
            return True
        if not m._security_ccs.isdisjoint(self.ccs) or not m._security_acronyms.isdisjoint(self.tokens):
            return True
        if self.committee and m._committee_is_security(self.committee):
            return True
        if self.zh and m._security_zh.search(self.zh):
            return True
        if not m._security_en.search(self.flat, self.starts):
            return False
        # The exceptions are slow to look for, so they come after a first sign.
        return bool(m._security_en.search(m._not_security.sub(" ", self.flat), self.starts))
