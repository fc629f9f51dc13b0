"""Certification schemes: which one a printed text means, its sphere, and which take part in an arrangement."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from standards_db.taxonomy import check, model
from standards_db.taxonomy.model import Body, Country, Scheme, fold

SCHEMES: dict[str, Scheme] = model.schemes()
ARRANGEMENTS: dict[str, str] = model.read("schemes")["arrangements"]
ANY_COUNTRY = "/*"
_KEYS = {fold(alias): scheme.key for scheme in SCHEMES.values() for alias in scheme.aliases}


@lru_cache(maxsize=1024)
def scheme_of(text: str | None) -> Scheme | None:
    """The scheme that owns this exact spelling after folding, or the spelling with any issuing country; else None."""
    if not text:
        return None
    key = _KEYS.get(fold(text))
    before, slash, country = text.rpartition("/")
    if key is None and slash and len(country) == 2 and country.isalpha():
        key = _KEYS.get(fold(before + ANY_COUNTRY))
    return SCHEMES[key] if key else None


def sphere_of(scheme: Scheme, bodies: dict[str, Body], countries: dict[str, Country]) -> str:
    """The sphere of the scheme's country; that of its body for a scheme that spans countries."""
    return countries[scheme.country].sphere if scheme.country else bodies[scheme.body].sphere


def scheme_in(arrangement: str, country: str | None) -> Scheme | None:
    """The scheme with which a country takes part in an arrangement; None when there is none or more than one."""
    kind = next((kind for start, kind in ARRANGEMENTS.items() if arrangement.startswith(start)), None)
    of_kind = [scheme for scheme in SCHEMES.values() if scheme.kind == kind]
    if country:
        found = [s for s in of_kind if s.country == country or country in s.partners]
    else:  # the arrangement is the scheme itself, as EUCC is
        found = of_kind if len(of_kind) == 1 else []
    return found[0] if len(found) == 1 else None


def problems(bodies: dict[str, Body], countries: dict[str, Country]) -> Iterator[str]:
    """Contradictions of schemes.yml, one sentence each."""
    for scheme in SCHEMES.values():
        if scheme.body not in bodies:
            yield f"schemes.yml: {scheme.key}: unknown body {scheme.body}"
        for country in (scheme.country, *scheme.partners):
            if country and country not in countries:
                yield f"schemes.yml: {scheme.key}: unknown country {country}"
        if not scheme.source_url.startswith(("http://", "https://")):
            yield f"schemes.yml: {scheme.key}: no source"
        if not scheme.aliases:
            yield f"schemes.yml: {scheme.key}: no spelling by which it is known"
    yield from check.owned_twice("schemes.yml", ((alias, s.key) for s in SCHEMES.values() for alias in s.aliases))
    kinds = {scheme.kind for scheme in SCHEMES.values()}
    yield from (
        f"schemes.yml: {name}: no scheme of kind {kind}" for name, kind in ARRANGEMENTS.items() if kind not in kinds
    )
