"""A graph of others as a chain of blocks with their parameters.

What is read is a chain: dense layers and convolutions with batch norm, ReLU or leaky ReLU, pooling, flattening and an
aggregation of sets, a dense layer without activation at the end. Anything else is named.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from nac.errors import InputError
from nac.hardware.graph import QUANTISERS, GraphView, Quantiser, attributes, quantiser

KNOWN = ("Gemm", "MatMul with Add", "Conv", "BatchNormalization", "Relu", "LeakyRelu", "MaxPool", "Flatten", "Reshape",
         "ReduceMean", "ReduceMax", "Quant", "QuantizeLinear with DequantizeLinear")  # fmt: skip
PASSED_ON = {"Identity", "Dropout"}
SLOPES = {0.125: "leaky_relu_1_8", 0.01: "leaky_relu"}


@dataclass
class Parameters:
    """Weights (outputs, inputs, *kernel) of a layer, with their fractional bits where quantised, its bias and norm."""

    weight: npt.NDArray[np.float64]
    weight_fraction: npt.NDArray[np.int64] | None
    bias: npt.NDArray[np.float64] | None = None
    norm: tuple[npt.NDArray[Any], ...] = ()
    epsilon: float = 0.0


@dataclass
class BlockRead:
    """A block being read: its fields, its parameters, and what quantises the values behind it."""

    block: dict[str, Any]
    parameters: Parameters | None = None
    values: Quantiser | None = None
    name: str = ""

    @property
    def quantises(self) -> bool:
        """Whether the values behind it have a type of their own."""
        return self.parameters is not None or self.block == {"block": "aggregate", "kind": "mean"}


@dataclass
class Chain:
    """What was read so far, from the input on."""

    view: GraphView
    tensor: str
    shape: tuple[int, ...]
    steps: list[BlockRead] = field(default_factory=list)
    entry: Quantiser | None = None

    @property
    def last(self) -> BlockRead | None:
        """The block that is being read."""
        return self.steps[-1] if self.steps else None

    @property
    def rectified(self) -> bool:
        """Whether no value here is below 0."""
        kinds = [step.block["activation"] for step in self.steps if "activation" in step.block]
        return bool(kinds) and kinds[-1] == "relu"


def read_chain(view: GraphView) -> Chain:
    """Read a graph whose constants are folded and whose shapes are known. Raises InputError naming what is none."""
    chain = Chain(view, view.input, view.shape(view.input))
    for node in view.nodes:
        if all(name in view.parameters for name in node.output):
            continue
        data = [name for name in node.input if name and name not in view.parameters]
        if data != [chain.tensor]:
            raise InputError(f"{_name(node)}: reads {', '.join(data) or 'constants'}, expected a chain of layers, each "
                             f"of which reads the one before it ({chain.tensor})")
        _HANDLERS.get(node.op_type, _unknown)(chain, node)
        chain.tensor, chain.shape = node.output[0], view.shape(node.output[0])
    last = chain.last
    if last is None or last.parameters is None or last.block["block"] != "dense" or len(chain.shape) != 1:
        raise InputError("the network does not end with a dense layer, expected one without activation as its last")
    if last.block["activation"] != "none" or last.values is not None or last.parameters.norm:
        raise InputError(f"{last.name}: is the last layer and has a norm, an activation or a quantiser behind it, "
                         "expected none")
    return chain


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
    same = pads == {(kernel[0] - 1) // 2} and kernel[0] % 2 == 1 and rank == 1 and kernel[0] > 1
    if given.get("group", 1) != 1 or set(given.get("dilations", [1])) != {1} or len(set(kernel)) != 1:
        raise InputError(f"{_name(node)}: expected a square kernel without groups or dilation")
    if not (pads == {0} or same) or (rank == 2 and strides != {1}):
        raise InputError(f"{_name(node)}: expected a convolution without padding" + (
            " or with as much as keeps the samples" if rank == 1 else " and of stride 1"))
    if rank == 1 and kernel == (1,) and strides == {1}:
        block: dict[str, Any] = {"block": "dense", "width": len(weight)}
    else:
        block = {"block": f"conv{rank}d", "channels": len(weight), "kernel": kernel[0]}
        block |= {"stride": strides.pop(), "padding": "same" if same else "valid"} if rank == 1 else {}
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
    if last is None or last.parameters is None or last.block["activation"] != "none" or last.values is not None:
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
    elif _type(given) != _type(_before(chain)):
        raise InputError(f"{_name(node)}: quantises values a second time, to another type, expected it once per layer")


def _before(chain: Chain) -> Quantiser | None:
    """The quantiser of the values here."""
    found = [step.values for step in chain.steps if step.values is not None]
    return found[-1] if found else chain.entry


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
