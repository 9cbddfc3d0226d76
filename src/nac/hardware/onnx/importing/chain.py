"""A graph of others as a chain of blocks with their parameters.

What is read is a chain: dense layers and convolutions with batch norm, ReLU or leaky ReLU, residual connections past
such, pooling, flattening and an aggregation of sets, a dense layer without activation at the end. Anything else is
named.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from nac.errors import InputError
from nac.hardware.onnx.graph import QUANTISERS, GraphView, Quantiser, attributes, quantiser
from nac.hardware.onnx.importing.parts import BlockRead, Chain, Parameters

KNOWN = (
    "Gemm", "MatMul with Add", "Add of what goes past layers", "Conv", "BatchNormalization", "Relu", "LeakyRelu",
    "MaxPool", "Flatten", "Reshape", "ReduceMean", "ReduceMax", "Quant", "QuantizeLinear with DequantizeLinear",
)  # fmt: skip
PASSED_ON = {"Identity", "Dropout"}
SLOPES = {0.125: "leaky_relu_1_8", 0.01: "leaky_relu"}


def read_chain(view: GraphView) -> Chain:
    """Read a graph whose constants are folded and whose shapes are known. Raises InputError naming what is none."""
    chain = Chain(view, view.input, view.shape(view.input))
    if (joint := _follow(chain)) is not None:
        raise InputError(f"{_name(joint)}: adds values of which none goes past layers, expected a residual connection")
    last = chain.last
    if chain.tensor != view.output:
        raise InputError(f"{view.output}: is the answer, and not what the last layer gives ({chain.tensor})")
    if last is None or last.parameters is None or last.block["block"] != "dense" or len(chain.shape) != 1:
        raise InputError("the network does not end with a dense layer, expected one without activation as its last")
    if last.block["activation"] != "none" or last.values is not None or last.parameters.norm:
        raise InputError(f"{last.name}: is the last layer and has a norm, an activation or a quantiser behind it, "
                         "expected none")
    return chain


def _follow(chain: Chain) -> onnx.NodeProto | None:
    """Read on from where a chain is, to the end or to a sum of two values, which is returned."""
    while readers := _readers(chain):
        if len(readers) > 1:
            _residual(chain, readers)
            continue
        (node,) = readers
        data = [name for name in node.input if name and name not in chain.view.parameters]
        if node.op_type == "Add" and len(data) == 2:
            return node
        if data != [chain.tensor]:
            raise InputError(f"{_name(node)}: reads {', '.join(data)}, expected a chain of layers, each of which reads "
                             f"the one before it ({chain.tensor}), or a sum with what goes past layers")
        _HANDLERS.get(node.op_type, _unknown)(chain, node)
        _behind(chain, node)
    return None


def _readers(chain: Chain) -> list[onnx.NodeProto]:
    """What reads the values here, but for constants that are made of their shape."""
    constant = chain.view.parameters
    return [
        node for node in chain.view.nodes
        if chain.tensor in node.input and not all(name in constant for name in node.output)
    ]  # fmt: skip


def _behind(chain: Chain, node: onnx.NodeProto) -> None:
    chain.tensor, chain.shape = node.output[0], chain.view.shape(node.output[0])


def _residual(chain: Chain, readers: list[onnx.NodeProto]) -> None:
    """Two ways from here to a sum: layers, and nothing or one layer that only changes the channels."""
    here = f"{chain.tensor}: is read by {', '.join(map(_name, readers))}"
    branches = [Chain(chain.view, chain.tensor, chain.shape, entry=chain.before) for _ in readers]
    joints = [_along(branch, node) for branch, node in zip(branches, readers, strict=True)]
    past, inner, *more = sorted(branches, key=lambda branch: (len(branch.steps), not _projects(branch)))
    joint = joints[0]
    if more or joint is None or any(other is not joint for other in joints) or not inner.steps:
        raise InputError(f"{here}, expected two of which a sum is taken later, one of them behind layers")
    if past.steps and not _projects(past):
        raise InputError(f"{here}, expected at most one layer without activation, of kernel 1, beside the others")
    block = {"block": "residual", "blocks": [step.block for step in inner.steps], "projection": bool(past.steps),
             "activation": "none"}  # fmt: skip
    chain.steps.append(BlockRead(block, name=_name(joint), inside=[*inner.steps, *past.steps]))
    _behind(chain, joint)


def _along(branch: Chain, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """Follow one of the ways that begin where others do, to the sum that it ends in."""
    if node.op_type == "Add" and not any(name in branch.view.parameters for name in node.input):
        return node
    _HANDLERS.get(node.op_type, _unknown)(branch, node)
    _behind(branch, node)
    return _follow(branch)


def _projects(branch: Chain) -> bool:
    """Whether it is one layer that only changes the channels."""
    if len(branch.steps) != 1 or (layer := branch.steps[0]).parameters is None or layer.parameters.norm:
        return False
    return bool(layer.block["activation"] == "none" and (layer.block["block"] == "dense" or layer.block["kernel"] == 1))


def _name(node: onnx.NodeProto) -> str:
    return str(node.name or node.output[0])


def _unknown(chain: Chain, node: onnx.NodeProto) -> None:
    if node.op_type in PASSED_ON:
        return
    raise InputError(f"{_name(node)}: nothing here is built for the operation {node.op_type}, expected some of "
                     f"{', '.join(KNOWN)}")


def _value(view: GraphView, tensor: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64] | None]:
    """A constant in float64, and the fractional bits of its quantiser, broadcast to it."""
    node = view.producer.get(tensor)
    if node is None or node.op_type not in QUANTISERS:
        if tensor not in view.constants:
            raise InputError(f"{tensor}: expected a constant")
        return view.constants[tensor].astype(np.float64), None
    given = quantiser(view, node)
    raw = view.constants[node.input[0]].astype(np.float64)
    width = given.width.astype(np.float64)
    low = -(2.0 ** (width - 1)) + given.narrow if given.signed else np.zeros_like(width)
    high = 2.0 ** (width - 1) - 1 if given.signed else 2.0**width - 1
    scaled = raw * np.exp2(given.fraction)
    steps = np.clip(np.floor(scaled) if given.down else np.rint(scaled), low, high)
    return steps * np.exp2(-given.fraction), np.broadcast_to(given.fraction, raw.shape)


def _layer(chain: Chain, node: onnx.NodeProto, block: dict[str, Any], weight: Any, fraction: Any) -> None:
    parameters = Parameters(weight, fraction)
    if len(node.input) > 2 and node.input[2]:
        parameters.bias, _ = _value(chain.view, node.input[2])
    chain.steps.append(BlockRead({**block, "activation": "none"}, parameters, name=_name(node)))


def _gemm(chain: Chain, node: onnx.NodeProto) -> None:
    given = attributes(node)
    if given.get("alpha", 1.0) != 1.0 or given.get("beta", 1.0) != 1.0 or given.get("transA", 0):
        raise InputError(f"{_name(node)}: expected a plain Gemm (alpha 1, beta 1, transA 0)")
    weight, fraction = _value(chain.view, node.input[1])
    if not given.get("transB", 0):
        weight, fraction = weight.T, None if fraction is None else fraction.T
    _layer(chain, node, {"block": "dense", "width": len(weight)}, weight, fraction)


def _matmul(chain: Chain, node: onnx.NodeProto) -> None:
    if node.input[0] != chain.tensor:
        raise InputError(f"{_name(node)}: expected values times weights")
    weight, fraction = _value(chain.view, node.input[1])
    transposed = None if fraction is None else fraction.T
    _layer(chain, node, {"block": "dense", "width": weight.shape[1]}, weight.T, transposed)


def _add(chain: Chain, node: onnx.NodeProto) -> None:
    last = chain.last
    if last is None or last.parameters is None or last.parameters.bias is not None or last.values is not None:
        raise InputError(f"{_name(node)}: expected Add of a bias behind a MatMul")
    constant = next(name for name in node.input if name != chain.tensor)
    last.parameters.bias = _value(chain.view, constant)[0].reshape(-1)


def _conv(chain: Chain, node: onnx.NodeProto) -> None:
    given = attributes(node)
    weight, fraction = _value(chain.view, node.input[1])
    kernel, rank = weight.shape[2:], weight.ndim - 2
    strides, pads = set(given.get("strides", [1])), set(given.get("pads", [0]))
    same = pads == {(kernel[0] - 1) // 2} and kernel[0] % 2 == 1 and kernel[0] > 1
    if given.get("group", 1) != 1 or set(given.get("dilations", [1])) != {1} or len(set(kernel)) != 1:
        raise InputError(f"{_name(node)}: expected a square kernel without groups or dilation")
    if not (pads == {0} or same) or (rank == 2 and strides != {1}):
        raise InputError(f"{_name(node)}: expected a convolution without padding or with as much as keeps "
                         + ("the samples" if rank == 1 else "the pixels, of stride 1"))
    if rank == 1 and kernel == (1,) and strides == {1}:
        block: dict[str, Any] = {"block": "dense", "width": len(weight)}
    else:
        block = {"block": f"conv{rank}d", "channels": len(weight), "kernel": kernel[0]}
        block |= {"padding": "same"} if same else {}
        block |= {"stride": strides.pop()} if rank == 1 else {}
    _layer(chain, node, block, weight, fraction)


def _norm(chain: Chain, node: onnx.NodeProto) -> None:
    last = chain.last
    if last is None or last.parameters is None or last.block["activation"] != "none" or last.values is not None:
        raise InputError(f"{_name(node)}: expected a batch norm directly behind a layer")
    last.parameters.norm = tuple(_value(chain.view, name)[0] for name in node.input[1:5])
    last.parameters.epsilon = float(attributes(node).get("epsilon", 1e-5))
    last.block["norm"] = "batch"


def _activation(chain: Chain, node: onnx.NodeProto) -> None:
    last = chain.last
    slope = round(float(attributes(node).get("alpha", 0.01)), 6) if node.op_type == "LeakyRelu" else None
    kind = "relu" if slope is None else SLOPES.get(slope)
    if kind == "relu" and chain.rectified:
        return
    if kind is None:
        raise InputError(f"{_name(node)}: expected a slope of 1/8 or 0.01, found {slope}")
    if last is None or not last.takes_activation:
        raise InputError(f"{_name(node)}: expected an activation directly behind a layer, before its quantiser")
    last.block["activation"] = kind


def _quant(chain: Chain, node: onnx.NodeProto) -> None:
    given = quantiser(chain.view, node)
    if not given.uniform or given.narrow:
        raise InputError(f"{_name(node)}: expected values of one type that is not narrow, rounded half to even")
    last = chain.last
    if last is None and chain.entry is None:
        if not given.signed:
            raise InputError(f"{_name(node)}: expected a signed type for the input")
        chain.entry = given
    elif last is not None and last.values is None and last.quantises:
        last.values = given
    elif _type(given) != _type(chain.before):
        raise InputError(f"{_name(node)}: quantises values a second time, to another type, expected it once per layer")


def _type(given: Quantiser | None) -> tuple[int, ...]:
    return () if given is None else (int(given.fraction.flat[0]), int(given.width.flat[0]), int(given.signed))


def _pool(chain: Chain, node: onnx.NodeProto) -> None:
    given = attributes(node)
    size = list(given["kernel_shape"])
    if len(set(size)) != 1 or list(given.get("strides", size)) != size or any(given.get("pads", [0])):
        raise InputError(f"{_name(node)}: expected square windows that do not overlap, without padding")
    chain.steps.append(BlockRead({"block": "pool", "size": int(size[0])}, name=_name(node)))


def _flatten(chain: Chain, node: onnx.NodeProto) -> None:
    after = chain.view.shape(node.output[0])
    if after == chain.shape:
        return
    if len(after) != 1 or after[0] != math.prod(chain.shape):
        raise InputError(f"{_name(node)}: expected a reshape that flattens, found {chain.shape} to {after}")
    if len(chain.shape) > 1 and chain.shape[1:] != (1,) * (len(chain.shape) - 1):
        chain.steps.append(BlockRead({"block": "flatten"}, name=_name(node)))


def _reduce(chain: Chain, node: onnx.NodeProto) -> None:
    if len(chain.shape) != 2 or chain.view.shape(node.output[0])[:1] != chain.shape[:1]:
        raise InputError(f"{_name(node)}: expected a reduction of a set (features, particles) over its particles")
    kind = "mean" if node.op_type in {"ReduceMean", "GlobalAveragePool"} else "max"
    chain.steps.append(BlockRead({"block": "aggregate", "kind": kind}, name=_name(node)))


_HANDLERS: dict[str, Any] = {
    **dict.fromkeys(QUANTISERS, _quant), "Gemm": _gemm, "MatMul": _matmul, "Add": _add, "Conv": _conv,
    "BatchNormalization": _norm, "Relu": _activation, "LeakyRelu": _activation, "MaxPool": _pool,
    "Flatten": _flatten, "Reshape": _flatten, "Squeeze": _flatten, "ReduceMean": _reduce, "ReduceMax": _reduce,
    "GlobalAveragePool": _reduce, "GlobalMaxPool": _reduce,
}  # fmt: skip
