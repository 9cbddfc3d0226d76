"""QONNX graphs in plain ONNX: quantisers as QuantizeLinear, Clip, DequantizeLinear, which onnxruntime computes."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from nac.hardware.onnx.graph import QUANTISERS, GraphView, Quantiser, quantiser
from nac.hardware.onnx.qcdq import UNSIGNED_ZERO

MIN_OPSET = 13
BYTE = 8
LARGEST = 64
"""Of signed bytes that every processor multiplies with those without a sign exactly: twice 255 times that has 16 bits.

On x86-64 without VNNI, onnxruntime adds two such products in 16 bits, which saturate.
"""


def to_plain(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without a quantiser of QONNX's, for any batch.

    Values of one type of at most 8 bits go through QuantizeLinear, Clip and DequantizeLinear; others through a
    multiplication, a rounding and a clipping in floats, since onnxruntime clips no wider integers. Constants of one
    such type are kept as integers, with larger ones than `LARGEST` without a sign (their zero is 128), others as
    floats: of integers of 32 bits onnxruntime supposes that they are biases whose scale is that of the products.
    Scales are powers of two: all of it is exact
    where no value has more than the 24 bits of float32.

    Raises InputError as `nac.hardware.onnx.read.quantiser`.
    """
    writer = _Writer(model)
    for node in model.graph.node:
        if node.op_type not in QUANTISERS:
            writer.nodes.append(node)
        else:
            writer.quantise(node)
    return writer.model()


class _Writer:
    """Nodes and constants of the new graph."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.source, self.view = model, GraphView(model)
        self.nodes: list[onnx.NodeProto] = []
        self.constants = {tensor.name: tensor for tensor in model.graph.initializer}

    def quantise(self, node: onnx.NodeProto) -> None:
        """Add what a Quant node does."""
        given = quantiser(self.view, node)
        raw = self.view.constants.get(node.input[0])
        if raw is not None:
            self._constant(node, given, raw)
        elif given.uniform and int(given.width.flat[0]) <= BYTE:
            low, high = _bounds(given)
            kind = np.int8 if given.signed else np.uint8
            self._dequantise(node, self._rounded(node, given, kind), given, kind, (low, high))
        else:
            self._arithmetic(node, given)

    def _constant(self, node: onnx.NodeProto, given: Quantiser, raw: npt.NDArray[Any]) -> None:
        low, high = _bounds(given)
        scaled = raw.astype(np.float64) * np.exp2(given.fraction)
        steps = np.clip(np.floor(scaled) if given.down else np.rint(scaled), low, high)
        one_type = given.width.size == 1 and sum(size > 1 for size in given.fraction.shape) <= 1
        if not one_type or int(given.width.flat[0]) > BYTE:
            self._put(node.output[0], (steps * np.exp2(-given.fraction)).astype(np.float32))
            return
        zero = UNSIGNED_ZERO if given.signed and np.abs(steps).max() > LARGEST else 0
        kind: Any = np.int8 if given.signed and not zero else np.uint8
        tensor = self._put(f"{node.output[0]}_steps", (steps + zero).astype(kind))
        self._dequantise(node, tensor, given, kind, (low + zero, high + zero), zero)

    def _rounded(self, node: onnx.NodeProto, given: Quantiser, kind: Any) -> str:
        ends = self._ends(node, given, kind)
        return self._add("QuantizeLinear", [node.input[0], *ends], node, "quantised")

    def _dequantise(
        self, node: onnx.NodeProto, tensor: str, given: Quantiser, kind: Any, bounds: tuple[Any, Any], zero: int = 0
    ) -> None:
        """Add the clipping of integers to a narrower type than their own, and back to values."""
        ends = [int(bound.flat[0]) for bound in bounds]
        if ends != [np.iinfo(kind).min, np.iinfo(kind).max]:
            names = [self._put(f"{node.name}_{end}", np.asarray(value, kind)) for end, value in
                     zip(("low", "high"), ends, strict=True)]  # fmt: skip
            tensor = self._add("Clip", [tensor, *names], node, "clipped")
        axis = {"axis": int(np.argmax(given.fraction.shape))} if given.fraction.size > 1 else {}
        inputs = [tensor, *self._ends(node, given, kind, zero)]
        made = onnx.helper.make_node("DequantizeLinear", inputs, [node.output[0]], name=node.name)
        made.attribute.extend(onnx.helper.make_attribute(name, value) for name, value in axis.items())
        self.nodes.append(made)

    def _arithmetic(self, node: onnx.NodeProto, given: Quantiser) -> None:
        """Add the rounding in floats."""
        low, high = _bounds(given)
        fraction = given.fraction.astype(np.float64)
        scale, step = (self._put(f"{node.name}_{name}", np.exp2(sign * fraction).astype(np.float32))
                       for name, sign in (("scale", 1), ("step", -1)))  # fmt: skip
        ends = [self._put(f"{node.name}_{name}", np.asarray(value, np.float32))
                for name, value in (("low", low), ("high", high))]  # fmt: skip
        tensor = self._add("Mul", [node.input[0], scale], node, "scaled")
        tensor = self._add("Floor" if given.down else "Round", [tensor], node, "rounded")
        for op, end in zip(("Max", "Min"), ends, strict=True):
            tensor = self._add(op, [tensor, end], node, op.lower())
        self.nodes.append(onnx.helper.make_node("Mul", [tensor, step], [node.output[0]], name=node.name))

    def _ends(self, node: onnx.NodeProto, given: Quantiser, kind: Any, zero: int = 0) -> list[str]:
        """Scale and zero point, a vector where channels have scales of their own."""
        scale = np.exp2(-given.fraction.astype(np.float64)).astype(np.float32)
        scale = scale.reshape(-1) if scale.size > 1 else scale.reshape(())
        zeros = np.full(scale.shape, zero, kind)
        return [self._put(f"{node.name}_scale", scale), self._put(f"{node.name}_zero", zeros)]

    def _put(self, name: str, value: npt.NDArray[Any]) -> str:
        self.constants[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def _add(self, op: str, inputs: list[str], node: onnx.NodeProto, what: str) -> str:
        out = f"{node.output[0]}_{what}"
        self.nodes.append(onnx.helper.make_node(op, inputs, [out], name=f"{node.name}_{what}"))
        return out

    def model(self) -> onnx.ModelProto:
        """The graph with the constants that it reads."""
        old = self.source
        read = {name for node in self.nodes for name in node.input}
        constants = [tensor for name, tensor in self.constants.items() if name in read]
        graph = onnx.helper.make_graph(self.nodes, old.graph.name, old.graph.input, old.graph.output, constants)
        for value in (*graph.input, *graph.output):
            value.type.tensor_type.shape.dim[0].dim_param = "N"
        opset = next(entry.version for entry in old.opset_import if entry.domain in {"", "ai.onnx"})
        found = onnx.helper.make_model(
            graph, opset_imports=[onnx.helper.make_opsetid("", max(opset, MIN_OPSET))], ir_version=10,
            producer_name="nac",
        )  # fmt: skip
        onnx.helper.set_model_props(found, {item.key: item.value for item in old.metadata_props})
        onnx.checker.check_model(found)
        return found


def _bounds(given: Quantiser) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The least and the largest number of steps, per tensor or broadcast to it."""
    width = given.width.astype(np.float64)
    if given.signed:
        return -(2.0 ** (width - 1)) + given.narrow, 2.0 ** (width - 1) - 1
    return np.zeros_like(width), 2.0**width - 1 - given.narrow
