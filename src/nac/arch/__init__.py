"""Architecture and its readings: graph, workload, float and quantised networks."""

from nac.arch.architecture import Architecture, Bits, bit_width_ranges, bit_widths, deployment_problems, trace, workload
from nac.arch.blocks import (
    BLOCKS,
    Activation,
    Aggregate,
    AnyBlock,
    Attention,
    Block,
    Conv1d,
    Conv2d,
    Dense,
    Flatten,
    Norm,
    Pool,
    Residual,
)
from nac.arch.channels import Channels
from nac.arch.compression import UNCOMPRESSED, Compression
from nac.arch.equalisation import equalised
from nac.arch.graph import Builder, Graph
from nac.arch.network import (
    Network,
    copied,
    fold_norms,
    initialised,
    integer_weights,
    measured_workload,
    quantise,
    with_own_widths,
)  # fmt: skip
from nac.arch.operation import OPERATIONS, Node, Operation
from nac.arch.published import bops_nac

__all__ = [
    "BLOCKS",
    "OPERATIONS",
    "UNCOMPRESSED",
    "Activation",
    "Aggregate",
    "AnyBlock",
    "Architecture",
    "Attention",
    "Bits",
    "Block",
    "Builder",
    "Channels",
    "Compression",
    "Conv1d",
    "Conv2d",
    "Dense",
    "Flatten",
    "Graph",
    "Network",
    "Node",
    "Norm",
    "Operation",
    "Pool",
    "Residual",
    "bit_width_ranges",
    "bit_widths",
    "bops_nac",
    "copied",
    "deployment_problems",
    "equalised",
    "fold_norms",
    "initialised",
    "integer_weights",
    "measured_workload",
    "quantise",
    "trace",
    "with_own_widths",
    "workload",
]
