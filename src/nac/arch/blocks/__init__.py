"""What a network may be made of, one block in one file: frozen values that put operations together."""

from nac.arch.blocks.aggregate import Aggregate
from nac.arch.blocks.attention import Attention
from nac.arch.blocks.contract import BLOCKS, Activation, AnyBlock, Block, Norm
from nac.arch.blocks.conv1d import Conv1d
from nac.arch.blocks.conv2d import Conv2d
from nac.arch.blocks.dense import Dense
from nac.arch.blocks.flatten import Flatten
from nac.arch.blocks.pool import Pool
from nac.arch.blocks.residual import Residual

__all__ = [
    "BLOCKS",
    "Activation",
    "Aggregate",
    "AnyBlock",
    "Attention",
    "Block",
    "Conv1d",
    "Conv2d",
    "Dense",
    "Flatten",
    "Norm",
    "Pool",
    "Residual",
]
