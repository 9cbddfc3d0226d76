"""A simulator, so that the task runs without a file."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nac.config import DataConfig
from nac.tasks.simulate import Simulator

SAMPLES, DECAY, NOISE, LARGEST = 32, 4.0, 3.0, 400


def _pulses(config: DataConfig, n: int, seed: int) -> dict[str, NDArray[Any]]:
    """`traces` (n, 32) counts, which end at 400, of pulses that arrive somewhere; and `height` (n,), which does not."""
    random = np.random.default_rng(seed)
    height, arrival = random.uniform(20, 400, n), random.uniform(10, 14, n)
    after = np.arange(SAMPLES) - arrival[:, None]
    shape = np.where(after > 0, after / DECAY * np.exp(1 - after / DECAY), 0)
    pedestal = random.uniform(180, 220, (n, 1))
    counts = pedestal + height[:, None] * shape + random.normal(0, NOISE, shape.shape)
    return {"traces": np.rint(counts).clip(0, LARGEST).astype(np.uint16), "height": height}


pulses = Simulator("traces", lambda config: {"noise": NOISE, "decay": DECAY, "largest": LARGEST}, _pulses)
