"""Patches by their own range without a division: the background off, then up until the brightest fills its bits.

The background is the smallest of eight pixels of the border, and what is below it is zero: a tree of all pixels would
cost more than the rest of the stage, for what noise alone makes of its lowest one. The leading one of the brightest
pixel is that of all pixels' bits together. What the network does not read is dropped on the way, bit by bit. Up by a
power of two, patches still differ by up to a factor of two, which a network has to learn; a half or a quarter of every
pixel is added to it where the brightest has room for that, and a third is left.
"""

import numpy as np
import numpy.typing as npt

from nac.config.raw import RawType
from nac.tasks.stages import STAGES, InputStage, StageProgram, StageValue, program

KEPT = 8
"""Bits of the result."""
SHIFTS = 3
"""Powers of two: a pixel is shifted up by 7 bits at most."""
PARTS = (1, 2)
"""Then a half of it is added, or a quarter, or nothing."""
SEEN = 5
"""Leading bits of a pixel that tell which has room: as many as one LUT looks up."""


class PatchShift(InputStage):
    """Values from 0 to less than 1, the largest of a patch 3/4 or more (where it is 2**-8 of the type or more)."""

    layouts = ("patches",)

    def fit(self, raw: RawType, values: npt.NDArray[np.int64], shape: tuple[int, ...]) -> StageProgram:
        """Nothing is fitted: every patch is scaled by itself."""
        bits = raw.width  # of the range, and of patches of either sign
        kept = min(KEPT, bits)
        border = border_places(*shape)

        def write(x: StageValue) -> StageValue:
            x = x.minus(x.least(*border)).clip(0, (1 << bits) - 1)
            top, dropped = x.union(), 0
            for by in (1 << k for k in reversed(range(min(SHIFTS, (bits - 1).bit_length())))):
                unread = max(bits - kept - (by - 1), 0)  # the bits that no later shift brings back
                enough, drop = top.reaches(bits - by), unread - dropped
                x = enough.select(x.shift(-drop), x.shift(by - drop)).low(bits - unread)
                top, dropped = enough.select(top, top.shift(by).low(bits)), unread
            return filled(x.shift(dropped + kept - bits), kept)

        return program(write, kept)


def filled(x: StageValue, bits: int) -> StageValue:
    """Pixels of so many bits, and as large a part of each on top as the largest has room for."""
    seen = min(SEEN, bits)
    room = [int(2**seen / (1 + 2**-by)) for by in PARTS]
    too_large = tuple((1 << sum(pixel >= least for least in room)) - 1 for pixel in range(1 << seen))
    crowded = x.shift(seen - bits).table(too_large).union()
    part = x.shift(-bits)
    for place, by in reversed([*enumerate(PARTS)]):
        part = crowded.reaches(place).select(part, x.shift(-by))
    return x.plus(part).low(bits)


def border_places(rows: int, columns: int) -> tuple[int, ...]:
    """The corners and the middles of the sides, row by row; mirrored and turned they are the same."""
    at = {(r, c) for r in (0, rows // 2, rows - 1) for c in (0, columns // 2, columns - 1)}
    return tuple(sorted(r * columns + c for r, c in at - {(rows // 2, columns // 2)}))


STAGES.register("patch_shift", PatchShift())
