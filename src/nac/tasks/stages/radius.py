"""How far a particle is from the jet's axis, squared, from the raw integers of both angles: two tables and an addition.

A table of six inputs is one LUT for every bit of its result, so that the leading six bits of an angle are looked up. An
angle from n to n + 1 of their steps is n + 1/2 of them; half of the square of that, but for an eighth, is
n (n + 1) / 2, a whole number, which is what the tables have.
"""

import numpy as np

from nac.config.raw import RawType
from nac.tasks.preprocessing import middle_range
from nac.tasks.stages.program import Integers, StageProgram, StageValue, program

LOOKED_UP = 6
"""Bits of an angle."""


def squared_radius(raw: RawType, eta: Integers, phi: Integers) -> StageProgram:
    """The program of the first of two angles of this type, whose values in training are these (N,).

    The middle of the range of 5-95 % becomes about 0, the range about -1 to 1 by a power of two.
    """
    bits = min(LOOKED_UP, raw.width)
    half = 1 << (bits - 1)
    places = np.arange(2 * half)
    numbers = np.where(places < half, places, places - 2 * half)  # two's complement
    squares = numbers * (numbers + 1) // 2

    def write(x: StageValue, offset: int = 0) -> StageValue:
        def looked_up(angle: StageValue, less: int) -> StageValue:
            table = tuple(int(square) - less for square in squares)
            return angle.shift(bits - raw.width).low(bits).table(table)

        return looked_up(x, offset).plus(looked_up(x.beside(), 0))

    low, _, high = middle_range(program(write).run(eta, phi))
    fraction = round(np.log2((high - low) / 2)) if high > low else 0
    offset = round((low + high) / 2)
    return program(lambda x: write(x, offset).shift(max(-fraction, 0)), max(fraction, 0))
