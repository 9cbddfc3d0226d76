"""From a trained float network to a trained quantised one: uniform or mixed widths, before, after or while pruning."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from nac.arch import Architecture, Network, equalised, quantise
from nac.compress.mixed import redistribute
from nac.compress.pruners import Masks, keep_salient
from nac.config import CompressConfig, TrainConfig
from nac.tasks import Dataset, Split, Task
from nac.train import FitResult, Teacher, fit

MEASURED_SAMPLES = 4096
"""Training samples that ranges are measured on before a network is quantised, and losses at other widths."""
UNIFORM_SHARE = 0.25
"""Of the epochs of the final training: how long a uniform network trains before its widths are redistributed."""


def teacher_of(
    reference: Network, settings: CompressConfig, better: tuple[Network, ...] = ()
) -> Teacher | None:
    """Better networks, or the float one itself, as teachers of what is made of it; None where none is wanted."""
    return Teacher(better or (reference,), settings.distil, settings.temperature) if settings.distil else None


def quantised_start(network: Network, dataset: Dataset, architecture: Architecture | None = None) -> Network:
    """What quantisation-aware training starts from: the float network, equalised, at the widths of an architecture.

    Args:
        network: float.
        dataset: whose training samples the ranges of the float network are measured on.
        architecture: the same one with the bit widths wanted; by default the network's own.
    """
    return quantise(equalised(network, dataset.train.x[:MEASURED_SAMPLES]), architecture)


@dataclass(frozen=True)
class Trainer:
    """What every quantisation-aware training is done with. `teacher` may be None."""

    task: Task
    dataset: Dataset
    settings: CompressConfig
    teacher: Teacher | None
    seed: int

    def fit(self, network: Network, masks: Masks | None, settings: TrainConfig | None = None) -> FitResult:
        """Train in place, with the final budget if no other is given."""
        return fit(
            network, self.dataset, self.task, settings or self.settings.finetune, seed=self.seed, masks=masks,
            teacher=self.teacher,
        )  # fmt: skip

    def keep_salient(self, network: Network, keep: float, masks: Masks | None) -> Masks:
        """Masks of the share of weights that the loss would miss most, among those that are left."""
        return keep_salient(network, keep, self.task, self.dataset, self.seed, masks).masks


def train_quantised(
    start: Network, masks: Masks, architecture: Architecture, sparsity: float, trainer: Trainer, *, mixed: bool = False
) -> tuple[Network, FitResult]:
    """The trained network, and how its last training went.

    `settings.order` says what comes first. `prune_then_quantise` starts from a sparse float network and keeps its
    masks. `quantise_then_prune` trains a dense network quantised, then removes its least salient weights in rounds,
    training after each. `joint` removes them after every epoch of the first training, fewer and fewer (cubically,
    arXiv 1710.01878), and trains once more under the last masks.

    Args:
        start: float network.
        masks: those that it was trained under; none when it is dense.
        architecture: with the uniform widths wanted, or those whose cost mixed widths must not exceed.
        sparsity: share of the weights that are zero in the end.
        trainer: data, task, settings and teacher.
        mixed: widths of their own for every layer.
    """
    order = trainer.settings.order
    if order == "prune_then_quantise" or sparsity == 0:
        network = _quantised(start, architecture, trainer, masks, _density(masks), mixed=mixed)
        return network, trainer.fit(network, masks)
    density = dict.fromkeys(start.weighted, 1 - sparsity)
    network = _quantised(start, architecture, trainer, None, density, mixed=mixed)
    if order == "joint":
        masks = _tightened(network, sparsity, trainer)
        return network, trainer.fit(network, masks)
    result = trainer.fit(network, None)
    for done in range(1, trainer.settings.rounds + 1):
        masks = trainer.keep_salient(network, (1 - sparsity) ** (done / trainer.settings.rounds), masks)
        result = trainer.fit(network, masks)
    return network, result


def _quantised(
    network: Network, architecture: Architecture, trainer: Trainer, masks: Masks | None,
    density: Mapping[str, float], *, mixed: bool,
) -> Network:  # fmt: skip
    """The network at its widths, from a float one."""
    uniform = quantised_start(network, trainer.dataset, architecture)
    if not mixed:
        return uniform
    settings, train = trainer.settings, trainer.dataset.train
    epochs = max(1, round(UNIFORM_SHARE * settings.finetune.epochs))
    trainer.fit(uniform, masks, settings.finetune.model_copy(update={"epochs": epochs}))
    measured = Split(train.x[:MEASURED_SAMPLES], train.y[:MEASURED_SAMPLES], train.preprocessing)
    return redistribute(
        uniform, measured, trainer.task, rounds=settings.mixed_rounds, cost=settings.mixed_cost, density=density
    )  # fmt: skip


def _tightened(network: Network, sparsity: float, trainer: Trainer) -> Masks:
    """Train in place while the least salient weights go; the masks at full sparsity.

    The last epoch counts, not the best one, which may have more weights than are wanted.
    """
    epochs = trainer.settings.finetune.epochs
    masks: Masks = {}
    last: dict[str, Tensor] = {}

    def tighten(epoch: int, figures: Mapping[str, float]) -> None:
        left = 1 - (epoch + 1) / epochs
        masks.update(trainer.keep_salient(network, 1 - sparsity * (1 - left**3), masks))
        last.update({key: tensor.detach().clone() for key, tensor in network.state_dict().items()})

    fit(
        network, trainer.dataset, trainer.task, trainer.settings.finetune.model_copy(update={"patience": epochs}),
        seed=trainer.seed, masks=masks, teacher=trainer.teacher, on_epoch=tighten,
    )  # fmt: skip
    network.load_state_dict(last)
    return masks


def _density(masks: Masks) -> dict[str, float]:
    return {name: float(mask.mean()) for name, mask in masks.items()}
