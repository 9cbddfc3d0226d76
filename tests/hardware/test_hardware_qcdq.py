"""Files quantised by QuantizeLinear and DequantizeLinear cost what the same network costs as QONNX."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from designs import architecture, random_network
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.transformation.qonnx_to_qcdq import QuantToQCDQ

from nac.cost import MatrixOp
from nac.errors import InputError
from nac.hardware import assert_costs_agree, export_network, recount
from nac.pipeline.costs import cost_of


def as_qcdq(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model as `qonnx-convert` writes it."""
    converted: onnx.ModelProto = ModelWrapper(model).transform(QuantToQCDQ()).transform(InferShapes()).model
    assert sum(node.op_type == "DequantizeLinear" for node in converted.graph.node) > 3
    return converted


@pytest.mark.parametrize(("kind", "bits"), [("mlp", 8), ("mean", 4), ("cnn", 3)])
def test_both_ways_to_write_a_network_cost_the_same(kind: str, bits: int, tmp_path: Path) -> None:
    model = export_network(random_network(architecture(kind, bits)))
    onnx.save(model, tmp_path / "qonnx.onnx")
    onnx.save(as_qcdq(model), tmp_path / "qcdq.onnx")
    counted = recount(tmp_path / "qcdq.onnx")
    assert_costs_agree(counted, recount(tmp_path / "qonnx.onnx"))
    assert {op.activation_bits for op in counted} <= {bits, max(bits, 3)}
    assert cost_of(tmp_path / "qcdq.onnx").remarks == []


def network(*nodes: onnx.NodeProto, **constants: object) -> onnx.ModelProto:
    """A model of (1, 3) -> (1, 2) from nodes that read `x` and write `y`."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, size)) for name, size in (("x", 3), ("y", 2))]
    initializers = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(list(nodes), "small", ends[:1], ends[1:], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


WEIGHTS = np.array([[1, -2], [3, 0], [-4, 5]], np.int8)


def test_weights_that_are_integers_already_and_zero_points_left_out_are_read(tmp_path: Path) -> None:
    node = helper.make_node
    onnx.save(network(
        node("QuantizeLinear", ["x", "scale"], ["xq"]), node("DequantizeLinear", ["xq", "scale"], ["xd"]),
        node("DequantizeLinear", ["w", "fine"], ["wd"]), node("MatMul", ["xd", "wd"], ["y"], name="dense"),
        scale=np.float32(0.25), fine=np.float32(0.125), w=WEIGHTS,
    ), tmp_path / "integers.onnx")  # fmt: skip
    (op,) = recount(tmp_path / "integers.onnx")
    assert op == MatrixOp("dense", 2, 3, 1, 8, 8, 5 / 6, 6, op.weight_bit_sum)


@pytest.mark.parametrize(("low", "high", "bits"), [(-8, 7, 4), (-7, 7, 4), (-31, 31, 6), (-128, 127, 8)])
def test_the_clip_says_the_width(low: int, high: int, bits: int, tmp_path: Path) -> None:
    node = helper.make_node
    onnx.save(network(
        node("QuantizeLinear", ["x", "scale", "zero"], ["xq"]), node("Clip", ["xq", "low", "high"], ["xc"]),
        node("DequantizeLinear", ["xc", "scale", "zero"], ["xd"]),
        node("MatMul", ["xd", "w"], ["y"], name="dense"), scale=np.float32(0.25), zero=np.int8(0), low=np.int8(low),
        high=np.int8(high), w=WEIGHTS.astype(np.float32),
    ), tmp_path / "clipped.onnx")  # fmt: skip
    (op,) = recount(tmp_path / "clipped.onnx")
    assert (op.activation_bits, op.weight_bits) == (bits, 32)
    assert cost_of(tmp_path / "clipped.onnx").remarks == [
        "counted as floats of 32 bits, for want of a quantiser: weights of dense"
    ]


def test_quantisers_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    node, file = helper.make_node, tmp_path / "strange.onnx"
    onnx.save(network(
        node("DynamicQuantizeLinear", ["x"], ["xq", "scale", "zero"]),
        node("DequantizeLinear", ["xq", "scale", "zero"], ["xd"], name="back"),
        node("MatMul", ["xd", "w"], ["y"], name="dense"), w=WEIGHTS.astype(np.float32),
    ), file)  # fmt: skip
    with pytest.raises(InputError, match=r"strange\.onnx: .*no widths or costs are known of the operation D"):
        recount(file)
    onnx.save(network(
        node("QuantizeLinear", ["x", "scale", "zero"], ["xq"]),
        node("MatMulInteger", ["xq", "w"], ["yq"]), node("Cast", ["yq"], ["y"], to=TensorProto.FLOAT),
        scale=np.float32(0.25), zero=np.int8(0), w=WEIGHTS,
    ), file)  # fmt: skip
    with pytest.raises(InputError, match="no widths or costs are known of the operation"):
        recount(file)


def test_an_offset_is_refused_with_its_place(tmp_path: Path) -> None:
    node, file = helper.make_node, tmp_path / "offset.onnx"
    onnx.save(network(
        node("QuantizeLinear", ["x", "scale", "zero"], ["xq"]),
        node("DequantizeLinear", ["xq", "scale", "zero"], ["xd"]),
        node("MatMul", ["xd", "w"], ["y"], name="dense"), scale=np.float32(0.25), zero=np.uint8(128),
        w=WEIGHTS.astype(np.float32),
    ), file)  # fmt: skip
    with pytest.raises(InputError, match="zero point"):
        recount(file)
