"""All values in one vector."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from nac.arch.channels import Axes, Axis, Channels
from nac.arch.operation import OPERATIONS, Extent, Node, Operation, Shape
from nac.arch.quantisers.values import on_grid, plain


@OPERATIONS.register("flatten")
@dataclass(frozen=True, kw_only=True)
class Flatten(Operation):
    """All values in one vector, channels first."""

    name = "flatten"
    exported = frozenset({"Flatten", "Reshape"})

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """Any shape to (product,)."""
        return (math.prod(sources[0].shape),)

    def bits(self, sources: Sequence[Node], given: int) -> int:
        """Its input's."""
        return sources[0].bits

    def compute(self, node: Node, *values: Tensor) -> Tensor:
        """The same values."""
        return on_grid(values[0], plain(values[0]).reshape(-1, *node.shape))

    def scales(self) -> bool:
        """Nothing is computed."""
        return True

    def flow(self, node: Node, axes: Sequence[Axes], channels: Channels) -> Axes:
        """Every channel as often as it has positions."""
        (first, *_) = axes[0]
        if first is None:
            return (None,)
        positions = node.shape[0] // len(first.channels)
        return (Axis(first.family, first.channels.repeat_interleave(positions)),)

    def extent(
        self, node: Node, sources: Sequence[Node], before: Sequence[Extent], own: Callable[[Extent], Extent]
    ) -> Extent:
        """Every channel's as often as it has positions."""
        positions = node.shape[0] // len(before[0].low)
        return Extent(*(end.repeat_interleave(positions) for end in before[0][:2]))
