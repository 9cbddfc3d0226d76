"""The positions of a value in another arrangement."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from nac.arch.channels import Axes, Channels
from nac.arch.operation import OPERATIONS, Extent, Node, Operation, Shape
from nac.arch.quantisers.values import on_grid, plain
from nac.errors import InputError


@OPERATIONS.register("reshape")
@dataclass(frozen=True, kw_only=True)
class Reshape(Operation):
    """The same channels with their positions in the same order and another shape, such as pixels as particles.

    A vector can become one channel, its features the positions.
    """

    name = "reshape"
    exported = frozenset({"Flatten", "Reshape"})
    to: Shape

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """As asked for."""
        given = sources[0].shape
        if math.prod(self.to) != math.prod(given) or self.to[0] not in _channels(given):
            raise InputError(f"{name}: {given} cannot become {self.to}")
        return self.to

    def bits(self, sources: Sequence[Node], given: int) -> int:
        """Its input's."""
        return sources[0].bits

    def compute(self, node: Node, *values: Tensor) -> Tensor:
        """The same values."""
        return on_grid(values[0], plain(values[0]).reshape(-1, *self.to))

    def scales(self) -> bool:
        """Not where features become positions, which have no factors of their own."""
        return self.to[0] > 1

    def flow(self, node: Node, axes: Sequence[Axes], channels: Channels) -> Axes:
        """The channels, and positions; features that become positions have to stay."""
        first = axes[0][0]
        if first is not None and len(first.channels) != self.to[0]:
            channels.same(first, None)
            first = None
        return first, *[None] * (len(self.to) - 1)

    def extent(
        self, node: Node, sources: Sequence[Node], before: Sequence[Extent], own: Callable[[Extent], Extent]
    ) -> Extent:
        """That of every channel; of all features together where they become positions."""
        low, high, _ = before[0]
        if len(low) != self.to[0]:
            low, high = low.min().reshape(1), high.max().reshape(1)
        return Extent(low, high)


def _channels(given: Shape) -> set[int]:
    """How many channels the values of this shape can have."""
    return {given[0], 1} if len(given) == 1 else {given[0]}
