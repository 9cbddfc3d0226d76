"""A convolutional layer on images."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from nac.arch import operations as ops
from nac.arch.blocks.contract import BLOCKS, Activation, Block, Norm, Width, activated
from nac.arch.graph import Builder
from nac.arch.operation import Node
from nac.arch.operations.convolution import Padding


@BLOCKS.register("conv2d")
class Conv2d(Block):
    """A convolution over the pixels of an image, stride 1; with `same` padding as large an image comes out as goes in.

    Runs of earlier versions call it `conv`, and their weights `conv0`: what is read under that name keeps it.
    """

    block: Literal["conv2d", "conv"] = "conv2d"
    channels: Width
    kernel: Annotated[int, Field(ge=1, le=11)] = 3
    activation: Activation = "relu"
    norm: Norm = "none"
    padding: Padding = Field("valid", exclude_if=lambda padding: padding == "valid")

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """(C, H, W) to (channels, H-k+1, W-k+1), or (channels, H, W)."""
        layer = builder.add(name, ops.Conv2d(channels=self.channels, kernel=self.kernel, padding=self.padding), x)
        return activated(builder, name, layer, self.norm, self.activation)

    def summary(self) -> str:
        """Channels and kernel."""
        return f"c{self.channels}k{self.kernel}"

    def sizes(self, name: str) -> Mapping[str, str]:
        """The channels."""
        return {name: "channels"}


BLOCKS.register("conv", Conv2d)
