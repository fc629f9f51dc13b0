"""What travels between machines: observations as lines of JSON and back, and where the rows of a run came from.

A line that comes in is hostile until it has been read here: every name, type and length is checked.
"""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from standards_db.records import Certificate, Document, Exclusion, Membership, Observation, Provenance, Record, Refused

KINDS: dict[str, type] = {kind.__name__: kind for kind in (Document, Certificate, Membership, Exclusion, Refused)}
TIME = re.compile(r"\d{4}-\d{2}(-\d{2}(T\d{2}:\d{2}:\d{2}Z)?)?")
DIGEST = re.compile(r"[0-9a-f]{64}")
LONGEST_ADDRESS = 10_000


class WireError(ValueError):
    """A line that is not what it should be: says what and where in it."""


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """Where the rows of a run came from when another machine read them: the job, the SHA-256 of its manifest, the
    version that read, when it began, and since when the rows hold (None: since they are stored)."""

    started_at: str
    version: str | None = None
    job: str | None = None
    digest: str | None = None
    seen_at: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """An exception that a spider raised, with the page it was reading."""

    reason: str
    text: str = ""


def encode_broken(origin: Provenance | None, broken: Broken) -> str:
    return as_line({"kind": "Broken", "record": plain(broken), "page": plain(origin) if origin else None})


def encode(item: Observation) -> str:
    """One observation as a line of JSON without its end; fields that are blank are left out."""
    return as_line({"kind": type(item.record).__name__, "record": plain(item.record), "page": plain(item.provenance)})


def as_line(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, as a damaged page may hold it
        return json.dumps(value, separators=(",", ":"))
    return text


def plain(value: Any) -> dict[str, Any]:
    """A record as a dict of what it prints."""
    found = {}
    for one in fields(value):
        held = getattr(value, one.name)
        if one.default is MISSING or held != one.default:
            found[one.name] = [plain(v) if is_dataclass(v) else v for v in held] if isinstance(held, tuple) else held
    return found


def load_line(text: bytes) -> dict[str, Any]:
    """The JSON object in a line. Raises WireError."""
    try:
        row = json.loads(text.decode(), parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise WireError(f"malformed JSON: {error}") from None
    if not isinstance(row, dict):
        raise WireError(f"{type(row).__name__} instead of an object")
    return row


def refuse_constant(name: str) -> None:
    raise WireError(f"{name} is no value")


def decode(row: dict[str, Any]) -> Observation | tuple[Broken, Provenance | None]:
    """What a line holds that `encode` or `encode_broken` wrote. Raises WireError on anything else."""
    if row.keys() != {"kind", "record", "page"}:
        raise WireError(f"has the fields {', '.join(sorted(row))[:200]}; kind, record and page are wanted")
    if row["kind"] == "Broken":
        origin = decode_page(row["page"]) if row["page"] is not None else None
        return build(Broken, row["record"], "record"), origin
    kind = KINDS.get(row["kind"]) if isinstance(row["kind"], str) else None
    if kind is None:
        raise WireError(f"kind {row['kind']!r:.60} is none of {', '.join(KINDS)}")
    record: Record = build(kind, row["record"], "record")
    return Observation(record=record, provenance=decode_page(row["page"]))


def decode_page(value: Any) -> Provenance:
    """Where a line says it was read. Raises WireError when that is no page of the web, no hash or no time."""
    page: Provenance = build(Provenance, value, "page")
    if not page.page_url.startswith(("http://", "https://")):
        raise WireError(f"page.page_url: {page.page_url[:60]!r} is no address of the web")
    if page.page_sha256 and not DIGEST.fullmatch(page.page_sha256):
        raise WireError(f"page.page_sha256: {page.page_sha256[:80]!r} is no SHA-256")
    if not TIME.fullmatch(page.retrieved_at):
        raise WireError(f"page.retrieved_at: {page.retrieved_at[:60]!r} is no time")
    for name in ("page_url", "archive_ref", "route"):
        if len(getattr(page, name) or "") > LONGEST_ADDRESS:
            raise WireError(f"page.{name}: longer than {LONGEST_ADDRESS} characters")
    return page


def build(kind: type, value: Any, where: str) -> Any:
    """An instance of a dataclass from a dict, each value of the type that the class declares."""
    if not isinstance(value, dict):
        raise WireError(f"{where}: {type(value).__name__} instead of an object")
    known = types_of(kind)
    if unknown := value.keys() - known.keys():
        raise WireError(f"{where}: {kind.__name__} has no field {min(unknown)[:60]!r}")
    given = {name: convert(known[name], held, f"{where}.{name}") for name, held in value.items()}
    try:
        return kind(**given)
    except TypeError as error:
        raise WireError(f"{where}: {error}") from None


def convert(wanted: Any, value: Any, where: str) -> Any:
    if get_origin(wanted) is tuple:
        inner = get_args(wanted)[0]
        if not isinstance(value, list):
            raise WireError(f"{where}: {type(value).__name__} instead of a list")
        return tuple(convert(inner, one, f"{where}[{place}]") for place, one in enumerate(value))
    allowed = get_args(wanted) or (wanted,)
    if type(value) in allowed:
        return value
    if float in allowed and type(value) is int:
        return float(value)
    kind: type = allowed[0]
    if value is not None and is_dataclass(kind):
        return build(kind, value, where)
    raise WireError(f"{where}: {type(value).__name__} instead of {' or '.join(named(one) for one in allowed)}")


def named(kind: Any) -> str:
    return "null" if kind is NoneType else str(kind.__name__)


@cache
def types_of(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
