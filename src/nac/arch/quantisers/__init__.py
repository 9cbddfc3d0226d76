"""What makes a network's layers quantised: one quantiser by name for all of its tensors.

A quantiser says what a width is. `fixed_point` has one for every tensor, which the architecture names.
"""

from typing import Literal, Protocol

from torch import nn

from nac.arch.operation import Node
from nac.arch.quantisers.values import on_grid, plain
from nac.registry import Registry

__all__ = ["FIXED_POINT", "QUANTISERS", "Function", "Quantiser", "on_grid", "plain"]
FIXED_POINT = "fixed_point"
"""The quantiser of designs that name none."""
Function = Literal["none", "relu", "leaky_relu_1_8"]
"""What hardware computes exactly, as activations are called."""


class Quantiser(Protocol):
    """The extension point: makes the modules of a quantised network, as operations ask for them.

    What it has learned, widths included, is in the modules' state: a design is made again from its architecture, the
    quantiser's name and that. The module of a layer has `weight`, `bias` and `quant_weight()`, whose result has the
    `value` on its grid and the `scale` of the grid's steps.
    """

    def values(self, node: Node, function: Function) -> nn.Module:
        """A function of every value of the node (N, *shape), and the grid behind it."""
        ...

    def linear(self, node: Node, features: int, *, bias: bool) -> nn.Module:
        """(N, features) to (N, *shape), times quantised weights."""
        ...

    def convolution(
        self, node: Node, channels: int, *, rank: int, kernel: int, stride: int = 1, padding: int = 0, bias: bool = True
    ) -> nn.Module:
        """(N, channels, *space of `rank` axes) to (N, *shape), with quantised weights and zeros as padding."""
        ...


QUANTISERS: Registry[Quantiser] = Registry("quantiser", home="nac.arch.quantisers")
