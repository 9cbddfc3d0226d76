"""What a distiller is given and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from torch import Tensor

from nac.arch import Network
from nac.config import DistilledDataConfig, TaskConfig
from nac.tasks import Dataset, Split, Task, TrainSplit
from nac.tasks.losses import LOSSES, asked_loss
from nac.train import fit

Progress = Callable[[int, int], None]
"""Called with how much is done, and how much there is to do."""


@dataclass(frozen=True)
class Distilling:
    """Everything that a distiller may need.

    Attributes:
        task: loss.
        dataset: the real samples, of which the training split is distilled.
        make: an untrained float network of the family that will be trained on the samples, by a seed.
        settings: method, number of samples and budget.
        seed: of everything that is drawn.
        on_progress: told after every iteration.
        reference: makes a trained network of the family; without one it is trained when a method asks for it.
    """

    task: Task
    dataset: Dataset
    make: Callable[[int], Network]
    settings: DistilledDataConfig
    seed: int
    on_progress: Progress = field(default=lambda done, total: None)
    reference: Callable[[], Network] | None = None

    @property
    def classification(self) -> bool:
        """Whether targets are labels, of which there are the same number in every class."""
        return self.task.config.data.kind == "classification"

    @property
    def soft(self) -> bool:
        """Whether labels may be learned as probabilities, since the loss takes them."""
        return _soft(self.task.config)

    def trained(self) -> Network:
        """A network of the family, trained on the real samples as designs are. Raises WorkError."""
        if self.reference is not None:
            return self.reference()
        network = self.make(self.seed)
        fit(network, self.dataset, self.task, self.task.config.compress.train, seed=self.seed)
        return network


@dataclass(frozen=True)
class Distilled:
    """Distilled samples as they lie in a file: raw inputs (N, *raw), physical targets (N,) or (N, T).

    `probabilities` (N, classes) are what a training learns in place of the labels, where they were learned as well.
    `provenance` says how all of it was made, well enough to make it again.
    """

    raw: Tensor
    physical: Tensor
    provenance: Mapping[str, Any] = field(default_factory=dict)
    probabilities: Tensor | None = None

    def __len__(self) -> int:
        return len(self.physical)

    def dataset(self, real: Dataset, config: TaskConfig) -> Dataset:
        """These samples in place of the training and the validation split, preprocessed as the real ones are.

        Labels are learned where the loss takes no probabilities: a file may have been made for another one.
        No real sample is left in it: the best epoch of a training on it is the one that fits it best.
        """
        train = TrainSplit.prepared(self.raw, self.physical, config.data, real.preprocessing)
        train.probabilities = self.probabilities if _soft(config) else None
        own = Split(train.x, train.learned, real.preprocessing)
        return replace(real, train=train, validation=own, test=own, provenance=dict(self.provenance))


def _soft(config: TaskConfig) -> bool:
    return config.data.kind == "classification" and LOSSES[asked_loss(config.loss, "classification").name].soft


class Distiller(Protocol):
    """The extension point: makes few samples of many.

    Inputs stay physical: what is returned is valid raw input of the task's layout, and the preprocessing
    of the real data is applied to it like to them.
    """

    def __call__(self, distilling: Distilling) -> Distilled:
        """`per_class` samples of every class in their order, or `samples` altogether. Raises WorkError."""
        ...
