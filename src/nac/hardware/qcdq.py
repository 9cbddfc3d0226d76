"""QuantizeLinear, Clip and DequantizeLinear, as most exporters write quantisers: read, and written for onnxruntime."""

from typing import Any

import numpy as np
import onnx
import onnx.version_converter
from onnx import TensorProto, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.qcdq_to_qonnx import QCDQToQuant

from nac.errors import InputError
from nac.hardware.passes import fold_constants, infer_shapes
from nac.hardware.read import QUANTISERS, GraphView, quantiser

QCDQ = ("QuantizeLinear", "DequantizeLinear")
UNCOUNTED = {
    "QLinearConv", "QLinearMatMul", "QGemm", "ConvInteger", "MatMulInteger", "DynamicQuantizeLinear", "ConvTranspose",
    "DeformConv", "Einsum", "LSTM", "GRU", "RNN", "Attention", "BipolarQuant", "Trunc", "FloatQuant", "MultiThreshold",
}  # fmt: skip
"""Operations that multiply, or change widths, in a way that no cost here is defined for."""


def from_qcdq(model: ModelWrapper) -> ModelWrapper:
    """The model with every pair of QuantizeLinear and DequantizeLinear, with the Clip between them, as one Quant node.

    Raises InputError naming an operation that is left or whose costs are not known.
    """
    if any(node.op_type in QCDQ for node in model.graph.node):
        model = fold_constants(model, keep=(*QCDQ, "Clip"))
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


INTEGERS: dict[tuple[bool, int], type[np.integer[Any]]] = {
    (True, 8): np.int8, (False, 8): np.uint8, (True, 16): np.int16, (False, 16): np.uint16, (True, 32): np.int32,
}  # fmt: skip
WIDE_OPSET = 21  # the first that quantises to 16 bits


def to_qcdq(model: onnx.ModelProto) -> onnx.ModelProto:
    """A QONNX model in plain ONNX: its constants as integers, its quantisers as QuantizeLinear, Clip, DequantizeLinear.

    Raises InputError naming a quantiser that has no such form (more than 16 bits of a value).
    """
    view, nodes = GraphView(model), []
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    wide = False
    for node in model.graph.node:
        if node.op_type not in QUANTISERS:
            nodes.append(node)
            continue
        type_, fraction, narrow = quantiser(view, node)
        constant = node.input[0] in view.constants
        kind = next((INTEGERS[key] for key in INTEGERS if key[0] == type_.signed and key[1] >= type_.width), np.int32)
        if kind is np.int32 and not constant:
            raise InputError(f"{node.name}: values of {type_.width} bits have no form in ONNX, expected at most 16")
        wide |= not constant and np.dtype(kind).itemsize > 1
        low, high = type_.low + (narrow and type_.signed), type_.high - (narrow and not type_.signed)
        scale = np.exp2(-fraction.astype(np.float64)).astype(np.float32)
        early = np.dtype(kind).itemsize > 1  # onnxruntime clips no integers of 16 bits
        step = np.float32(scale.max()) if early else 1
        bounds = [np.asarray(end * step, np.float32 if early else kind) for end in (low, high)]
        made: dict[str, Any] = {"scale": scale, "low": bounds[0], "high": bounds[1]}
        if constant:
            steps = np.rint(view.constants[node.input[0]].astype(np.float64) * np.exp2(fraction))
            made["steps"] = np.clip(steps, low, high).astype(kind)
        axis = _per_channel(made)
        made["zero"] = np.zeros(made["scale"].shape, kind)
        names = {what: f"{node.name}_{what}" for what in made}
        constants |= {names[what]: numpy_helper.from_array(np.asarray(v), names[what]) for what, v in made.items()}
        narrower = (low, high) != (np.iinfo(kind).min, np.iinfo(kind).max)
        nodes += _quantising(node, names, axis, clip="" if not narrower else "before" if early else "behind")
    return _plain(model, nodes, constants, wide=wide)


def _per_channel(made: dict[str, Any]) -> dict[str, int]:
    """The axis of scales, which become a vector; nothing where there is one scale."""
    scale = made["scale"]
    axis = {"axis": int(np.argmax(scale.shape))} if scale.size > 1 else {}
    made["scale"] = scale.reshape(-1) if axis else scale.reshape(())
    return axis


def _quantising(node: onnx.NodeProto, names: dict[str, str], axis: dict[str, int], clip: str) -> list[Any]:
    """The nodes in the place of a quantiser, which clip before or behind the rounding; a constant is in integers."""
    ends, found = [names["scale"], names["zero"]], []
    constant = "steps" in names
    tensor = names.get("steps", node.input[0])

    def add(kind: str, inputs: list[str], suffix: str, **given: int) -> str:
        out = f"{node.output[0]}_{suffix}"
        found.append(onnx.helper.make_node(kind, inputs, [out], f"{node.name}_{suffix}", **given))
        return out

    bounds = [names["low"], names["high"]]
    if clip == "before" and not constant:
        tensor = add("Clip", [tensor, *bounds], "clipped")
    if not constant:
        tensor = add("QuantizeLinear", [tensor, *ends], "quantised", **axis)
    if clip == "behind":
        tensor = add("Clip", [tensor, *bounds], "clipped")
    return [*found, onnx.helper.make_node("DequantizeLinear", [tensor, *ends], [node.output[0]], node.name, **axis)]


def _plain(model: onnx.ModelProto, nodes: list[Any], constants: dict[str, Any], *, wide: bool) -> onnx.ModelProto:
    """The model with other nodes and the constants that these read, in a version of ONNX that has them."""
    read = {name for node in nodes for name in node.input}
    graph = onnx.helper.make_graph(
        nodes, model.graph.name, model.graph.input, model.graph.output,
        [tensor for name, tensor in constants.items() if name in read],
    )  # fmt: skip
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    opset = next(entry.version for entry in model.opset_import if entry.domain in {"", "ai.onnx"})
    found = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", max(opset, 13))], ir_version=10, producer_name="nac",
        doc_string="Quantisers as QuantizeLinear, Clip, DequantizeLinear; scales are powers of two.",
    )  # fmt: skip
    onnx.helper.set_model_props(found, {item.key: item.value for item in model.metadata_props})
    if wide and opset < WIDE_OPSET:
        found = onnx.version_converter.convert_version(found, WIDE_OPSET)
    onnx.checker.check_model(found)
    return found
