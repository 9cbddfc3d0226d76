"""One vector from a set."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from nac.arch.channels import Axes, Channels
from nac.arch.operation import FLOAT_BITS, OPERATIONS, Node, Operation, Shape, require_rank
from nac.arch.quantisers.values import on_grid, plain


@OPERATIONS.register("aggregate")
@dataclass(frozen=True, kw_only=True)
class Aggregate(Operation):
    """Mean or maximum over particles: (F, P) to (F,)."""

    name = "aggregate"
    exported = frozenset({"ReduceMean", "ReduceMax"})
    kind: Literal["mean", "max"] = "mean"

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """The features."""
        require_rank(name, sources[0], (2,), "a set (features, particles)")
        return sources[0].shape[:1]

    def bits(self, sources: Sequence[Node], given: int) -> int:
        """A maximum is one of its inputs."""
        return sources[0].bits if self.kind == "max" else FLOAT_BITS

    def compute(self, node: Node, *values: Tensor) -> Tensor:
        """Over the last axis."""
        x = plain(values[0])
        return x.mean(dim=2) if self.kind == "mean" else on_grid(values[0], torch.amax(x, dim=2))

    def problems(self, node: Node, sources: Sequence[Node]) -> list[str]:
        """Only a division by a power of two is exact."""
        particles = sources[0].shape[1]
        if self.kind == "max" or not particles & (particles - 1):
            return []
        return [f"{node.name}: mean over {particles} particles, expected a power of two"]

    def scales(self) -> bool:
        """Both are homogeneous."""
        return True

    def flow(self, node: Node, axes: Sequence[Axes], channels: Channels) -> Axes:
        """Features stay apart."""
        return axes[0][:1]
