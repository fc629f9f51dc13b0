"""Numbers of acts as registers print them, and the CELEX numbers they stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards_db.acts import CELEX, celex_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CELEX:32014L0053", ("32014L0053",)),
        ("2014/53/EU", ("32014L0053", "32014D0053")),
        ("Directive 2014/53/EU (RED)", ("32014L0053",)),
        ("93/42/EEC", ("31993L0042", "31993D0042")),
        ("Directive 98/79/EC", ("31998L0079",)),
        ("1999/5/EC (RTTED)", ("31999L0005", "31999D0005")),
        ("305/2011", ("32011R0305",)),
        ("Regulation (EU) No 910/2014", ("32014R0910",)),
        ("Directive 305/2011", ("32011R0305",)),
        ("1907/2006 (REACH)", ("32006R1907",)),
        ("2003/2003", ("32003R2003",)),
        ("Decision No 768/2008/EC", ("32008D0768",)),
        ("(EU) 2022/30", ("32022R0030", "32022L0030", "32022D0030")),
        ("Directive 2017/745", ("32017L0745", "32017R0745", "32017D0745")),
        ("Regulation (EU) 2017/745 amended by Regulation (EU) 2020/561", ("32017R0745",)),
        ("2019/2144/EU", ("32019L2144", "32019R2144", "32019D2144")),
        ("Verordnung (EU) 2024/2847", ("32024R2847",)),
        ("07/09/2026", ()),
        ("2014/53/EU, 2014/30/EU", ()),
        ("RED", ()),
        ("L 138 (2022-05-17)", ()),
        ("0/2014", ()),
        (None, ()),
    ],
)
def test_a_printed_number_stands_for_these(text: str | None, found: tuple[str, ...]) -> None:
    """The number alone leaves the form open; a word before it narrows it, and two acts are none."""
    assert celex_of(text) == found


def test_a_column_of_decisions_says_the_form() -> None:
    """What the place says counts more than that the text says nothing."""
    assert celex_of("(EU) 2025/138", "D") == ("32025D0138",)


@given(st.text(alphabet="0123456789/ EUCNo().ADirectv", max_size=40))
def test_any_text_gives_well_formed_numbers_or_none(text: str) -> None:
    """Whatever is printed, what comes out has the shape of a CELEX number and comes once."""
    found = celex_of(text)
    assert all(CELEX.fullmatch(number) for number in found) and len(set(found)) == len(found)
