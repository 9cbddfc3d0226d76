"""Metrics and losses that a test's program makes, with what they need around them."""

import numpy as np
import torch

import nac

WIDE = 2.0


def spread(errors: np.ndarray) -> float:
    """In a function of its own, which the metric brings along."""
    return float(np.std(errors))


@nac.metric(direction="minimize", unit="GeV")
def resolution(predicted: np.ndarray, true: np.ndarray) -> float:
    """Twice the spread of the first target."""
    return WIDE * spread(predicted[:, 0] - true[:, 0])


@nac.loss()
def power(outputs: torch.Tensor, targets: torch.Tensor, /, *, exponent: float = 3.0) -> torch.Tensor:
    """A power of the error."""
    return (outputs - targets).abs().pow(exponent).mean(dim=1)
