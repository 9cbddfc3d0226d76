"""Exact fixed-point operations on alkaid's symbolic values, as Brevitas and QONNX define them.

Everything here is elementwise on `FVariable`s, except the constant matrix product. Values are rounded before they are
clipped: fewer bits to compare, fewer and shallower LUTs.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from alkaid.cmvm import cmvm_solve
from alkaid.trace import FVariable, HWConfig
from alkaid.types import CombLogic, QInterval

from nac.hardware.circuit.fixed import Fixed, Span

HARDWARE = HWConfig(1, 1, -1)
"""One LUT per bit of an adder, a delay that grows with its carry chain: alkaid's own cost and delay model."""
WIDEST, BLOCK = 128, 100
"""Matrices of more inputs than WIDEST are solved in blocks of at most BLOCK, whose results are added (half of both for
more than MANY_OUTPUTS). The solver's time grows with the fourth power of the inputs: 200 x 16 weights of 6 bits take
11 s at once and 2.5 s in two blocks, with 5 % more LUTs. The size decides and no clock does: a circuit must not depend
on how busy a machine is."""
MANY_OUTPUTS = 64
Variables = npt.NDArray[Any]
"""Object array of FVariables."""


def constant(value: float) -> FVariable:
    """A constant."""
    return FVariable.from_const(float(value), hwconf=HARDWARE)


def round_half_even(x: FVariable, fraction: int) -> FVariable:
    """`x` in steps of 2**-fraction, ties to the even step; wide enough never to overflow.

    Half a step is added and the bits below the step dropped; where they were all zero, the value lay between two
    steps, and the lowest bit kept is cleared.
    """
    if fraction >= x.kif[2]:
        return x
    raised = x + 2.0 ** (-fraction - 1)
    signed, integer, given = (int(part) for part in raised.kif)
    upper = raised.quantize(signed, max(integer, 1 - fraction), fraction - 1, "WRAP", "TRN")
    if given <= fraction:
        return upper
    between = bit(raised, given) * 2.0**given if given == fraction + 1 else below(raised, fraction)
    return upper + (bit(raised, fraction) & between * 2.0**-fraction)


def below(x: FVariable, fraction: int) -> FVariable:
    """One bit: whether any bit of `x` below 2**-fraction is set."""
    return x.quantize(0, -fraction, int(x.kif[2]), "WRAP", "TRN").unary_bit_op("any")


def bit(x: FVariable, fraction: int) -> FVariable:
    """The bit of `x` that weighs 2**-fraction, as 0 or 2**-fraction."""
    return x.quantize(0, 1 - fraction, fraction, "WRAP", "TRN")


def _rounded(k: int, fraction: int, target: int, *, down: bool) -> int:
    return Span(k, k, fraction).quantised(Fixed(True, 64, target), down=down).low


def select(condition: FVariable, then: FVariable | float, otherwise: FVariable | float) -> FVariable:
    """`then` where the one bit `condition` is set, `otherwise` elsewhere.

    alkaid's multiplexer looks at the top bit of its key, and takes the key's interval for how wide it is. When a later
    pass finds a narrower interval, it looks at another bit. One bit, inverted so that no pass replaces it by the wider
    value it was taken from, has no other bit.
    """
    if condition.low == condition.high:
        chosen = then if condition.low else otherwise
        return chosen if isinstance(chosen, FVariable) else constant(chosen)
    return (~condition).msb_mux(otherwise, then)


def negative(x: FVariable) -> FVariable:
    """One bit: whether `x` is below zero."""
    return x.is_negative()


def maximum(a: FVariable, b: FVariable) -> FVariable:
    """The larger of two values."""
    if a.low >= b.high:
        return a
    if b.low >= a.high:
        return b
    return select(negative(a - b), b, a)


def minimum(a: FVariable, b: FVariable) -> FVariable:
    """The smaller of two values."""
    if a.high <= b.low:
        return a
    if b.high <= a.low:
        return b
    return select(negative(a - b), a, b)


def saturate(x: FVariable, type_: Fixed, low: int) -> FVariable:
    """`x`, which is on the grid of `type_`, clipped to low ... type_.high (in steps of the type)."""
    step = 2.0**-type_.fraction
    if low == 0 or x.low >= 0:
        return _saturate_unsigned(x.relu(), type_)
    kept = x.quantize(1, type_.width - type_.fraction - 1, type_.fraction, "WRAP", "TRN")
    if x.low < low * step:
        kept = select(negative(x - low * step), low * step, kept)
    if x.high > type_.high * step:
        kept = select(negative(x - (type_.high + 1) * step), kept, type_.high * step)
    return kept


