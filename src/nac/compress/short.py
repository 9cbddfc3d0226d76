"""The local search in short, for every candidate of a search of quantised networks."""

from nac.arch import Network
from nac.compress.pruners import keep_salient
from nac.compress.quantisation import quantised_start, teacher_of
from nac.config import TrainConfig
from nac.tasks import Dataset, Task
from nac.train import fit


def quantised_in_short(
    network: Network, sparsity: float, task: Task, dataset: Dataset, budget: TrainConfig, *, seed: int
) -> Network:
    """A trained float network, pruned in one step and trained quantised at its architecture's own widths.

    Args:
        network: float, trained; it teaches the quantised one as in the local search.
        sparsity: share of the weights, the least salient of all layers together, that become zero.
        task: loss; its settings of the local search say how much the teacher counts.
        dataset: training and validation splits.
        budget: of the quantisation-aware training.
        seed: of the order of samples.

    Raises:
        WorkError: the training diverged.
    """
    settings = task.config.compress
    masks = keep_salient(network, 1 - sparsity, task, dataset, seed).masks if sparsity else None
    found = quantised_start(network, dataset)
    fit(found, dataset, task, budget, seed=seed, masks=masks, teacher=teacher_of(network, settings))
    return found
