"""Pooling."""

from typing import Annotated, Literal

from pydantic import Field

from nac.arch import operations as ops
from nac.arch.blocks.contract import BLOCKS, Block
from nac.arch.graph import Builder
from nac.arch.operation import Node


@BLOCKS.register("pool")
class Pool(Block):
    """Maximum over windows of an image or a trace."""

    block: Literal["pool"] = "pool"
    size: Annotated[int, Field(ge=2, le=11)] = 2

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """(C, *space) to (C, *space // size)."""
        return builder.add(name, ops.MaxPool(size=self.size), x)

    def summary(self) -> str:
        """Kind and window."""
        return f"pool{self.size}"
