"""What convolutions over one and over two axes have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import nn

from nac.arch.channels import Axes, Channels
from nac.arch.operation import Extent, Node, Operation, Shape, require_rank, weighted_product
from nac.arch.quantisers import Quantiser
from nac.cost import MatrixOp
from nac.errors import InputError

Padding = Literal["valid", "same"]


@dataclass(frozen=True, kw_only=True)
class Convolution(Operation):
    """The same weights at every `stride`-th position of `rank` axes.

    With `same` padding, zeros around the input: at stride 1 the output is as large as the input.
    """

    weighted = True
    rank: ClassVar[int]
    wanted: ClassVar[str]
    layer: ClassVar[Callable[..., nn.Module]]
    channels: int
    kernel: int
    stride: int = 1
    padding: Padding = "valid"

    @property
    def pads(self) -> int:
        """Zeros at either end of every axis."""
        return self.kernel // 2 if self.padding == "same" else 0

    @property
    def windows(self) -> bool:
        """But for those that are a dense layer at every position."""
        return self.kernel > 1 or self.stride > 1

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """(C, *space) to (channels, *(space + 2 pads - kernel) // stride + 1)."""
        require_rank(name, sources[0], (self.rank + 1,), self.wanted)
        if self.padding == "same" and self.kernel % 2 == 0:
            raise InputError(f"{name}: a kernel of {self.kernel} has no middle, expected an odd one for padding: same")
        ends = (size + 2 * self.pads - self.kernel for size in sources[0].shape[1:])
        return self.channels, *(end // self.stride + 1 if end >= 0 else end + 1 for end in ends)

    def float_module(self, node: Node, sources: Sequence[Node]) -> nn.Module | None:
        """The layer."""
        return type(self).layer(
            sources[0].shape[0], self.channels, self.kernel, stride=self.stride, padding=self.pads
        )

    def quantised_module(self, node: Node, sources: Sequence[Node], quantiser: Quantiser) -> nn.Module | None:
        """The same with quantised weights."""
        return quantiser.convolution(
            node, sources[0].shape[0], rank=self.rank, kernel=self.kernel, stride=self.stride, padding=self.pads
        )

    def product(self, node: Node, sources: Sequence[Node], density: float) -> MatrixOp | None:
        """Once per position of the output."""
        return weighted_product(node, sources[0], kernel=self.kernel**self.rank, bias=True, density=density)

    def flow(self, node: Node, axes: Sequence[Axes], channels: Channels) -> Axes:
        """Channels of its own."""
        return channels.made(node.name, self.channels), *[None] * self.rank

    def extent(
        self, node: Node, sources: Sequence[Node], before: Sequence[Extent], own: Callable[[Extent], Extent]
    ) -> Extent:
        """By interval arithmetic; the rim sees zeros as well."""
        return own(before[0].with_zero() if self.pads else before[0])
