"""The best float networks of a run as teachers: what they know is worth more than what a small winner does itself."""

from collections.abc import Iterable
from pathlib import Path

from nac.arch import Network
from nac.compress.floats import ARCHITECTURE
from nac.design import load_float
from nac.tasks import Dataset, Task
from nac.train import validation_loss


def best_networks(folders: Iterable[Path], count: int, task: Task, dataset: Dataset) -> tuple[Network, ...]:
    """The trained float networks of the lowest loss on the samples that choose, the best first.

    Args:
        folders: of trials; those without a complete network are passed over.
        count: how many at most; of none, nothing is read.
        task: loss.
        dataset: whose validation samples choose.
    """
    if not count:
        return ()
    networks = [load_float(folder) for folder in sorted(folders) if (folder / ARCHITECTURE).exists()]
    networks.sort(key=lambda network: validation_loss(network, dataset.validation, task))
    return tuple(networks[:count])
