"""A convolution over the pixels of an image."""

from dataclasses import dataclass

from torch import nn

from nac.arch.operation import OPERATIONS
from nac.arch.operations.convolution import Convolution


@OPERATIONS.register("conv2d")
@dataclass(frozen=True, kw_only=True)
class Conv2d(Convolution):
    """(C, rows, columns) to (channels, rows', columns')."""

    name = "conv2d"
    rank = 2
    wanted = "an image (channels, rows, columns)"
    layer = nn.Conv2d
