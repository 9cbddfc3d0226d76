"""Channels that can hold only one value, and channels that nothing reads, go: the smaller network computes the same.

Pruning empties channels, and trainings leave some that are always at an end of their range. What is left of such a
channel is a constant: it is added to the biases of the layers that read it, in whole numbers of their steps.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from nac.arch import Network, Node, copied
from nac.arch.graph import WEIGHTED
from nac.arch.quantisers import plain
from nac.arch.quantisers.fixed_point import channel_scale
from nac.compress.structured import Group, carried_over, channel_groups

BEYOND = 1e30
"""Saturates every input."""


class _Range(NamedTuple):
    """The least and the largest value (channels,) that the channels of a node can have, in float64."""

    low: Tensor
    high: Tensor

    @property
    def constant(self) -> Tensor:
        return self.low == self.high

    @property
    def zero(self) -> Tensor:
        return self.constant & (self.low == 0)


class _Layer(NamedTuple):
    """What a layer computes with: weights (outputs, inputs), positions of a kernel summed up, by sign, and biases."""

    positive: Tensor
    negative: Tensor
    bias: Tensor

    @property
    def used(self) -> Tensor:
        """Which inputs have a weight."""
        return ((self.positive != 0) | (self.negative != 0)).any(0)


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
    origin = _origins(network, groups)
    full: set[str] = set()  # layers whose bias cannot take the constants, which then have to stay
    while True:
        kept = _kept(groups, _removable(network, groups, origin, layers, ranges, full))
        biases = {name: layer.bias for name, layer in layers.items()}
        for name, layer in layers.items():
            index, channels = origin[source := network.graph[name].inputs[0]]
            if index is not None:
                lost = ~torch.isin(channels, kept[groups[index].nodes[0]])
                biases[name] = layer.bias + (layer.positive + layer.negative)[:, lost] @ ranges[source].low[lost]
        inexact = {name for name, bias in biases.items() if not _held(bias, network.layers[name].bias)}
        if not inexact:
            break
        full |= inexact
    sizes = {name: network.graph[name].shape[0] for name in kept}
    gone = {name: sizes[name] - len(channels) for name, channels in kept.items() if len(channels) < sizes[name]}
    return (carried_over(_pinned(exact, biases), groups, kept).eval(), gone) if gone else (network, {})


def _held(bias: Tensor, parameter: Any) -> bool:
    """Whether a layer can have this bias."""
    return bool((bias == 0).all()) if parameter is None else torch.equal(bias.float().double(), bias)


def _pinned(exact: Network, biases: Mapping[str, Tensor]) -> Network:
    """The network with its weights on their grid, which no longer depends on the largest of them."""
    pinned = copied(exact).eval()
    for name, bias in biases.items():
        layer: Any = pinned.layers[name]
        quantised = cast(Any, exact.layers[name]).quant_weight()
        layer.weight.copy_(quantised.value)
        channel_scale(layer).smallest.copy_(quantised.scale)
        if layer.bias is not None:
            layer.bias.copy_(bias)
    return pinned


def _removable(
    network: Network, groups: list[Group], origin: Mapping[str, tuple[int | None, Tensor]],
    layers: Mapping[str, _Layer], ranges: Mapping[str, _Range], full: set[str],
) -> list[Tensor]:
    """Which channels of every group nobody needs: what reads them has no weight for them or takes them as constants."""
    removable = [torch.ones(network.graph[group.nodes[0]].shape[0], dtype=torch.bool) for group in groups]
    for node in network.graph.nodes:
        if node.op in WEIGHTED:
            source = node.inputs[0]
            constant = ranges[source].zero if node.name in full else ranges[source].constant
            needed = layers[node.name].used & ~constant
        elif node.op == "matmul" and not node.attrs["transpose_b"]:  # sums over pairs of a key and a query
            source, key = node.inputs[1], network.graph[network.graph[node.inputs[0]].inputs[0]].inputs[1]
            needed = ~(ranges[source].zero | ranges[key].zero)
        else:
            continue
        index, channels = origin[source]
        if index is not None:
            removable[index][channels[needed]] = False
    return removable


def _kept(groups: list[Group], removable: list[Tensor]) -> dict[str, Tensor]:
    """Channels that stay by layer: at least one, and the same number in all groups of a block."""
    counts: dict[int, int] = {}
    for group, gone in zip(groups, removable, strict=True):
        count = min(int(gone.sum()), len(gone) - 1)
        counts[group.block] = min(count, counts.get(group.block, count))
    kept: dict[str, Tensor] = {}
    for group, gone in zip(groups, removable, strict=True):
        stays = torch.ones(len(gone), dtype=torch.bool)
        stays[gone.nonzero().flatten()[: counts[group.block]]] = False
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
                bias = layer.bias_quant(layer.bias, inputs[0], weight).value
            found[name] = _Layer(flat.clamp_min(0).sum(2), flat.clamp_max(0).sum(2), bias)

        handles.append(layer.register_forward_pre_hook(hook))

    handles: list[torch.utils.hooks.RemovableHandle] = []
    for name in network.weighted:
        look(name)
    network(torch.zeros(1, *network.architecture.input, dtype=torch.float64))
    for handle in handles:
        handle.remove()
    return found


def _ranges(network: Network, layers: Mapping[str, _Layer]) -> dict[str, _Range]:
    """The range of every node's channels; activations never fall, so that they map ends to ends."""
    ranges: dict[str, _Range] = {}
    for node in network.graph.nodes:
        before = [ranges[name] for name in node.inputs]
        ranges[node.name] = _range(network, node, before, layers)
    return ranges


def _range(network: Network, node: Node, before: list[_Range], layers: Mapping[str, _Layer]) -> _Range:
    if node.op == "input":
        ends = torch.full((node.shape[0],), BEYOND, dtype=torch.float64)
        return _Range(*(plain(network.layers[node.name](sign * ends)) for sign in (-1, 1)))
    if node.op == "activation":
        return _Range(*(plain(network.layers[node.name](end)) for end in before[0]))
    if node.op in WEIGHTED:
        positive, negative, bias = layers[node.name]
        low, high = before[0]
        return _Range(positive @ low + negative @ high + bias, positive @ high + negative @ low + bias)
    if node.op == "add":
        return _Range(before[0].low + before[1].low, before[0].high + before[1].high)
    if node.op == "matmul":
        a, b = before
        source = network.graph[node.inputs[0]].shape
        corners = torch.stack([x * y for x in a for y in (b.low.min(), b.high.max())])
        return _Range(source[1] * corners.amin(0), source[1] * corners.amax(0))
    if node.op == "flatten":
        positions = node.shape[0] // len(before[0].low)
        return _Range(*(end.repeat_interleave(positions) for end in before[0]))
    return before[0]


def _origins(network: Network, groups: list[Group]) -> dict[str, tuple[int | None, Tensor]]:
    """For every node, the group whose channels lie along its first axis (None: the input's), and which of them."""
    made = {name: index for index, group in enumerate(groups) for name in group.nodes}
    origin: dict[str, tuple[int | None, Tensor]] = {}
    for node in network.graph.nodes:
        if node.name.endswith("_project"):  # its sum with the residual has the residual's channels
            origin[node.name] = origin[node.name.replace("_project", "_pixels")]
        elif node.op in WEIGHTED or node.op == "input":
            origin[node.name] = (made.get(node.name), torch.arange(node.shape[0]))
        else:
            index, channels = origin[node.inputs[0]]
            origin[node.name] = (index, channels.repeat_interleave(node.shape[0] // len(channels)))
    return origin
