"""Fixed-point types and the ranges of values that flow through a quantised network.

A tensor of such a network only ever holds integers times a power of two. `Span` says which, `Fixed` says in
how many bits they are kept; both are exact, so a circuit built from them needs no rounding but the network's own.
"""

import math
from typing import NamedTuple


class Fixed(NamedTuple):
    """A two's complement (or unsigned) fixed-point type: `width` bits, `fraction` of them after the point.

    `fraction` may be negative (steps larger than 1) or exceed `width` (no bit before the point).
    """

    signed: bool
    width: int
    fraction: int

    @property
    def integer(self) -> int:
        """Bits before the point, sign included: what hls4ml and Vitis call the integer bits."""
        return self.width - self.fraction

    @property
    def low(self) -> int:
        """The smallest value in steps of 2**-fraction."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """The largest value in steps of 2**-fraction."""
        return (1 << (self.width - self.signed)) - 1

    def hls(self, *, rounds: bool = False) -> str:
        """hls4ml's spelling. With `rounds`, values are rounded half to even and saturated, as Brevitas does."""
        mode = ",RND_CONV,SAT" if rounds else ""
        return f"{'' if self.signed else 'u'}fixed<{self.width},{self.integer}{mode}>"

    def __str__(self) -> str:
        return f"{'' if self.signed else 'u'}fixed<{self.width},{self.integer}>"


class Span(NamedTuple):
    """The values k / 2**fraction for every integer low <= k <= high."""

    low: int
    high: int
    fraction: int

    @property
    def magnitude(self) -> int:
        """The largest |k|."""
        return max(-self.low, self.high, 0)

    @property
    def fixed(self) -> Fixed:
        """The smallest type that holds every value (at least one bit)."""
        if self.low >= 0:
            return Fixed(False, max(1, self.high.bit_length()), self.fraction)
        width = 1 + max((-self.low - 1).bit_length(), max(self.high, 0).bit_length())
        return Fixed(True, width, self.fraction)

    def aligned(self, fraction: int) -> "Span":
        """The same values in finer steps. Raises ValueError when the steps would be coarser."""
        shift = fraction - self.fraction
        if shift < 0:
            raise ValueError(f"cannot keep {self.fraction} fractional bits in {fraction}")
        return Span(self.low << shift, self.high << shift, fraction)

    def with_zero(self) -> "Span":
        """The same values and zero."""
        return Span(min(self.low, 0), max(self.high, 0), self.fraction)

    def plus(self, other: "Span") -> "Span":
        """The sums of one value of each."""
        fraction = max(self.fraction, other.fraction)
        a, b = self.aligned(fraction), other.aligned(fraction)
        return Span(a.low + b.low, a.high + b.high, fraction)

    def times(self, other: "Span", terms: int = 1) -> "Span":
        """The sums of `terms` products of one value of each."""
        corners = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Span(terms * min(corners), terms * max(corners), self.fraction + other.fraction)

    def quantised(self, type_: Fixed, *, narrow: bool = False, down: bool = False) -> "Span":
        """What is left after rounding half to even, or `down`, and saturating to `type_`.

        Without its lowest value if `narrow`.
        """
        low = type_.low + (narrow and type_.signed)
        ends = (_rescale(k, self.fraction, type_.fraction, down=down) for k in (self.low, self.high))
        lowest, highest = (min(max(end, low), type_.high) for end in ends)
        return Span(lowest, highest, type_.fraction)


def exponent(power: float) -> int:
    """Of a power of two."""
    return math.frexp(power)[1] - 1


def _rescale(k: int, fraction: int, target: int, *, down: bool) -> int:
    """k / 2**fraction in steps of 2**-target, rounded half to even or down."""
    if target >= fraction:
        return k << (target - fraction)
    shift = fraction - target
    floor, rest = k >> shift, k & ((1 << shift) - 1)
    if down:
        return floor
    half = 1 << (shift - 1)
    return floor + (rest > half or (rest == half and floor & 1 == 1))
