"""What a network must beat to be worth its weights: the constant answer, and a linear model of its inputs."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from nac.arch import Architecture, workload
from nac.arch.blocks import Flatten
from nac.config import Model
from nac.cost import costs
from nac.tasks.dataset import Dataset
from nac.tasks.intervals import Estimate, Interval, intervals_of, values_of
from nac.tasks.preprocessing import Preprocessing
from nac.tasks.task import Task

Predict = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""From flattened inputs (N, F) to outputs (N, O)."""

# With so many values the linear model is fitted in seconds, and more would not change it.
FITTED_VALUES = 4_000_000
ITERATIONS = 200
UNSEEN = -30.0  # logit of a class without a sample


class Baseline(Model):
    """A trivial answer: metrics and their intervals by split, then by name.

    The constant one costs nothing and has no architecture. The linear model costs what a network of its output layer
    alone would, with inputs and weights of 8 bits.
    """

    name: str
    metrics: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Mapping[str, Interval]] = Field(default_factory=dict)
    architecture: Architecture | None = None
    costs: Mapping[str, float] = Field(default_factory=dict)


BASELINES = TypeAdapter(tuple[Baseline, ...])


def baselines(task: Task, dataset: Dataset) -> tuple[Baseline, ...]:
    """The constant answer and the linear model, fitted on the training split, with their metrics on the others."""
    parts = {"validation": dataset.judging, "test": dataset.test}
    train, classes = dataset.train, _classes(task)

    def measured(predict: Predict) -> dict[str, Any]:
        found = {
            name: task.estimates(predict(_flat(part.x)), part.y.numpy(), part.preprocessing)
            for name, part in parts.items()
        }
        return {
            "metrics": {name: values_of(estimates) for name, estimates in found.items()},
            "intervals": {name: intervals_of(estimates) for name, estimates in found.items()},
        }

    found = [Baseline(name="constant", **measured(_constant(train.y.numpy(), classes)))]
    rows = _some(len(train), train.x[0].numel())
    y = train.y[rows].numpy()
    if not classes or len(np.unique(y)) > 1:
        architecture = Architecture(input=task.input_shape, blocks=(Flatten(),), outputs=task.outputs)
        linear = _linear(_flat(train.x[rows]), y, classes)
        found.append(Baseline(
            name="linear", **measured(linear), architecture=architecture, costs=costs(workload(architecture)),
        ))  # fmt: skip
    return tuple(found)


def constant_answer(task: Task, y: NDArray[Any], preprocessing: Preprocessing) -> dict[str, Estimate]:
    """Metrics of the constant answer that suits the targets `y` (N,) or (N, T) themselves."""
    return task.estimates(_constant(y, _classes(task))(np.zeros((len(y), 0), np.float32)), y, preprocessing)


def _classes(task: Task) -> int:
    """The number of classes; 0 in a regression."""
    return task.outputs if task.config.data.kind == "classification" else 0


def _constant(y: NDArray[Any], classes: int) -> Predict:
    """The shares of the classes as logits, or the mean of the targets: the best that ignores the input."""
    if classes:
        share = np.bincount(y, minlength=classes) / len(y)
        answer = np.where(share > 0, np.log(np.maximum(share, 1e-12)), UNSEEN)
    else:
        answer = y.astype(np.float64).mean(axis=0)
    return lambda x: np.tile(answer, (len(x), 1))


def _linear(x: NDArray[np.float32], y: NDArray[Any], classes: int) -> Predict:
    """A logistic or ridge regression on inputs (N, F), each scaled to unit spread."""
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread[spread == 0] = 1.0
    if not classes:
        ridge = Ridge().fit((x - mean) / spread, y.astype(np.float64))
        return lambda x: np.asarray(ridge.predict((x - mean) / spread), dtype=np.float64).reshape(len(x), -1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        logistic = LogisticRegression(max_iter=ITERATIONS).fit((x - mean) / spread, y)

    def predict(x: NDArray[np.float32]) -> NDArray[np.float64]:
        logits = np.full((len(x), classes), UNSEEN)
        with np.errstate(divide="ignore"):  # classes that are far apart have probabilities of 0
            logits[:, logistic.classes_] = np.maximum(logistic.predict_log_proba((x - mean) / spread), UNSEEN)
        return logits

    return predict


def _some(n: int, values: int) -> torch.Tensor:
    """Evenly spaced rows of `n` samples of so many values each, few enough to be fitted quickly."""
    return torch.arange(0, n, max(1, n * values // FITTED_VALUES))


def _flat(x: torch.Tensor) -> NDArray[np.float32]:
    flat: NDArray[np.float32] = x.flatten(1).numpy()
    return flat

