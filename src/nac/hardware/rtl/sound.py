"""alkaid 0.8.2: its operation codes, and it without its three faults while our own graphs are traced (`alkaid`).

- It looks for the lowest bit of a constant in float32, so that constants of more than 24 bits come out wrong. Here the
  bit is found in float64.
- It keeps 32 bits of a constant that is added, also of the one that it makes of two that are added in a row. Here
  longer ones become values of their own, which are added as any other value is.
- Its pass `canonicalize_msb_wraps` takes a single bit of a shifted value for the top bit of that value. It is left out:
  circuits cost the same without it.

The tests of this module say when a later version needs none of this.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alkaid.trace import FVariable, affine_interval, fixed_variable, fixed_variable_array, tracer
from alkaid.trace.passes import canon
from alkaid.types import CombLogic

from nac.errors import third_party

VERSION = "0.8.2"
INPUT, ADD, SUBTRACT, RELU, SLICE, OFFSET, CONSTANT, SELECT, MULTIPLY, ANY_OR_ALL, LOGIC = *range(-1, 8), 9, 10
"""Its codes of the operations of an adder graph."""
SEARCHING = (affine_interval, canon, fixed_variable, fixed_variable_array, tracer)
"""The modules that look for the lowest bit of a number."""
CONSTANT_BITS = 31
"""Of a constant without its sign, in the field of an addition that holds it."""
faulty_lowest_bit = canon.get_lsb_loc
faulty_addition = FVariable._const_add
faulty_pass = canon.canonicalize_msb_wraps


def lowest_bit(value: float) -> int:
    """The exponent of the lowest bit that is set in a number; of zero what alkaid says."""
    numerator, denominator = float(value).as_integer_ratio()
    if numerator == 0:
        return int(faulty_lowest_bit(0.0))
    return (numerator & -numerator).bit_length() - denominator.bit_length()


def add_constant(x: FVariable, value: float | None) -> FVariable:
    """x + value."""
    if not value or math.frexp(value)[1] - lowest_bit(value) <= CONSTANT_BITS:
        return faulty_addition(x, value)
    if x._factor < 0:
        return -add_constant(-x, -value)
    constant = FVariable.from_const(value, hwconf=x.hwconf)
    return FVariable(_affine=x._affine + value, _from=(x, constant), _factor=x._factor, opr="vadd", hwconf=x.hwconf)


def _as_it_is(comb: CombLogic) -> CombLogic:
    return comb


@contextmanager
def alkaid() -> Iterator[None]:
    """Around every call that traces: with the corrections, and what alkaid raises becomes a WorkError that names it.

    Outside, and for other users of alkaid in the same process, it is as it was.
    """
    corrected: list[tuple[Any, str, Any]] = [
        *((module, "get_lsb_loc", lowest_bit) for module in SEARCHING),
        (canon, "canonicalize_msb_wraps", _as_it_is),
        (FVariable, "_const_add", add_constant),
    ]
    before = [(place, name, getattr(place, name)) for place, name, _ in corrected]
    with third_party("alkaid"):
        try:
            for place, name, sound in corrected:
                setattr(place, name, sound)
            yield
        finally:
            for place, name, faulty in before:
                setattr(place, name, faulty)
