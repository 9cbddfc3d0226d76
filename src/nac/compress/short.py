"""The local search in short, for every candidate of a search of quantised networks."""

from nac.arch import Compression, Network
from nac.compress.digits import with_fewer_digits
from nac.compress.pruners import keep_salient
from nac.compress.quantisation import Trainer, quantised_start, teacher_of
from nac.config import TrainConfig
from nac.tasks import Dataset, Task

ALL_DIGITS_SHARE = 0.3
"""Of the epochs: how long a network that is to lose digits trains with all of them."""


def quantised_in_short(
    network: Network, compression: Compression, task: Task, dataset: Dataset, budget: TrainConfig, *, seed: int
) -> Network:
    """A trained float network, pruned in one step and trained quantised at its architecture's own widths.

    Digits go in one step, too, after a part of the training that says where they are missed least.

    Args:
        network: float, trained; it teaches the quantised one as in the local search.
        compression: share of the weights, the least salient of all layers together, that become zero, and share of
            the signed digits of the others that stays.
        task: loss; its settings of the local search say how much the teacher counts.
        dataset: training and validation splits.
        budget: of the quantisation-aware training.
        seed: of the order of samples.

    Raises:
        WorkError: the training diverged.
    """
    settings, sparsity = task.config.compress, compression.sparsity
    masks = keep_salient(network, 1 - sparsity, task, dataset, seed).masks if sparsity else None
    trainer = Trainer(task, dataset, settings, teacher_of(network, settings), seed)
    found = quantised_start(network, dataset)
    if compression.digits == 1:
        trainer.fit(found, masks, budget)
        return found
    epochs = max(1, round(ALL_DIGITS_SHARE * budget.epochs))
    trainer.fit(found, masks, budget.model_copy(update={"epochs": epochs}))
    rest = budget.model_copy(update={"epochs": max(1, budget.epochs - epochs)})
    return with_fewer_digits(found, compression.digits, trainer, rest)[0]
