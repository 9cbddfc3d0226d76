"""QONNX graph to fixed-point circuit: integer weights and the exact range of every tensor."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx

from nac.errors import InputError
from nac.hardware.circuit import Circuit, Node, Types, Weights
from nac.hardware.fixed import Fixed, Span
from nac.hardware.graph import MAX_BITS, SUM_BITS, GraphView, attributes, integers, power_of_two, quantiser


def read_circuit(model: onnx.ModelProto) -> Circuit:
    """The circuit of a QONNX graph whose nodes are named and whose shapes are known (`passes.py`).

    Raises:
        InputError: an operation that has no exact fixed-point form; the text names it.
    """
    return Circuit(tuple(_Reader(GraphView(model)).read()))


def _check_types(node: onnx.NodeProto, types: Types, shape: tuple[int, ...]) -> None:
    """Raise InputError where they do not fit a value (*shape), or a range is narrow."""
    if types.cover.width > MAX_BITS:
        raise InputError(f"{node.name}: all types together need {types.cover.width} bits, expected at most {MAX_BITS}")
    if attributes(node)["narrow"]:
        raise InputError(f"{node.name}: expected no narrow range where elements have types of their own")
    given = np.broadcast_shapes(types.fraction.shape, types.width.shape)
    if len(given) > len(shape) or any(own not in {1, whole} for own, whole in zip(given[::-1], shape[::-1])):  # noqa: B905 - broadcast
        raise InputError(f"{node.name}: scales of shape {given} for values of shape {shape}")


class _Reader:
    def __init__(self, view: GraphView) -> None:
        self.view = view
        self.nodes: list[Node] = []
        self.of_tensor: dict[str, Node] = {}
        self.transposed: dict[str, str] = {}
        self.handlers: dict[str, Callable[[onnx.NodeProto], None]] = {
            "Quant": self._quant, "IntQuant": self._quant, "Gemm": self._gemm, "Conv": self._conv, "Relu": self._relu,
            "LeakyRelu": self._leaky_relu, "Add": self._add, "MatMul": self._matmul, "Transpose": self._transpose,
            "ReduceMean": self._reduce, "ReduceMax": self._reduce, "MaxPool": self._max_pool,
            "Reshape": self._reshape, "Flatten": self._reshape, "Identity": self._identity,
        }  # fmt: skip

    def read(self) -> list[Node]:
        for node in self.view.nodes:
            if all(name in self.view.parameters for name in node.output):
                continue
            handler = self.handlers.get(node.op_type)
            if handler is None:
                raise InputError(f"{node.name}: operation {node.op_type} has no exact fixed-point form")
            handler(node)
        if not self.nodes or self.nodes[-1].tensor != self.view.output:
            raise InputError("the graph's output is not its last operation")
        return self.nodes

    def _put(self, node: onnx.NodeProto, op: Any, inputs: Sequence[Node], span: Span, **more: Any) -> None:
        tensor = node.output[0]
        made = Node(
            name=node.name, op=op, inputs=tuple(i.name for i in inputs), shape=self.view.shape(tensor), span=span,
            type=more.pop("type", span.fixed), tensor=tensor, partial=(partial := more.pop("partial", 0)),
            significand=more.pop("significand", partial), weights=more.pop("weights", None),
            types=more.pop("types", None), attributes=more,
        )  # fmt: skip
        if any(made.name == other.name for other in self.nodes):
            raise InputError(f"{made.name}: two operations have this name")
        self.nodes.append(made)
        self.of_tensor[tensor] = made

    def _source(self, node: onnx.NodeProto, index: int = 0) -> Node:
        name = node.input[index]
        if name == self.view.input:
            raise InputError(f"{node.name}: the network input must be quantised first")
        if name not in self.of_tensor:
            raise InputError(f"{node.name}: input {name} has no exact fixed-point form here")
        return self.of_tensor[name]

    def _quant(self, node: onnx.NodeProto) -> None:
        given = quantiser(self.view, node)
        type_, types, narrow = given.cover, None if given.uniform else given.types, given.narrow
        shape = self.view.shape(node.output[0])
        if types is not None:
            _check_types(node, types, shape)
        if node.input[0] == self.view.input:
            low = type_.low if types is None else min(t.low << (type_.fraction - t.fraction) for t in types.distinct())
            self._put(node, "input", (), Span(low + narrow, type_.high, type_.fraction), type=type_, types=types)
            return
        source = self._source(node)
        span = source.span.quantised(type_, narrow=narrow)
        if types is not None:
            ends = [source.span.quantised(t, down=types.down).aligned(type_.fraction) for t in types.distinct()]
            span = Span(min(end.low for end in ends), max(end.high for end in ends), type_.fraction)
        self._put(node, "quantise", (source,), span, type=type_, types=types, narrow=narrow)

    def _weights(self, node: onnx.NodeProto, source: Node) -> Weights:
        kernel, kernel_type = integers(self.view, node.input[1])
        fraction = kernel_type.fraction + source.span.fraction
        if len(node.input) > 2:
            bias, bias_type = integers(self.view, node.input[2])
            bias = np.broadcast_to(np.ravel(bias), kernel.shape[:1])
            bias_type = Span(int(bias.min()), int(bias.max()), bias_type.fraction).fixed
        else:
            bias, bias_type = np.zeros(kernel.shape[0], np.int64), Fixed(True, 1, fraction)
        return Weights(kernel, kernel_type, bias, bias_type)

    def _affine(self, node: onnx.NodeProto, op: str, source: Node, weights: Weights, **more: int) -> None:
        rows = weights.kernel.reshape(len(weights.kernel), -1)
        x = source.span.with_zero() if more.get("pads") else source.span
        positive, negative = np.maximum(rows, 0).sum(1), np.minimum(rows, 0).sum(1)
        fraction = max(weights.kernel_type.fraction + x.fraction, weights.bias_type.fraction)
        product, bias = fraction - weights.kernel_type.fraction - x.fraction, fraction - weights.bias_type.fraction
        largest = float(np.max((positive - negative) * float(x.magnitude)) * 2.0**product
                        + np.max(np.abs(weights.bias)) * 2.0**bias)
        if largest >= 2.0**SUM_BITS:
            raise InputError(f"{node.name}: sums up to {largest:.1e} steps, expected less than 2**{SUM_BITS}")
        low = positive * x.low + negative * x.high
        high = positive * x.high + negative * x.low
        low, high = (low << product) + (weights.bias << bias), (high << product) + (weights.bias << bias)
        bound = ((positive - negative) * x.magnitude << product) + (np.abs(weights.bias) << bias)
        # Every output channel has a scale of its own: what is common to its products and bias is no digit of the sum.
        common = np.gcd(np.gcd.reduce(rows, axis=1) << product, weights.bias << bias)
        self._put(
            node, op, (source,), Span(int(low.min()), int(high.max()), fraction), partial=int(bound.max()),
            significand=int((bound // np.maximum(common & -common, 1)).max()), weights=weights, **more,
        )  # fmt: skip

    def _gemm(self, node: onnx.NodeProto) -> None:
        given, source = attributes(node), self._source(node)
        if given.get("alpha", 1.0) != 1.0 or given.get("beta", 1.0) != 1.0 or given.get("transA", 0):
            raise InputError(f"{node.name}: expected a plain Gemm (alpha 1, beta 1, transA 0)")
        weights = self._weights(node, source)
        if not given.get("transB", 0):
            weights = Weights(weights.kernel.T, weights.kernel_type, weights.bias, weights.bias_type)
        self._affine(node, "dense", source, weights)

    def _conv(self, node: onnx.NodeProto) -> None:
        given, source = attributes(node), self._source(node)
        unit = [given.get("group", 1), *given.get("dilations", [1])]
        strides, pads = set(given.get("strides", [1])), set(given.get("pads", [0]))
        if any(value != 1 for value in unit) or len(strides) != 1 or len(pads) != 1:
            raise InputError(
                f"{node.name}: expected a convolution without dilation or groups, its stride and its padding the same "
                "along every axis"
            )
        self._affine(
            node, "conv", source, self._weights(node, source), stride=int(strides.pop()), pads=int(pads.pop())
        )

    def _relu(self, node: onnx.NodeProto) -> None:
        source = self._source(node)
        low, high, fraction = source.span
        self._put(node, "relu", (source,), Span(max(low, 0), max(high, 0), fraction))

    def _leaky_relu(self, node: onnx.NodeProto) -> None:
        source = self._source(node)
        shift = int(power_of_two(np.array(attributes(node).get("alpha", 0.01)), node.name))
        low, high, fraction = source.span
        low = low if low < 0 else low << shift
        high = high << shift if high > 0 else high
        self._put(node, "leaky_relu", (source,), Span(low, high, fraction + shift), shift=shift)

    def _add(self, node: onnx.NodeProto) -> None:
        a, b = self._source(node), self._source(node, 1)
        if a.shape != b.shape:
            raise InputError(f"{node.name}: cannot add shapes {a.shape} and {b.shape}")
        total = a.span.plus(b.span)
        self._put(node, "add", (a, b), total, significand=total.magnitude)

    def _transpose(self, node: onnx.NodeProto) -> None:
        if list(attributes(node).get("perm", [])) != [0, 2, 1]:
            raise InputError(f"{node.name}: expected a transposition of the last two of three axes")
        self.transposed[node.output[0]] = node.input[0]

    def _matmul(self, node: onnx.NodeProto) -> None:
        operands, flags = [], []
        for name in node.input:
            flags.append(name in self.transposed)
            name = self.transposed.get(name, name)
            if name not in self.of_tensor:
                raise InputError(f"{node.name}: expected the product of two quantised activations")
            operands.append(self.of_tensor[name])
        a, b = operands
        terms = a.shape[0] if flags[0] else a.shape[1]
        partial = terms * a.span.magnitude * b.span.magnitude
        self._put(node, "matmul", (a, b), a.span.times(b.span, terms), partial=partial, transposed=tuple(flags))

    def _reduce(self, node: onnx.NodeProto) -> None:
        given, source = attributes(node), self._source(node)
        axes = given.get("axes") or self.view.constants[node.input[1]].tolist()
        if given.get("keepdims", 1) or len(source.shape) != 2 or list(axes) not in ([2], [-1]):
            raise InputError(f"{node.name}: expected a reduction of (features, particles) over particles")
        if node.op_type == "ReduceMax":
            self._put(node, "maximum", (source,), source.span, type=source.type)
            return
        count = source.shape[1]
        if count & (count - 1):
            raise InputError(f"{node.name}: a mean over {count} values is not exact, expected a power of two")
        low, high, fraction = source.span
        span = Span(low * count, high * count, fraction + int(math.log2(count)))
        self._put(node, "mean", (source,), span, partial=count * source.span.magnitude)

    def _max_pool(self, node: onnx.NodeProto) -> None:
        given, source = attributes(node), self._source(node)
        size, strides = list(given["kernel_shape"]), list(given.get("strides", [1, 1]))
        if len(set(size)) != 1 or strides != size or any(given.get("pads", [0])):
            raise InputError(f"{node.name}: expected windows of equal sides that do not overlap, without padding")
        self._put(node, "max_pool", (source,), source.span, type=source.type, size=int(size[0]))

    def _reshape(self, node: onnx.NodeProto) -> None:
        source, shape = self._source(node), self.view.shape(node.output[0])
        to_channel = len(source.shape) == 1 and shape[0] == 1
        if len(shape) > 1 and shape[0] != source.shape[0] and not to_channel:
            raise InputError(
                f"{node.name}: a reshape must keep the channels, flatten or make one channel of a vector, not "
                f"{source.shape} to {shape}"
            )
        self._put(node, "reshape", (source,), source.span, type=source.type)

    def _identity(self, node: onnx.NodeProto) -> None:
        self.of_tensor[node.output[0]] = self._source(node)
