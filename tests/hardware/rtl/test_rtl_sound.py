"""Canaries: alkaid's faults are there, and are corrected. Where one of these fails, a later alkaid is sound."""

import numpy as np
import pytest
from alkaid.trace.passes import canon
from alkaid.types import CombLogic, Op, QInterval

from nac.hardware.rtl import sound


def shifted_bit() -> CombLogic:
    """Bit 2 of x in 0 ... 15, taken as bit 3 of 2x: one bit, with the weight of the top bit of x."""
    ops = [Op((), -1, (0,), QInterval(0.0, 15.0, 1.0), 0.0, 0.0), Op((0,), 3, (1,), QInterval(0.0, 8.0, 8.0), 0.0, 0.0)]
    return CombLogic((1, 1), [0], [1], [0], [False], ops, 1, 1, None)


def test_the_pass_that_is_left_out_reads_a_wrong_bit() -> None:
    x = np.arange(16.0)[:, None]
    comb = shifted_bit()
    assert np.array_equal(comb.predict(x)[:, 0], 8.0 * ((np.arange(16) >> 2) & 1))
    wrong = sound.faulty_pass(comb).predict(x)
    assert not np.array_equal(wrong, comb.predict(x)), (
        "canonicalize_msb_wraps of this alkaid is sound: `sound.py` need no longer leave it out"
    )
    assert np.array_equal(canon.canonicalize(comb).predict(x), comb.predict(x))


@pytest.mark.parametrize(("value", "exponent"), [(1.0, 0), (-6.0, 1), (0.75, -2), (2.0**40 + 2, 1), (2.0**30, 30)])
def test_the_lowest_bit_of_a_number(value: float, exponent: int) -> None:
    assert sound.lowest_bit(value) == exponent


def test_the_lowest_bit_that_is_replaced_is_of_a_rounded_number() -> None:
    assert sound.faulty_lowest_bit(2.0**24 + 1) != 0, (
        "get_lsb_loc of this alkaid is exact: `sound.py` need no longer replace it"
    )
    assert sound.lowest_bit(0.0) == sound.faulty_lowest_bit(0.0)
