"""What a pruner is given and what it gives back."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from nac.arch import Network
from nac.config import TrainConfig
from nac.tasks import Dataset, Task
from nac.train import fit

Masks = dict[str, Tensor]


@dataclass(frozen=True)
class Round:
    """Masks after one round of pruning.

    `masks` are 0/1 by node name, shaped as the weights. `guarded` are the layers that the scores alone would have
    pruned to (nearly) nothing, with the number of weights that they would have been left.
    """

    masks: Masks
    guarded: Mapping[str, int]


@dataclass(frozen=True)
class Pruning:
    """Everything that a pruner may need.

    Attributes:
        task: loss and metrics.
        dataset: the real samples; the test split is nobody's business here.
        start: makes the network at the weights that every training starts from (rewinding is calling it again).
        train: the budget of one training on real samples.
        sparsity: the share of all weights to be zero in the end.
        rounds: in how many steps, each removing the same share of what is left.
        seed: of everything that is drawn.
        distilled: gives the distilled samples as a data set; they are made when they are first asked for.
        distilled_train: the budget of one training on distilled samples.
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

    def schedule(self) -> Iterator[float]:
        """The share of weights that is kept after each round."""
        for done in range(1, self.rounds + 1):
            yield (1 - self.sparsity) ** (done / self.rounds)

    def trained(self, masks: Masks, *, distilled: bool = False) -> Network:
        """A network trained from the start under masks, on real or on distilled samples. Raises WorkError."""
        network = self.start()
        dataset, settings = (self.distilled(), self.distilled_train) if distilled else (self.dataset, self.train)
        fit(network, dataset, self.task, settings, seed=self.seed, masks=masks)
        return network


class Pruner(Protocol):
    """The extension point: yields the masks of every round, the last of them as sparse as asked.

    Pruning is global and unstructured: the weights of all layers compete with each other.
    """

    def __call__(self, pruning: Pruning) -> Iterator[Round]:
        """`pruning.rounds` times masks of every weight layer, sparser and sparser. Raises WorkError."""
        ...


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
