"""What a network of learned widths costs, as a number that its widths have a gradient of."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

import torch
from torch import Tensor

from nac.arch import Network
from nac.arch.quantisers.learned import Layer, Values


class Product(NamedTuple):
    """A matrix product at so many positions.

    `weights` are the bits of the weights (outputs, inputs), kernels summed up, `values` the bits (inputs,) of what they
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
            weights = bits.flatten(2).sum(2) if bits.dim() > 2 else bits
            values = elements(network, node.inputs[0], Values.bits)[0]
            mean = values.flatten(1).mean(1) if values.dim() > 1 else values
            yield Product(node.name, weights, mean, math.prod(node.shape[1:]))


def bit_products(network: Network) -> Tensor:
    """Effective bit operations (HGQ, arXiv 2405.00645, eq. 5): over all weights, their bits times those they meet."""
    return torch.stack([p.positions * (p.weights.sum(0) @ p.values) for p in products(network)]).sum()


ALONE = 1.5
"""Bits of an adder besides those of the value that it adds: carries, and bits that only one summand has."""
CONSTANT = 0.5
"""Share of the bits of a bias that take a LUT."""
CLIPPED = 0.5
"""LUTs of a bit that a quantiser keeps."""


def adder_bits(network: Network) -> Tensor:
    """About the LUTs of an adder graph: every bit of a weight is an adder as wide as what it adds, and a bit more."""
    total = []
    for product in products(network):
        live = (product.values.detach() > 0).to(product.values.dtype)
        total.append(product.positions * (product.weights.sum(0) @ (product.values + ALONE * live)))
        bias = cast(Layer, network.layers[product.name]).bias_bits()
        if bias is not None:
            total.append(CONSTANT * product.positions * bias.sum())
    for node in network.graph.nodes:
        if node.operation.quantises and node.inputs:
            bits = cast(Values, network.layers[node.name]).bits()
            total.append(CLIPPED * bits.sum() * (math.prod(node.shape) / bits.numel()))
    return torch.stack(total).sum()
