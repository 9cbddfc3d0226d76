"""The sum of two values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from nac.arch.channels import Axes, Channels
from nac.arch.operation import OPERATIONS, Extent, Node, Operation, Shape
from nac.arch.quantisers.values import plain
from nac.errors import InputError


@OPERATIONS.register("add")
@dataclass(frozen=True, kw_only=True)
class Add(Operation):
    """Element by element, of two values of one shape: what a branch gives is added to what goes past it."""

    name = "add"
    exported = frozenset({"Add"})

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """That of both."""
        a, b = (source.shape for source in sources)
        if a != b:
            raise InputError(f"{name}: cannot add shapes {a} and {b}")
        return a

    def compute(self, node: Node, *values: Tensor) -> Tensor:
        """The sum."""
        return plain(values[0]) + plain(values[1])

    def flow(self, node: Node, axes: Sequence[Axes], channels: Channels) -> Axes:
        """Channels that are added go together."""
        for one, other in zip(*axes, strict=True):
            channels.same(one, other)
        return axes[0]

    def extent(
        self, node: Node, sources: Sequence[Node], before: Sequence[Extent], own: Callable[[Extent], Extent]
    ) -> Extent:
        """End to end."""
        return Extent(before[0].low + before[1].low, before[0].high + before[1].high)
