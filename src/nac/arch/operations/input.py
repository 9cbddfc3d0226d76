"""The input, which a quantised network puts on its grid."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import nn

from nac.arch.channels import Axes, Channels
from nac.arch.operation import OPERATIONS, Extent, Node, Operation, Shape
from nac.arch.quantisers import Quantiser


@OPERATIONS.register("input")
@dataclass(frozen=True, kw_only=True)
class Input(Operation):
    """What the network is given, of shape `size`."""

    name = "input"
    quantises = True
    size: Shape

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """As given."""
        return self.size

    def quantised_module(self, node: Node, sources: Sequence[Node], quantiser: Quantiser) -> nn.Module | None:
        """The quantiser of the input."""
        return quantiser.values(node, "none")

    def flow(self, node: Node, axes: Sequence[Axes], channels: Channels) -> Axes:
        """Channels that stay."""
        return channels.made(node.name, node.shape[0], fixed=True), *[None] * (len(node.shape) - 1)

    def extent(
        self, node: Node, sources: Sequence[Node], before: Sequence[Extent], own: Callable[[Extent], Extent]
    ) -> Extent:
        """The ends of the input's type."""
        return own(before[0])
