"""One fit loop and one evaluation, for every task and stage."""

from nac.train.fit import FitResult, Masks, Teacher, evaluate, fit, predict, validation_loss

__all__ = ["FitResult", "Masks", "Teacher", "evaluate", "fit", "predict", "validation_loss"]
