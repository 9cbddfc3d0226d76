"""Logarithms of numbers that are not negative: of the leading one and the bits after it.

A number is shifted to the right, by halves of what is left, until only so many leading bits remain: their integer
and the number of places, the exponent, are a floating-point number. The pseudo-logarithm is that number read as an
integer, `exponent * 2**m + leading bits`: straight lines between the powers of two, 2**m steps of equal size on each,
and from 0 to the first 2**(m + 1) the number itself. It never falls, and 0 stays 0. The other one looks the true
logarithm of the leading bits up in a table.
"""

import math

import numpy as np
import numpy.typing as npt

from nac.config.raw import RawType
from nac.tasks.preprocessing import SHORT_TAILS
from nac.tasks.stages import STAGES, InputStage, StageProgram, StageValue, program
from nac.tasks.stages.fitting import scaled

MANTISSA = 3
"""Bits after the leading one that the pseudo-logarithm keeps."""
LOOKED_UP = 5
"""Bits after it that the table sees: six inputs are those of a LUT."""
PER_OCTAVE = 4
"""Steps of the table in a factor of two, as a power of two."""


def leading(x: StageValue, bits: int, mantissa: int, weight: int) -> tuple[StageValue, StageValue | None]:
    """The `mantissa` + 1 leading bits of a number of so many bits, and its exponent times 2**weight."""
    exponent: StageValue | None = None
    while bits > mantissa + 1:
        by = 1 << math.ceil(math.log2((bits - mantissa) / 2))
        far = x.reaches(mantissa + by)
        x = far.select(x.shift(-by), x.low(mantissa + by))
        place = far.shift(weight + by.bit_length() - 1)
        exponent = place if exponent is None else exponent.plus(place)
        bits = max(bits - by, mantissa + by)
    return x, exponent


class PseudoLogarithm(InputStage):
    """The leading one and some bits after it, read as an integer."""

    layouts = ("constituents", "arrays")

    def fit(self, raw: RawType, values: npt.NDArray[np.int64], shape: tuple[int, ...]) -> StageProgram:
        """See InputStage."""
        bits = raw.width - raw.signed
        known = program(lambda x: self.write(x, bits)).run(np.append(np.maximum(values, 0), [0, raw.high]))
        ends = int(known[-2]), int(known[-1])  # all places, which never come together, would add up to more

        def write(x: StageValue) -> StageValue:
            return self.write(x.clip(0, raw.high) if raw.signed else x, bits)

        return scaled(raw, known[:-2], write, ends=ends, fills=SHORT_TAILS)

    def write(self, x: StageValue, bits: int) -> StageValue:
        """The steps for a number of so many bits."""
        found, exponent = leading(x, bits, MANTISSA, MANTISSA)
        return found if exponent is None else exponent.plus(found)


class TrueLogarithm(PseudoLogarithm):
    """The logarithm of the leading bits from a table, of 0 that of 1."""

    def write(self, x: StageValue, bits: int) -> StageValue:
        """See PseudoLogarithm."""
        entries = range(1 << min(LOOKED_UP + 1, bits))
        found, exponent = leading(x, bits, LOOKED_UP, PER_OCTAVE)
        logarithm = found.table(tuple(round(math.log2(max(k, 1)) * 2**PER_OCTAVE) for k in entries))
        return logarithm if exponent is None else exponent.plus(logarithm)


STAGES.register("pseudo_log", PseudoLogarithm())
STAGES.register("log_table", TrueLogarithm())
