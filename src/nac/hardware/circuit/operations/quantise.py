"""Rounding and saturation to a type, or to types of single elements."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import onnx

from nac.errors import InputError, WorkError
from nac.hardware.circuit import CIRCUIT_OPERATIONS, CircuitOperation, Integers, Node, Numbers, Operand, Types
from nac.hardware.circuit.fixed import Span
from nac.hardware.circuit.operations.relu import CircuitRelu
from nac.hardware.hls import channel_types
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.onnx.graph import MAX_BITS, attributes, quantiser
from nac.hardware.onnx.read import Reader
from nac.hardware.rtl.arithmetic import Variables, quantise
from nac.hardware.rtl.lowering import AdderWriter

OWN = """
template <std::size_t N>
Values<N> each_own(const Values<N> &x, const Integer *shift, const Integer *low, const Integer *high,
                   const Integer *raised, bool down) {
  Values<N> y{};
  for (std::size_t i = 0; i < N; i++)
    y[i] = quantised(x[i], static_cast<int>(shift[i]), low[i], high[i], static_cast<int>(raised[i]), down);
  return y;
}
"""


def quantised(known: Numbers, x: Integers) -> Integers:
    """x / 2**shift rounded half to even, or down, clipped, times 2**raised; for all or for each of the elements."""
    shift, raised, low, high = (np.reshape(known[name], -1) for name in ("shift", "raised", "low", "high"))
    flat = x.reshape(len(x), -1) << np.maximum(-shift, 0)
    right = np.maximum(shift, 0)
    floor, rest, half = flat >> right, flat & ((1 << right) - 1), (1 << right) >> 1
    up = (rest > half) | ((rest == half) & (floor & 1 == 1))
    steps = floor if known["down"] else floor + (up & (right > 0))
    result: Integers = (np.clip(steps, low, high) << raised).reshape(x.shape)
    return result


class CircuitQuantise(CircuitOperation):
    """Attributes: `narrow`, whether a signed type is without its lowest value."""

    name = "quantise"
    read_from = frozenset({"Quant", "IntQuant"})
    compute = staticmethod(quantised)
    cpp_code = OWN
    elementwise = True
    rounds = True

    def read(self, node: onnx.NodeProto, reader: Reader) -> None:
        """Of the graph's input, the circuit's input."""
        given = quantiser(reader.view, node)
        type_, types, narrow = given.cover, None if given.uniform else given.types, given.narrow
        if types is not None:
            _check_types(node, types, reader.view.shape(node.output[0]))
        if node.input[0] == reader.view.input:
            low = type_.low if types is None else min(t.low << (type_.fraction - t.fraction) for t in types.distinct())
            span = Span(low + narrow, type_.high, type_.fraction)
            reader.put(node, "input", (), span, type=type_, types=types)
            return
        source = reader.source(node)
        span = source.span.quantised(type_, narrow=narrow)
        if types is not None:
            ends = [source.span.quantised(t, down=types.down).aligned(type_.fraction) for t in types.distinct()]
            span = Span(min(end.low for end in ends), max(end.high for end in ends), type_.fraction)
        reader.put(node, self.name, (source,), span, type=type_, types=types, narrow=narrow)

    def numbers(self, node: Node, sources: Sequence[Node]) -> Numbers:
        """Values are divided by 2**shift, rounded (half to even, or `down`), clipped to low ... high, times 2**raised.

        Of elements with types of their own, all four are arrays, an entry for each.
        """
        type_, types, fraction = node.type, node.types, sources[0].span.fraction
        if types is None:
            low = type_.low + (node.attributes["narrow"] and type_.signed)
            return {"shift": fraction - type_.fraction, "low": low, "high": type_.high, "raised": 0, "down": False}
        arrays = {"shift": fraction - types.fraction, **dict(zip(("low", "high"), types.ends, strict=True)),
                  "raised": type_.fraction - types.fraction}  # fmt: skip
        return {**{key: np.broadcast_to(array, node.shape).ravel() for key, array in arrays.items()},
                "down": types.down}  # fmt: skip

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """See `CircuitOperation`."""
        down, keys = str(known["down"]).lower(), ("shift", "low", "high", "raised")
        if isinstance(known["raised"], np.ndarray):
            return f"each_own({operands[0].name}, {', '.join(f'{key}_{name}' for key in keys)}, {down})"
        values = ", ".join(str(known[key]) for key in keys)
        return f"each({operands[0].name}, [](Integer x) {{ return quantised(x, {values}, {down}); }})"

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """A ReLU before it becomes part of the clipping, where it has fewer bits to mask."""
        source, narrow = adders.source(node), bool(node.attributes["narrow"])
        masked = isinstance(source.operation, CircuitRelu)
        x = adders.value(source.inputs[0] if masked else source.name)
        types = node.types.of(node.shape) if node.types is not None else itertools.repeat(node.type)
        out = np.empty(x.shape, dtype=object)
        for index, type_ in zip(np.ndindex(x.shape), types, strict=node.types is not None):
            low = max(type_.low, 0) if masked else type_.low + (narrow and type_.signed)
            out[index] = quantise(x[index], type_, low=low, down=node.types is not None and node.types.down)
        return out

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """hls4ml's linear activation rounds to the type of its result."""
        if node.types is not None:
            _by_channel(node, node.types, layers)
            return
        if node.attributes["narrow"] and node.span.low < node.type.low + 1:
            raise WorkError(f"{node.name}: a narrow activation range cannot be kept by a fixed-point type")
        layers.activate(node, {"class_name": "Activation", "activation": "linear"})


def _check_types(node: onnx.NodeProto, types: Types, shape: tuple[int, ...]) -> None:
    """Raise InputError where they do not fit a value (*shape), or a range is narrow."""
    if types.cover.width > MAX_BITS:
        raise InputError(f"{node.name}: all types together need {types.cover.width} bits, expected at most {MAX_BITS}")
    if attributes(node)["narrow"]:
        raise InputError(f"{node.name}: expected no narrow range where elements have types of their own")
    given = np.broadcast_shapes(types.fraction.shape, types.width.shape)
    if len(given) > len(shape) or any(own not in {1, whole} for own, whole in zip(given[::-1], shape[::-1])):  # noqa: B905 - broadcast
        raise InputError(f"{node.name}: scales of shape {given} for values of shape {shape}")


def _by_channel(node: Node, types: Types, layers: HlsWriter) -> None:
    """A quantiser whose channels have types of their own, as a layer that hls4ml does not have."""
    source = layers.source(node)
    every = np.fromiter(types.of(node.shape), dtype=object, count=math.prod(node.shape))
    if node.inputs[0] in layers.out.order:
        of_channel = every[layers.out.order[node.inputs[0]]]
    else:
        columns = every.reshape(node.shape[0], -1).T
        of_channel = columns[0] if (columns == columns[0]).all() else columns.ravel()
    dropped = source.type.fraction - int(types.fraction.min())
    wide = layers.widened(node, source.type._replace(width=dropped)) if dropped > source.type.width else None
    channel_types.register()
    layer = {"class_name": channel_types.LAYER, "n_in": math.prod(node.shape), "n_channels": len(of_channel),
             "cases": channel_types.cases(list(of_channel), down=types.down)}  # fmt: skip
    layers.put(node, layer, {"result": node.type.hls()}, source=wide)


CIRCUIT_OPERATIONS.register(CircuitQuantise.name, CircuitQuantise())
