"""A connection past other blocks."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field

from nac.arch import operations as ops
from nac.arch.blocks.contract import BLOCKS, Activation, AnyBlock, Block
from nac.arch.graph import Builder
from nac.arch.operation import Node
from nac.errors import InputError


@BLOCKS.register("residual")
class Residual(Block):
    """What the blocks inside make, added to what goes into them (arXiv 1512.03385), then an activation.

    They leave the positions of an image or a trace as they are: convolutions of stride 1 with `same` padding. Where
    they change the number of channels, `projection` sends what goes past them through a layer of its own.
    """

    block: Literal["residual"] = "residual"
    blocks: Annotated[tuple[AnyBlock, ...], Field(min_length=1, max_length=8)]
    projection: bool = False
    activation: Activation = "relu"

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """Any shape to the same one, but for the channels."""
        y = x
        for inner, block in self._named(name):
            y = block.expand(builder, inner, y)
        if len(y.shape) != len(x.shape) or y.shape[1:] != x.shape[1:]:
            raise InputError(
                f"{name}: the blocks inside make {y.shape} of {x.shape}, expected the same positions (convolutions of "
                "stride 1 with padding: same)"
            )
        if self.projection:
            layer = ops.Conv2d(channels=y.shape[0], kernel=1) if len(x.shape) == 3 else ops.Dense(width=y.shape[0])
            past = builder.add(f"{name}_past", layer, x)
            x = builder.add(f"{name}_past_act", ops.Activation(), past)
        elif x.shape != y.shape:
            raise InputError(
                f"{name}: the blocks inside make {y.shape[0]} channels of {x.shape[0]}, expected as many or "
                "projection: true"
            )
        total = builder.add(f"{name}_add", ops.Add(), x, y)
        return builder.add(f"{name}_act", ops.Activation(kind=self.activation), total)

    def summary(self) -> str:
        """What is inside."""
        return f"res({'-'.join(block.summary() for block in self.blocks)})"

    def sizes(self, name: str) -> Mapping[str, str]:
        """Those of the blocks inside."""
        return {
            node: f"{inner}.{field}"
            for inner, block in self._named(name)
            for node, field in block.sizes(inner).items()
        }

    def resized(self, name: str, channels: Mapping[str, int]) -> Self:
        """With other blocks inside."""
        blocks = tuple(block.resized(inner, channels) for inner, block in self._named(name))
        return self.model_copy(update={"blocks": blocks})

    def _named(self, name: str) -> Iterator[tuple[str, Block]]:
        for index, block in enumerate(self.blocks):
            yield f"{name}_{block.block}{index}", block
