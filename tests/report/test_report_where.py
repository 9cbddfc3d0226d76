"""Conditions: everything of the form is read as meant, everything else is refused, nothing is evaluated."""

import math
import operator

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nac.errors import InputError
from nac.report.where import OPERATORS, parse_condition

NAMES = ("accuracy", "bops", "lut", "latency_ns")
spaces = st.sampled_from(("", " ", "  "))
numbers = st.one_of(
    st.integers(-(10**12), 10**12).map(str),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(repr),
    st.sampled_from(("1e6", "2.5E-3", ".5", "+4", "20_000", "3.")),
)


@given(st.sampled_from(NAMES), st.sampled_from(sorted(OPERATORS)), numbers, spaces, spaces)
def test_a_condition_is_read_as_written(name: str, op: str, number: str, left: str, right: str) -> None:
    condition = parse_condition(f"{left}{name}{right}{op}{left}{number}{right}", NAMES)
    assert (condition.name, condition.op, condition.value) == (name, op, float(number))


@given(st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), max_size=20), st.sampled_from(sorted(OPERATORS)),
       st.floats(-1e6, 1e6))
def test_the_mask_is_the_comparison_row_by_row(values: list[float], op: str, limit: float) -> None:
    table = pd.DataFrame({"lut": pd.Series(values, dtype=float)})
    compare = {"<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne, "<": operator.lt,
               ">": operator.gt}[op]
    mask = parse_condition(f"lut{op}{limit!r}", NAMES).mask(table)
    assert list(mask) == [not math.isnan(value) and compare(value, limit) for value in values]


@given(st.text(max_size=40))
def test_any_other_text_is_one_clear_refusal(text: str) -> None:
    try:
        condition = parse_condition(text, NAMES)
    except InputError as error:
        assert "--where" in str(error)
    else:
        assert condition.name in NAMES


@pytest.mark.parametrize(
    "text",
    ["", "lut", "lut<=", "<=3", "lut<=x", "lut << 3", "lut<=3 or 1", "lut<=3; bops<4", "__import__('os')<1", "lut<=nan",
     "lut<=0x10", "lut<=1,000", "lut<=١٢", "lut <= 1e", "lut === 3", "lut<3K", "lut<3kk"],
)
def test_what_is_no_condition_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(InputError, match="expected NAME OP NUMBER"):
        parse_condition(text, NAMES)


def test_an_unknown_name_lists_the_names_there_are() -> None:
    with pytest.raises(InputError, match="no value named 'luts' here, expected one of: accuracy, bops, lut"):
        parse_condition("luts<=20000", NAMES)


def test_suffixes_as_tables_print_them_and_the_single_equals_sign() -> None:
    assert parse_condition("accuracy>=65%", NAMES).value == 0.65
    assert parse_condition("bops <= 500k", NAMES).value == 500_000
    assert parse_condition("bops<1.5M", NAMES).value == 1_500_000
    assert parse_condition("bops<2G", NAMES).value == 2_000_000_000
    assert parse_condition("lut=3", NAMES).op == "=="


def test_a_number_beyond_floating_point_is_refused() -> None:
    with pytest.raises(InputError, match="too large"):
        parse_condition("lut<=1e999", NAMES)
