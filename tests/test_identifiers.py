"""Designations: real examples of every family, spelling noise, round trips, and texts that are none."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from standards_db.identifiers import all_series, find, parse, series

ROWS = list(
    csv.DictReader(
        (Path(__file__).parent / "data" / "identifiers.tsv").open(encoding="utf-8"),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
)
REAL = [r for r in ROWS if r["identifier"] != "-"]
NOT_ONE = [r for r in ROWS if r["identifier"] == "-"]


def spelled(text: str) -> str | None:
    found = parse(text)
    return None if found is None else str(found)


# --- real examples ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", REAL, ids=lambda r: r["text"])
def test_real_example(row: dict[str, str]) -> None:
    """A designation as a source prints it has the reviewed spelling, work and family."""
    found = parse(row["text"])
    assert found is not None
    assert (str(found), found.undated, found.family) == (row["identifier"], row["undated"], row["family"])


@pytest.mark.parametrize("row", NOT_ONE, ids=lambda r: r["text"])
def test_not_a_designation(row: dict[str, str]) -> None:
    """Titles, committees, remarks and damaged numbers are not guessed at."""
    assert parse(row["text"]) is None


def test_examples_are_many_and_spread() -> None:
    """The reviewed examples cover every big family at least 15 times."""
    count = Counter(r["family"] for r in REAL)
    big = ("gb", "nist", "ietf", "etsi", "cen", "iso", "itu", "3gpp", "ieee", "oasis", "nerc", "certificate")
    assert len(REAL) >= 450 and len(NOT_ONE) >= 60
    assert {f: n for f in big if (n := count[f]) < 15} == {}


# --- series.yml ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", [s for s in all_series().values() if s.examples], ids=lambda s: s.name)
def test_series_examples(one: series.Series) -> None:
    """The examples of a series are canonical, of its family, and survive the round trip."""
    for example in one.examples:
        found = parse(example)
        assert found is not None and str(found) == example
        assert (found.family, found.body) == (one.family, one.body) or one.name == "EN"
        assert found.force == one.force
        assert parse(str(found)) == found


def test_every_prefix_has_an_example() -> None:
    """No series is without an example, an industry code has one for its usual suffix."""
    covered = {s.name.split("/")[0] for s in all_series().values() if s.examples}
    assert [s.name for s in all_series().values() if s.name.split("/")[0] not in covered] == []
    for example in (*series.local()["examples"], *series.group()["examples"]):
        assert spelled(example) == example


def test_families_and_bodies_are_known() -> None:
    """Every body that a series names is in the table of bodies."""
    from standards_db import taxonomy

    named = {s.body for s in all_series().values()} | {series.local()["body"], series.group()["body"], "cen_cenelec"}
    assert named - set(taxonomy.BODIES) == set()


def test_every_spelling_has_one_owner() -> None:
    """A prefix or alias belongs to one series of its family."""
    for family in series.FAMILIES:
        assert series.spellings(family)


# --- spelling noise --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("GB/T22239—2019", "GB/T 22239-2019"),
        ("GB∕T 22239-2019", "GB/T 22239-2019"),
        ("ＧＢ／Ｔ　22239－2019", "GB/T 22239-2019"),
        ("GBT 22239-2019", "GB/T 22239-2019"),
        ("GB/T 1.1-93", "GB/T 1.1-1993"),
        ("T/GZAEPI 001—2018", "T/GZAEPI 001-2018"),
        ("FIPS PUB 140-3", "NIST FIPS 140-3"),
        ("SP800-53r5", "NIST SP 800-53 Rev. 5"),
        ("NIST SP 800-53 Revision 5", "NIST SP 800-53 Rev. 5"),
        ("SP 800-53 Rev 5", "NIST SP 800-53 Rev. 5"),
        ("NIST SP 800‑53 R5", "NIST SP 800-53 Rev. 5"),
        ("NISTIR8259", "NIST IR 8259"),
        ("Draft NISTIR 8259", "NIST IR 8259 draft"),
        ("FIPS 203 (Initial Public Draft)", "NIST FIPS 203 ipd"),
        ("NIST SP 800-53 Rev. 5 upd1", "NIST SP 800-53 Rev. 5 upd1"),
        ("ISO/IEC 27001-2013", "ISO/IEC 27001:2013"),
        ("ISO/IEC27001:2013", "ISO/IEC 27001:2013"),
        ("ISO IEC 27001", "ISO/IEC 27001"),
        ("ISO/IEC 27001：2022", "ISO/IEC 27001:2022"),
        ("ISO/IEC 27001:2022/AMD1:2024", "ISO/IEC 27001:2022/Amd 1:2024"),
        ("ISO/IEC 27001:2022 Amd.1", "ISO/IEC 27001:2022/Amd 1"),
        ("ISO/IEC 2759:2014", "ISO/IEC 24759:2014"),
        ("ITU-T Rec. X.1205 (2008-04)", "ITU-T X.1205 (04/2008)"),
        ("Recommendation X.1205 (04/2008)", "ITU-T X.1205 (04/2008)"),
        ("ETSI EN 303 645 V2.1.1 (2020-06)", "ETSI EN 303 645 V2.1.1"),
        ("EN 303645 V2.1.1", "ETSI EN 303 645 V2.1.1"),
        ("3GPP TS 33.501 version 17.5.0 Release 17", "3GPP TS 33.501 V17.5.0"),
        ("TS 33.501 v17.5.0", "3GPP TS 33.501 V17.5.0"),
        ("IEEE Std 802.1X™-2020", "IEEE 802.1X-2020"),
        ("IEEE P802.11be/D7.0, 2024", "IEEE P802.11be/D7.0-2024"),
        ("rfc 8446", "RFC 8446"),
        ("CLC/prTS 50701", "prCLC/TS 50701"),
        ("CMVP #4845", "CMVP 4845"),
        ("CIP-003-8", "NERC CIP-003-8"),
        ("ANSSI-CC-2023_12", "ANSSI-CC-2023/12"),
        ("ANSI/INCITS 359-2012", "INCITS 359-2012"),
        ("PCI DSS 4.0.1", "PCI DSS v4.0.1"),
        ("ITU-T H.225.0 v7 (12/2009)", "ITU-T H.225.0 (12/2009)"),
        ("ITU-T Z.140 (2003) Erratum 1 (10/2005)", "ITU-T Z.140 (2003) Err. 1 (10/2005)"),
        ("OASIS STIX v2.1", "OASIS STIX-v2.1"),
        ("DB 11/T 1234-2020", "DB11/T 1234-2020"),
        ("DB 4403/T100—2020", "DB4403/T 100-2020"),
        ("DB 59-2015", "DB 59-2015"),
        ("SP 800-38A sup", "NIST SP 800-38A Add"),
        ("NIST SP 800-38A-Add", "NIST SP 800-38A Add"),
        ("SP 800-38A Addendum", "NIST SP 800-38A Add"),
        ("ISO/IEC 27001:2013/DAmd 1", "ISO/IEC 27001:2013/DAM 1"),
        ("ISO/IEC 27001:2013/FDAmd 1", "ISO/IEC 27001:2013/FDAM 1"),
        ("ISO/IEC 27001:2013/DCor 1", "ISO/IEC 27001:2013/DCOR 1"),
        ("prEN 304 617", "ETSI EN 304 617"),
        ("BS 7799-2-2002", "BS 7799-2:2002"),
        ("JIS Q27001-2014", "JIS Q 27001:2014"),
    ],
)
def test_spelling(text: str, canonical: str) -> None:
    """Tolerant in spelling: the usual variants lead to the canonical spelling."""
    assert spelled(text) == canonical


# --- meaning ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "adopted"),
    [
        ("EN ISO/IEC 27001:2023", "ISO/IEC 27001"),
        ("EN IEC 62443-4-1:2018", "IEC 62443-4-1"),
        ("EN 62443-4-1:2018", "IEC 62443-4-1"),
        ("EN ISO 13485:2016/A11:2021", "ISO 13485"),
        ("CEN ISO/TS 21003-7:2019", "ISO/TS 21003-7"),
        ("EN 18031-1:2024", None),
        ("EN 50131-1:2006", None),
        ("INCITS/ISO/IEC 27001-2013", "ISO/IEC 27001"),
        ("BS EN ISO/IEC 27001:2023", "EN ISO/IEC 27001"),
        ("DIN EN ISO/IEC 27001:2024-01", "EN ISO/IEC 27001"),
        ("UNE-EN ISO/IEC 27001:2023", "EN ISO/IEC 27001"),
        ("BS ISO/IEC 27001:2013", "ISO/IEC 27001"),
        ("GB/T 22080-2016/ISO/IEC 27001:2013", "ISO/IEC 27001:2013"),
        ("ANSI/ISA-62443-4-2-2018", "IEC 62443-4-2"),
        ("ETSI TS 133 501 V17.5.0", "3GPP TS 33.501 V17.5.0"),
        ("ETSI TS 133 117", "3GPP TS 33.117"),
        ("ETSI TS 121 101 V16.0.0", "3GPP TS 21.101 V16.0.0"),
        ("ETSI TS 134 123-1 V15.0.0", "3GPP TS 34.123-1 V15.0.0"),
        ("ETSI TR 133 926 V17.4.0", "3GPP TR 33.926 V17.4.0"),
        ("ETSI TR 129 998-4-1 V5.0.0", "3GPP TR 29.998-04-1 V5.0.0"),
        ("ETSI TS 103 645", None),
        ("ETSI TS 119 312 V1.5.1", None),
        ("ETSI TS 102 165-1 V5.3.1", None),
        ("ETSI EN 303 645 V2.1.1", None),
        ("KS X ISO/IEC 27001:2014", "ISO/IEC 27001"),
        ("KS Q ISO 9001", "ISO 9001"),
        ("JIS Q 27001:2014", None),
        ("BS 7799-2:2002", None),
    ],
)
def test_adopted(text: str, adopted: str | None) -> None:
    """Only what the spelling names is adopted; a version carries over only where it is the adopted one's own."""
    found = parse(text)
    assert found is not None
    assert (str(found.adopts) if found.adopts else None) == adopted


