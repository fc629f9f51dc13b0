"""One bibliographic record as Relaton publishes it in YAML, in both of its schema generations.

The reader's keys are few and the files are many: a file is cut at its top-level keys and only those blocks are parsed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from w3lib.html import remove_tags

from crawler.base import clean
from crawler.bulk_yaml import read_yaml
from standards_db.records import Relation

_TOP_KEY = re.compile(r"^([A-Za-z][\w-]*):", re.MULTILINE)
# Of every schema generation. Contributors are people: that part of a file is left alone.
_READ_KEYS = {
    *("schema-version", "schema_version", "fetched", "title", "link", "source", "docid", "docidentifier", "date"),
    *("docstatus", "status", "edition", "version", "revdate", "relation", "keyword"),
    *("ext", "doctype", "editorialgroup", "ics"),
}
_SEPARATOR = " - "
_BASE_YEAR = re.compile(r":(\d{4})/")
_DATED = re.compile(r"\((\d{4}-\d{2})\)$")
_YEAR = re.compile(r"\d{4}$")
# ISO stages in a number ("ISO/IEC DIS 27000", "…:2020/DAM 1") and IEEE project numbers ("IEEE P802.11bf/D-6.0").
_DRAFT = re.compile(
    r"[ /](?:P?NP|PWI|AWI|WD|P?CD|CDV|FCD|F?DIS|PRF|F?DT[SR]|FDAM|P?DAM|F?DAmd|DCor)\b|\bP[A-Z]{0,2}\d|/D-?[\d.]"
)
_RELATIONS = {
    "obsoletes": "supersedes",
    "successorOf": "supersedes",
    "obsoletedBy": "superseded by",
    "hasSuccessor": "superseded by",
    "updates": "superseded by",
    "adoptedFrom": "adopts",
    "identical": "adopts",
    "identicalTo": "adopts",
    "modified": "adopts",
    "equivalent": "adopts",
    "nonequivalent": "adopts",
}
# IEEE writes `updates` at the newer document and says how; ISO writes it, bare, at the one that is replaced.
_UPDATES = {"revises": "supersedes", "amends": "amends", "corrects": "amends"}
_READ_RELATION = re.compile(rf"type: ['\"]?(?:{'|'.join(_RELATIONS)})\s")
_DEGREES = {"identicalTo": "identical", "identical": "identical", "modified": "modified"}
_DEGREES |= {"equivalent": "equivalent", "nonequivalent": "not equivalent"}


def publication_date(designation: str, dates: dict[str, str], order: Iterable[str]) -> str | None:
    """The first date of `order`; a bare year gives way to a fuller date of the same year.

    An amendment carries its base's year as `published` and its own month as `updated`. Old ETSI editions have their
    month in the number only.
    """
    given = [dates[name] for name in order if name in dates]
    if not given:
        printed = _DATED.search(designation)
        return printed[1] if printed else None
    base = _BASE_YEAR.search(designation)
    if base and given[0] == base[1]:
        return dates.get("updated")
    if _YEAR.match(given[0]):
        return next((date for date in given if date.startswith(given[0] + "-")), given[0])
    return given[0]


def relaton_record(text: str) -> RelatonRecord:
    """The record in one file. Only the blocks that are used are parsed: ten times faster than the whole file.

    Raises yaml.YAMLError, or ValueError for YAML that is not a mapping.
    """
    keys = list(_TOP_KEY.finditer(text))
    ends = [match.start() for match in keys[1:]] + [len(text)]
    blocks = [text[match.start() : end] for match, end in zip(keys, ends, strict=True) if match[1] in _READ_KEYS]
    blocks = [block for block in blocks if not block.startswith("relation:") or _READ_RELATION.search(block)]
    try:
        fields = read_yaml("".join(blocks) or text)
    except yaml.YAMLError:  # a file cut in the wrong places, such as one with anchors
        fields = read_yaml(text)
    if not isinstance(fields, dict):
        raise ValueError(f"expected a mapping, got {type(fields).__name__}")
    return RelatonRecord(fields)


@dataclass(slots=True)
class RelatonRecord:
    """The fields of one file, read alike in both generations (docid/value and docidentifier/content)."""

    fields: dict[str, Any]
    ext: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        ext = self.fields.get("ext")
        self.ext = ext if isinstance(ext, dict) else {}

    def part(self, name: str) -> Any:
        """A field that moved from the top of the file into `ext`."""
        return self.ext.get(name) or self.fields.get(name)

    def either(self, *names: str) -> list[Any]:
        return as_list(next((self.fields[name] for name in names if self.fields.get(name)), None))

    @staticmethod
    def texts(values: Any, *names: str) -> Iterator[str]:
        for value in as_list(values):
            if found := text_of(value, *names):
                yield found

    def designations(self) -> list[str]:
        """The primary identifiers, without those that only add a trademark sign."""
        entries = [entry for entry in self.either("docid", "docidentifier") if isinstance(entry, dict)]
        primary = [entry for entry in entries if str(entry.get("primary")).lower() == "true" and not entry.get("scope")]
        named = primary or [entry for entry in entries if entry.get("type") not in ("URN", "ISBN", "DOI")][:1]
        return list(dict.fromkeys(self.texts(named, "id", "content")))

    def title(self, language: str = "en") -> str | None:
        """The whole title in a language (a title that names none is English), else its parts joined."""
        found: dict[str, str] = {}
        for entry in as_list(self.fields.get("title")):
            spoken = as_list(entry.get("language")) if isinstance(entry, dict) else []
            if language in spoken or (not spoken and language == "en"):
                kind = str(entry.get("type") or "main") if isinstance(entry, dict) else "main"
                found.setdefault(kind, plain(text_of(entry, "content")) or "")
        parts = [found.get(f"title-{part}") for part in ("intro", "main", "part")]
        return found.get("main") or _SEPARATOR.join(part for part in parts if part) or None

    def dates(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for entry in as_list(self.fields.get("date")):
            if isinstance(entry, dict) and (date := text_of(entry, "value", "at", "on", "from")):
                found.setdefault(str(entry.get("type")), date)
        return found

    def status(self) -> str | None:
        """The printed status; an ISO stage and substage as "60.60"."""
        status = self.fields.get("docstatus") or self.fields.get("status")
        if not isinstance(status, dict):
            return text_of(status) or text_of(self.ext.get("standard_status"))
        parts = [text_of(status.get(name), "value", "content") for name in ("stage", "substage")]
        return ".".join(part for part in parts if part) or None

    def kind(self) -> str | None:
        return text_of(self.part("doctype"), "type", "content")

    def edition(self) -> str | None:
        edition = text_of(self.fields.get("edition"), "content", "number")
        return edition or next(self.texts(self.fields.get("version"), "draft", "content"), None)

    def committees(self) -> Iterator[str]:
        groups = self.part("editorialgroup")
        if isinstance(groups, dict):
            groups = groups.get("technical_committee") or groups.get("committee") or groups
        for name in self.texts(groups, "identifier", "name", "content"):
            if shown := plain(name):
                yield shown

    def keywords(self) -> Iterator[str]:
        for entry in as_list(self.fields.get("keyword")):
            vocabulary = entry.get("vocab") if isinstance(entry, dict) else None
            yield from self.texts(vocabulary or entry, "content")

    def url(self) -> str | None:
        links = [link for link in self.either("link", "source") if isinstance(link, dict)]
        source = [link for link in links if link.get("type") == "src"]
        return next(self.texts(source or links, "content"), None)

    def age(self) -> str:
        """A text that sorts copies of one record: the generation that wrote it, then its dates, then its stage."""
        versions = [part.get("schema-version") or part.get("schema_version") for part in (self.fields, self.ext)]
        written = "-".join(".".join(f"{int(part):02d}" for part in re.findall(r"\d+", str(v or ""))) for v in versions)
        newest = max([*self.dates().values(), text_of(self.fields.get("revdate")) or ""])
        fetched = text_of(self.fields.get("fetched"))
        return f"schema {written}, fetched {fetched or '-'}, dated {newest or '-'}, status {self.status() or '-'}"

    def relations(self, designations: list[str]) -> Iterator[Relation]:
        """What the record says of other documents, in the direction the words have here; each statement once."""
        designation = designations[0]
        seen = {designation}
        for twin in designations[1:]:
            yield Relation(type="has twin text", target_text=twin, evidence=f"primary identifier: {twin}")
        for entry in as_list(self.fields.get("relation")):
            if not isinstance(entry, dict):
                continue
            printed = str(entry.get("type"))
            detail = text_of(entry.get("description"), "content")
            type_ = (printed == "updates" and _UPDATES.get(detail or "")) or _RELATIONS.get(printed)
            target = target_of(entry.get("bibitem"))
            if type_ is None or target is None or f"{type_} {target}" in seen or target == designation:
                continue
            seen.add(f"{type_} {target}")
            if type_.startswith("supersede") and not self.replaces(designation, target):
                continue
            evidence = f"{printed}{f' ({detail})' if detail else ''}: {target}"
            yield Relation(type=type_, target_text=target, degree_text=_DEGREES.get(printed), evidence=evidence)

    def replaces(self, designation: str, target: str) -> bool:
        """Whether one of the two can have replaced the other: both are published, and neither amends the other."""
        if _DRAFT.search(designation) or _DRAFT.search(target) or (self.status() or "").lower() == "draft":
            return False
        return not target.startswith(designation + "/") and not designation.startswith(target + "/")


def target_of(item: Any) -> str | None:
    """The identifier of a related record, which is a record itself or a printed reference."""
    if not isinstance(item, dict):
        return None
    named = RelatonRecord(item).designations()
    return named[0] if named else text_of(item.get("formattedref"), "content")


def as_list(value: Any) -> list[Any]:
    if value in (None, "", "~", "null"):
        return []
    return value if isinstance(value, list) else [value]


def text_of(value: Any, *names: str) -> str | None:
    """The printed text of a scalar, or of the first of `names` that a mapping has, also one level further down."""
    if isinstance(value, dict):
        return next((text for name in names if (text := text_of(value.get(name), *names))), None)
    if isinstance(value, bool):
        return str(value).lower()
    return clean(value) if isinstance(value, str) and value not in ("~", "null") else None


def plain(text: str | None) -> str | None:
    """Text without the markup that some titles carry."""
    if text and ("<" in text or "&" in text):
        text = clean(html.unescape(remove_tags(text)))
    return text
