"""A metric."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nac.tasks.metrics import Metric


def _sigma68(predicted: NDArray[np.float64], true: NDArray[Any]) -> float:
    """Half the width of the central 68.3 % of the errors: a resolution that tails do not change."""
    low, high = np.quantile(predicted - true, (0.1585, 0.8415))
    return float(high - low) / 2


sigma68 = Metric(
    "sigma68", "minimize", "Half width of the central 68 %", "", _sigma68, kinds=("regression",), least=0.0
)
