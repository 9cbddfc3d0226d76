"""One fit loop and one evaluation, for every task and stage."""

from nac.train.device import DeviceName, training_device
from nac.train.evaluation import device_of, estimate, evaluate, predict, validation_loss
from nac.train.fit import FitResult, Masks, Penalty, StepCallback, fit
from nac.train.norms import measure_norms
from nac.train.teacher import Teacher, answering

__all__ = [
    "DeviceName",
    "FitResult",
    "Masks",
    "Penalty",
    "StepCallback",
    "Teacher",
    "answering",
    "device_of",
    "estimate",
    "evaluate",
    "fit",
    "measure_norms",
    "predict",
    "training_device",
    "validation_loss",
]
