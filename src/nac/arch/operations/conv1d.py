"""A convolution over the samples of a trace."""

from dataclasses import dataclass

from torch import nn

from nac.arch.operation import OPERATIONS
from nac.arch.operations.convolution import Convolution


@OPERATIONS.register("conv1d")
@dataclass(frozen=True, kw_only=True)
class Conv1d(Convolution):
    """(C, samples) to (channels, samples')."""

    name = "conv1d"
    rank = 1
    wanted = "a trace (channels, samples)"
    layer = nn.Conv1d
