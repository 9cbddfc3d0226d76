"""What a network's outputs are judged by: names, directions, units, and how they are computed."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from nac.errors import WorkError


class Metric(NamedTuple):
    """A metric as search, tables and figures know it."""

    name: str
    direction: Literal["maximize", "minimize"]
    label: str
    unit: str


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "maximize", "Accuracy", ""),
        Metric("auc_macro", "maximize", "Area under the ROC curve, mean of the classes", ""),
        Metric("distance_px", "minimize", "Mean distance", "px"),
        Metric("distance_px_p50", "minimize", "Median distance", "px"),
        Metric("distance_px_p75", "minimize", "75th percentile of the distance", "px"),
        Metric("distance_px_p95", "minimize", "95th percentile of the distance", "px"),
        Metric("rmse", "minimize", "Root mean square error", ""),
        Metric("mae", "minimize", "Mean absolute error", ""),
    )
}


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


def classification(outputs: NDArray[np.floating], labels: NDArray[np.integer]) -> dict[str, float]:
    """`accuracy` and `auc_macro` of logits (N, O) against labels (N,).

    `auc_macro` (one class against the rest, mean over the classes) is left out when a class has no sample.
    """
    logits = checked(outputs, len(labels))
    result = {"accuracy": float((logits.argmax(axis=1) == labels).mean())}
    classes = logits.shape[1]
    if np.unique(labels).size == classes:
        probabilities = softmax(logits)
        scores = [roc_auc_score(labels == k, probabilities[:, k]) for k in range(classes)]
        result["auc_macro"] = float(np.mean(scores))
    return result


def distance(predicted_px: NDArray[np.floating], true_px: NDArray[np.floating]) -> dict[str, float]:
    """Mean and percentiles of the Euclidean distance between positions (N, 2) in pixels."""
    d = np.linalg.norm(checked(predicted_px, len(true_px)) - np.asarray(true_px, dtype=np.float64), axis=1)
    percentiles = np.percentile(d, (50, 75, 95))
    names = ("distance_px_p50", "distance_px_p75", "distance_px_p95")
    return {"distance_px": float(d.mean()), **{name: float(v) for name, v in zip(names, percentiles, strict=True)}}


def regression(predicted: NDArray[np.floating], true: NDArray[np.floating]) -> dict[str, float]:
    """`rmse` and `mae` over all outputs (N, O), in the targets' own unit."""
    error = checked(predicted, len(true)) - np.asarray(true, dtype=np.float64)
    return {"rmse": float(np.sqrt(np.mean(error**2))), "mae": float(np.abs(error).mean())}