def test_national_adoption_is_a_chain() -> None:
    """BS EN ISO/IEC adopts the European standard, which adopts the international one."""
    british = parse("BS EN ISO/IEC 27001:2023")
    assert british and british.adopts and british.adopts.adopts == parse("ISO/IEC 27001")


def test_second_number_is_not_identity() -> None:
    """A Chinese standard printed with the adopted number equals the same standard printed without."""
    assert parse("GB/T 22080-2016/ISO/IEC 27001:2013") == parse("GB/T 22080-2016")


@pytest.mark.parametrize(
    ("text", "force", "body"),
    [
        ("GB 40050-2021", "mandatory", "sac"),
        ("GB/T 22239-2019", "recommended", "sac"),
        ("GB/Z 28828-2012", "guidance", "sac"),
        ("GM/T 0054-2018", "recommended", "oscca"),
        ("GM 0001-2012", "mandatory", "oscca"),
        ("GA 1277.1-2020", "mandatory", "mps"),
        ("GA/T 387-2002", "recommended", "mps"),
        ("YD 5201-2014", "mandatory", "miit"),
        ("YD/T 3834.1-2021", "recommended", "miit"),
        ("JR 0072-2012", "mandatory", "pboc"),
        ("JR/T 0071.2-2020", "recommended", "pboc"),
        ("SJ/Z 9001-1987", "guidance", "miit"),
        ("GM/Y 5001-2023", None, "oscca"),
        ("DB11 1342-2022", "mandatory", "cn_local"),
        ("DB 11/T 1234-2020", "recommended", "cn_local"),
        ("DB/T 59-2015", "recommended", "cea-cn"),
        ("DB11/T 1342-2022", "recommended", "cn_local"),
        ("T/CCSA 441-2023", None, "ccsa"),
        ("T/TAF 077.1-2020", None, "cn_group"),
        ("ISO/IEC 27001:2022", None, "iso_iec"),
        ("EN 50131-1:2006", None, "cenelec"),
        ("prEN 40000-1-1", None, "cen_cenelec"),
        ("prEN 304 617", None, "etsi"),
        ("BS 7799-2:2002", None, "bsi-uk"),
        ("JIS Q 27001:2014", None, "jisc"),
        ("KS X ISO/IEC 27001", None, "kats"),
    ],
)
def test_force_and_body(text: str, force: str | None, body: str) -> None:
    """The prefix decides legal force and issuing body."""
    found = parse(text)
    assert found is not None and (found.force, found.body) == (force, body)


