"""From what a page prints to what it means: one record in, one row out. Pure: no database, no network, no clock.

A row's payload holds the raw text beside every interpreted value. A word that is not understood keeps its text, leaves
the interpreted field blank and is listed in `unknowns` so that it is counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from standards_db import taxonomy, vendors
from standards_db.acts import ANY_CELEX, publications
from standards_db.dates import parse_date
from standards_db.identifiers import Identifier, find, parse
from standards_db.kinds import kind_of
from standards_db.records import (
    LEGAL_RELATIONS,
    METHODS,
    Certificate,
    Document,
    Exclusion,
    Membership,
    Observation,
    Relation,
)

ABSTRACT_LIMIT = 2_000
# What sources print where there is no date: nothing is unknown there, and the text is kept.
BLANK_DATES = {"", "-", "--", "—", "/", "无", "#N/A", "Not Active", "Not Authorized", "Not In Process", "No FRR Date"}
TITLE_TAIL = re.compile(r"\(([^()]*(?:\([^()]*\))?[^()]*)\)\s*$")
DATE_FIELDS = ("published", "implemented", "withdrawn", "updated")


@dataclass(frozen=True, slots=True)
class Source:
    """What interpretation needs to know of a source."""

    name: str
    body: str
    tier: str = "primary"
    date_formats: tuple[str, ...] = ()


@dataclass(slots=True)
class Row:
    """One interpreted observation, ready to be staged: `entity` is the id of the thing it speaks of."""

    key: str
    kind: str
    entity: str
    payload: dict[str, Any]
    as_of: str | None = None
    unknowns: list[tuple[str, str]] = field(default_factory=list)

    def text(self, name: str) -> str | None:
        value = self.payload.get(name)
        return value if isinstance(value, str) else None


def interpret(observation: Observation, source: Source) -> Row:
    """The row of one observation. Raises TypeError for a record type that has no interpretation."""
    record = observation.record
    if isinstance(record, Document):
        return document(record, source)
    if isinstance(record, Certificate):
        return certificate(record, source)
    if isinstance(record, Membership):
        return membership(record, source)
    if isinstance(record, Exclusion):
        return exclusion(record, source)
    raise TypeError(f"no interpretation for {type(record).__name__}")


def document(record: Document, source: Source) -> Row:
    unknowns: list[tuple[str, str]] = []
    identifier = identify(record)
    if identifier is None and record.designation and not ANY_CELEX.fullmatch(record.designation):
        unknowns.append(("identifier", record.designation))
    body = issuing_body(identifier, record.issuer_text, source, unknowns)
    payload: dict[str, Any] = {
        "identifier": str(identifier) if identifier else None,
        "identifier_text": record.designation,
        "work": identifier.undated if identifier else None,
        "family": identifier.family if identifier else None,
        "body": body,
        "sphere": taxonomy.BODIES[body].sphere,
        "kind": kind_of(identifier, record.kind_text),
        "kind_text": record.kind_text,
        "force": identifier.force if identifier else None,
        "edition": (identifier.edition if identifier else None) or record.edition_text,
        "edition_key": edition_key(identifier),
        "stage": identifier.stage if identifier else record.iteration,
        "title": record.title,
        "title_zh": record.title_zh,
        "status": known(
            taxonomy.status_of(record.status_text, source=source.name), "status", record.status_text, unknowns
        ),
        "status_text": record.status_text,
    }
    for name in DATE_FIELDS:
        add_date(payload, name, getattr(record, f"{name}_text"), source, unknowns)
    payload["year"] = int(payload["published"][:4]) if payload["published"] else None
    payload.update(
        ics=", ".join(record.ics) or None,
        ccs=", ".join(record.ccs) or None,
        committee=record.committee_text,
        issuer_text=record.issuer_text,
        owner_text=record.owner_text,
        url=record.url,
        keywords="; ".join(record.keywords) or None,
        abstract=record.abstract[:ABSTRACT_LIMIT] if record.abstract else None,
        topics=taxonomy.topics_of(
            title=record.title,
            title_zh=record.title_zh,
            ics=record.ics,
            ccs=record.ccs,
            committee=record.committee_text,
            keywords=record.keywords,
        ),
        relations=relations(record, identifier, source, unknowns),
    )
    key = record.key or payload["identifier"] or record.designation or ""
    entity = payload["identifier"] or f"{source.name}:{key}"
    return Row(key, "document", entity, payload, record.as_of, unknowns)


def identify(record: Document) -> Identifier | None:
    """The designation's identifier, with the draft or reissue marker the page prints beside it."""
    if not record.designation:  # the check that follows says so
        return None
    if record.iteration and (marked := parse(f"{record.designation} {record.iteration}")):
        return marked
    return parse(record.designation)


def issuing_body(
    identifier: Identifier | None, issuer: str | None, source: Source, unknowns: list[tuple[str, str]]
) -> str:
    """The identifier's body, else the printed issuer, else the source's own body."""
    if identifier and identifier.body in taxonomy.BODIES:
        return identifier.body
    if issuer:
        found = known(taxonomy.body_of(issuer), "issuer", issuer, unknowns)
        if found:
            return found
    return source.body


