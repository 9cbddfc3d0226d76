"""The operations of which networks are made, one file each."""

from nac.arch.operations.activation import Activation
from nac.arch.operations.add import Add
from nac.arch.operations.aggregate import Aggregate
from nac.arch.operations.batch_norm import BatchNorm
from nac.arch.operations.conv1d import Conv1d
from nac.arch.operations.conv2d import Conv2d
from nac.arch.operations.dense import Dense
from nac.arch.operations.flatten import Flatten
from nac.arch.operations.input import Input
from nac.arch.operations.layer_norm import LayerNorm
from nac.arch.operations.matmul import MatMul
from nac.arch.operations.max_pool import MaxPool
from nac.arch.operations.reshape import Reshape
from nac.arch.operations.softmax import Softmax

__all__ = [
    "Activation",
    "Add",
    "Aggregate",
    "BatchNorm",
    "Conv1d",
    "Conv2d",
    "Dense",
    "Flatten",
    "Input",
    "LayerNorm",
    "MatMul",
    "MaxPool",
    "Reshape",
    "Softmax",
]