@pytest.mark.parametrize(
    "ordered",
    [
        ["SP 800-53", "SP 800-53 Rev. 4", "SP 800-53 Rev. 5 ipd", "SP 800-53 Rev. 5", "SP 800-53 Rev. 5 upd1"],
        ["SP 800-53 Rev. 5 ipd", "SP 800-53 Rev. 5 2pd", "SP 800-53 Rev. 5 fpd", "SP 800-53 Rev. 5"],
        ["FIPS 140-2", "FIPS 140-3 2pd", "FIPS 140-3"],
        ["ETSI EN 303 645 V2.1.1", "ETSI EN 303 645 V2.1.2", "ETSI EN 303 645 V10.0.0"],
        ["ITU-T X.1205 (12/2007)", "ITU-T X.1205 (04/2008)", "ITU-T X.1205 (01/2009)"],
        ["ISO/IEC 27001:2013", "ISO/IEC FDIS 27001:2022", "ISO/IEC 27001:2022"],
        ["ISO/IEC CD 27001:2022", "ISO/IEC DIS 27001:2022", "ISO/IEC DIS 27001.2:2022", "ISO/IEC FDIS 27001:2022"],
        ["EN 60335-1:2012", "EN 60335-1:2012+A11:2014"],
        ["CIP-006-2", "CIP-006-2a", "CIP-006-2c", "CIP-006-3"],
        ["GB/T 1.1-93", "GB/T 1.1-2000", "GB/T 1.1-2020"],
        ["draft-ietf-tls-esni-09", "draft-ietf-tls-esni-18"],
        ["PCI DSS v3.2.1", "PCI DSS v4.0", "PCI DSS v4.0.1"],
    ],
)
def test_edition_order(ordered: list[str]) -> None:
    """Editions of one work sort by time: older < newer, draft < published < updated."""
    found = [parse(t) for t in ordered]
    assert len({f.undated for f in found if f}) == 1
    keys = [f.edition_key for f in found if f]
    assert keys == sorted(keys) and len(set(keys)) == len(ordered)


