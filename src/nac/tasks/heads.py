"""The parts of a network's outputs that have a meaning, a loss and metrics of their own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nac.config import DataConfig, TaskConfig
from nac.errors import InputError
from nac.tasks import metrics as measure
from nac.tasks.intervals import Estimate
from nac.tasks.layouts import layout_of
from nac.tasks.losses import Kind, named_loss, weighted_mean


@dataclass(frozen=True)
class Head:
    """Outputs `part` of a network, of one kind; the only ones of most tasks, which have no `name`.

    Targets of several heads lie side by side as their outputs do (N, O), labels as one-hot columns. Where values have
    names of their own, `targets`, a metric `METRIC@TARGET` is that of one of them. Raises InputError on another name.
    """

    name: str
    kind: Kind
    part: slice
    losses: Callable[[Tensor, Tensor, float], Tensor]
    metrics: tuple[str, ...]
    weight: float = 1.0
    targets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.metrics:
            _, target = _of_target(name)
            if target and target not in self.targets:
                raise InputError(f"metrics: {name}: expected one of the targets {', '.join(self.targets) or '(none)'} "
                                 f"after the @")

    def truth(self, targets: Any) -> Any:
        """Its own of the targets: labels (N,) or values (N, T), of a tensor or an array."""
        if not self.name:
            return targets
        own = targets[:, self.part]
        return own.argmax(1) if self.kind == "classification" else own

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Its metrics as the task calls them."""
        return tuple(f"{name}@{self.name}" if self.name else name for name in self.metrics)

    def loss(self, outputs: Tensor, targets: Tensor, label_smoothing: float, weights: Tensor | None) -> Tensor:
        """Its share of the loss of all outputs (N, O)."""
        found = self.losses(outputs[:, self.part], self.truth(targets), label_smoothing)
        return self.weight * weighted_mean(found, weights)

    def estimates(self, predicted: NDArray[np.float64], true: NDArray[Any]) -> dict[str, Estimate]:
        """Its metrics of predictions (N, O) and targets in physical units."""
        outputs, truth = predicted[:, self.part], self.truth(true)
        found: dict[str, Estimate] = {}
        for name, own in zip(self.metric_names, self.metrics, strict=True):
            metric, target = _of_target(own)
            predictions, known = outputs, truth
            if target:
                column = [self.targets.index(target)]
                predictions, known = outputs[:, column], truth[:, column]
            for estimate in measure.estimates((metric,), predictions, known).values():
                found[name] = estimate
        return found


def _of_target(name: str) -> tuple[str, str]:
    """A metric and the target that it is of, `METRIC@TARGET`; none of most."""
    metric, _, target = name.rpartition("@")
    return (metric, target) if metric in measure.METRICS else (name, "")


def heads_of(config: TaskConfig) -> tuple[Head, ...]:
    """The heads of a task. Raises InputError where a loss has wrong parameters."""
    data, layout = config.data, layout_of(config.data)
    if data.kind != "several":
        usual = measure.CLASSIFICATION if data.kind == "classification" else layout.metrics
        losses = named_loss(config.loss, data.kind, layout.outputs)
        targets = _named_targets(data)
        each = tuple(f"rmse@{target}" for target in targets) if "rmse" in usual else ()
        return (Head("", data.kind, slice(None), losses, config.metrics or (*usual, *each), targets=targets),)
    return tuple(_several(config))


def _several(config: TaskConfig) -> Iterator[Head]:
    first = 0
    for name, head in config.data.heads.items():
        usual = measure.CLASSIFICATION if head.kind == "classification" else measure.REGRESSION
        losses = named_loss(head.loss, head.kind, head.count)
        part = slice(first, first + head.count)
        targets = _named_targets(config.data.of_head(name))
        yield Head(name, head.kind, part, losses, head.metrics or usual, head.weight, targets)
        first += head.count


def _named_targets(data: DataConfig) -> tuple[str, ...]:
    """The names of a regression's values where there are several, and each has one that can follow an @."""
    names = data.target_names
    several = data.kind == "regression" and len(names) == data.outputs > 1
    return names if several and all(name.isidentifier() for name in names) else ()
