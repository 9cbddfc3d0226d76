"""From the range of a feature in training to the shift and the offset that bring it to the network."""

import math
from collections.abc import Callable

import numpy as np

from nac.config.raw import RawType
from nac.tasks.preprocessing import LIMIT, middle_range
from nac.tasks.stages.program import Integers, StageProgram, StageValue, program

PARTS = 4
"""An offset is a multiple of this part of the range: a constant of few bits is cheap to subtract."""


def scaled(raw: RawType, values: Integers, write: Callable[[StageValue], StageValue] = lambda x: x, *,
           fills: float = 1.0, centred: bool = True) -> StageProgram:  # fmt: skip
    """The program that `write` begins, whose results in training are `values`, with an offset and a scale.

    Their range of 5-95 % becomes about ±`fills` by a power of two. With `centred` its middle becomes about 0, else 0
    stays 0. Where all that the raw type can hold then fits within ±`LIMIT` by another offset, or by half the scale, it
    gets that: to saturate costs as many LUTs as a number has bits, and who needs no saturation has none.
    """
    low, _, high = middle_range(values)
    middle, half = (low + high) / 2, (high - low) / 2 / fills
    if not centred:
        middle, half = 0.0, max(abs(low), abs(high)) / fills
    fraction = round(math.log2(half)) if half > 0 else 0
    least, most = program(write).ends((raw.low, raw.high))[-1]
    if not centred and not _fits(least, most, fraction) and _fits(least, most, fraction + 1):
        fraction += 1
    unit = max(2.0**fraction * 2 / PARTS, 1.0)
    offset = -int(np.round(middle / unit) * unit)
    room = LIMIT * 2.0**fraction
    if centred and most - least < 2 * room:
        offset = math.ceil(min(max(offset, -room - least), room - 1 - most))
    return program(lambda x: write(x).offset(offset).shift(max(-fraction, 0)), max(fraction, 0))


def _fits(least: int, most: int, fraction: int) -> bool:
    room = LIMIT * 2.0**fraction
    return -room <= least and most < room
