"""The words of the interface: one catalogue file per language in `text/`, so a translation is a file.

Keys are dotted (`vendor.title`). A text may hold `{names}`, whose values are escaped; of a key with `one` and `many`
below it `n` chooses. The catalogue itself is trusted markup. English is complete; a translation may lack keys.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from markupsafe import Markup, escape

if TYPE_CHECKING:  # Datasette loads this plugin while its own app module is still being read
    from datasette.app import Datasette

FOLDER = Path(__file__).parent / "text"
ENGLISH = "en"


def language(datasette: Datasette) -> str:
    """The language that metadata.yml asks for (`plugins: standards_db: language:`); English without a catalogue."""
    wanted = (datasette.plugin_config("standards_db") or {}).get("language", ENGLISH)
    return wanted if wanted in languages() else ENGLISH


def languages() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


@lru_cache
def catalogue(name: str) -> dict[str, str]:
    """Every text of one language by its dotted key."""
    return flat(yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8")), "")


def flat(branch: dict[str, Any], prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in branch.items():
        found.update(flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": str(value)})
    return found


def speaker(name: str) -> Callable[..., Markup]:
    """The function `t` of templates and pages in one language. An unknown key is a KeyError: a test finds them all."""
    texts = {**catalogue(ENGLISH), **catalogue(name)}

    def t(key: str, n: int | None = None, **values: Any) -> Markup:
        if n is not None:
            key, values = f"{key}.{'one' if n == 1 else 'many'}", {**values, "n": n}
        return Markup(texts[key]).format(**{name: shown(value) for name, value in values.items()})

    return t


def shown(value: Any) -> Markup:
    """A value inside a text: numbers with separators, everything else escaped."""
    return Markup(f"{value:,}") if isinstance(value, int) else escape(value)
