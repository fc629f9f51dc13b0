"""Certificate numbers of evaluation and authorisation schemes, and the editions of the Common Criteria."""

from __future__ import annotations

import re
from collections.abc import Callable

from . import series
from .model import Identifier
from .shape import Builder, Shape, shape


def _certificate(name: str, spell: Callable[[re.Match[str]], str] | None = None) -> Builder:
    known = series.all_series()[name]

    def build(m: re.Match[str]) -> Identifier:
        number = spell(m) if spell else m["id"].upper()
        return Identifier(known.family, known.body, known.name, number)

    return build


def _anssi(m: re.Match[str]) -> str:
    """ANSSI prints a slash; file names and lists made from them carry a hyphen or an underscore."""
    tail = (m["tail"] or "").upper()
    return f"ANSSI-{m['scheme'].upper()}-{m['year']}/{m['serial']}{tail}"


def _cc(m: re.Match[str]) -> Identifier:
    """ "CC 3.1 Revision 5", "CC:2022 R1": the criteria are one work, whose editions are a version or a year."""
    known = series.all_series()["Common Criteria"]
    version = f"v{m['version']}" if m["version"] else m["year"]
    edition = f"{version} R{m['revision']}" if version and m["revision"] else version
    return Identifier(known.family, known.body, known.name, "CC", edition)


def shapes() -> list[Shape]:
    """The shapes of this module."""
    criteria = r"(?:CC|Common[ ]Criteria(?:[ ]for[ ]Information[ ]Technology[ ]Security[ ]Evaluation)?)"
    version = r"(?:[ ,:]*(?:(?:Version|Ver\.?|v\.?)[ ]?)?(?:(?P<version>\d\.\d)|(?P<year>20\d\d)))"
    revision = r"(?:[ ,]*(?:Revision|Release|Rev\.?|R)[ ]?(?P<revision>\d))"
    anssi = r"ANSSI-(?P<scheme>{0})-(?P<year>(?:19|20)\d\d)[/_-](?P<serial>\d\d)(?P<tail>(?:-?V\d+)?(?:-[RSM]\d\d)*)"
    return [
        shape(
            "EUCC CERTIFICATE",
            r"(?:CERTIFICATE[ ])?(?P<id>EUCC-(?:\d{4}|[A-Z]{2,6})-\d{4}(?:-\d{1,10}){1,3})",
            _certificate("EUCC"),
        ),
        shape("EUCC", r"(?P<id>EUCC-\d{4}-\d{2,10}(?:-\d{1,5})?)", _certificate("EUCC")),
        shape(
            "BSI", r"(?P<id>BSI-DSZ-CC-(?:S-)?\d{3,4}(?:-V\d+)?-\d{4}(?:-(?:MA|RA)-?\d\d)*)", _certificate("BSI-DSZ-CC")
        ),
        shape("BSI", r"(?P<id>BSI-CC-PP-\d{4}(?:-V\d+)?(?:-\d{4})?(?:-MA-?\d\d)?)", _certificate("BSI-CC-PP")),
        shape("ANSSI", anssi.format("CC"), _certificate("ANSSI-CC", _anssi)),
        shape("ANSSI", anssi.format("CSPN"), _certificate("ANSSI-CSPN", _anssi)),
        shape(
            "NSCIB", r"(?P<id>NSCIB-(?:CC-)?\d{2}-?\d{5,7}(?:-\d\d)?(?:-(?:CR|MA|SS)\d*)?)", _certificate("NSCIB-CC")
        ),
        shape("CCEVS", r"(?P<id>CCEVS-VR-(?:CC-)?VID)-?(?P<vid>\d{4,6})(?:-(?P<year>(?:19|20)\d\d))?", _vid),
        shape("CCEVS", r"(?P<id>CCEVS-VR-\d\d-\d{4})", _certificate("CCEVS-VR")),
        shape(
            "CMVP",
            r"CMVP[ ]?(?:Cert(?:ificate|\.)?)?[ ]?(?:No\.|Nr\.)?[ ]?\#?[ ]?(?P<id>[1-9]\d{0,4})",
            _certificate("CMVP", lambda m: f"CMVP {m['id']}"),
            inside=r"CMVP[ ](?:Cert(?:ificate|\.)?[ ])?(?:No\.[ ])?\#?(?P<id>[1-9]\d{0,4})",
        ),
        shape("FR F FEDRAMP", r"(?:FedRAMP[ ])?(?P<id>FR?\d{10}[A-Z]{0,2})", _certificate("FedRAMP")),
        shape("CC", rf"{criteria}{version}{revision}?", _cc, inside=rf"{criteria}{version}{revision}"),
        shape("COMMON", rf"{criteria}(?:{version}{revision}?)?", _cc, inside=rf"{criteria}{version}{revision}"),
        shape("CSEC", r"CSEC[ -]?(?P<id>20\d{5})", _certificate("CSEC", lambda m: f"CSEC{m['id']}")),
    ]


def _vid(m: re.Match[str]) -> Identifier:
    known = series.all_series()["CCEVS-VR"]
    year = f"-{m['year']}" if m["year"] else ""
    return Identifier(known.family, known.body, known.name, f"CCEVS-VR-VID{m['vid']}{year}")
