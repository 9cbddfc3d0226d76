"""Softmax."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from nac.arch.operation import OPERATIONS, Node, Operation, Shape
from nac.arch.quantisers import Quantiser
from nac.arch.quantisers.values import plain
from nac.errors import InputError


@OPERATIONS.register("softmax")
@dataclass(frozen=True, kw_only=True)
class Softmax(Operation):
    """Over the last axis. Its values count with the width that others get."""

    name = "softmax"
    exported = frozenset({"Softmax"})

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """That of its input."""
        return sources[0].shape

    def bits(self, sources: Sequence[Node], given: int) -> int:
        """As others have."""
        return given

    def quantised_module(self, node: Node, sources: Sequence[Node], quantiser: Quantiser) -> nn.Module | None:
        """There is none."""
        raise InputError(f"{node.name}: softmax has no exact quantised form")

    def compute(self, node: Node, *values: Tensor) -> Tensor:
        """In floating point."""
        return plain(values[0]).softmax(dim=-1)

    def problems(self, node: Node, sources: Sequence[Node]) -> list[str]:
        """A table of exponentials and a division."""
        return [f"{node.name}: softmax is a table in hardware, expected softmax: false"]
