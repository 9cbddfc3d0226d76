"""Aggregation of a set."""

from typing import Literal

from nac.arch import operations as ops
from nac.arch.blocks.contract import BLOCKS, Block
from nac.arch.graph import Builder
from nac.arch.operation import Node


@BLOCKS.register("aggregate")
class Aggregate(Block):
    """One vector from a set, independent of the order of its members (Deep Sets, arXiv 1703.06114)."""

    block: Literal["aggregate"] = "aggregate"
    kind: Literal["mean", "max"] = "mean"

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """(F, P) to (F,)."""
        y = builder.add(name, ops.Aggregate(kind=self.kind), x)
        if self.kind == "max":
            return y
        # The mean of what ReLU leaves is not negative either: quantised without a sign it has one bit more.
        return builder.add(f"{name}_act", ops.Activation(kind="relu" if _rectified(x) else "none"), y)

    def summary(self) -> str:
        """The kind."""
        return self.kind


def _rectified(x: Node) -> bool:
    return isinstance(x.operation, ops.Activation) and x.operation.kind == "relu"
