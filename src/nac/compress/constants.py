"""Channels that can hold only one value, and channels that nothing reads, go: the smaller network computes the same.

Pruning empties channels, and trainings leave some that are always at an end of their range. What is left of such a
channel is a constant: it is added to the biases of the layers that read it, in whole numbers of their steps.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from nac.arch import Channels, Network, copied
from nac.arch.operation import Extent
from nac.arch.quantisers import QUANTISERS, Quantiser, plain
from nac.compress.structured import Group, carried_over, channel_groups

BEYOND = 1e30
"""Saturates every input."""


class _Layer(NamedTuple):
    """What a layer computes with: weights (outputs, inputs), positions of a kernel summed up, by sign, and biases."""

    positive: Tensor
    negative: Tensor
    bias: Tensor

    @property
    def used(self) -> Tensor:
        """Which inputs have a weight."""
        return ((self.positive != 0) | (self.negative != 0)).any(0)

    def extent(self, x: Extent) -> Extent:
        """What it makes of a range."""
        low = self.positive @ x.low + self.negative @ x.high + self.bias
        return Extent(low, self.positive @ x.high + self.negative @ x.low + self.bias)


def without_constants(network: Network) -> tuple[Network, dict[str, int]]:
    """A network of the same function without channels that are constant or unread, and how many went by layer.

    Every layer keeps at least one channel, and an attention as many keys as values. A constant stays where a bias,
    kept in float32, could not take it exactly.

    Args:
        network: quantised, in evaluation mode; left as it is.
    """
    removed: dict[str, int] = {}
    while True:
        network, gone = _smaller(network)
        if not gone:
            return network, removed
        for name, count in gone.items():
            removed[name] = removed.get(name, 0) + count


@torch.no_grad()
def _smaller(network: Network) -> tuple[Network, dict[str, int]]:
    """Without the channels that can go at once: afterwards others may be constant or unread."""
    exact = copied(network).eval().double()
    layers = _layers(exact)
    ranges = _ranges(exact, layers)
    groups = channel_groups(network.architecture)
    channels = Channels(network.graph)
    # Layers whose bias cannot take the constants, which then have to stay: at a padded rim there are zeros instead.
    full = {node.name for node in network.graph.nodes if node.operation.pads}
    while True:
        kept = _kept(groups, _removable(network, groups, channels, layers, ranges, full))
        biases = {name: layer.bias for name, layer in layers.items()}
        for name, layer in layers.items():
            source = network.graph[network.graph[name].inputs[0]]
            if (family := channels.removable(source.name)) is not None:
                lost = ~torch.isin(channels.elements(source.name, source.shape[0]), kept[family])
                biases[name] = layer.bias + (layer.positive + layer.negative)[:, lost] @ ranges[source.name].low[lost]
        inexact = {name for name, bias in biases.items() if not _held(bias, network.layers[name].bias)}
        if not inexact:
            break
        full |= inexact
    sizes = {name: network.graph[name].shape[0] for name in kept}
    gone = {name: sizes[name] - len(channels) for name, channels in kept.items() if len(channels) < sizes[name]}
    return (carried_over(_pinned(exact, biases), kept).eval(), gone) if gone else (network, {})


def _quantiser(network: Network) -> Quantiser:
    assert network.quantiser is not None
    return QUANTISERS[network.quantiser]


def _held(bias: Tensor, parameter: Any) -> bool:
    """Whether a layer can have this bias."""
    return bool((bias == 0).all()) if parameter is None else torch.equal(bias.float().double(), bias)


def _pinned(exact: Network, biases: Mapping[str, Tensor]) -> Network:
    """The network with its weights on their grid, which no longer depends on the largest of them."""
    pinned = copied(exact).eval()
    for name, bias in biases.items():
        layer: Any = pinned.layers[name]
        _quantiser(pinned).pin(layer, None if layer.bias is None else bias)
    return pinned


def _removable(
    network: Network, groups: list[Group], channels: Channels, layers: Mapping[str, _Layer],
    ranges: Mapping[str, Extent], full: set[str],
) -> dict[str, Tensor]:
    """Which channels of every group, by its first layer, nobody needs.

    What reads them has no weight for them, or takes them as constants.
    """
    removable = {
        group.nodes[0]: torch.ones(network.graph[group.nodes[0]].shape[0], dtype=torch.bool) for group in groups
    }
    for node in network.graph.nodes:
        before = [ranges[name] for name in node.inputs]
        if node.operation.weighted:
            constant = before[0].zero if node.name in full else before[0].constant
            needed: Tensor | None = layers[node.name].used & ~constant
        else:
            needed = node.operation.needed(node, before)
        if needed is None:
            continue
        source = network.graph[node.inputs[-1]]
        if (family := channels.removable(source.name)) is not None:
            removable[family][channels.elements(source.name, source.shape[0])[needed]] = False
    return removable


def _kept(groups: list[Group], removable: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Channels that stay by layer: at least one, and the same number in all groups of a tie."""
    counts: dict[int, int] = {}
    for group in groups:
        gone = removable[group.nodes[0]]
        count = min(int(gone.sum()), len(gone) - 1)
        counts[group.tie] = min(count, counts.get(group.tie, count))
    kept: dict[str, Tensor] = {}
    for group in groups:
        gone = removable[group.nodes[0]]
        stays = torch.ones(len(gone), dtype=torch.bool)
        stays[gone.nonzero().flatten()[: counts[group.tie]]] = False
        kept.update(dict.fromkeys(group.nodes, stays.nonzero().flatten()))
    return kept


def _layers(network: Network) -> dict[str, _Layer]:
    """Quantised weights and biases by node name; a bias depends on the scale of what comes in."""
    found: dict[str, _Layer] = {}

    def look(name: str) -> None:
        layer: Any = network.layers[name]

        def hook(module: Any, inputs: tuple[Tensor, ...]) -> None:
            weight = layer.quant_weight()
            flat = weight.value.flatten(2) if weight.value.dim() > 2 else weight.value[..., None]
            bias = flat.new_zeros(len(flat))
            if layer.bias is not None:
                bias = _quantiser(network).bias(layer, inputs[0])
            found[name] = _Layer(flat.clamp_min(0).sum(2), flat.clamp_max(0).sum(2), bias)

        handles.append(layer.register_forward_pre_hook(hook))

    handles: list[torch.utils.hooks.RemovableHandle] = []
    for name in network.weighted:
        look(name)
    network(torch.zeros(1, *network.architecture.input, dtype=torch.float64))
    for handle in handles:
        handle.remove()
    return found


def _ranges(network: Network, layers: Mapping[str, _Layer]) -> dict[str, Extent]:
    """The range of every node's channels."""
    ends = torch.full(network.architecture.input[:1], BEYOND, dtype=torch.float64)
    ranges: dict[str, Extent] = {}
    for node in network.graph.nodes:
        before = [ranges[name] for name in node.inputs] or [Extent(-ends, ends)]

        def own(x: Extent, name: str = node.name) -> Extent:
            if name in layers:
                return layers[name].extent(x)
            return _quantised(network, name, x)

        ranges[node.name] = node.operation.extent(node, network.graph.sources(node), before, own)
    return ranges


def _quantised(network: Network, name: str, x: Extent) -> Extent:
    """What a quantiser makes of a range, over all positions."""
    shape = network.graph[name].shape
    ends = (end.reshape(1, -1, *[1] * (len(shape) - 1)).expand(1, *shape) for end in (x.low, x.high))
    low, high = (plain(network.layers[name](end)).reshape(shape[0], -1) for end in ends)
    return Extent(low.amin(1), high.amax(1))
