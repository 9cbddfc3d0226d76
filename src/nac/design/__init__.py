"""A design: one quantised network on disk, with everything needed to repeat and to deploy it."""

from nac.design.data import TrainingData, lost_features, more_saturated, training_data
from nac.design.failure import DESIGN_FAILURES, REPORTS, forget_failure, record_failure
from nac.design.folder import Design, DesignRecord, load_float, load_quantised, save_float, save_quantised

__all__ = [
    "DESIGN_FAILURES",
    "REPORTS",
    "Design",
    "DesignRecord",
    "TrainingData",
    "forget_failure",
    "load_float",
    "load_quantised",
    "lost_features",
    "more_saturated",
    "record_failure",
    "save_float",
    "save_quantised",
    "training_data",
]
