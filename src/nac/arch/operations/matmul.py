"""The product of two values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nac.arch.channels import Axes, Channels
from nac.arch.operation import OPERATIONS, Extent, Node, Operation, Shape
from nac.arch.quantisers.values import plain
from nac.cost import MatrixOp
from nac.errors import InputError


@OPERATIONS.register("matmul")
@dataclass(frozen=True, kw_only=True)
class MatMul(Operation):
    """(M, K) x (K, N) to (M, N), either transposed first."""

    name = "matmul"
    exported = frozenset({"MatMul"})
    transpose_a: bool = False
    transpose_b: bool = False

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """Rows of the first and columns of the second."""
        left, right = (
            node.shape[::-1] if flag else node.shape
            for node, flag in zip(sources, (self.transpose_a, self.transpose_b), strict=True)
        )
        if len(left) != 2 or len(right) != 2 or left[1] != right[0]:
            raise InputError(f"{name}: shapes {left} and {right} do not multiply")
        return left[0], right[1]

    def compute(self, node: Node, *values: Tensor) -> Tensor:
        """The product of every sample."""
        a, b = (plain(value) for value in values)
        left = a.transpose(1, 2) if self.transpose_a else a
        right = b.transpose(1, 2) if self.transpose_b else b
        return torch.matmul(left, right)

    def product(self, node: Node, sources: Sequence[Node], density: float) -> MatrixOp | None:
        """The second operand counts as the weights: they have no parameters and no density."""
        a, b = sources
        fan_in = a.shape[0] if self.transpose_a else a.shape[1]
        return MatrixOp(node.name, node.shape[0], fan_in, node.shape[1], b.bits, a.bits)

    def flow(self, node: Node, axes: Sequence[Axes], channels: Channels) -> Axes:
        """What it sums over goes together."""
        left = axes[0][::-1] if self.transpose_a else axes[0]
        right = axes[1][::-1] if self.transpose_b else axes[1]
        channels.same(left[1], None if self.transpose_b else right[0])
        return left[0], right[1]

    def extent(
        self, node: Node, sources: Sequence[Node], before: Sequence[Extent], own: Callable[[Extent], Extent]
    ) -> Extent:
        """Every product at its corners, as often as it is summed. Columns of zeros stay zero."""
        a, b = before
        terms = sources[0].shape[0] if self.transpose_a else sources[0].shape[1]
        ends = (a.low.min(), a.high.max()) if self.transpose_a else (a.low, a.high)
        rows = [end.expand(node.shape[0]) for end in ends]
        corners = torch.stack([x * y for x in rows for y in (b.low.min(), b.high.max())])
        idle = b.zero if self.transpose_b else b.idle
        return Extent(terms * corners.amin(0), terms * corners.amax(0), idle)

    def needed(self, node: Node, before: Sequence[Extent]) -> Tensor | None:
        """What is zero in neither operand, where it sums over channels of the second one."""
        if self.transpose_b:
            return None
        a, b = before
        idle = a.zero if self.transpose_a else a.idle
        return ~b.zero if idle is None else ~(b.zero | idle)
