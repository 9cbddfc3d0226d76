"""The local search in short, for every candidate of a search of quantised networks."""

from nac.arch import Network, quantise
from nac.compress.pruners import keep_highest
from nac.compress.pruners.scores import magnitudes
from nac.config import CompressConfig, TrainConfig
from nac.tasks import Dataset, Task
from nac.train import Teacher, fit


def quantised_in_short(
    network: Network, sparsity: float, task: Task, dataset: Dataset, budget: TrainConfig, *, seed: int
) -> Network:
    """A trained float network, pruned in one step and trained quantised at its architecture's own widths.

    Args:
        network: float, trained; it teaches the quantised one as in the local search.
        sparsity: share of the weights, the smallest of all layers together, that become zero.
        task: loss; its settings of the local search say how much the teacher counts.
        dataset: training and validation splits.
        budget: of the quantisation-aware training.
        seed: of the order of samples.

    Raises:
        WorkError: the training diverged.
    """
    settings: CompressConfig = task.config.compress
    masks = keep_highest(magnitudes(network), 1 - sparsity).masks if sparsity else None
    teacher = Teacher((network,), settings.distil, settings.temperature) if settings.distil else None
    found = quantise(network)
    fit(found, dataset, task, budget, seed=seed, masks=masks, teacher=teacher)
    return found
