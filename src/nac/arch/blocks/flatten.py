"""Flattening."""

from typing import Literal

from nac.arch import operations as ops
from nac.arch.blocks.contract import BLOCKS, Block
from nac.arch.graph import Builder
from nac.arch.operation import Node


@BLOCKS.register("flatten")
class Flatten(Block):
    """An image or a set as one vector."""

    block: Literal["flatten"] = "flatten"

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """Any shape to (product,)."""
        return builder.add(name, ops.Flatten(), x)

    def summary(self) -> str:
        """The kind."""
        return "flatten"
