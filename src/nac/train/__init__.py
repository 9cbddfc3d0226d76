"""One fit loop and one evaluation, for every task and stage."""

from nac.train.device import DeviceName, training_device
from nac.train.fit import (
    VIEWS,
    FitResult,
    Masks,
    Penalty,
    StepCallback,
    Teacher,
    answering,
    estimate,
    evaluate,
    fit,
    predict,
    validation_loss,
)
from nac.train.norms import measure_norms

__all__ = [
    "VIEWS",
    "DeviceName",
    "FitResult",
    "Masks",
    "Penalty",
    "StepCallback",
    "Teacher",
    "answering",
    "estimate",
    "evaluate",
    "fit",
    "measure_norms",
    "predict",
    "training_device",
    "validation_loss",
]
