"""A dense layer."""

from collections.abc import Mapping
from typing import Literal

from nac.arch import operations as ops
from nac.arch.blocks.contract import BLOCKS, Activation, Block, Norm, Width, activated
from nac.arch.graph import Builder
from nac.arch.operation import Node


@BLOCKS.register("dense")
class Dense(Block):
    """A layer over features; on a set (features, particles) it acts on every particle with the same weights."""

    block: Literal["dense"] = "dense"
    width: Width
    activation: Activation = "relu"
    norm: Norm = "none"

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """(F,) to (width,), or (F, P) to (width, P)."""
        layer = builder.add(name, ops.Dense(width=self.width), x)
        return activated(builder, name, layer, self.norm, self.activation)

    def summary(self) -> str:
        """The width."""
        return str(self.width)

    def sizes(self, name: str) -> Mapping[str, str]:
        """The width."""
        return {name: "width"}
