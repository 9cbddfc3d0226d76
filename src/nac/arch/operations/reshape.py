"""The positions of a value in another arrangement."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from nac.arch.channels import Axes, Channels
from nac.arch.operation import OPERATIONS, Node, Operation, Shape
from nac.arch.quantisers.values import on_grid, plain
from nac.errors import InputError


@OPERATIONS.register("reshape")
@dataclass(frozen=True, kw_only=True)
class Reshape(Operation):
    """The same channels with their positions in the same order and another shape, such as pixels as particles."""

    name = "reshape"
    exported = frozenset({"Flatten", "Reshape"})
    to: Shape

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """As asked for."""
        given = sources[0].shape
        if math.prod(self.to) != math.prod(given) or self.to[0] != given[0]:
            raise InputError(f"{name}: {given} cannot become {self.to}")
        return self.to

    def bits(self, sources: Sequence[Node], given: int) -> int:
        """Its input's."""
        return sources[0].bits

    def compute(self, node: Node, *values: Tensor) -> Tensor:
        """The same values."""
        return on_grid(values[0], plain(values[0]).reshape(-1, *self.to))

    def scales(self) -> bool:
        """Nothing is computed."""
        return True

    def flow(self, node: Node, axes: Sequence[Axes], channels: Channels) -> Axes:
        """The channels, and positions."""
        return axes[0][0], *[None] * (len(self.to) - 1)
