"""What the sources of NIST's publications share: names, stages and keys that outlive the site's addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crawler.base import clean
from standards_db.records import Relation

SERIES = re.compile(r"^(?:NIST\s*)?(?:SP|FIPS|NISTIR|IR|CSWP|AI|White Paper|TN)\b", re.I)
STAGE = re.compile(r"^(?:i|f|\d+)pr?d$")
SUFFIX = re.compile(r"(?P<number>.*\d\w*)[-. ](?P<stage>ipr?d|\dpr?d|fpr?d|upd\d+|draft\d?)$", re.IGNORECASE)
OWN = re.compile(r"^(?:NIST )?(?:SP|FIPS(?: PUB)?|NISTIR|IR|CSWP) ?\d[\w.-]*(?: (?:Rev|Vol|Part)\.? ?\d+)*$")
FOREIGN = re.compile(
    r"\b(?:(?:ISO|IEC|ANSI|INCITS|IEEE)(?:/(?:IEC|IEEE|TS|TR|INCITS))*(?: Std\.?)? ?(?:TS |TR )?"
    r"[A-Z]?\d[\w.]*(?:-\d+)*(?::\d{4})?"
    r"|RFC ?\d{3,5}|ITU-T (?:Rec\. )?[A-Z]\.\d+|ETSI [A-Z]{2} \d{3} \d{3}(?:-\d+)?)"
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a publication's URL says of which of its versions it is.

    `stage` is "ipd", "2pd", "fpd", "draft" or "final"; the old site dated superseded versions instead (`archived`).
    `marker` joins what separates versions that share the printed identifier: "upd1", "sup", "pt2".
    `slug` is the path without its last part.
    """

    stage: str | None
    marker: str
    archived: str | None
    slug: str


def place_of(url: str) -> Place:
    """Read both generations of publication URLs; the copy counter of the site's editor ("ipd-(1)") means nothing."""
    path = re.sub(r"-\(\d+\)", "", re.split(r"[?#]", url)[0]).rstrip("/").lower()
    parts = [part for part in re.split(r"/(?:pubs|publications/detail)/", path)[-1].split("/") if part] or [""]
    last = parts[-1]
    found: list[str] = []
    for part in parts[1:]:
        if match := re.fullmatch(r"(?:.*-)?(?:pt|part-)(\d+)", part):
            found.append(f"pt{match[1]}")
        elif re.fullmatch(r"upd\d+", part):
            found.append(part)
        elif part in ("sup", "addendum"):
            found.append("sup")
    return Place(
        stage=last if STAGE.match(last) or last in ("final", "draft") else None,
        marker=" ".join(found),
        archived=last if "archive" in parts[-2:-1] else None,
        slug="/".join(parts[:-1]),
    )


def key_of(designation: str, stage: str | None, marker: str, archived: str | None = None) -> str:
    """The key that outlives URL schemes: "SP 800-53 Rev. 5|upd1", "IR 8547|ipd", "SP 800-162|2014-01-16".

    Which update a draft prepares is printed at one time and not at another, so it is no part of a draft's key.
    """
    if stage:
        marker = re.sub(r"\s*\bupd\d+", "", marker)
    name = re.sub(r"^NIST\s*(?=IR|SP|FIPS|CSWP|AI)", "", designation)
    return "|".join(part for part in (name, stage, marker, archived) if part)


def iteration_of(stage: str | None, marker: str) -> str | None:
    """What drafts and updates that share an identifier differ by: the draft's stage, else the update's number."""
    update = re.search(r"upd\d+", marker)
    return stage or (update[0] if update else None)


def version_of(name: str, url: str | None) -> str:
    """The identifier with the update that the link leads to: updates supersede what has the same identifier."""
    update = re.search(r"/(upd\d+)/", url or "")
    return f"{name} {update[1]}" if update else name


def doi_update(doi: str | None) -> str:
    match = re.search(r"[-.](upd\d+)\b", doi or "")
    return match[1] if match else ""


def unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for value in values if (text := clean(value))))


def references(designation: str, title: str | None, keywords: Iterable[str]) -> Iterator[Relation]:
    """Standards named in the keywords, and those of other bodies named in the title."""
    seen = {designation, designation.removeprefix("NIST ")}
    places = [("keyword", text) for text in keywords]
    if title:
        places.append(("title", title))
    for kind, text in places:
        own = kind == "keyword" and OWN.match(text)
        for name in [text] if own else [match[0] for match in FOREIGN.finditer(text)]:
            if name not in seen:
                seen.add(name)
                yield Relation(type="references", target_text=name, evidence=f"{kind}: {text}", method="source text")


def split_stage(printed: str) -> tuple[str, str | None]:
    """A printed number and the draft or update marker that follows it: "NIST SP 800-218A", "ipd"."""
    match = SUFFIX.match(printed)
    if match is None:
        return printed, None
    stage = match["stage"].lower()
    return match["number"], f"{stage[-1]}pd" if re.fullmatch(r"draft\d", stage) else stage
