"""What must hold of an ONNX file that somebody else wrote before any tool works on it.

The tools behind this evaluate constants, follow edges and believe the sizes that a file claims; a file that is
wrong there costs memory, time or an error without a sentence.
"""

import math
from collections.abc import Iterable

import onnx
from google.protobuf.descriptor import FieldDescriptor  # type: ignore[import-untyped]
from google.protobuf.message import Message  # type: ignore[import-untyped]
from onnx import TensorProto, helper

from nac.errors import InputError
from nac.hardware.onnx.graph import QUANTISERS

MAX_VALUES = 1 << 27  # of one tensor: half a GiB of float32
ONNX_DOMAINS = {"", "ai.onnx"}
# What the graph and shape tools raise on files that pass the checks below and are wrong in some other way.
BROKEN_MODEL = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError, RuntimeError,
                MemoryError, onnx.shape_inference.InferenceError)  # fmt: skip


def check_model(model: onnx.ModelProto) -> None:
    """Raise InputError unless a model keeps all that it needs inside and can be worked through from top to bottom.

    Its names are text; its weights are in the file, in full and of sane size; every operation is ONNX's or a
    quantiser of QONNX, without control flow, and reads only what stands before it.
    """
    _check_text(model.graph)
    if len(model.graph.output) != 1 or not model.graph.input or not model.graph.node:
        raise InputError("expected an ONNX model with one input, one output and at least one operation")
    if model.graph.sparse_initializer or model.functions:
        raise InputError("has sparse weights or functions of its own, expected dense weights and plain operations")
    for tensor in model.graph.initializer:
        _check_tensor(tensor)
    _check_order(model.graph)
    for node in model.graph.node:
        _check_node(node)
    for value in (*model.graph.input, *model.graph.value_info, *model.graph.output):
        check_size(value.name, (dim.dim_value for dim in value.type.tensor_type.shape.dim))


def check_size(name: str, shape: Iterable[int]) -> None:
    """Raise InputError when a tensor is claimed to have negative sizes or more values than any network here."""
    sizes = [int(n) for n in shape]
    if any(n < 0 for n in sizes) or math.prod(max(n, 1) for n in sizes) > MAX_VALUES:
        raise InputError(f"tensor {name}: shape {tuple(sizes)}, expected at most {MAX_VALUES} values")


def _check_text(message: Message) -> None:
    """Raise InputError for a string that is no text: protobuf gives its bytes instead, other tools fail."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if isinstance(value, Iterable) else (value,):
                _check_text(inner)
        elif field.type == FieldDescriptor.TYPE_STRING:
            texts = (value,) if isinstance(value, (str, bytes)) else value
            if wrong := [text for text in texts if isinstance(text, bytes)]:
                raise InputError(f"{field.name} is {wrong[0]!r:.80}, expected UTF-8 text")


def _check_tensor(tensor: TensorProto) -> None:
    name = tensor.name or "(constant)"
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise InputError(f"tensor {name}: keeps its values in another file, expected them inside")
    check_size(name, tensor.dims)
    try:
        item = helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    except KeyError as error:
        raise InputError(f"tensor {name}: has the unknown type {tensor.data_type}, expected numbers") from error
    values = math.prod(tensor.dims)
    if tensor.HasField("raw_data"):
        complete = len(tensor.raw_data) == values * item
    else:
        held = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data, tensor.uint64_data)
        complete = max(map(len, held)) == values
    if not complete:
        raise InputError(f"tensor {name}: does not hold the {values} values of its shape {tuple(tensor.dims)}")


def _check_order(graph: onnx.GraphProto) -> None:
    """No cycle, no edge from nowhere, no value made twice: ONNX wants operations in the order of computation."""
    known = {"", *(tensor.name for tensor in graph.initializer), *(value.name for value in graph.input)}
    for node in graph.node:
        if missing := [name for name in node.input if name not in known]:
            raise InputError(f"operation {node.name or node.op_type}: reads {missing[0]!r}, which nothing before it "
                             "makes, expected operations in the order of computation")
        if again := [name for name in node.output if name in known - {""}]:
            raise InputError(f"operation {node.name or node.op_type}: makes {again[0]!r} a second time")
        if (not node.input and not node.attribute) or not any(node.output):
            raise InputError(f"operation {node.name or node.op_type}: has no input or no output")
        known.update(node.output)


def _check_node(node: onnx.NodeProto) -> None:
    name = node.name or node.op_type
    if node.op_type not in QUANTISERS and not (node.domain in ONNX_DOMAINS and onnx.defs.has(node.op_type)):
        raise InputError(f"operation {name}: {node.op_type!r} of domain {node.domain!r} is unknown, "
                         "expected ONNX's operations and QONNX's quantisers")
    if node.op_type in QUANTISERS:
        if len(node.input) != 4:
            raise InputError(f"operation {name}: a quantiser with {len(node.input)} inputs, expected value, scale, "
                             "zero point and bit width")
        if missing := {"signed", "narrow"} - {attribute.name for attribute in node.attribute}:
            raise InputError(f"operation {name}: a quantiser without {min(missing)!r}")
    for attribute in node.attribute:
        if attribute.HasField("g") or attribute.graphs:
            raise InputError(f"operation {name}: {node.op_type} holds a graph of its own, expected no control flow")
        for tensor in (*([attribute.t] if attribute.HasField("t") else []), *attribute.tensors):
            _check_tensor(tensor)


def check_shapes(model: onnx.ModelProto) -> None:
    """Raise InputError when evaluating what depends on no input would make a tensor of insane or unknown size."""
    shapes = {v.name: v.type.tensor_type for v in (*model.graph.value_info, *model.graph.output, *model.graph.input)}
    constant = {"", *(tensor.name for tensor in model.graph.initializer)}
    for node in model.graph.node:
        folded = all(name in constant for name in node.input)
        for name in filter(None, node.output):
            if name in shapes:
                check_size(name, (dim.dim_value for dim in shapes[name].shape.dim))
            if not folded:
                continue
            constant.add(name)
            known = name in shapes and shapes[name].HasField("shape") and all(
                dim.HasField("dim_value") for dim in shapes[name].shape.dim)
            if not known and node.op_type != "Constant":
                raise InputError(f"tensor {name}: the graph does not say its shape, expected one for every constant")


def as_input_error(error: BaseException) -> InputError:
    """What a tool said about a model, in one sentence."""
    detail = " ".join(str(error).split())[:200] or type(error).__name__
    return InputError(f"is no network that can be read ({type(error).__name__}: {detail})")
