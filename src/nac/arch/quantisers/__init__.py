"""What makes a network's layers quantised: one quantiser by name for all of its tensors.

A quantiser says what a width is. `fixed_point` has one for every tensor, which the architecture names; `learned` has
one for every weight and every channel of values, which training finds.
"""

from typing import Literal, Protocol

from torch import Tensor, nn

from nac.arch.operation import Node
from nac.arch.quantisers.values import on_grid, plain
from nac.registry import Registry

__all__ = ["FIXED_POINT", "LEARNED", "QUANTISERS", "Function", "Quantiser", "on_grid", "plain"]
FIXED_POINT, LEARNED = "fixed_point", "learned"
"""The quantiser of designs that name none, and that of learned widths."""
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

    def bias(self, layer: nn.Module, x: Tensor) -> Tensor:
        """The bias (outputs,) that a layer which has one adds to the products with `x`."""
        ...

    def step(self, layer: nn.Module) -> Tensor:
        """What the values that leave an input or activation are multiples of; broadcasts to them without the batch."""
        ...

    def width(self, layer: nn.Module) -> int | None:
        """Bits of one type that holds all weights, or values, of a layer; None where the architecture says them."""
        ...

    def pin(self, layer: nn.Module, bias: Tensor | None) -> None:
        """Keep a layer's weights on the grid that they are on, whatever becomes of some of them, and give it a bias."""
        ...


QUANTISERS: Registry[Quantiser] = Registry("quantiser", home="nac.arch.quantisers")
