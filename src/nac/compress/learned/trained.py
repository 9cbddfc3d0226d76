"""The front of one float network: read from disk, or trained and written there."""

from dataclasses import replace
from pathlib import Path
from typing import cast

from nac.arch import Network, copied, quantise
from nac.arch.quantisers import LEARNED
from nac.arch.quantisers.learned import Layer
from nac.compress.constants import without_constants
from nac.compress.learned.common import is_free, level
from nac.compress.learned.front import Checkpoint, along, learnable, load_front, save_front, train_front
from nac.compress.learned.settle import settled
from nac.config import LearnedConfig
from nac.tasks import Dataset, Task
from nac.train import Teacher


def learned_front(
    folder: Path, reference: Network, task: Task, dataset: Dataset, teacher: Teacher | None, learned: LearnedConfig,
    seed: int,
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

    Raises:
        WorkError: the training diverged.
    """
    points = load_front(folder, learned)
    if points is None:
        network = learnable(reference, dataset)
        points = along(train_front(network, dataset, task, learned, teacher, seed=seed), learned.designs)
        if is_free(task, dataset):
            points = [levelled(network, point) for point in points]
        save_front(folder, points, learned)
    return points


def levelled(network: Network, point: Checkpoint) -> Checkpoint:
    """The same with a last layer of few adders (`nac.compress.learned.common`), its weights rounded.

    Args:
        network: of learned widths, whose weights do not matter.
        point: a state of such a network.
    """
    twin = copied(network)
    twin.load_state_dict(point.state)
    level(cast(Layer, twin.layers[twin.graph.output.name]))
    return replace(point, state={key: value.detach().cpu().clone() for key, value in twin.state_dict().items()})


def deployed(reference: Network, point: Checkpoint) -> Network:
    """The network of a checkpoint as firmware computes it, as it was when it was met; dead channels are gone.

    Args:
        reference: float, of the same architecture.
        point: of its front.
    """
    network = copied(quantise(reference, quantiser=LEARNED))
    network.load_state_dict(point.state)
    return without_constants(settled(network))[0]
