"""Canaries: alkaid's faults are there, and are corrected. Where one of these fails, a later alkaid is sound."""

from importlib import metadata

import numpy as np
import pytest
from alkaid.trace import FVariable, trace
from alkaid.trace.passes import canon
from alkaid.types import CombLogic, Op, QInterval

from nac.errors import WorkError
from nac.hardware.rtl import sound
from nac.hardware.rtl.arithmetic import HARDWARE


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
    with sound.alkaid():
        assert np.array_equal(canon.canonicalize(comb).predict(x), comb.predict(x))


@pytest.mark.parametrize(("value", "exponent"), [(1.0, 0), (-6.0, 1), (0.75, -2), (2.0**40 + 2, 1), (2.0**30, 30)])
def test_the_lowest_bit_of_a_number(value: float, exponent: int) -> None:
    assert sound.lowest_bit(value) == exponent


def test_the_lowest_bit_that_is_replaced_is_of_a_rounded_number() -> None:
    assert sound.faulty_lowest_bit(2.0**24 + 1) != 0, (
        "get_lsb_loc of this alkaid is exact: `sound.py` need no longer replace it"
    )
    assert sound.lowest_bit(0.0) == sound.faulty_lowest_bit(0.0)


def test_the_addition_that_is_replaced_loses_bits() -> None:
    value, x = 2.0**40 + 1, FVariable(0.0, 3.0, 1.0, hwconf=HARDWARE)
    additions = (sound.faulty_addition, sound.add_constant)
    with sound.alkaid():
        sums = [trace([x], [add(x, value)]).predict(np.arange(4.0)[:, None])[:, 0] for add in additions]
    assert not np.array_equal(sums[0], np.arange(4) + value), (
        "this alkaid adds constants of any width: `sound.py` need no longer replace it"
    )
    assert np.array_equal(sums[1], np.arange(4) + value)


def test_operations_have_the_codes_that_are_read() -> None:
    x, y = (FVariable(-4.0, 3.0, 1.0, hwconf=HARDWARE) for _ in range(2))
    constant = FVariable.from_const(1.0, hwconf=HARDWARE)
    made = {
        sound.ADD: x + y, sound.SUBTRACT: x - y, sound.RELU: x.relu(), sound.SLICE: x.quantize(0, 1, 0, "WRAP", "TRN"),
        sound.OFFSET: x + 1.0, sound.CONSTANT: constant, sound.SELECT: x.is_negative().msb_mux(x, y),
        sound.ANY_OR_ALL: x.unary_bit_op("any"), sound.LOGIC: x & y,
    }  # fmt: skip
    for code, value in made.items():
        with sound.alkaid():
            graph = trace([x, y], [value], optimize=False)
        codes = [op.opcode for op in graph.ops]
        assert codes[-1] == code, f"operations of this alkaid have other codes: {codes} instead of {code}"
        assert codes[:2] == [sound.INPUT] * 2


def test_the_version_is_the_one_whose_faults_these_are() -> None:
    assert metadata.version("alkaid") == sound.VERSION, "does `sound.py` hold for this alkaid?"


def test_alkaid_is_as_it_was_for_everybody_else() -> None:
    def now() -> list[object]:
        return [*(vars(module)["get_lsb_loc"] for module in sound.SEARCHING), canon.canonicalize_msb_wraps,
                FVariable._const_add]

    before = now()
    assert before == [*[sound.faulty_lowest_bit] * len(sound.SEARCHING), sound.faulty_pass, sound.faulty_addition]
    with pytest.raises(WorkError, match=r"^alkaid: KeyError"), sound.alkaid():
        assert not set(map(id, now())) & set(map(id, before))
        raise KeyError
    assert now() == before


def test_constants_that_are_added_in_a_row_are_exact() -> None:
    x = FVariable(-4.0, 3.0, 1.0, hwconf=HARDWARE)
    samples = np.arange(-4.0, 4.0)
    for factor in (1.0, -1.0, -0.5):
        with sound.alkaid():
            total = (x * factor + 2.0**40) + 0.25
            again = (x * factor + 0.25) + 2.0**40 - 2.0**40
            found = trace([x], [total, again]).predict(samples[:, None])
        assert np.array_equal(found.T, [factor * samples + 2.0**40 + 0.25, factor * samples + 0.25])
