"""Vendor names: one key for spellings of one company, different keys for different companies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards_db.vendors import clean_vendor, vendor_key


@pytest.mark.parametrize(
    "names",
    [
        ("Cisco Systems, Inc.", "Cisco Systems, Inc", "CISCO SYSTEMS INC", "Cisco  Systems"),
        ("IBM Corporation", "IBM® Corporation", "IBM(R) Corporation", "IBM"),
        ("Huawei Technologies Co., Ltd.", "HUAWEI TECHNOLOGIES CO.,LTD", "Huawei Technologies Co. Ltd"),
        ("Giesecke+Devrient GmbH", "Giesecke &#x2b; Devrient GmbH", "Giesecke + Devrient"),
        ("Bull SAS", "BULL S.A.", "Bull S.A.S."),
        ("Realia Technologies, S.L.", "Realia Technologies S.L."),
        ("Samsung Electronics Co., Ltd.", "SAMSUNG Electronics Co., Ltd.View Contacts"),
        ("华为技术有限公司", "华为技术 有限公司", "华为技术"),
        ("Société Générale S.A.", "Societe Generale"),
    ],
)
def test_spellings_of_one_company_share_a_key(names: tuple[str, ...]) -> None:
    """Case, accents, marks, punctuation and legal form do not separate one company."""
    assert len({vendor_key(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hewlett Packard, Inc.", "Hewlett Packard Enterprise"),
        ("Thales DIS France SA", "Thales e-Security Ltd."),
        ("Infineon Technologies AG", "Infineon Technologies Security Solutions"),
        ("AT&T", "ATT"),
        ("Inc.", "Corp."),
    ],
)
def test_different_names_keep_different_keys(one: str, other: str) -> None:
    """A key never merges names that differ by more than spelling and legal form."""
    assert vendor_key(one) != vendor_key(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Red&nbsp;Hat,   Inc. ", "Red Hat, Inc."),
        ("Giesecke &#x2b; Devrient", "Giesecke + Devrient"),
        ("Apple Inc.\n View Contacts", "Apple Inc."),
        ("", ""),
    ],
)
def test_clean_names_lose_page_furniture_only(text: str, expected: str) -> None:
    """The shown name keeps its legal form and loses entities, extra blanks and glued link text."""
    assert clean_vendor(text) == expected


@given(st.text(max_size=60))
def test_keys_are_stable_for_any_text(text: str) -> None:
    """Any text has a key, and cleaning a name first does not change it."""
    assert vendor_key(clean_vendor(text)) == vendor_key(text)
