"""A convolutional layer on traces."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from nac.arch import operations as ops
from nac.arch.blocks.contract import BLOCKS, Activation, Block, Norm, Width, activated
from nac.arch.graph import Builder
from nac.arch.operation import Node
from nac.arch.operations.convolution import Padding


@BLOCKS.register("conv1d")
class Conv1d(Block):
    """A convolution over the samples of a trace; with `same` padding as many come out as go in at stride 1.

    A vector is taken as a trace of one channel.
    """

    block: Literal["conv1d"] = "conv1d"
    channels: Width
    kernel: Annotated[int, Field(ge=1, le=65)] = 3
    stride: Annotated[int, Field(ge=1, le=64)] = 1
    padding: Padding = "valid"
    activation: Activation = "relu"
    norm: Norm = "none"

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """(C, T) or (T,) to (channels, (T + 2 pads - kernel) // stride + 1)."""
        if len(x.shape) == 1:
            x = builder.add(f"{name}_trace", ops.Reshape(to=(1, *x.shape)), x)
        layer = ops.Conv1d(channels=self.channels, kernel=self.kernel, stride=self.stride, padding=self.padding)
        return activated(builder, name, builder.add(name, layer, x), self.norm, self.activation)

    def summary(self) -> str:
        """Channels, kernel and stride."""
        return f"c{self.channels}k{self.kernel}{f's{self.stride}' if self.stride > 1 else ''}"

    def sizes(self, name: str) -> Mapping[str, str]:
        """The channels."""
        return {name: "channels"}
