"""Costs counted again, from the exported graph alone: a second witness for what the architecture claims."""

import logging
import math
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import onnx
from qonnx.core.modelwrapper import ModelWrapper

from nac.cost import MatrixOp, set_bits
from nac.errors import InputError, WorkError
from nac.hardware.onnx.export import load_model
from nac.hardware.onnx.graph import QUANTISERS, GraphView, attributes, integers, quantiser
from nac.hardware.onnx.passes import fold_constants, infer_shapes
from nac.hardware.onnx.qcdq import from_qcdq
from nac.hardware.onnx.untrusted import BROKEN_MODEL, as_input_error, check_shapes

logger = logging.getLogger(__name__)
FLOAT_BITS = 32
KEEPS_VALUES = {"Reshape", "Flatten", "Transpose", "MaxPool", "GlobalMaxPool", "ReduceMax", "Identity", "Dropout",
                "Squeeze", "Unsqueeze", "Relu"}  # fmt: skip
LAYERS = {"Gemm", "Conv", "MatMul"}


def recount(path: Path) -> list[MatrixOp]:
    """The matrix products of an ONNX, QONNX or QCDQ file, in its order and by its names.

    Operands without quantiser are float and count 32 bits; densities and set bits are those of the weights as stored.
    Raises InputError when the file cannot be read, a shape is unknown, or an operation has costs that are not known.
    """
    loaded = load_model(path)
    try:
        model = infer_shapes(ModelWrapper(loaded))
        check_shapes(model.model)
        return recount_model(fold_constants(from_qcdq(model)).model)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except BROKEN_MODEL as error:
        raise InputError(f"{path}: {as_input_error(error)}") from error


def recount_model(model: onnx.ModelProto) -> list[MatrixOp]:
    """`recount` of a graph whose shapes are known."""
    view = GraphView(model)
    ops: list[MatrixOp] = []
    affine = 0
    for node in view.nodes:
        if node.op_type in LAYERS:
            ops.append(_product(view, node))
        elif node.op_type == "LayerNormalization":
            affine = sum(view.constants[name].size for name in node.input[1:] if name in view.constants)
            ops[-1:] = [replace(op, parameters=op.parameters + affine) for op in ops[-1:]]
        elif node.op_type == "Add" and ops and _is_bias(view, node):
            size = next(view.constants[name].size for name in node.input if name in view.constants)
            ops[-1] = replace(ops[-1], parameters=ops[-1].parameters + size)
    if not ops:
        raise InputError("holds no matrix product, expected a network")
    return ops


def _is_bias(view: GraphView, node: onnx.NodeProto) -> bool:
    """Whether an addition adds a constant vector to a matrix product."""
    producers = [view.producer.get(name) for name in node.input]
    return any(p is not None and p.op_type == "MatMul" for p in producers) and any(
        name in view.constants for name in node.input
    )


def _product(view: GraphView, node: onnx.NodeProto) -> MatrixOp:
    out = view.shape(node.output[0])
    given = attributes(node)
    if node.input[1] not in view.parameters:
        if node.op_type != "MatMul" or len(out) != 2:
            raise InputError(f"{node.name}: expected constant weights, or a product of two matrices")
        fan_in = view.shape(node.input[0])[-1]
        left, right = (value_bits(view, name) for name in node.input)
        return MatrixOp(node.name, out[0], fan_in, out[1], right, left)
    size, outputs = _weight_shape(view, node, transposed=bool(given.get("transB", 0)))
    positions = math.prod(out) // outputs
    density, bits, set_ = _weights(view, node.input[1], size)
    bias = sum(_parameter_size(view, name) for name in node.input[2:])
    activation_bits = value_bits(view, node.input[0])
    return MatrixOp(
        node.name, outputs, size // outputs, positions, bits, activation_bits, density, size + bias, set_
    )


def _parameter(view: GraphView, tensor: str) -> str:
    """The raw constant behind a parameter."""
    return tensor if tensor in view.constants else view.producer[tensor].input[0]


def _parameter_size(view: GraphView, tensor: str) -> int:
    return int(view.constants[_parameter(view, tensor)].size) if tensor in view.parameters else 0


def _weight_shape(view: GraphView, node: onnx.NodeProto, *, transposed: bool) -> tuple[int, int]:
    """Number of weights and of outputs."""
    shape = view.constants[_parameter(view, node.input[1])].shape
    if len(shape) < 2 or 0 in shape:
        raise InputError(f"{node.name}: weights of shape {shape}, expected a matrix or a convolution's kernel")
    outputs = shape[0] if node.op_type == "Conv" or transposed else shape[-1]
    return math.prod(shape), int(outputs)


def _weights(view: GraphView, tensor: str, size: int) -> tuple[float, int, float | None]:
    """Density, bits and set bits of weights."""
    if tensor in view.constants:
        return np.count_nonzero(view.constants[tensor]) / size, FLOAT_BITS, None
    values, type_ = integers(view, tensor)
    declared = int(quantiser(view, view.producer[tensor]).width.max())
    return np.count_nonzero(values) / size, min(declared, type_.width), float(set_bits(values))


def value_bits(view: GraphView, tensor: str) -> int:
    """The width of a tensor's values: that of the quantiser they come from, else 32."""
    node = view.producer.get(tensor)
    while node is not None and node.op_type in KEEPS_VALUES:
        tensor = node.input[0]
        node = view.producer.get(tensor)
    return quantiser(view, node).cover.width if node is not None and node.op_type in QUANTISERS else FLOAT_BITS


def assert_costs_agree(counted: Sequence[MatrixOp], expected: Sequence[MatrixOp]) -> None:
    """Raise WorkError naming the first layer and quantity in which the graph and the architecture differ."""
    names = [op.name for op in counted], [op.name for op in expected]
    if sorted(names[0]) != sorted(names[1]):  # branches have no order of their own in a graph
        raise WorkError(f"the exported graph has the layers {names[0]}, the architecture {names[1]}")
    known = {op.name: op for op in counted}
    for theirs in expected:
        ours = known[theirs.name]
        for field in fields(MatrixOp):
            found, wanted = getattr(ours, field.name), getattr(theirs, field.name)
            if found != wanted and not (wanted is None and field.name == "weight_bit_sum"):
                raise WorkError(f"{ours.name}: {field.name} is {found} in the graph, {wanted} in the architecture")
