"""An offset and a shift: the range of a feature becomes about ±1, by a power of two."""

import numpy as np
import numpy.typing as npt

from nac.config.raw import RawType
from nac.tasks.stages import STAGES, InputStage, StageProgram
from nac.tasks.stages.fitting import scaled


class Shift(InputStage):
    """Every feature by itself."""

    layouts: tuple[str, ...] = ("arrays", "constituents")

    def fit(self, raw: RawType, values: npt.NDArray[np.int64], shape: tuple[int, ...]) -> StageProgram:
        """See InputStage."""
        return scaled(raw, values)


class CommonShift(Shift):
    """One offset and one shift of all values, so that a waveform or an image keeps its shape."""

    layouts = ("arrays",)
    common = True


STAGES.register("shift", Shift())
STAGES.register("common_shift", CommonShift())
