"""What is exported, counted again and read back from the graph."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from designs import DesignMaker, architecture, make_design, random_network, samples
from networks import BRAGGNN, FLOAT
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from nac.arch import Architecture, Network, measured_workload, trace, workload
from nac.cost import MatrixOp, bops, macs
from nac.errors import InputError, WorkError
from nac.hardware import assert_costs_agree, export, export_network, read_circuit, recount, recount_model
from nac.hardware.circuit.evaluate import evaluate
from nac.hardware.engines.exported import QonnxEngine, run_qonnx
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.onnx.export import load_model

KINDS = ("mlp", "mean", "max", "set", "cnn", "attention")


@pytest.mark.parametrize("kind", KINDS)
def test_the_recount_of_a_quantised_network_agrees(kind: str) -> None:
    network = random_network(architecture(kind, 4))
    counted = recount_model(export_network(network))
    assert_costs_agree(counted, measured_workload(network))
    assert bops(counted) == bops(measured_workload(network))


def test_the_recount_of_braggnn_agrees_and_has_its_published_size() -> None:
    counted = recount_model(export_network(Network(BRAGGNN).eval()))
    assert_costs_agree(counted, workload(BRAGGNN))
    assert sum(op.parameters for op in counted) == 45_274
    assert 2.0e6 < macs(counted) < 2.2e6


def test_the_recount_of_a_research_network_agrees() -> None:
    norms = [{"block": "dense", "width": 6, "norm": norm, "activation": "gelu"} for norm in ("layer", "batch", "none")]
    arch = Architecture.model_validate(
        {"input": (3, 8), "blocks": [*norms, {"block": "aggregate"}, *norms], "outputs": 5, "bits": FLOAT.model_dump()}
    )
    assert_costs_agree(recount_model(export_network(Network(arch).eval())), workload(arch))


def test_a_difference_in_costs_is_named() -> None:
    ours, theirs = MatrixOp("dense0", 4, 3, 1, 8, 8), MatrixOp("dense0", 4, 3, 1, 6, 8)
    with pytest.raises(WorkError, match="dense0: weight_bits is 8 in the graph, 6 in the architecture"):
        assert_costs_agree([ours], [theirs])
    with pytest.raises(WorkError, match="has the layers"):
        assert_costs_agree([ours], [])


def test_passes_are_kept_and_nodes_bear_the_architectures_names(design_of: DesignMaker) -> None:
    design = design_of("attention")
    model = onnx.load(export(design))
    names = {node.name for node in model.graph.node}
    assert {node.name for node in trace(design.record.architecture).nodes} <= names
    kept = sorted(path.name for path in (design.path / "qonnx").iterdir())
    assert kept == ["00_export.onnx", "01_names.onnx", "02_shapes.onnx", "03_constants.onnx", "04_batch.onnx",
                    "05_tensors.onnx", "06_order.onnx"]  # fmt: skip


def test_the_circuit_has_the_declared_types(design_of: DesignMaker) -> None:
    circuit = read_circuit(export_network(design_of("mean", 4).network))
    assert [node.name for node in circuit if not node.name.endswith("_relu")] == [
        "input", "dense0", "dense0_act", "aggregate1", "aggregate1_act", "dense2", "dense2_act", "output",
    ]  # fmt: skip
    assert {node.type.width for node in circuit if node.op in {"input", "quantise"}} == {4}
    assert circuit["aggregate1"].span.fraction == circuit["dense0_act"].span.fraction + 3
    assert circuit.inexact_in_float64() == []
    assert [node.name for node in circuit.consumers("dense0_act")] == ["aggregate1"]


def quantised_graph(scale: float = 0.25, zero: float = 0.0, rounding: str = "ROUND") -> onnx.ModelProto:
    """global_in (1, 2) -> Quant -> Gemm with quantised weights -> out."""
    constants = {"scale": np.float32(scale), "zero": np.float32(zero), "bits": np.float32(4),
                 "w": np.array([[0.5, -0.25]], np.float32)}  # fmt: skip
    options: dict[str, Any] = {"domain": "qonnx.custom_op.general", "signed": 1, "narrow": 0, "rounding_mode": rounding}
    nodes = [
        helper.make_node("Quant", ["global_in", "scale", "zero", "bits"], ["x"], name="input", **options),
        helper.make_node("Quant", ["w", "scale", "zero", "bits"], ["wq"], name="output_weight", **options),
        helper.make_node("Gemm", ["x", "wq"], ["out"], name="output", transB=1),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in
            (("global_in", (1, 2)), ("out", (1, 1)), ("x", (1, 2)), ("wq", (1, 2)))]  # fmt: skip
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:2], tensors, value_info=ends[2:])
    return helper.make_model(graph)


def test_a_graph_from_elsewhere_is_read() -> None:
    circuit = read_circuit(quantised_graph())
    weights = circuit.output.weights
    assert weights is not None
    assert weights.kernel.tolist() == [[2, -1]]
    assert circuit.output.span == (-8 * 2 - 7, 7 * 2 + 8, 4)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (quantised_graph(scale=0.3), "scale .* is not a power of two"),
        (quantised_graph(zero=1.0), "zero point .*, expected 0"),
        (quantised_graph(rounding="CEIL"), "rounding mode CEIL"),
        (quantised_graph(rounding="FLOOR"), "rounded half to even"),
    ],
)
def test_quantisers_that_are_not_exact_are_refused(model: onnx.ModelProto, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_circuit(model)


def test_float_and_softmax_have_no_circuit() -> None:
    with pytest.raises(InputError, match="must be quantised first"):
        read_circuit(export_network(Network(BRAGGNN).eval()))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"no model"),
        lambda path: path.write_bytes(b""),
        lambda path: path.mkdir(),
        lambda path: path.write_bytes(quantised_graph().SerializeToString()[:-40]),
        lambda path: path.write_bytes(helper.make_model(helper.make_graph([], "g", [], [])).SerializeToString()),
    ],
)
def test_files_that_are_no_network_are_refused(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    path = tmp_path / "model.onnx"
    spoil(path)
    with pytest.raises(InputError, match=r"model\.onnx"):
        recount(path)


def test_the_recount_of_a_file_is_that_of_its_graph(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(quantised_graph().SerializeToString())
    assert recount(path) == [MatrixOp("output", 1, 2, 1, 4, 4, 1.0, 2, 2.0)]


def test_channels_without_weights_make_no_other_channel_wider() -> None:
    """Their steps, 2**-23 in networks saved without bounds, would give a layer of 8 bits weights of 27."""
    scale = np.array([[2.0**-7], [2.0**-23], [2.0**-6]], np.float32)
    values = np.array([[0.5, -0.25], [0, 0], [0.125, 1]], np.float32)
    model = quantised_graph()
    tensors = [numpy_helper.from_array(scale, "fine"), numpy_helper.from_array(np.array(8, np.float32), "eight"),
               numpy_helper.from_array(values, "w")]  # fmt: skip
    del model.graph.initializer[3]
    model.graph.initializer.extend(tensors)
    model.graph.node[1].input[:] = ["w", "fine", "zero", "eight"]
    weights = read_circuit(model).output.weights
    assert weights is not None
    assert (weights.kernel_type.width, weights.kernel_type.fraction) == (8, 6)
    assert weights.kernel.tolist() == [[32, -16], [0, 0], [8, 64]]


def test_an_8_bit_design_with_empty_channels_has_weights_of_at_most_12_bits() -> None:
    file = Path(__file__).parents[3] / "shared" / "cases" / "dead_channel_widens" / "model.onnx"
    if not file.is_file():
        pytest.skip("the design that showed it is not here")
    circuit = read_circuit(load_model(file))
    assert max(node.weights.kernel_type.width for node in circuit if node.weights is not None) <= 12


def test_sums_beyond_24_bits_are_exact_in_every_engine(tmp_path: Path) -> None:
    """16-bit weights and values: float32 rounds, and QONNX's `execute_onnx` with it."""
    arch = architecture("cnn", 12).with_bits(weights=16, activations=16)
    design = make_design(tmp_path / "wide", arch, random_network(arch))
    x = design.quantised_input(samples(arch, 30))
    circuit = read_circuit(load_model(export(design)))
    expected = evaluate(circuit, x)
    assert circuit.inexact_in_float64() == []
    assert np.array_equal(TorchEngine(design).predict(x), expected)
    assert np.array_equal(QonnxEngine(design).predict(x), expected)
    with torch.no_grad():
        assert not np.array_equal(design.network(torch.from_numpy(x)).numpy(), expected)


def test_the_reference_of_qonnx_computes_what_its_own_execution_does(design_of: DesignMaker) -> None:
    design = design_of("attention", 4, "leaky_relu_1_8")
    x = design.quantised_input(samples(design.record.architecture, 5))
    model = load_model(export(design))
    own = [execute_onnx(ModelWrapper(model), {"global_in": sample[None]})["global_out"][0] for sample in x]
    assert np.array_equal(run_qonnx(model, x)["global_out"], own)
