"""Linear mode connectivity: do two trainings from one sparse start end in the same basin (arXiv 1912.05671)?"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import update_bn

from nac.arch import Network, copied
from nac.compress.pruners import Masks, Pruned, Pruning
from nac.config import TrainConfig
from nac.tasks import METRICS, Dataset, Split, Task
from nac.train import evaluate, fit

POINTS = 11
STATISTICS_SAMPLES = 4096


@dataclass(frozen=True)
class Connectivity:
    """Errors along the straight line between the weights of two networks.

    `errors` are at equal steps from the first network (0) to the second (1): 1 - accuracy for a classification, the
    task's first metric for a regression (pixels for patches).
    """

    errors: tuple[float, ...]

    @property
    def positions(self) -> tuple[float, ...]:
        """Where on the line each error was measured, from 0 to 1."""
        return tuple(float(value) for value in np.linspace(0, 1, len(self.errors)))

    @property
    def ends(self) -> float:
        """The mean error of the two networks."""
        return (self.errors[0] + self.errors[-1]) / 2

    @property
    def barrier(self) -> float:
        """The highest error on the line minus the mean of the two ends; near zero where training is stable."""
        return max(self.errors) - self.ends


def stability(
    start: Callable[[], Network],
    masks: Masks | None,
    dataset: Dataset,
    task: Task,
    settings: TrainConfig,
    *,
    seed: int,
    points: int = POINTS,
) -> Connectivity:
    """Train two copies from the same (masked) start, in different order of samples, and connect them.

    Errors are those on the test split.

    Args:
        start: makes the network at the weights that both copies start from.
        masks: 0/1 by node name; None for the dense network.
        dataset: both copies are trained on its training split.
        task: loss and metrics.
        settings: the budget of each training.
        seed: of the first copy's order of samples and augmentation; the second's is the next one.
        points: measured along the line, both ends included.

    Raises:
        WorkError: a training diverged.
    """
    copies = []
    for order in (seed, seed + 1):
        network = start()
        fit(network, dataset, task, settings, seed=order, masks=masks)
        copies.append(network)
    return connect(copies[0], copies[1], dataset, task, points=points)


def along_rounds(pruning: Pruning, pruned: Pruned) -> list[tuple[float, Connectivity]]:
    """Sparsity and connectivity of the masks of every round of a pruning, on real samples. Raises WorkError."""
    return [
        (sparsity_of(found.masks),
         stability(partial(pruning.final_start, found), found.masks, pruning.dataset, pruning.task, pruning.train,
                   seed=pruning.seed))
        for found in pruned.rounds
    ]  # fmt: skip


def sparsity_of(masks: Masks) -> float:
    """The share of zeros in masks."""
    return 1 - sum(float(mask.sum()) for mask in masks.values()) / sum(mask.numel() for mask in masks.values())


def connect(
    first: Network, second: Network, dataset: Dataset, task: Task, *, split: Split | None = None, points: int = POINTS
) -> Connectivity:
    """The errors on the straight line from one float network to another of the same architecture.

    Statistics of batch norms are measured anew at every point, on (at most 4,096) training samples: those of the two
    ends belong to other weights than the ones between, and would make a barrier of their own (arXiv 2211.08403). Both
    ends are treated alike.

    Args:
        first: trained float network, not changed.
        second: the other one.
        dataset: whose training split gives the statistics.
        task: metrics.
        split: on which errors are measured; the test split by default.
        points: along the line, both ends included.

    Raises:
        ValueError: the networks differ in their architecture, or there are fewer than two points.
    """
    if first.architecture != second.architecture or points < 2:
        raise ValueError("expected two networks of one architecture and at least two points")
    measured = dataset.test if split is None else split
    errors = []
    for position in np.linspace(0, 1, points):
        network = interpolated(first, second, float(position))
        recalculate_statistics(network, dataset.train.x[:STATISTICS_SAMPLES])
        errors.append(error_of(network, measured, task))
    return Connectivity(tuple(errors))


@torch.no_grad()
def interpolated(first: Network, second: Network, position: float) -> Network:
    """The network whose parameters are (1 - position) · first + position · second."""
    network = copied(first)
    others = dict(second.named_parameters())
    for name, parameter in network.named_parameters():
        parameter.lerp_(others[name], position)
    return network


@torch.no_grad()
def recalculate_statistics(network: Network, x: Tensor) -> None:
    """Set mean and variance of every batch norm to those over inputs `x` (N, *input)."""
    update_bn([x], network)
    network.eval()


def error_of(network: Network, split: Split, task: Task) -> float:
    """1 - the first metric of the task where more is better, else the metric itself."""
    name = task.metric_names[0]
    value = evaluate(network, split, task)[name]
    return 1 - value if METRICS[name].direction == "maximize" else value
