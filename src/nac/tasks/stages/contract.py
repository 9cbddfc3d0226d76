"""What an input stage is asked for."""

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from nac.config.raw import RawType
from nac.tasks.stages.program import StageProgram


class InputStage(ABC):
    """The extension point: one way from the raw integers of a feature to network inputs.

    It writes a `StageProgram` of a few integer operations, fitted to the samples that train. Everything else reads
    that: numpy and with it the training, C++, the adder graph and its Verilog, the references.

    Attributes:
        layouts: of samples that it is for.
        common: whether it is fitted to all features of a sample together, which then have one raw type.
    """

    layouts: tuple[str, ...] = ("arrays",)
    common: bool = False

    @abstractmethod
    def fit(self, raw: RawType, values: npt.NDArray[np.int64], shape: tuple[int, ...]) -> StageProgram:
        """The program for a feature of this raw type, whose values in training are these integers (N,).

        `shape` is that of its positions in a sample.
        """