def test_undated_keeps_the_document() -> None:
    """An amendment is a work of its own, a consolidated edition and a repackaging are not."""
    works = {
        "ISO/IEC 27001:2022/Amd 1:2024": "ISO/IEC 27001/Amd 1",
        "ISO/IEC 11179-3:2023/DAM 1": "ISO/IEC 11179-3/Amd 1",
        "EN 18031-1:2024/AC:2025": "EN 18031-1/AC",
        "EN 60335-1:2012+A11:2014": "EN 60335-1",
        "IEC 60364-5-548:1996+AMD1:1998 CSV": "IEC 60364-5-548",
        "IEEE Std 802.1X-2020 Redline": "IEEE 802.1X",
        "GB/T 15629.11-2003/XG1-2006": "GB/T 15629.11/XG1",
        "ISO/CD TS 10303-1001": "ISO/TS 10303-1001",
        "FprEN 18031-1": "EN 18031-1",
        "IEEE P802.1Xck/D-2.2-2018-07": "IEEE 802.1Xck",
        "NIST SP 800-60 Vol. 1 Rev. 1": "NIST SP 800-60 Vol. 1",
        "NIST FIPS 140-3": "NIST FIPS 140",
        "SP 800-38A sup": "NIST SP 800-38A Add",
        "ISO/IEC 27001:2013/FDAmd 1": "ISO/IEC 27001/Amd 1",
        "KS X ISO/IEC 27001:2014": "KS X ISO/IEC 27001",
    }
    assert {t: f.undated for t in works if (f := parse(t))} == works


def test_is_dated() -> None:
    """An identifier is dated when it names one edition."""
    dated = {
        t: f.is_dated for t in ("ISO/IEC 27001", "ISO/IEC 27001:2022", "ISO/IEC 24754/Cor 1:2011") if (f := parse(t))
    }
    assert list(dated.values()) == [False, True, True]


