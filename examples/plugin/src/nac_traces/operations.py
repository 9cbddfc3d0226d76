"""An operation of networks: the absolute value. `circuits.py` says what its export becomes in a circuit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nac.arch.operation import Extent, Node, Operation, Shape
from nac.arch.quantisers import plain


@dataclass(frozen=True, kw_only=True)
class Absolute(Operation):
    """Of every value alone."""

    name = "absolute"
    exported = frozenset({"Abs"})

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """That of its input."""
        return sources[0].shape

    def compute(self, node: Node, *values: Tensor) -> Tensor:
        """|x|."""
        return plain(values[0]).abs()

    def scales(self) -> bool:
        """Positive factors come out."""
        return True

    def extent(
        self, node: Node, sources: Sequence[Node], before: Sequence[Extent], own: Callable[[Extent], Extent]
    ) -> Extent:
        """From zero on, where a range has it."""
        low, high, idle = before[0]
        return Extent(torch.maximum(low, -high).clamp_min(0), torch.maximum(-low, high), idle)
