"""alkaid 0.8.2 without its two faults: importing this module corrects the library for this process.

- It looks for the lowest bit of a constant in float32, so that constants of more than 24 bits come out wrong. Here the
  bit is found in float64; constants have up to `CONSTANT_BITS` bits, the field in which an addition keeps them.
- Its pass `canonicalize_msb_wraps` takes a single bit of a shifted value for the top bit of that value. It is left out:
  circuits cost the same without it.

The tests of this module say when a later version needs neither.
"""

from alkaid.trace import affine_interval, fixed_variable, fixed_variable_array, tracer
from alkaid.trace.passes import canon
from alkaid.types import CombLogic

CONSTANT_BITS = 31
faulty_lowest_bit = canon.get_lsb_loc
faulty_pass = canon.canonicalize_msb_wraps


def lowest_bit(value: float) -> int:
    """The exponent of the lowest bit that is set in a number; of zero what alkaid says."""
    numerator, denominator = float(value).as_integer_ratio()
    if numerator == 0:
        return int(faulty_lowest_bit(0.0))
    return (numerator & -numerator).bit_length() - denominator.bit_length()


def _as_it_is(comb: CombLogic) -> CombLogic:
    return comb


def correct() -> None:
    """Put the corrections in place."""
    for module in (affine_interval, canon, fixed_variable, fixed_variable_array, tracer):
        vars(module)["get_lsb_loc"] = lowest_bit
    vars(canon)["canonicalize_msb_wraps"] = _as_it_is


correct()
