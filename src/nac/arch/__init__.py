"""Architecture and its readings: graph, workload, float and quantised networks."""

from nac.arch.architecture import Architecture, Bits, deployment_problems, trace, width_ranges, widths, workload
from nac.arch.blocks import Activation, Aggregate, Attention, Block, BlockProtocol, Conv, Dense, Flatten, Norm, Pool
from nac.arch.graph import Builder, Graph, Node
from nac.arch.network import Network, fold_norms, integer_weights, measured_workload, quantise
from nac.arch.published import bops_nac

__all__ = [
    "Activation",
    "Aggregate",
    "Architecture",
    "Attention",
    "Bits",
    "Block",
    "BlockProtocol",
    "Builder",
    "Conv",
    "Dense",
    "Flatten",
    "Graph",
    "Network",
    "Node",
    "Norm",
    "Pool",
    "bops_nac",
    "deployment_problems",
    "fold_norms",
    "integer_weights",
    "measured_workload",
    "quantise",
    "trace",
    "width_ranges",
    "widths",
    "workload",
]