# --- running text ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2005-03-01实施,代替GB/T 5606.1-1996", ["GB/T 5606.1-1996"]),
        ("等同  ISO/IEC 27001:2013", ["ISO/IEC 27001:2013"]),
        ("修改  ISO 小册子——2010版", []),
        ("非等效  ISO 8068:2006", ["ISO 8068:2006"]),
        ("Information security (ISO/IEC 27001:2022)", ["ISO/IEC 27001:2022"]),
        ("FIPS 140-2 (12/03/2002)", ["NIST FIPS 140-2"]),
        ("EN 18031-1:2024, EN 18031-2:2024", ["EN 18031-1:2024", "EN 18031-2:2024"]),
        ("EN ISO/IEC 17065 or ETSI EN 303 645 V2.1.1 (2020-06).", ["EN ISO/IEC 17065", "ETSI EN 303 645 V2.1.1"]),
        ("RFC 8446, RFC8447 and draft-ietf-tls-esni-18", ["RFC 8446", "RFC 8447", "draft-ietf-tls-esni-18"]),
        ("ISO/IEC 15408-1:2009ISO/IEC 15408-2:2008", ["ISO/IEC 15408-1:2009", "ISO/IEC 15408-2:2008"]),
        ("GB/T 22080-2016/ISO/IEC 27001:2013 信息技术", ["GB/T 22080-2016"]),
        ("DIN EN ISO/IEC 27001:2024-01", ["DIN EN ISO/IEC 27001:2024-01"]),
        ("3GPP TS 33.501 V17.5.0 / TS 33.117", ["3GPP TS 33.501 V17.5.0", "3GPP TS 33.117"]),
        ("Replaced with CIP-003-2", ["NERC CIP-003-2"]),
        ("ISO/IEC JTC 1/SC 27 wrote ISO/IEC 27001", ["ISO/IEC 27001"]),
        ("with 4 GB 32 of HD 1080 video, GA 24 ports", []),
        ("Equivalent standard: ISO/IEC 17788:2014 (Common)", ["ISO/IEC 17788:2014"]),
        ("ISO/TS 21003-7:2019 (EQV)", ["ISO/TS 21003-7:2019"]),
        ("evaluated under CC 3.1 Revision 5, see CC 12", ["Common Criteria v3.1 R5"]),
        ("Cisco Catalyst IR1800 Rugged Series Routers", []),
        ("Sm@rtCafé Expert FIPS 64", []),
        ("ITU-T X.800-X.849 series – Supplement on guidelines", []),
        ("Using the EN 301 489 series of EMC standards", []),
        ("ISO/IEC 27000 series", []),
        ("in IEEE Std 2600(TM)-2008 Operational Environment D", ["IEEE 2600-2008"]),
        ("the (3GPP TS 33.310 version 8.4.0 Release 8)", ["3GPP TS 33.310 V8.4.0"]),
        ("ITU-T X.800-X.849 series", []),
        ("KS X ISO/IEC 27001:2014 and JIS Q 27001:2014", ["KS X ISO/IEC 27001:2014", "JIS Q 27001:2014"]),
        ("after BS 7799-2:2002, in 1024 KS X 1024 frames", ["BS 7799-2:2002"]),
        ("the draft prEN 304 617 on browsers", ["ETSI EN 304 617"]),
        ("NIST SP 800-38A Addendum: ciphertext stealing", ["NIST SP 800-38A Add"]),
        ("NIST SP 800-38A Additional modes", ["NIST SP 800-38A"]),
        ("", []),
    ],
)
def test_find(text: str, expected: list[str]) -> None:
    """Designations come out of running text whole, in order, each once per appearance."""
    assert [str(i) for i in find(text)] == expected


@pytest.mark.parametrize("row", [r for r in REAL if r["family"] != "w3c"], ids=lambda r: r["identifier"])
def test_find_agrees_with_parse(row: dict[str, str]) -> None:
    """A canonical designation inside a sentence is found whole, as the same identifier."""
    assert [str(i) for i in find(f"See {row['identifier']} for details.")] == [row["identifier"]]
