"""Folded circuits of designs."""

import numpy as np

from nac.config import TargetConfig
from nac.design import Design
from nac.hardware.circuit.evaluate import corner_input, evaluate, random_input
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl import tools
from nac.hardware.rtl.engine import rtl_project
from nac.hardware.rtl.record import RtlProject
from nac.hardware.rtl.simulation import Simulation, prove


def folded(design: Design, fold: int = 1) -> RtlProject:
    return rtl_project(design, TargetConfig(fold=fold))


def simulated(design: Design, fold: int = 1, count: int = 30) -> Simulation:
    """The folded circuit in the simulator against the circuit, half of the beats with gaps."""
    tool, circuit = tools.iverilog(), circuit_of(design)
    assert tool is not None
    x = np.concatenate([random_input(circuit, count), corner_input(circuit, count)])
    return prove(folded(design, fold), x, evaluate(circuit, x), tool)
