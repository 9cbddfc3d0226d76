"""What of a network is still trained: channels that are zero, or that nothing reads, are out of it from then on.

A training that makes widths cost more and more empties most channels of a network long before it ends; a step of what
is left takes a fraction of the time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, cast

import torch
from torch import Tensor

from nac.arch import Channels, Network, copied
from nac.arch.quantisers.learned import Layer, Values
from nac.compress.learned.several import fits
from nac.compress.structured import Group, channel_groups, shrunk, what_stays


@dataclass(frozen=True)
class Living:
    """What is left of a network in training: `network`, of learned widths.

    `places` are indices of its parameters, shaped and named as they are, among the flattened ones of `whole`, a state
    of the network that the training began with.
    """

    network: Network
    whole: Mapping[str, Tensor]
    places: Mapping[str, Tensor]

    @classmethod
    def of(cls, network: Network) -> Self:
        """All of it."""
        whole = network.state_dict()
        return cls(network, whole, {key: torch.arange(value.numel()).reshape(value.shape)
                                    for key, value in whole.items()})  # fmt: skip

    def state(self, living: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The whole network's state where that of what is left is `living`."""
        found = {}
        for key, value in self.whole.items():
            found[key] = value.detach().clone()
            found[key].view(-1)[self.places[key].flatten()] = living[key].flatten()
        return found

    def trained(self, living: Mapping[str, Tensor]) -> "Living":
        """The same with another state of what is left."""
        network = copied(self.network)
        network.load_state_dict(living)
        return Living(network, self.whole, self.places)


def survivors(members: Sequence[Living]) -> list[Living]:
    """What is left of networks of one architecture, again of one: each has as many channels as the one with the most.

    Architectures that cannot be trained side by side stay as they are.
    """
    if not fits(members[0].network.architecture):
        return list(members)
    groups = channel_groups(members[0].network.architecture)
    alive = [living_channels(member.network, groups) for member in members]
    counts: dict[int, int] = {}
    for group in groups:
        most = max(1, *(int(each[group.nodes[0]].sum()) for each in alive))
        counts[group.tie] = max(most, counts.get(group.tie, 0))
    left = []
    for member, each in zip(members, alive, strict=True):
        chosen: dict[str, Tensor] = {}
        for group in groups:
            chosen.update(dict.fromkeys(group.nodes, living_first(each[group.nodes[0]], counts[group.tie])))
        left.append(_part(member, chosen))
    return left


def living_first(alive: Tensor, count: int) -> Tensor:
    """Indices (count,) of so many channels, in their order: of those (channels,) that are alive, then of others."""
    return alive.float().argsort(descending=True, stable=True)[:count].sort().values


def _part(member: Living, chosen: Mapping[str, Tensor]) -> Living:
    network, state = member.network, member.network.state_dict()
    smaller = Network(shrunk(network.architecture, chosen), quantiser=network.quantiser)
    smaller.load_state_dict(what_stays(network, state, chosen))
    return Living(smaller, member.state(state), what_stays(network, member.places, chosen))


@torch.no_grad()
def living_channels(network: Network, groups: Sequence[Group]) -> dict[str, Tensor]:
    """Which channels of every group, by its first layer, are ever something else than zero and have a reader.

    Args:
        network: of learned widths.
        groups: of its architecture.
    """
    channels = Channels(network.graph)
    read = {group.nodes[0]: torch.zeros(network.graph[group.nodes[0]].shape[0], dtype=torch.bool) for group in groups}
    for name in network.weighted:
        source = network.graph[network.graph[name].inputs[0]]
        if (family := channels.removable(source.name)) is not None:
            used = (cast(Layer, network.layers[name]).quantised() != 0).transpose(0, 1).flatten(1).any(1)
            read[family][channels.elements(source.name, source.shape[0])[used]] = True
    for group in groups:
        made = [cast(Values, network.layers[name]).bits() > 0 for name in group.judged]
        if made:
            read[group.nodes[0]] &= torch.stack([each.reshape(len(each), -1).any(1) for each in made]).any(0)
    return read
