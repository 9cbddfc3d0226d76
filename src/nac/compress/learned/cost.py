"""What networks of learned widths cost, as numbers that their widths have a gradient of.

Of a folded circuit the logic counts that is there, for as many positions as come with a clock (`fold`, as in
`TargetConfig`). Networks that are trained side by side (nac.compress.learned.several) are one, whose layers have
groups: a cost is that of every member (members,), of a single network (1,).
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

import torch
from torch import Tensor

from nac.arch import Network, Node
from nac.arch.quantisers.learned import Layer, Values
from nac.arch.quantisers.rounding import PACE
from nac.config import Fold


class Product(NamedTuple):
    """A matrix product at so many positions.

    `weights` are the bits of the weights (members, outputs, inputs, kernel positions), `values` the bits
    (members, inputs) of what they meet, their mean over positions, `biases` those of the biases (members, outputs).
    """

    weights: Tensor
    values: Tensor
    biases: Tensor | None
    positions: int


def elements(network: Network, name: str, of: Callable[[Values], Tensor]) -> Tensor:
    """What is known of quantised values, (1, *shape), where a node has them: others pass it on as they pass on values.

    Args:
        network: of learned widths.
        name: of a node behind which there is no layer before the next quantiser.
        of: what is known of a quantiser's values, in the shape of its parameters.
    """
    node = network.graph[name]
    if node.operation.quantises:
        return of(cast(Values, network.layers[name])).expand(1, *node.shape)
    return node.operation.compute(node, *(elements(network, source, of) for source in node.inputs))


def copies(node: Node, fold: Fold) -> int:
    """How many times the logic of a node is there."""
    positions = math.prod(node.shape[1:])
    return positions if fold == "all" else min(positions, fold)


def arriving(network: Network, node: Node, fold: Fold) -> int:
    """How many positions a dense layer reads one after the other: 1 where all are there at once."""
    source = network.graph[node.inputs[0]]
    if fold == "all" or len(source.shape) > 1 or not source.inputs:
        return 1
    return math.prod(network.graph[source.inputs[0]].shape[1:])


def together(bits: Tensor, layer: Layer, beats: int) -> Tensor:
    """Bits (outputs, channels) of factors that hold every weight in turn: from the largest one's first to the finest
    step, on the one grid that a folded layer has for all of its weights.
    """
    above = bits.detach() - torch.round(PACE * layer.fraction.detach())  # the point
    above = above.where(bits > 0, -torch.inf).reshape(layer.groups, -1)
    to_first = (above.amax(1, keepdim=True) - above).where(above.isfinite(), 0)
    widest = (bits.reshape(above.shape) + to_first).amax(1).repeat_interleave(len(bits) // layer.groups)
    used = bits.detach().reshape(len(bits), -1, beats).amax(2).sign()
    return widest[:, None] * used


def products(network: Network, fold: Fold = "all") -> Iterator[Product]:
    """Those with weights, in order.

    A dense layer behind a stream has one product for all positions of a channel.
    """
    for node in network.graph.nodes:
        if node.operation.weighted:
            layer = cast(Layer, network.layers[node.name])
            bits, biases, members = layer.bits(), layer.bias_bits(), layer.groups
            values = elements(network, node.inputs[0], Values.bits)[0]
            mean = values.flatten(1).mean(1) if values.dim() > 1 else values
            mean = mean.reshape(members, -1)
            if (beats := arriving(network, node, fold)) > 1:
                bits = together(bits, layer, beats)
                mean = mean.reshape(members, -1, beats).mean(2)
            bits = bits.reshape(members, -1, bits.shape[1], math.prod(bits.shape[2:]))
            biases = None if biases is None else biases.reshape(members, -1)
            yield Product(bits, mean, biases, copies(node, fold))


def bit_products(network: Network, fold: Fold = "all") -> Tensor:
    """Effective bit operations (HGQ, arXiv 2405.00645, eq. 5): over all weights, their bits times those they meet."""
    found = [p.positions * (p.weights.sum((1, 3)) * p.values).sum(1) for p in products(network, fold)]
    return torch.stack(found).sum(0)


CARRY = 1.0
"""Bits of an adder besides those of the value that it adds."""
CONSTANT = 1.0
"""LUTs for a bit of a bias: it is added by a carry chain of its own, as wide as the sum."""
CLIPPED = 1.0
"""LUTs for a bit that a quantiser keeps: the sign masks it, an overflow sets it."""


def adder_bits(network: Network, fold: Fold = "all") -> Tensor:
    """About the LUTs of an adder graph, rather too many: every bit of a weight is an adder as wide as what it adds.

    A weight has fewer signed digits than bits, and the first of a sum is added to nothing. To leave these out brings
    the number closer to the LUTs and the training to larger circuits: what costs nothing is never pruned.
    """
    total = []
    for product in products(network, fold):
        width = product.values + CARRY * (product.values.detach() > 0)
        total.append(product.positions * (product.weights.sum((1, 3)) * width).sum(1))
        if product.biases is not None:
            total.append(CONSTANT * product.positions * product.biases.sum(1))
    for node in network.graph.nodes:
        if node.operation.quantises and node.inputs:
            bits = cast(Values, network.layers[node.name]).bits()
            total.append(CLIPPED * copies(node, fold) * bits.reshape(len(total[0]), -1).sum(1))
    return torch.stack(total).sum(0)
