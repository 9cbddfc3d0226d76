"""The engine `torch`."""

import numpy as np
import numpy.typing as npt
import torch

from nac.arch import copied
from nac.design import Design
from nac.hardware.engines.contract import ENGINES, Values, batches


@ENGINES.register("torch")
class TorchEngine:
    """The quantised torch network, in float64: sums of wide values leave the 24 bits that float32 has."""

    name = "torch"

    def __init__(self, design: Design, batch_size: int = 1024) -> None:
        self.design = design
        self.network = copied(design.network).eval().double()
        self.batch_size = batch_size

    def predict(self, x: npt.NDArray[np.float32]) -> Values:
        """See `Engine`."""
        seen = self.design.network_input(x)
        with torch.no_grad():
            parts = [self.network(torch.from_numpy(part)).numpy() for part in batches(seen, self.batch_size)]
        return np.concatenate(parts)
