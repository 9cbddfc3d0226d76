"""Convolutions over traces, with stride and padding, and connections past blocks: exact in every engine."""

import shutil

import numpy as np
import pytest
from designs import DesignMaker, samples

from nac.arch import measured_workload
from nac.config import TargetConfig
from nac.hardware import engine, export_network, generate, read_circuit, recount_model, verify
from nac.hardware.circuit.evaluate import corner_input, evaluate, random_input
from nac.hardware.engines.exported import QonnxEngine
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.onnx.recount import assert_costs_agree
from nac.hardware.rtl import tools
from nac.hardware.rtl.engine import rtl_project
from nac.hardware.rtl.simulation import prove, simulator

KINDS = ("trace", "residual", "residual_trace", "residual_image")
needs_gxx = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


@pytest.mark.parametrize(
    ("kind", "bits", "activation"),
    [
        ("trace", 2, "leaky_relu_1_8"), ("residual", 3, "none"),
        ("residual_trace", 3, "relu"), ("residual_image", 3, "leaky_relu_1_8"),
    ],
)  # fmt: skip
def test_torch_equals_qonnx_circuit_and_adder_graph(
    design_of: DesignMaker, kind: str, bits: int, activation: str
) -> None:
    design = design_of(kind, bits, activation)
    model = export_network(design.network)
    circuit = read_circuit(model)
    assert_costs_agree(recount_model(model), measured_workload(design.network))
    given = design.quantised_input(samples(design.record.architecture, 60))
    x = np.concatenate([given, random_input(circuit, 100), corner_input(circuit, 40)])
    expected = TorchEngine(design).predict(x)
    assert len(np.unique(expected, axis=0)) > 5
    assert np.array_equal(QonnxEngine(design).predict(x), expected)
    assert np.array_equal(evaluate(circuit, x), expected)
    assert np.array_equal(engine("rtl", design).predict(x), expected)


@needs_gxx
@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", [{}, {"io_type": "io_stream"}, {"io_type": "io_stream", "strategy": "Resource"}])
def test_the_c_simulation_equals_torch(design_of: DesignMaker, kind: str, target: dict[str, str]) -> None:
    design = design_of(kind, 5)
    project = generate(design, TargetConfig.model_validate(target))
    assert verify(design, samples(design.record.architecture, 500), project=project).hls_samples == 500


@pytest.mark.slow
@pytest.mark.skipif(simulator() is None, reason="no simulator for Verilog")
@pytest.mark.parametrize("kind", ["trace", "residual_trace"])
def test_the_verilog_equals_torch(design_of: DesignMaker, kind: str) -> None:
    design = design_of(kind, 3)
    x = design.quantised_input(samples(design.record.architecture, 100))
    tool = tools.verilator() or tools.iverilog()
    assert tool is not None
    assert prove(rtl_project(design), x, TorchEngine(design).predict(x), tool).samples == 100
