"""What a network's outputs are judged by: names, directions, units, and how they are computed."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nac.errors import WorkError
from nac.tasks.intervals import Estimate, Mean, Percentile, RankedAreas, Resampled, RootMean, Share

Measure = Callable[[NDArray[np.float64], NDArray[Any]], Estimate | float | None]


class Metric(NamedTuple):
    """A metric as search, tables and figures know it.

    `measure` is given predictions and targets of N samples: logits (N, C) and labels (N,) of a classification, values
    (N, T) in the targets' own unit else. It answers with an estimate, which knows its interval; with a plain number,
    whose interval is found by resampling; or with None where these samples do not tell.
    """

    name: str
    direction: Literal["maximize", "minimize"]
    label: str
    unit: str
    measure: Measure

    def estimate(self, predicted: NDArray[np.float64], true: NDArray[Any]) -> Estimate | None:
        """The metric of predictions against targets with what its interval needs."""
        found = self.measure(predicted, true)
        return Resampled(self._number, predicted, true) if isinstance(found, float) else found

    def _number(self, predicted: NDArray[np.float64], true: NDArray[Any]) -> float:
        """The value, or NaN where some samples do not tell it."""
        found = self.measure(predicted, true)
        return found if isinstance(found, float) else math.nan


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Class probabilities (N, O) of logits (N, O)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float64)


def checked(outputs: NDArray[np.floating], samples: int) -> NDArray[np.float64]:
    """`outputs` (N, O) as float64. Raises WorkError when the network diverged, ValueError on another length."""
    values = np.asarray(outputs, dtype=np.float64)
    if len(values) != samples or not samples:
        raise ValueError(f"{len(values)} outputs for {samples} targets")
    if not np.isfinite(values).all():
        raise WorkError("the network's outputs are not finite: its training diverged")
    return values


def estimates(
    names: Sequence[str], predicted: NDArray[np.floating], true: NDArray[Any]
) -> dict[str, Estimate]:
    """The metrics of these names, those left out that the samples do not tell. Raises WorkError and ValueError."""
    values = checked(predicted, len(true))
    found = {name: METRICS[name].estimate(values, true) for name in names}
    return {name: estimate for name, estimate in found.items() if estimate is not None}


def distances(predicted: NDArray[np.floating], true: NDArray[np.floating]) -> NDArray[np.float64]:
    """Euclidean distances (N,) between positions (N, 2)."""
    return np.asarray(np.linalg.norm(predicted - true, axis=1), dtype=np.float64)


def _accuracy(logits: NDArray[np.float64], labels: NDArray[Any]) -> Estimate:
    return Share(logits.argmax(axis=1) == labels)


def _auc_macro(logits: NDArray[np.float64], labels: NDArray[Any]) -> Estimate | None:
    """One class against the rest, mean over the classes; nothing is known of a class without samples."""
    return RankedAreas(softmax(logits), labels) if np.unique(labels).size == logits.shape[1] > 1 else None


def _mean_distance(predicted: NDArray[np.float64], true: NDArray[Any]) -> Estimate:
    return Mean(distances(predicted, true))


def _distance_percentile(share: float) -> Measure:
    return lambda predicted, true: Percentile(distances(predicted, true), share)


def _rmse(predicted: NDArray[np.float64], true: NDArray[Any]) -> Estimate:
    """Over all outputs; those of one sample are not independent."""
    return RootMean(((predicted - true) ** 2).mean(axis=1))


def _mae(predicted: NDArray[np.float64], true: NDArray[Any]) -> Estimate:
    return Mean(np.abs(predicted - true).mean(axis=1))


CLASSIFICATION: tuple[Metric, ...] = (
    Metric("accuracy", "maximize", "Accuracy", "", _accuracy),
    Metric("auc_macro", "maximize", "Area under the ROC curve, mean of the classes", "", _auc_macro),
)
POSITION: tuple[Metric, ...] = (
    Metric("distance_px", "minimize", "Mean distance", "px", _mean_distance),
    Metric("distance_px_p50", "minimize", "Median distance", "px", _distance_percentile(0.5)),
    Metric("distance_px_p75", "minimize", "75th percentile of the distance", "px", _distance_percentile(0.75)),
    Metric("distance_px_p95", "minimize", "95th percentile of the distance", "px", _distance_percentile(0.95)),
)
REGRESSION: tuple[Metric, ...] = (
    Metric("rmse", "minimize", "Root mean square error", "", _rmse),
    Metric("mae", "minimize", "Mean absolute error", "", _mae),
)
METRICS: dict[str, Metric] = {metric.name: metric for metric in (*CLASSIFICATION, *POSITION, *REGRESSION)}
