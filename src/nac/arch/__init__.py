"""Architecture and its readings: graph, workload, float and quantised networks."""

from nac.arch.architecture import Architecture, Bits, deployment_problems, trace, width_ranges, widths, workload
from nac.arch.blocks import Activation, Aggregate, Attention, Block, BlockProtocol, Conv, Dense, Flatten, Norm, Pool
from nac.arch.compression import UNCOMPRESSED, Compression
from nac.arch.equalisation import equalised
from nac.arch.graph import Builder, Graph, Node
from nac.arch.network import Network, copied, fold_norms, initialised, integer_weights, measured_workload, quantise
from nac.arch.published import bops_nac

__all__ = [
    "UNCOMPRESSED",
    "Activation",
    "Aggregate",
    "Architecture",
    "Attention",
    "Bits",
    "Block",
    "BlockProtocol",
    "Builder",
    "Compression",
    "Conv",
    "Dense",
    "Flatten",
    "Graph",
    "Network",
    "Node",
    "Norm",
    "Pool",
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
    "width_ranges",
    "widths",
    "workload",
]
