"""Patches by their own range without a division: the minimum off, then shifted up until the range fills its bits."""

import numpy as np
import numpy.typing as npt

from nac.config.raw import RawType
from nac.tasks.stages import STAGES, InputStage, StageProgram, StageValue, program


class PatchShift(InputStage):
    """Values from 0 to less than 1, the largest of a patch at least a half (where they are not all equal)."""

    layouts = ("patches",)

    def fit(self, raw: RawType, values: npt.NDArray[np.int64]) -> StageProgram:
        """Nothing is fitted: every patch is scaled by itself."""
        bits = raw.width  # of the range, and of patches of either sign

        def write(x: StageValue) -> StageValue:
            x = x.minus(x.least()).low(bits)
            top = x.most()
            for by in (1 << k for k in reversed(range((bits - 1).bit_length()))):
                if by < bits:
                    enough = top.reaches(bits - by)
                    x = enough.select(x, x.shift(by).low(bits))
                    top = enough.select(top, top.shift(by).low(bits))
            return x

        return program(write, bits)


STAGES.register("patch_shift", PatchShift())
