"""The contract of a metric."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nac.tasks.intervals import interval
from nac.tasks.losses import Kind
from nac.tasks.metrics import Metric

SAMPLES = 600


def check_metric(metric: Metric) -> None:
    """Of every kind of task it is for: a number within its limits that good answers have the better, and its interval.

    Good answers are the targets with little noise, bad ones those with much.
    """
    assert metric.direction in {"minimize", "maximize"}
    assert metric.label, "a metric has a label that figures show"
    assert metric.kinds, "a metric is for some kind of task"
    for kind in metric.kinds:
        good, bad, true = answers(kind)
        values = []
        for predicted in (good, bad):
            before = predicted.copy(), true.copy()
            estimate = metric.estimate(predicted, true)
            assert estimate is not None, f"{kind}: no value of {SAMPLES} samples"
            value = estimate.value
            assert type(value) is float, f"{kind}: expected a float, found {type(value).__name__}"
            assert np.isfinite(value), f"{kind}: expected a finite value, found {value}"
            assert metric.least <= value <= metric.most, f"{kind}: {value} is not in its limits"
            again = metric.estimate(predicted, true)
            assert again is not None and again.value == value, f"{kind}: expected the same value for the same samples"
            assert np.array_equal(predicted, before[0]) and np.array_equal(true, before[1]), f"{kind}: changes samples"
            known = interval(estimate)
            assert known is not None and known.low <= value <= known.high, f"{kind}: {value} is not in its interval"
            values.append(value)
        better = values[0] > values[1] if metric.direction == "maximize" else values[0] < values[1]
        assert better, f"{kind}: {metric.direction} is the wrong direction: good answers {values[0]}, bad {values[1]}"


def answers(kind: Kind) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[Any]]:
    """Good and bad predictions (N, 2), and the truth: labels (N,) or values (N, 2)."""
    generator = np.random.default_rng(0)
    noise = generator.normal(size=(SAMPLES, 2))
    if kind == "classification":
        labels = generator.integers(2, size=SAMPLES)
        centres = 2.0 * np.eye(2)[labels]
        return centres + 0.5 * noise, centres + 5.0 * noise, labels
    values = generator.uniform(4, 7, size=(SAMPLES, 2))
    return values + 0.05 * noise, values + noise, values
