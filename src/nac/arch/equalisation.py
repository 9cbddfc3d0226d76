"""The same float network with channels of more equal range, so that one scale of few bits serves a whole tensor.

ReLU and its leaky relatives are positively homogeneous: what divides a channel before them can multiply the weights
that read it behind them (cross-layer equalisation, arXiv 1906.04721). Norms that were trained and folded leave channels
of one tensor ranges far apart, and the small ones would keep only a level or two of sixteen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nac.arch.network import Network, copied
from nac.arch.operation import Node
from nac.arch.operations import Activation

STRENGTH = 0.5
"""0 leaves ranges as they are, 1 makes them all equal, which moves the spread into the weights behind them."""
SMALLEST_FACTOR = 0.125
"""Channels that are hardly ever used are not enlarged by more than its inverse."""


@dataclass(frozen=True)
class _Link:
    """Channels that the layer or norm `scaled` makes, seen behind `activation`, and that `reader` alone reads."""

    scaled: str
    activation: str
    reader: str


def equalised(network: Network, x: Tensor) -> Network:
    """A float network of the same function whose channels use more similar ranges within each tensor.

    Args:
        network: float; left as it is.
        x: (N, *input), what ranges are measured on.
    """
    twin = copied(network).to(x.device).eval()
    links = _links(twin)
    ranges = _ranges(twin, x, [link.activation for link in links])
    for link in links:
        extent = ranges[link.activation]
        if extent.max() > 0:
            _rescale(twin, link, ((extent / extent.max()) ** STRENGTH).clamp_min(SMALLEST_FACTOR))
    return twin


def _links(network: Network) -> list[_Link]:
    """Where channels can be rescaled: between a layer and the next, where nothing else reads what lies between."""
    readers: dict[str, list[str]] = {}
    for node in network.graph.nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node.name)
    links = []
    for source in network.weighted:
        between: list[Node] = []
        name = source
        while len(readers.get(name, ())) == 1:
            name = readers[name][0]
            node = network.graph[name]
            if node.operation.weighted:
                activation = next(node.name for node in between if isinstance(node.operation, Activation))
                scaled = between[0].name if between[0].operation.folds else source
                links.append(_Link(scaled, activation, name))
                break
            if not node.operation.scales():
                break
            between.append(node)
    return links


def _ranges(network: Network, x: Tensor, names: Iterable[str]) -> dict[str, Tensor]:
    """The largest magnitude (channels,) of the outputs of every named node."""
    found: dict[str, Tensor] = {}

    def measure(name: str) -> None:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            found[name] = output.abs().transpose(0, 1).flatten(1).amax(1)

        handles.append(network.layers[name].register_forward_hook(hook))

    handles: list[torch.utils.hooks.RemovableHandle] = []
    for name in names:
        measure(name)
    try:
        with torch.no_grad():
            network(x)
    finally:
        for handle in handles:
            handle.remove()
    return found


@torch.no_grad()
def _rescale(network: Network, link: _Link, factor: Tensor) -> None:
    """Divide every channel by its factor (channels,), and multiply what reads it."""
    for parameter in network.layers[link.scaled].parameters():
        parameter.div_(factor.reshape(-1, *[1] * (parameter.dim() - 1)))
    weight = network.weight(link.reader)
    positions = weight.shape[1] // len(factor)
    weight.mul_(factor.repeat_interleave(positions).reshape(1, -1, *[1] * (weight.dim() - 2)))
