"""What a pruner is given and what it gives back."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor

from nac.arch import Network, copied
from nac.config import TrainConfig
from nac.tasks import Dataset, Task
from nac.train import fit, measure_norms

Masks = dict[str, Tensor]

RECOVERY_SHARE = 0.1
"""Of the epochs of a full training: how long a network trains on between two rounds that keep its weights."""


@dataclass(frozen=True)
class Round:
    """Masks after one round of pruning.

    `masks` are 0/1 by node name, shaped as the weights. `guarded` are the layers that the scores alone would have
    pruned to (nearly) nothing, with the number of weights that they would have been left. `idle` counts weights that
    the scores alone would have kept on no path from the inputs to the outputs. `network` has the weights from which the
    final training goes on; without one it starts where every training does.
    """

    masks: Masks
    guarded: Mapping[str, int]
    idle: int = 0
    network: Network | None = None


@dataclass(frozen=True)
class Pruning:
    """Everything that a pruner may need.

    Attributes:
        task: loss and metrics.
        dataset: the real samples, of which the test split stays untouched.
        start: makes the network at the weights that every training starts from (rewinding is calling it again).
        train: the budget of one training on real samples.
        sparsity: the share of all weights to be zero in the end.
        rounds: in how many steps, each removing the same share of what is left.
        seed: of everything that is drawn.
        distilled: gives the distilled samples as a data set; they are made when they are first asked for.
        distilled_train: the budget of one training on distilled samples.
        reference: makes the dense network, trained; without one it is trained from the start when it is needed.
    """

    task: Task
    dataset: Dataset
    start: Callable[[], Network]
    train: TrainConfig
    sparsity: float
    rounds: int
    seed: int
    distilled: Callable[[], Dataset]
    distilled_train: TrainConfig
    reference: Callable[[], Network] | None = None

    def schedule(self) -> Iterator[float]:
        """The share of weights that is kept after each round."""
        for done in range(1, self.rounds + 1):
            yield (1 - self.sparsity) ** (done / self.rounds)

    def trained(self, masks: Masks, *, distilled: bool = False) -> Network:
        """A network trained from the start under masks, on real or on distilled samples. Raises WorkError.

        After distilled samples its batch norms are measured on real ones (nac.train.norms).
        """
        network = self.start()
        dataset, settings = (self.distilled(), self.distilled_train) if distilled else (self.dataset, self.train)
        fit(network, dataset, self.task, settings, seed=self.seed, masks=masks)
        if distilled:
            measure_norms(network, self.dataset.train.cut(), self.seed)
        return network

    def dense(self) -> Network:
        """The dense network, trained. Raises WorkError."""
        return self.trained({}) if self.reference is None else self.reference()

    def recover(self, network: Network, masks: Masks) -> None:
        """Train a network on, in place, for a tenth of the epochs on real samples. Raises WorkError."""
        settings = self.train.model_copy(update={"epochs": math.ceil(RECOVERY_SHARE * self.train.epochs)})
        fit(network, self.dataset, self.task, settings, seed=self.seed, masks=masks)

    def final_start(self, found: Round) -> Network:
        """A copy of the network that the training under the masks of a round starts from."""
        return self.start() if found.network is None else copied(found.network)


def rewound(
    network: Network, epochs: int, task: Task, dataset: Dataset, train: TrainConfig, seed: int
) -> Network:
    """The network, trained in place for its first epochs: early weights that pruning rewinds to (arXiv 1912.05671).

    Raises WorkError when the training diverged.
    """
    if epochs:
        fit(network, dataset, task, train.model_copy(update={"epochs": epochs, "schedule": "constant"}), seed=seed)
    return network


@dataclass(frozen=True)
class Pruner:
    """The extension point: a function that yields the masks of every round, the last of them as sparse as asked.

    Pruning is global and unstructured: the weights of all layers compete with each other.

    Attributes:
        rounds: gives `pruning.rounds` times masks of every weight layer, sparser and sparser. Raises WorkError.
        needs_distilled: whether it asks for distilled samples, which are then made before the clock starts.
    """

    rounds: Callable[[Pruning], Iterator[Round]]
    needs_distilled: bool = False

    def __call__(self, pruning: Pruning) -> Iterator[Round]:
        """The masks of every round."""
        return self.rounds(pruning)


@dataclass(frozen=True)
class Pruned:
    """How a pruning went: every round, and the seconds that all of them took, distillation not counted."""

    rounds: tuple[Round, ...]
    seconds: float

    @property
    def masks(self) -> Masks:
        """The masks after the last round."""
        return self.rounds[-1].masks

    @property
    def guarded(self) -> list[dict[str, int]]:
        """By round: the layers kept from collapse, with the number of weights that they would have been left."""
        return [dict(each.guarded) for each in self.rounds]

    @property
    def idle(self) -> list[int]:
        """By round: the weights that the scores alone would have kept on no path."""
        return [each.idle for each in self.rounds]
