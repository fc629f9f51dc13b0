"""What a page prints, before anyone interprets it.

A spider yields these; every field is text exactly as the page shows it (tags and surrounding blanks removed) or
`None` where the page shows nothing. Meaning (dates, status, identifier, sphere, topics) is added by `interpret`.
Nothing here validates: a constructor that raises inside a callback would lose the rest of the page.
No field holds a person's name or address.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """One publication of a standard's reference under an act of law, as printed.

    `reference_text` is the place in the official journal, `decision_text` the decision that publishes it, `date_text`
    the day of the journal; `start_text` and `end_text` bound the legal effect, `withdrawal_text` says where the
    reference was withdrawn, `restriction` which part or use of the standard has no such effect.
    """

    reference_text: str | None = None
    decision_text: str | None = None
    date_text: str | None = None
    start_text: str | None = None
    end_text: str | None = None
    withdrawal_text: str | None = None
    restriction: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """One printed statement that a document makes about another, or about an act of law (LEGAL_RELATIONS).

    `type` is one of RELATION_TYPES, read as "this document <type> the target".
    `target_text` is the printed target; `degree_text` the printed degree of an adoption ("等同", "EQV").
    `evidence` is the printed cell or sentence. `method` names how the edge was found (METHODS). `citations` are the
    publications behind "harmonised under".
    """

    type: str
    target_text: str
    degree_text: str | None = None
    evidence: str | None = None
    method: str = "source field"
    citations: tuple[Citation, ...] = ()


RELATION_TYPES = (
    "adopts",
    "adopted by",
    "supersedes",
    "partly supersedes",
    "superseded by",
    "to be superseded by",
    "amends",
    "references",
    "has twin text",
    "harmonised under",
    "prepared for",
)
LEGAL_RELATIONS = ("harmonised under", "prepared for")  # their target is an act of law, no standard
METHODS = {
    "identifier syntax": "high",
    "transposition rule": "high",
    "source field": "high",
    "source text": "medium",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One edition of a standard, specification, guide or scheme rule, as one page prints it.

    `designation` is the printed identifier, without title. `key` is the source's own stable key when it has one that
    outlives URLs and renumbering; without it the canonical identifier is the key.
    `as_of` is what the record itself says of its age (a version, an update date): it orders two contradicting copies.
    `iteration` marks a draft or reissue that shares the designation ("ipd", "upd1").
    """

    designation: str
    key: str | None = None
    iteration: str | None = None
    title: str | None = None
    title_zh: str | None = None
    status_text: str | None = None
    kind_text: str | None = None
    published_text: str | None = None
    implemented_text: str | None = None
    withdrawn_text: str | None = None
    updated_text: str | None = None
    edition_text: str | None = None
    ics: tuple[str, ...] = ()
    ccs: tuple[str, ...] = ()
    committee_text: str | None = None
    issuer_text: str | None = None
    owner_text: str | None = None
    keywords: tuple[str, ...] = ()
    abstract: str | None = None
    full_text: str | None = None
    url: str | None = None
    as_of: str | None = None
    relations: tuple[Relation, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """One certificate of one product under one scheme, as one page prints it.

    `key` is stable within the source. `number` is the certificate's own number where the page prints one.
    `standards`, `profiles` and `baselines` are the texts of what the product was evaluated against, `algorithms` the
    cryptographic algorithms that the certificate names.
    """

    key: str
    scheme_text: str
    number: str | None = None
    vendor_text: str | None = None
    country_text: str | None = None
    product: str | None = None
    category_text: str | None = None
    level_text: str | None = None
    issued_text: str | None = None
    expires_text: str | None = None
    status_text: str | None = None
    lab_text: str | None = None
    standards: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    baselines: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ()
    maintenance: tuple[str, ...] = ()
    url: str | None = None
    as_of: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """One national body's seat in one committee: `role` is "participating", "observing" or "secretariat"."""

    committee: str
    committee_title: str | None
    member_text: str
    country_text: str | None
    role: str
    url: str | None = None

    @property
    def key(self) -> str:
        return f"{self.committee}|{self.member_text}|{self.role}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion:
    """One entry of a list that keeps equipment, services or makers out of a market, as one page prints it.

    `vendor_text` is blank where the entry names a sector and no maker. `included_texts` are the printed dates of
    inclusion and update, in the order of the page.
    """

    key: str
    list_text: str
    subject: str
    vendor_text: str | None = None
    country_text: str | None = None
    authority_text: str | None = None
    included_texts: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """A row the spider recognised and could not use, or a whole page: kept with its reason, never dropped silently."""

    reason: str
    text: str = ""
    key: str | None = None
    is_page: bool = False


Record = Document | Certificate | Membership | Exclusion | Refused


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """Where an observation comes from: page URL, SHA-256 of its bytes, time (ISO, UTC) and archive reference."""

    page_url: str
    page_sha256: str
    retrieved_at: str
    archive_ref: str | None
    route: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """A record together with where it was read."""

    record: Record
    provenance: Provenance


class PageRefused(Exception):
    """A response that cannot be what its route promises (challenge, redesign, wrong type, undecodable): says why."""
