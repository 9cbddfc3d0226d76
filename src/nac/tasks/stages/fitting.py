"""From the range of a feature in training to the shift and the offset that bring it to the network."""

import math
from collections.abc import Callable

import numpy as np

from nac.config.raw import RawType
from nac.tasks.preprocessing import LIMIT, middle_range
from nac.tasks.stages.program import Ends, Integers, StageProgram, StageValue, program

PARTS = 4
"""An offset is a multiple of this part of the range: a constant of few bits is cheap to subtract."""


def scaled(raw: RawType, values: Integers, write: Callable[[StageValue], StageValue] = lambda x: x, *,
           ends: Ends | None = None, fills: float = 1.0, centred: bool = True) -> StageProgram:  # fmt: skip
    """The program that `write` begins, whose results in training are `values`, with an offset and a scale.

    Their range of 5-95 % becomes about ±`fills` by a power of two. With `centred` its middle becomes about 0, else 0
    stays 0. `ends` are the smallest and the largest result that the raw type can lead to, where they are nearer than
    the program says of itself: the result then keeps no more bits than they need. To saturate costs as many LUTs as a
    number has bits: where all that can come fits within ±`LIMIT` by an offset near that one, nothing saturates.
    """
    low, _, high = middle_range(values)
    middle, half = (low + high) / 2, (high - low) / 2 / fills
    if not centred:
        middle, half = 0.0, max(abs(low), abs(high)) / fills
    fraction = round(math.log2(half)) if half > 0 else 0
    unit = max(2.0**fraction * 2 / PARTS, 1.0)
    offset = -int(np.round(middle / unit) * unit)
    least, most = ends or program(write).ends((raw.low, raw.high))[-1]
    room = LIMIT * 2.0**fraction
    if centred and most - least < 2 * room:
        offset = math.ceil(min(max(offset, -room - least), room - 1 - most))

    def whole(x: StageValue) -> StageValue:
        x = write(x)
        if ends is None:
            x = x.offset(offset)
        else:  # as many bits as the ends need, of which the highest is the sign
            half = 1 << (max(-least - offset, most + offset + 1, 1) - 1).bit_length()
            x = x.offset(offset + half).low(half.bit_length()).offset(-half)
        return x.shift(max(-fraction, 0))

    return program(whole, max(fraction, 0))
