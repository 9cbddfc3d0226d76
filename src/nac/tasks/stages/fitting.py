"""From the range of a feature in training to the shift and the offset that bring it to the network."""

import math
from collections.abc import Callable

import numpy as np

from nac.tasks.preprocessing import middle_range
from nac.tasks.stages.program import Integers, StageProgram, StageValue, program

PARTS = 4
"""An offset is a multiple of this part of the range: a constant of few bits is cheap to subtract."""


def scaled(values: Integers, write: Callable[[StageValue], StageValue] = lambda x: x, *, fills: float = 1.0,
           centred: bool = True) -> StageProgram:
    """The program that `write` begins, whose results in training are `values`, with an offset and a scale.

    Their range of 5-95 % becomes about ±`fills` by a power of two. With `centred` its middle becomes about 0, else 0
    stays 0.
    """
    low, _, high = middle_range(values)
    middle, half = (low + high) / 2, (high - low) / 2 / fills
    if not centred:
        middle, half = 0.0, max(abs(low), abs(high)) / fills
    fraction = round(math.log2(half)) if half > 0 else 0
    unit = max(2.0**fraction * 2 / PARTS, 1.0)
    offset = int(np.round(middle / unit) * unit)
    return program(lambda x: write(x).offset(-offset).shift(max(-fraction, 0)), max(fraction, 0))
