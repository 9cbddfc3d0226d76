"""Blocks: one of operations that are known, exact in hardware because they are; one with an operation of our own."""

from collections.abc import Mapping
from typing import Literal

from nac.arch import operations as ops
from nac.arch.blocks.contract import Activation, Block, Width, activated
from nac.arch.graph import Builder
from nac.arch.operation import Node
from nac_traces.operations import Absolute


class Squeeze(Block):
    """A dense layer through a bottleneck: `rank` values between input and output, so that it has fewer products."""

    block: Literal["squeeze"] = "squeeze"
    rank: Width
    width: Width
    activation: Activation = "relu"

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """(F,) to (width,)."""
        narrow = activated(builder, name, builder.add(name, ops.Dense(width=self.rank), x), "none", "none")
        wide = builder.add(f"{name}_wide", ops.Dense(width=self.width), narrow)
        return activated(builder, f"{name}_wide", wide, "none", self.activation)

    def summary(self) -> str:
        """Both sizes."""
        return f"{self.rank}>{self.width}"

    def sizes(self, name: str) -> Mapping[str, str]:
        """Of both layers, so that pruned channels can be removed."""
        return {name: "rank", f"{name}_wide": "width"}


class Modulus(Block):
    """A dense layer whose outputs count without their sign: an operation that nac has not, in networks and circuits."""

    block: Literal["modulus"] = "modulus"
    width: Width

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """(F,) to (width,)."""
        dense = builder.add(name, ops.Dense(width=self.width), x)
        return activated(builder, name, builder.add(f"{name}_abs", Absolute(), dense), "none", "none")

    def summary(self) -> str:
        """Its size."""
        return f"|{self.width}|"

    def sizes(self, name: str) -> Mapping[str, str]:
        """Of the layer, so that pruned channels can be removed."""
        return {name: "width"}
