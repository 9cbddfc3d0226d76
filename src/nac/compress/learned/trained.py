"""The front of one float network: read from disk, or trained and written there."""

from pathlib import Path

from nac.arch import Network, copied, quantise
from nac.arch.quantisers import LEARNED
from nac.compress.constants import without_constants
from nac.compress.learned.front import Checkpoint, along, learnable, load_front, save_front, train_front
from nac.compress.learned.inherited import Start
from nac.compress.learned.settle import settled
from nac.config import LearnedConfig
from nac.tasks import Dataset, Task
from nac.train import Teacher


def learned_front(
    folder: Path, reference: Network, task: Task, dataset: Dataset, teacher: Teacher | None, learned: LearnedConfig,
    seed: int, start: Start | None = None,
) -> list[Checkpoint]:
    """What designs are made of, the cheapest first.

    Args:
        folder: where that is, or will be.
        reference: float, trained.
        task: loss and metrics.
        dataset: trains and chooses.
        teacher: whose outputs are learned besides the targets.
        learned: of this training; what is in the folder from another one is replaced.
        seed: of the training.
        start: where it begins, a checkpoint of a network that this one is a neighbour of; by default with `reference`.

    Raises:
        WorkError: the training diverged.
    """
    points = load_front(folder, learned)
    if points is None:
        network, begun = learnable(reference, dataset), 0
        if start is not None:
            network, begun = start.inherited(network), start.point.epoch + 1
        front = train_front(network, dataset, task, learned, teacher, seed=seed, begun=begun)
        points = along(front, learned.designs)
        save_front(folder, points, learned)
    return points


def deployed(reference: Network, point: Checkpoint) -> Network:
    """The network of a checkpoint as firmware computes it, as it was when it was met; dead channels are gone.

    Args:
        reference: float, of the same architecture.
        point: of its front.
    """
    network = copied(quantise(reference, quantiser=LEARNED))
    network.load_state_dict(point.state)
    return without_constants(settled(network))[0]
