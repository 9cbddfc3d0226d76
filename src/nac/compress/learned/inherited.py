"""Trainings that begin where one of a neighbour was: with its channels, at the price that these had come to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from nac.arch import Architecture, Network, copied
from nac.arch.quantisers import LEARNED
from nac.compress.learned.front import Checkpoint, cycle_ends
from nac.compress.learned.living import Living, living_channels, living_first
from nac.compress.learned.several import fits
from nac.compress.structured import channel_groups, shrunk, what_stays
from nac.config import TrainConfig


@dataclass(frozen=True)
class Start:
    """A checkpoint of a training, and the architecture that it is of."""

    architecture: Architecture
    point: Checkpoint

    def fits(self, architecture: Architecture) -> bool:
        """Whether networks of the architecture are other than this one in nothing but how many channels they have."""
        return fits(architecture) and _narrowest(architecture) == _narrowest(self.architecture)

    def inherited(self, network: Network) -> Network:
        """The network with the channels of the checkpoint, the living ones first.

        Where it has more channels than there are, the others are its own.

        Args:
            network: of learned widths and an architecture that `fits`; left as it is.
        """
        parent = Network(self.architecture, quantiser=LEARNED)
        parent.load_state_dict(self.point.state)
        groups = channel_groups(self.architecture)
        alive = living_channels(parent, groups)
        given, taken = {}, {}
        for group in groups:
            first = group.nodes[0]
            count = min(network.graph[first].shape[0], parent.graph[first].shape[0])
            given.update(dict.fromkeys(group.nodes, living_first(alive[first], count)))
            taken.update(dict.fromkeys(group.nodes, torch.arange(count)))
        whole = Living.of(network)
        part = replace(whole, places=what_stays(network, whole.places, taken))
        heir = copied(network)
        heir.load_state_dict(part.state(what_stays(parent, parent.state_dict(), given)))
        return heir


def start_of(
    architecture: Architecture, points: Sequence[Checkpoint], train: TrainConfig, share: float
) -> Start | None:
    """The latest network on a training's front of before a share of its epochs, and before the last cycle of them.

    None where there is none.
    """
    last = cycle_ends(train)[-2]
    early = [point for point in points if point.epoch < min(share * train.epochs, last)]
    return Start(architecture, max(early, key=lambda point: point.epoch)) if early else None


def _narrowest(architecture: Architecture) -> Architecture:
    one = torch.zeros(1)
    return shrunk(architecture, {name: one for group in channel_groups(architecture) for name in group.nodes})
