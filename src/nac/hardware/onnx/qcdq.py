"""QuantizeLinear, Clip and DequantizeLinear, as most exporters write quantisers, as QONNX's Quant nodes."""

import numpy as np
import onnx
from onnx import TensorProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.qcdq_to_qonnx import QCDQToQuant

from nac.errors import InputError
from nac.hardware.onnx.passes import fold_constants, infer_shapes

QCDQ = ("QuantizeLinear", "DequantizeLinear")
UNCOUNTED = {
    "QLinearConv", "QLinearMatMul", "QGemm", "ConvInteger", "MatMulInteger", "DynamicQuantizeLinear", "ConvTranspose",
    "DeformConv", "Einsum", "LSTM", "GRU", "RNN", "Attention", "BipolarQuant", "Trunc", "FloatQuant", "MultiThreshold",
}  # fmt: skip
"""Operations that multiply, or change widths, in a way that no cost here is defined for."""
UNSIGNED_ZERO = 128
"""The zero of signed bytes that are kept without a sign."""


def from_qcdq(model: ModelWrapper) -> ModelWrapper:
    """The model with every pair of QuantizeLinear and DequantizeLinear, with the Clip between them, as one Quant node.

    Raises InputError naming an operation that is left or whose costs are not known.
    """
    if any(node.op_type in QCDQ for node in model.graph.node):
        model = fold_constants(model, keep=(*QCDQ, "Clip"))
        _centre_integers(model)
        _quantise_integers(model)
        _give_zero_points(model)
        try:
            model = infer_shapes(model.transform(QCDQToQuant()))
        except (ValueError, AssertionError) as error:
            raise InputError(f"has quantisers that cannot be read ({error or 'bounds of a Clip'})") from error
    for node in model.graph.node:
        if node.op_type in {*QCDQ, *UNCOUNTED}:
            raise InputError(f"{node.name or node.output[0]}: no widths or costs are known of the operation "
                             f"{node.op_type} here; expected Gemm, Conv or MatMul between quantisers with constant "
                             "scales (Quant, or QuantizeLinear, Clip and DequantizeLinear)")
    return model


def _centre_integers(model: ModelWrapper) -> None:
    """Constants without a sign whose zero is 128 as signed ones whose zero is 0, with the Clip that they may have."""
    clips = {node.output[0]: node for node in model.graph.node if node.op_type == "Clip"}
    for node in model.graph.node:
        if node.op_type != "DequantizeLinear" or len(node.input) < 3:
            continue
        clip = clips.get(node.input[0])
        places = [(node, 0), (node, 2)] if clip is None else [(node, 2), *((clip, i) for i in range(len(clip.input)))]
        first = node if clip is None else clip
        steps, zero = model.get_initializer(first.input[0]), model.get_initializer(node.input[2])
        if steps is None or zero is None or steps.dtype != np.uint8 or not np.all(zero == UNSIGNED_ZERO):
            continue
        for owner, index in places:
            if (value := model.get_initializer(owner.input[index])) is not None:
                name = f"{owner.input[index]}_centred"
                model.set_initializer(name, (value.astype(np.int16) - UNSIGNED_ZERO).astype(np.int8))
                owner.input[index] = name
        if clip is not None:
            model.set_tensor_shape(clip.output[0], list(steps.shape), TensorProto.INT8)


def _quantise_integers(model: ModelWrapper) -> None:
    """Constants that are integers already and have a Clip, which says their width: as numbers that are quantised."""
    clips = {node.output[0]: node for node in model.graph.node if node.op_type == "Clip"}
    for node in [node for node in model.graph.node if node.op_type == "DequantizeLinear" and node.input[0] in clips]:
        clip = clips[node.input[0]]
        steps, scale = model.get_initializer(clip.input[0]), model.get_initializer(node.input[1])
        if steps is None or scale is None:
            continue
        axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1)
        shape = [-1 if index == axis % steps.ndim else 1 for index in range(steps.ndim)] if np.ndim(scale) else ()
        values, integers = f"{clip.name or clip.output[0]}_values", f"{clip.name or clip.output[0]}_integers"
        model.set_initializer(values, (steps * np.reshape(scale, shape)).astype(np.float32))
        made = onnx.helper.make_node("QuantizeLinear", [values, *node.input[1:]], [integers])
        made.attribute.extend(node.attribute)
        model.set_tensor_shape(integers, list(steps.shape), onnx.helper.np_dtype_to_tensor_dtype(steps.dtype))
        clip.input[0] = integers
        model.graph.node.insert(list(model.graph.node).index(clip), made)


def _give_zero_points(model: ModelWrapper) -> None:
    """Zero points that are left out: of the quantised type, which is uint8 where nothing says it."""
    types: dict[str, int] = {}
    for node in model.graph.node:
        if node.op_type == "QuantizeLinear" and (len(node.input) < 3 or not node.input[2]):
            types[node.output[0]] = TensorProto.UINT8
        elif node.op_type == "Clip" and node.input[0] in types:
            types[node.output[0]] = types[node.input[0]]
    for node in model.graph.node:
        if node.op_type not in QCDQ or (len(node.input) > 2 and node.input[2]):
            continue
        tensor = node.output[0] if node.op_type == "QuantizeLinear" else node.input[0]
        known = model.get_tensor_valueinfo(tensor)
        kind = types.get(tensor) or (known.type.tensor_type.elem_type if known is not None else TensorProto.UINT8)
        name = f"{node.output[0]}_zero"
        scale = model.get_initializer(node.input[1])
        del node.input[2:]
        node.input.append(name)
        zero = np.zeros(np.shape(scale) if scale is not None else (), onnx.helper.tensor_dtype_to_np_dtype(kind))
        model.set_initializer(name, zero)
