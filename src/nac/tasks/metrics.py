"""What a network's outputs are judged by: names, directions, units, and how they are computed."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from nac.errors import WorkError
from nac.registry import Registry
from nac.tasks.intervals import Estimate, Mean, Percentile, RankedAreas, Resampled, RootMean, Share
from nac.tasks.losses import Kind

Measure = Callable[[NDArray[np.float64], NDArray[Any]], Estimate | float | None]


class Metric(NamedTuple):
    """The extension point: a metric as search, tables and figures know it.

    `measure` is given predictions and targets of N samples: logits (N, C) and labels (N,) of a classification, values
    (N, T) in the targets' own unit else. It answers with an estimate, which knows its interval; with a plain number,
    whose interval is found by resampling; or with None where these samples do not tell.

    `kinds` are those of tasks that it is for, `least` and `most` what it can be, and one in `percent` is a share.
    """

    name: str
    direction: Literal["maximize", "minimize"]
    label: str
    unit: str
    measure: Measure
    kinds: tuple[Kind, ...] = ("classification", "regression")
    least: float = -math.inf
    most: float = math.inf
    percent: bool = False

    def estimate(self, predicted: NDArray[np.float64], true: NDArray[Any]) -> Estimate | None:
        """The metric of predictions against targets with what its interval needs."""
        found = self.measure(predicted, true)
        return Resampled(self._number, predicted, true) if isinstance(found, float) else found

    def _number(self, predicted: NDArray[np.float64], true: NDArray[Any]) -> float:
        """The value, or NaN where some samples do not tell it."""
        found = self.measure(predicted, true)
        return found if isinstance(found, float) else math.nan


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
    return RankedAreas(softmax(logits, axis=1), labels) if np.unique(labels).size == logits.shape[1] > 1 else None


def _mean_distance(predicted: NDArray[np.float64], true: NDArray[Any]) -> Estimate:
    return Mean(distances(predicted, true))


def _distance_percentile(share: float) -> Measure:
    return lambda predicted, true: Percentile(distances(predicted, true), share)


def _rmse(predicted: NDArray[np.float64], true: NDArray[Any]) -> Estimate:
    """Over all outputs; those of one sample are not independent."""
    return RootMean(((predicted - true) ** 2).mean(axis=1))


def _mae(predicted: NDArray[np.float64], true: NDArray[Any]) -> Estimate:
    return Mean(np.abs(predicted - true).mean(axis=1))


def _efficiency(logits: NDArray[np.float64], labels: NDArray[Any], rate: float, signal: int) -> float | None:
    """The share of a class that is kept where so many of the others are; None with too few of one of them."""
    scores = logits[:, signal] - logsumexp(np.delete(logits, signal, axis=1), axis=1)
    kept, background = scores[labels == signal], scores[labels != signal]
    if not len(kept) or rate * len(background) < 1:
        return None
    return float((kept > np.quantile(background, 1 - rate)).mean())


def _of_head(name: str) -> Metric | None:
    """`METRIC@HEAD`, a metric of one of several outputs; `METRIC@TARGET`, of one of several values."""
    metric, at, head = name.rpartition("@")
    if not at or not head.isidentifier() or metric not in METRICS:
        return None
    known = METRICS[metric]
    return known._replace(name=name, label=f"{known.label} of {head}")


METRICS: Registry[Metric] = Registry("metric", "nac.tasks.metrics", _of_head)


def _named(*metrics: Metric) -> tuple[str, ...]:
    """Their names, once they are registered."""
    return tuple(METRICS.register(metric.name, metric).name for metric in metrics)


_classification = partial(Metric, kinds=("classification",), least=0.0)
_regression = partial(Metric, kinds=("regression",), least=0.0)

CLASSIFICATION = _named(
    _classification("accuracy", "maximize", "Accuracy", "", _accuracy, most=1.0, percent=True),
    _classification(
        "auc_macro", "maximize", "Area under the ROC curve, mean of the classes", "", _auc_macro, most=1.0
    ),
)
POSITION = _named(
    _regression("distance_px", "minimize", "Mean distance", "px", _mean_distance),
    _regression("distance_px_p50", "minimize", "Median distance", "px", _distance_percentile(0.5)),
    _regression("distance_px_p75", "minimize", "75th percentile of the distance", "px", _distance_percentile(0.75)),
    _regression("distance_px_p95", "minimize", "95th percentile of the distance", "px", _distance_percentile(0.95)),
)
REGRESSION = _named(
    _regression("rmse", "minimize", "Root mean square error", "", _rmse),
    _regression("mae", "minimize", "Mean absolute error", "", _mae),
)


@METRICS.family("efficiency")
def efficiency(argument: str) -> Metric:
    """Signal efficiency at a fixed background rate: `efficiency@0.01`, or `efficiency@0.01:2` for class 2 as signal.

    Without a class it is the last one, the second of two. Samples are ranked by the probability of the signal against
    all others. Raises ValueError where the argument is something else.
    """
    shared, _, number = argument.partition(":")
    expected = f"expected a share of the background and perhaps the signal's class, as in 0.01:2, found {argument!r}"
    try:
        rate, signal = float(shared), int(number or -1)
    except ValueError as error:
        raise ValueError(expected) from error
    if not 0 < rate < 1 or signal < -1:
        raise ValueError(expected)

    def measure(logits: NDArray[np.float64], labels: NDArray[Any]) -> float | None:
        classes = logits.shape[1]
        return _efficiency(logits, labels, rate, signal % classes) if signal < classes else None

    label = f"Signal efficiency{f' of class {number}' if number else ''} at {100 * rate:g} % background"
    return Metric(f"efficiency@{argument}", "maximize", label, "", measure, ("classification",), 0.0, 1.0, True)