def _saturate_unsigned(x: FVariable, type_: Fixed) -> FVariable:
    """Any bit above the type's sets all of them."""
    step = 2.0**-type_.fraction
    if x.high <= type_.high * step:
        return x
    _, integer, fraction = (int(part) for part in x.kif)
    above = integer - (type_.width - type_.signed - type_.fraction)
    over = x.bits[:above].unary_bit_op("any")
    return select(over, type_.high * step, x.quantize(0, integer - above, fraction, "WRAP", "TRN"))


def round_down(x: FVariable, fraction: int) -> FVariable:
    """`x` in steps of 2**-fraction, the bits below dropped."""
    if fraction >= x.kif[2]:
        return x
    signed, integer, _ = (int(part) for part in x.kif)
    return x.quantize(signed, max(integer, 1 - fraction), fraction, "WRAP", "TRN")


def quantise(x: FVariable, type_: Fixed, *, low: int, down: bool = False) -> FVariable:
    """Round half to even, or down, and clip to low ... type_.high."""
    step, given = 2.0**-type_.fraction, int(x.kif[2])
    ends = [min(max(_rounded(round(end * 2.0**given), given, type_.fraction, down=down), low), type_.high)
            for end in (x.low, x.high)]  # fmt: skip
    if x.low == x.high or ends[0] == ends[1]:
        return constant(ends[0] * step)
    return saturate((round_down if down else round_half_even)(x, type_.fraction), type_, low)


def blocks(inputs: int, outputs: int) -> list[slice]:
    """The inputs of a matrix that are solved together: all of them, or in blocks of nearly equal size."""
    share = 1 if outputs <= MANY_OUTPUTS else 2
    count = 1 if inputs * share <= WIDEST else -(-inputs * share // BLOCK)
    ends = [inputs * index // count for index in range(count + 1)]
    return [slice(begin, end) for begin, end in pairwise(ends)]


class Matrices:
    """Products with constant matrices; one adder graph serves every position that sees the same ranges."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self._solved: dict[tuple[Any, ...], tuple[CombLogic, CombLogic]] = {}

    def product(
        self, kernel: npt.NDArray[np.float64], x: Variables, bias: npt.NDArray[np.float64] | float = 0.0
    ) -> Variables:
        """kernel (out, in) times x (in,), plus bias (out,), gives (out,)."""
        outputs = np.full(len(kernel), None, dtype=object)
        used = np.array([value.low != value.high for value in x])
        offset = kernel[:, ~used] @ np.array([value.low for value in x[~used]], dtype=np.float64) + bias
        live = used & kernel.any(axis=0)
        rows = kernel[:, live].any(axis=1)
        if live.any():
            outputs[rows] = self._summed(kernel[np.ix_(rows, live)], x[live])
        for index in np.flatnonzero(~rows):
            outputs[index] = constant(0.0)
        return np.array([x + float(value) for x, value in zip(outputs, offset, strict=True)], dtype=object)

    def _summed(self, kernel: npt.NDArray[np.float64], x: Variables) -> Sequence[FVariable]:
        """A product whose rows have no output without weights, in as many blocks as its inputs need."""
        parts = blocks(len(x), len(kernel))
        if len(parts) == 1:
            return self._solve(kernel, x)
        sums = [self.product(kernel[:, part], x[part]) for part in parts]
        return [total(terms) for terms in zip(*sums, strict=True)]

    def _solve(self, kernel: npt.NDArray[np.float64], x: Variables) -> Sequence[FVariable]:
        intervals = [QInterval(float(v.low), float(v.high), float(v.step)) for v in x]
        latencies = [float(v.latency) for v in x]
        key = (kernel.shape, kernel.tobytes(), tuple(intervals), tuple(latencies))
        if key not in self._solved:
            matrix = np.ascontiguousarray(kernel.T, dtype=np.float32)
            self._solved[key] = cmvm_solve(matrix, qintervals=intervals, latencies=latencies, **self.options)
        first, second = self._solved[key]
        result: Sequence[FVariable] = second(first(x, quantize=False), quantize=False)
        return result


def each(operation: Callable[[FVariable], FVariable], x: Variables) -> Variables:
    """An operation on every element."""
    out = np.empty(x.shape, dtype=object)
    for index in np.ndindex(x.shape):
        out[index] = operation(x[index])
    return out


def total(values: Sequence[FVariable]) -> FVariable:
    """The sum as a balanced tree."""
    return tree(values, lambda a, b: a + b)


def largest(values: Sequence[FVariable]) -> FVariable:
    """The maximum as a balanced tree."""
    return tree(values, maximum)


def smallest(values: Sequence[FVariable]) -> FVariable:
    """The minimum as a balanced tree."""
    return tree(values, minimum)


def tree(values: Sequence[FVariable], operation: Any) -> FVariable:
    """All values by an operation on two of them, as a balanced tree."""
    level = list(values)
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [reduce(operation, pair) for pair in pairs]
    return level[0]
