"""One fit loop and one evaluation, for every task and stage."""

from nac.train.device import DeviceName, training_device
from nac.train.fit import (
    FitResult,
    Masks,
    Penalty,
    StepCallback,
    Teacher,
    estimate,
    evaluate,
    fit,
    predict,
    validation_loss,
)

__all__ = [
    "DeviceName",
    "FitResult",
    "Masks",
    "Penalty",
    "StepCallback",
    "Teacher",
    "estimate",
    "evaluate",
    "fit",
    "predict",
    "training_device",
    "validation_loss",
]
