"""A matrix product over features."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from nac.arch.channels import Axes, Channels
from nac.arch.operation import OPERATIONS, Extent, Node, Operation, Shape, require_rank, weighted_product
from nac.arch.quantisers import Quantiser
from nac.cost import MatrixOp


@OPERATIONS.register("dense")
@dataclass(frozen=True, kw_only=True)
class Dense(Operation):
    """(F,) to (width,), or (F, P) to (width, P) with weights shared by all P.

    `averages` starts the weights smaller by the number of positions, rounded up to a power of two, so that a sum over
    all of them is near one.
    """

    name = "dense"
    weighted = True
    width: int
    bias: bool = True
    averages: bool = False

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """Another number of features."""
        require_rank(name, sources[0], (1, 2), "a vector or a set of vectors (flatten an image first)")
        return self.width, *sources[0].shape[1:]

    def float_module(self, node: Node, sources: Sequence[Node]) -> nn.Module | None:
        """A convolution over particles where there are some."""
        features = sources[0].shape[0]
        if len(node.shape) == 2:
            return self._started(nn.Conv1d(features, self.width, 1, bias=self.bias), node)
        return self._started(nn.Linear(features, self.width, bias=self.bias), node)

    def quantised_module(self, node: Node, sources: Sequence[Node], quantiser: Quantiser) -> nn.Module | None:
        """The same with quantised weights."""
        features = sources[0].shape[0]
        if len(node.shape) == 2:
            return self._started(quantiser.convolution(node, features, rank=1, kernel=1, bias=self.bias), node)
        return self._started(quantiser.linear(node, features, bias=self.bias), node)

    def _started(self, module: nn.Module, node: Node) -> nn.Module:
        if self.averages:
            with torch.no_grad():
                module.get_parameter("weight").div_(2 ** math.ceil(math.log2(node.shape[1])))
        return module

    def product(self, node: Node, sources: Sequence[Node], density: float) -> MatrixOp | None:
        """Once per particle."""
        return weighted_product(node, sources[0], kernel=1, bias=self.bias, density=density)

    def flow(self, node: Node, axes: Sequence[Axes], channels: Channels) -> Axes:
        """Features of its own."""
        return channels.made(node.name, self.width), *axes[0][1:]

    def extent(
        self, node: Node, sources: Sequence[Node], before: Sequence[Extent], own: Callable[[Extent], Extent]
    ) -> Extent:
        """By interval arithmetic."""
        return own(before[0])
