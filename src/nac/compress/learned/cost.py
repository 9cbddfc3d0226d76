"""What a network of learned widths costs, as a number that its widths have a gradient of."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

import torch
from torch import Tensor
from torch.nn import functional

from nac.arch import Network
from nac.arch.quantisers.learned import Layer, Values


class Product(NamedTuple):
    """A matrix product at so many positions.

    `weights` are the bits of the weights (outputs, inputs, kernel positions), `values` the bits (inputs,) of what they
    meet, their mean over positions.
    """

    name: str
    weights: Tensor
    values: Tensor
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


def products(network: Network) -> Iterator[Product]:
    """Those with weights, in order."""
    for node in network.graph.nodes:
        if node.operation.weighted:
            bits = cast(Layer, network.layers[node.name]).bits()
            values = elements(network, node.inputs[0], Values.bits)[0]
            mean = values.flatten(1).mean(1) if values.dim() > 1 else values
            yield Product(node.name, bits.reshape(*bits.shape[:2], -1), mean, math.prod(node.shape[1:]))


def bit_products(network: Network) -> Tensor:
    """Effective bit operations (HGQ, arXiv 2405.00645, eq. 5): over all weights, their bits times those they meet."""
    return torch.stack([p.positions * (p.weights.sum((0, 2)) @ p.values) for p in products(network)]).sum()


CARRY = 1.0
"""Bits of an adder besides those of the value that it adds."""
LATER_DIGITS = 0.5
"""Signed digits for every bit of a weight but its first: of two neighbours at most one is not zero."""
CONSTANT = 1.0
"""LUTs for a bit of a bias: it is added by a carry chain of its own, as wide as the sum."""
CLIPPED = 1.0
"""LUTs for a bit that a quantiser keeps: the sign masks it, an overflow sets it."""


def adder_bits(network: Network) -> Tensor:
    """About the LUTs of an adder graph: every signed digit of a weight adds what it shifts, but for one in each sum.

    Nothing is added to the widest of the values that a sum is made of. What outputs have in common is not found, nor is
    how large the values are that are added.
    """
    total = []
    for product in products(network):
        live = (product.values.detach() > 0).to(product.values.dtype)
        width = product.values + CARRY * live
        first = product.weights.clamp(max=1)
        digits = (first + LATER_DIGITS * (product.weights - first)).sum(2)
        widest = ((digits.detach() > 0) * width).amax(1)
        total.append(product.positions * functional.relu(digits @ width - widest).sum())
        bias = cast(Layer, network.layers[product.name]).bias_bits()
        if bias is not None:
            total.append(CONSTANT * product.positions * bias.sum())
    for node in network.graph.nodes:
        if node.operation.quantises and node.inputs:
            bits = cast(Values, network.layers[node.name]).bits()
            total.append(CLIPPED * bits.sum() * (math.prod(node.shape) / bits.numel()))
    return torch.stack(total).sum()