def edition_key(identifier: Identifier | None) -> str | None:
    """A text that sorts editions of one work: numbers are padded, so `Rev. 10` comes after `Rev. 9`."""
    if identifier is None or identifier.edition is None:
        return None
    numbers, *rank = identifier.edition_key
    return ".".join(f"{number:06d}" for number in (*numbers, *rank))


def known(value: str | None, name: str, text: str | None, unknowns: list[tuple[str, str]]) -> str | None:
    """`value`, after noting the text that could not be understood."""
    if value is None and text:
        unknowns.append((name, text))
    return value


def add_date(
    payload: dict[str, Any], name: str, text: str | None, source: Source, unknowns: list[tuple[str, str]]
) -> None:
    value, precision = parse_date(text, source.date_formats)
    payload[name], payload[f"{name}_text"] = value, text
    if name == "published":
        payload["published_precision"] = precision
    if value is None and text and text.strip() not in BLANK_DATES:
        unknowns.append((f"{name} date", text))


def relations(
    record: Document, identifier: Identifier | None, source: Source, unknowns: list[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Printed relations, then those that the identifier's syntax or the title's tail state. One per type and work."""
    edges = [edge for relation in record.relations for edge in edges_of(relation, source, unknowns)]
    stated = {(edge["type"], edge["target_work"]) for edge in edges}
    for edge in implied(record, identifier):
        if (edge["type"], edge["target_work"]) not in stated:
            stated.add((edge["type"], edge["target_work"]))
            edges.append(edge)
    return edges


def edges_of(relation: Relation, source: Source, unknowns: list[tuple[str, str]]) -> list[dict[str, Any]]:
    if relation.type in LEGAL_RELATIONS:
        printed = publications(relation, source.date_formats, unknowns)
        return [{**edge(relation.type, relation.target_text, None, relation, None), **printed}]
    degree = taxonomy.degree_of(relation.degree_text) if relation.degree_text else None
    if relation.degree_text and degree is None:
        unknowns.append(("degree", relation.degree_text))
    whole = parse(relation.target_text)
    targets = [whole] if whole else list(find(relation.target_text))
    if not targets:
        unknowns.append((f"{relation.type} target", relation.target_text))
        return [edge(relation.type, relation.target_text, None, relation, degree)]
    return [edge(relation.type, relation.target_text, target, relation, degree) for target in targets]


def edge(
    type_: str, text: str, target: Identifier | None, relation: Relation | None, degree: str | None, **given: Any
) -> dict[str, Any]:
    method = given.get("method") or (relation.method if relation else "source field")
    return {
        "type": type_,
        "degree": degree,
        "degree_text": relation.degree_text if relation else None,
        "target_text": text,
        "target_identifier": str(target) if target else None,
        "target_work": target.undated if target else None,
        "target_edition_key": edition_key(target),
        "method": method,
        "confidence": METHODS[method],
        "evidence": given.get("evidence") or (relation.evidence if relation else None),
    }


def implied(record: Document, identifier: Identifier | None) -> list[dict[str, Any]]:
    """Adoptions that the identifier states by its form (EN ISO/IEC …, ETSI TS 133 501), and those in a title's tail."""
    tail = title_tail(record, identifier)
    edges = []
    if identifier and identifier.is_amendment:  # what a regional amendment adopts is not in its number
        if base := amended(identifier):
            how = {"method": "identifier syntax", "evidence": str(identifier)}
            edges.append(edge("amends", str(base), base, None, None, **how))
    elif identifier and identifier.adopts:
        target = identifier.adopts
        if tail and tail.undated == target.undated and tail.is_dated:
            target = tail
        method = "transposition rule" if target.family == "3gpp" else "identifier syntax"
        edges.append(edge("adopts", str(target), target, None, "IDT", method=method, evidence=str(identifier)))
    elif tail:
        edges.append(edge("adopts", str(tail), tail, None, None, method="source text", evidence=record.title))
    return edges


def amended(identifier: Identifier) -> Identifier | None:
    """The document that an amendment or corrigendum belongs to: its identifier without the last supplement."""
    text = str(identifier)
    base = parse(text.rpartition("/")[0])
    return base if base is not None and base.number == identifier.number else None


def title_tail(record: Document, identifier: Identifier | None) -> Identifier | None:
    """The international identifier in brackets at the end of a regional or national document's title."""
    title = record.title or ""
    match = TITLE_TAIL.search(title) if title.rstrip().endswith(")") else None
    if not match or identifier is None or taxonomy.BODIES[identifier.body].sphere == "intl":
        return None
    found = find(match[1])
    if len(found) != 1 or taxonomy.BODIES[found[0].body].sphere != "intl":
        return None
    return found[0]


def certificate(record: Certificate, source: Source) -> Row:
    unknowns: list[tuple[str, str]] = []
    country = known_country(record.country_text, "country", unknowns)
    scheme_code = record.scheme_text.rpartition("/")[2]
    issuing = country if record.country_text == scheme_code else known_country(scheme_code, "scheme", [])
    scheme = taxonomy.scheme_of(record.scheme_text)
    known(scheme.key if scheme else None, "scheme", record.scheme_text, unknowns)
    body, sphere = running_body(record, scheme, issuing, source)
    payload: dict[str, Any] = {
        "number": record.number,
        "scheme": scheme.key if scheme else None,
        "scheme_text": record.scheme_text,
        "body": body,
        "sphere": sphere,
        "vendor": vendors.clean_vendor(record.vendor_text) if record.vendor_text else None,
        "vendor_key": vendors.vendor_key(record.vendor_text) if record.vendor_text else None,
        "vendor_text": record.vendor_text,
        "country": country.key if country else None,
        "country_text": record.country_text,
        "country_role": "scheme" if record.country_text == scheme_code else "vendor",
        "product": record.product,
        "category": record.category_text,
        "level": record.level_text,
        "status": known(
            taxonomy.status_of(record.status_text, source=source.name), "status", record.status_text, unknowns
        ),
        "status_text": record.status_text,
        "lab_text": record.lab_text,
        "maintenance": "; ".join(record.maintenance) or None,
        "url": record.url,
        "standards": [
            [type_, text, *target_of(text)]
            for type_, texts in (
                ("standard", record.standards),
                ("protection profile", record.profiles),
                ("baseline", record.baselines),
                ("algorithm", record.algorithms),
            )
            for text in dict.fromkeys(texts)
        ],
    }
    for name, text in (("issued", record.issued_text), ("expires", record.expires_text)):
        add_date(payload, name, text, source, unknowns)
    payload["year"] = int(payload["issued"][:4]) if payload["issued"] else None
    number = parse(record.number) if record.number else None
    entity = str(number) if number else f"{source.name}:{record.key}"
    return Row(record.key, "certificate", entity, payload, record.as_of, unknowns)


def running_body(
    record: Certificate, scheme: taxonomy.Scheme | None, issuing: taxonomy.Country | None, source: Source
) -> tuple[str, str]:
    """Body and sphere of the scheme; for one that is not known, what its text and its country say."""
    if scheme:
        return scheme.body, taxonomy.scheme_sphere(scheme)
    text = record.scheme_text
    body = taxonomy.body_of(text) or taxonomy.body_of(text.partition("/")[0]) or source.body
    return body, issuing.sphere if issuing else taxonomy.BODIES[body].sphere


def target_of(text: str) -> tuple[str | None, str | None]:
    """The identifier in a text and its work, when there is exactly one."""
    found = [parse(text)] if parse(text) else find(text)
    target = found[0] if len(found) == 1 else None
    return (str(target), target.undated) if target else (None, None)


def known_country(text: str | None, name: str, unknowns: list[tuple[str, str]]) -> taxonomy.Country | None:
    country = taxonomy.country_of(text) if text else None
    if text and country is None:
        unknowns.append((name, text))
    return country


def membership(record: Membership, source: Source) -> Row:
    unknowns: list[tuple[str, str]] = []
    country = taxonomy.member_country(record.member_text)
    if country is None:
        unknowns.append(("member", record.member_text))
    payload = {
        "committee": record.committee,
        "committee_title": record.committee_title,
        "member": record.member_text,
        "country": country.key if country else None,
        "country_text": record.country_text,
        "sphere": country.sphere if country else None,
        "role": record.role,
        "url": record.url,
    }
    return Row(record.key, "membership", f"{source.name}:{record.key}", payload, None, unknowns)


def exclusion(record: Exclusion, source: Source) -> Row:
    """The first printed date is that of inclusion, the last later one that of the newest update."""
    unknowns: list[tuple[str, str]] = []
    country = known_country(record.country_text, "country", unknowns)
    dates = []
    for text in record.included_texts:
        value, _ = parse_date(text, source.date_formats)
        dates.append(known(value, "inclusion date", text, unknowns))
    understood = [value for value in dates if value]
    payload: dict[str, Any] = {
        "list": record.list_text,
        "body": source.body,
        "sphere": taxonomy.BODIES[source.body].sphere,
        "subject": record.subject,
        "vendor": vendors.clean_vendor(record.vendor_text) if record.vendor_text else None,
        "vendor_key": vendors.vendor_key(record.vendor_text) if record.vendor_text else None,
        "vendor_text": record.vendor_text,
        "country": country.key if country else None,
        "country_text": record.country_text,
        "authority": record.authority_text,
        "included": min(understood, default=None),
        "included_text": "; ".join(record.included_texts) or None,
        "updated": max(understood) if len(understood) > 1 else None,
        "url": record.url,
    }
    return Row(record.key, "exclusion", f"{source.name}:{record.key}", payload, None, unknowns)
