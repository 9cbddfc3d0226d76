"""RTL: the exported network as a pipelined adder graph in Verilog, simulated, synthesised and estimated."""

from nac.hardware.rtl.build import RtlReport, build_rtl
from nac.hardware.rtl.engine import RtlEngine, rtl_project
from nac.hardware.rtl.estimation import HardwareEstimate, UnfoldableError, estimate, estimate_network
from nac.hardware.rtl.lowering import MOST_PRODUCTS, LowerOptions, TooLargeError, lower
from nac.hardware.rtl.project import write_rtl
from nac.hardware.rtl.record import RtlProject
from nac.hardware.rtl.simulation import Simulation, prove, simulate
from nac.hardware.rtl.synthesis import Synthesis, synthesise_rtl

__all__ = [
    "MOST_PRODUCTS",
    "HardwareEstimate",
    "LowerOptions",
    "RtlEngine",
    "RtlProject",
    "RtlReport",
    "Simulation",
    "Synthesis",
    "TooLargeError",
    "UnfoldableError",
    "build_rtl",
    "estimate",
    "estimate_network",
    "lower",
    "prove",
    "rtl_project",
    "simulate",
    "synthesise_rtl",
    "write_rtl",
]
