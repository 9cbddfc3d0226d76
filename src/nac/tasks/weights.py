"""How much a sample counts in the loss: by a column of the file, by its class, or by both."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nac.config import DataConfig
from nac.errors import InputError
from nac.tasks.sources import Samples

Weights = NDArray[np.float64]


def weights_of(samples: Samples, config: DataConfig, train: NDArray[np.int64]) -> Weights | None:
    """The weights (N,) of all samples, one on average over those at the rows `train`; None where all count alike.

    Raises InputError where the file lacks the column, or it holds what is no weight.
    """
    if config.weights is None and config.class_weights is None:
        return None
    found = np.ones(len(samples)) if config.weights is None else _column(samples, config.weights)
    if config.class_weights is not None:
        found = found * _of_classes(samples.y[train], config)[samples.y]
    mean = float(found[train].mean())
    if not mean > 0:
        raise InputError(f"data.weights: all samples to train on have the weight 0 in {config.weights!r}, "
                         "expected some that count")
    return found / mean


def _column(samples: Samples, name: str) -> Weights:
    if name not in samples.columns:
        raise InputError(f"data.weights: the data has no column {name!r}, expected one with a weight for every sample")
    values = samples.columns[name].astype(np.float64)
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        raise InputError(f"data.weights: {name!r} has the value {values[wrong][0]:g}, expected finite weights that are "
                         "not negative")
    return values


def _of_classes(labels: NDArray[np.int64], config: DataConfig) -> Weights:
    """A weight for each class: as given, or such that every class counts as much as any other."""
    if isinstance(config.class_weights, Mapping):
        return np.array([config.class_weights.get(name, 1.0) for name in config.classes])
    counts = np.bincount(labels, minlength=len(config.classes))
    return len(labels) / (len(config.classes) * np.maximum(counts, 1.0))
