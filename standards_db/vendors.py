"""Vendor names: a tidy spelling to show, and a key that groups spellings of one company.

The key is for grouping only; the printed name is stored beside it. Names that differ by more than spelling and
legal form (a subsidiary, a former name) stay apart: a wrong merge would count one company's certificates as another's.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

# Legal forms as they end a name, after folding and without dots.
LEGAL_FORMS = frozenset(
    re.findall(
        r"\w+",
        """ab ag as asa aps bv bvba co company corp corporation eurl gmbh holding holdings inc incorporated kg kk
        limited llc llp lp ltd ltda nv oy oyj plc private pte pty pvt sa sarl sas sasu se sl slu sp spa spzoo srl
        sro ug""",
    )
)
# Only behind another legal form: "Co., Ltd.", "GmbH & Co. KG", "Pte Ltd".
CONNECTIVES = frozenset({"and", "&", "zoo"})
CHINESE_FORMS = re.compile(r"(?:集团)?(?:股份)?有限(?:责任)?公司$")
GLUED = re.compile(r"\s*(?:View Contacts?|View Contact Info)\s*$", re.IGNORECASE)
DOTTED = re.compile(r"\b(?:[a-z]\.){2,}[a-z]?", re.IGNORECASE)
PUNCTUATION = re.compile(r"[^\w&]+")
BLANKS = re.compile(r"\s+")
BRACKETS = re.compile(r"\([^()]*\)")


@lru_cache(maxsize=16384)
def clean_vendor(text: str) -> str:
    """The name as it should be shown: entities resolved, blanks single, page furniture and stray commas gone."""
    name = text
    # Some lists escape twice, so tidying goes on until nothing changes.
    while (tidied := _tidy(name)) != name:
        name = tidied
    return name


def _tidy(name: str) -> str:
    name = unicodedata.normalize("NFKC", html.unescape(name)).replace("\ufffd", "")
    return BLANKS.sub(" ", GLUED.sub("", name)).strip(' ,;|"')


@lru_cache(maxsize=16384)
def vendor_key(text: str) -> str:
    """A folded name without accents, punctuation, trademark signs and trailing legal form; "" for an empty name.

    "Cisco Systems, Inc." and "CISCO SYSTEMS INC" share "cisco systems". A bare legal form is kept.
    """
    name = clean_vendor(re.sub("[®™©]", "", text))
    bare = BRACKETS.sub(" ", name).strip() or name
    name = CHINESE_FORMS.sub("", BLANKS.sub("", bare) if re.search("[\u4e00-\u9fff]", bare) else bare) or bare
    folded = unicodedata.normalize("NFKD", name.casefold())
    folded = "".join(char for char in folded if not unicodedata.combining(char))
    folded = DOTTED.sub(lambda match: match[0].replace(".", "") + " ", folded.replace("a/s", "as"))
    words = PUNCTUATION.sub(" ", folded.replace("'", "").replace("’", "")).split()
    kept = list(words)
    while len(kept) > 1 and (kept[-1] in LEGAL_FORMS or (kept[-1] in CONNECTIVES and len(kept) < len(words))):
        kept.pop()
    if len(kept) > 1 and kept[0] == "the":
        kept.pop(0)
    return " ".join(kept)
