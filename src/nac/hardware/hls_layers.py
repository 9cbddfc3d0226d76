"""Circuit to hls4ml's layer list: what hls4ml's own front ends make of a Keras or ONNX model.

Every type is given, none is inferred, so the default precision of the project is never used. hls4ml keeps
channels last: (F, P) becomes (P, F), (C, H, W) becomes (H, W, C), and the layer after a flatten gets its columns
in that order.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nac.errors import WorkError
from nac.hardware import channel_types
from nac.hardware.circuit import Circuit, Node, Types
from nac.hardware.fixed import Fixed, Span
from nac.hardware.order import channels_last, flatten_order, hls_name
from nac.hardware.stream_product import LAYER

Layer = dict[str, Any]
INT_BITS = 32
"""Bits of an int in C++."""


@dataclass
class HlsLayers:
    """hls4ml's layers in order, the configuration by layer name, and which node each layer computes.

    `order` is by node, for those whose values were flattened: see `flatten_order`.
    """

    layers: list[Layer] = field(default_factory=list)
    config: dict[str, dict[str, Any]] = field(default_factory=dict)
    shows: dict[str, str] = field(default_factory=dict)
    order: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)

    def to_circuit(self, node: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values (N, ...) of a node as hls4ml keeps them, in the circuit's order: channels first."""
        if node in self.order:
            return values[:, np.argsort(self.order[node])]
        return np.moveaxis(values, -1, 1)


def lower(
    circuit: Circuit, *, strategy: str = "Latency", reuse_factor: int = 1, widens_mean: bool = False,
    streams: bool = False,
) -> HlsLayers:  # fmt: skip
    """hls4ml layers of a circuit.

    Args:
        circuit: what to build.
        strategy: hls4ml's strategy for layers with weights.
        reuse_factor: how often a multiplier is used per inference.
        widens_mean: give averages an input that is as wide as their sum.
        streams: whether values pass between layers as streams (io_stream).

    A ReLU (or LeakyReLU) read only by a quantiser becomes one layer with it. Raises WorkError for a node that
    hls4ml cannot build.
    """
    return _Lowering(circuit, strategy, reuse_factor, widens_mean, streams).run()


def valid_reuse(requested: int, n_in: int, n_out: int) -> int:
    """The largest reuse factor up to `requested` that hls4ml's resource kernels can build for n_in x n_out weights."""
    factors = [f for f in range(1, n_in + 1) if n_in % f == 0]
    factors += [n_in * f for f in range(2, n_out + 1) if n_out % f == 0]
    return max(f for f in factors if f <= requested)


class _Lowering:
    def __init__(
        self, circuit: Circuit, strategy: str, reuse_factor: int, widens_mean: bool, streams: bool
    ) -> None:
        self.circuit = circuit
        self.strategy = strategy
        self.reuse_factor = reuse_factor
        self.widens_mean = widens_mean
        self.streams = streams
        self.out = HlsLayers()
        self.fused: dict[str, Node] = {}

    def run(self) -> HlsLayers:
        for node in self.circuit:
            if node.name in self.fused:
                continue
            getattr(self, f"_{node.op}")(node)
            if node.op in {"relu", "leaky_relu", "quantise", "add"} and node.inputs[0] in self.out.order:
                for name in {node.name, self.fused_into(node).name}:
                    self.out.order[name] = self.out.order[node.inputs[0]]
        return self.out

    def _put(
        self, node: Node, layer: Mapping[str, Any], precision: Mapping[str, str], *, source: str | None = None,
        **config: Any,
    ) -> None:  # fmt: skip
        """Add the layer of a node; `source` replaces what it reads."""
        shown = self.fused_into(node)
        name = hls_name(shown.name)
        inputs = [hls_name(self._name(read)) for read in node.inputs] if source is None else [source]
        self.out.layers.append({"name": name, **({"inputs": inputs} if inputs else {}), **layer})
        self.out.config[name] = {"Precision": dict(precision), "Trace": False, **config}
        self.out.shows[name] = shown.name

    def _name(self, node: str) -> str:
        return self.fused[node].name if node in self.fused else node

    def fused_into(self, node: Node) -> Node:
        """The quantiser that alone reads a ReLU; the two become one layer. Otherwise the node itself.

        hls4ml's ReLU assigns the int 0 to its result, which ap_fixed rounds as it does any number (see `_activate`).
        """
        readers = self.circuit.consumers(node.name)
        fusable = node.op in {"relu", "leaky_relu"} and len(readers) == 1 and readers[0].op == "quantise"
        fusable = fusable and readers[0].types is None and readers[0].type.fraction >= -INT_BITS
        return readers[0] if fusable else node

    def _source(self, node: Node, index: int = 0) -> Node:
        return self.circuit[node.inputs[index]]

    def _result(self, node: Node) -> str:
        return node.type.hls(rounds=node.op == "quantise")

    def _input(self, node: Node) -> None:
        shape = list(channels_last(node.shape))
        self._put(node, {"class_name": "InputLayer", "input_shape": shape}, {"result": node.type.hls()})

    def _weighted(self, node: Node, layer: Mapping[str, Any], kernel: npt.NDArray[np.int64]) -> None:
        weights = node.weights
        assert weights is not None
        data = {
            "weight_data": kernel * 2.0**-weights.kernel_type.fraction,
            "bias_data": weights.bias * 2.0**-weights.bias_type.fraction,
        }
        partial = Span(-node.partial, node.partial, node.span.fraction).fixed
        precision = {
            "weight": weights.kernel_type.hls(), "bias": weights.bias_type.hls(), "accum": partial.hls(),
            "result": node.type.hls(),
        }  # fmt: skip
        reuse = self.reuse_factor
        if self.strategy == "Resource":
            reuse = valid_reuse(reuse, math.prod(weights.kernel.shape[1:]), len(weights.kernel))
        self._put(
            node, {**layer, **data, "data_format": "channels_last"}, precision, Strategy=self.strategy,
            ReuseFactor=reuse,
        )  # fmt: skip

    def _dense(self, node: Node) -> None:
        assert node.weights is not None
        kernel = node.weights.kernel
        if node.inputs[0] in self.out.order:
            kernel = kernel[:, self.out.order[node.inputs[0]]]
        self._weighted(node, {"class_name": "Dense", "n_in": kernel.shape[1], "n_out": kernel.shape[0]}, kernel.T)

    def _conv(self, node: Node) -> None:
        assert node.weights is not None
        kernel, shape = node.weights.kernel, self._source(node).shape
        stride, pads = node.attributes["stride"], node.attributes["pads"]
        layer: Layer = {
            "n_chan": kernel.shape[1], "n_filt": kernel.shape[0], "padding": "same" if pads else "valid",
        }  # fmt: skip
        sides = [("width", shape[-1], node.shape[-1], kernel.shape[-1], "left", "right")]
        if kernel.ndim == 4:
            sides.append(("height", shape[1], node.shape[1], kernel.shape[2], "top", "bottom"))
        for side, n_in, n_out, size, before, after in sides:
            layer |= {f"in_{side}": n_in, f"out_{side}": n_out, f"filt_{side}": size, f"stride_{side}": stride,
                      f"dilation_{side}": 1, f"pad_{before}": pads, f"pad_{after}": pads}  # fmt: skip
        layer["class_name"] = "Conv2D" if kernel.ndim == 4 else "Conv1D"
        self._weighted(node, layer, np.moveaxis(kernel, (1, 0), (-2, -1)))

    def _widened(self, node: Node, type_: Fixed) -> str:
        """What `node` reads, cast to a type by a layer of its own. Returns the layer's name."""
        name = f"{node.name}_wide"
        self.out.layers.append({"name": name, "class_name": "Activation", "activation": "linear",
                                "inputs": [hls_name(self._name(node.inputs[0]))]})  # fmt: skip
        self.out.config[name] = {"Precision": {"result": type_.hls()}}
        return name

    def _activate(self, node: Node, layer: Layer, **precision: str) -> None:
        shown, type_ = self.fused_into(node), self._source(node).type
        if shown is not node:
            self.fused[shown.name] = shown
            self.fused[node.name] = shown
        wide = None
        # ap_fixed, to round, reads the bit below the step also where all of a type's bits lie further down.
        dropped = type_.fraction + node.attributes.get("shift", 0) - shown.type.fraction
        if shown.op == "quantise" and dropped > type_.width:
            wide = self._widened(node, type_._replace(width=dropped))
        self._put(
            node, {"n_in": math.prod(node.shape), **layer}, {"result": self._result(shown), **precision}, source=wide
        )

    def _relu(self, node: Node) -> None:
        self._activate(node, {"class_name": "Activation", "activation": "relu"})

    def _leaky_relu(self, node: Node) -> None:
        shift = node.attributes["shift"]
        slope = Fixed(False, 1, shift).hls()
        layer = {"class_name": "LeakyReLU", "activation": "LeakyReLU", "activ_param": 2.0**-shift}
        self._activate(node, layer, param=slope)

    def _typed(self, node: Node, types: Types) -> None:
        """A quantiser whose channels have types of their own."""
        source = self._source(node)
        every = np.fromiter(types.of(node.shape), dtype=object, count=math.prod(node.shape))
        if node.inputs[0] in self.out.order:
            of_channel = every[self.out.order[node.inputs[0]]]
        else:
            by_channel = every.reshape(node.shape[0], -1)
            of_channel = by_channel[:, 0]
            if any(len(set(row)) > 1 for row in by_channel):
                raise WorkError(f"{node.name}: expected one type for all positions of a channel")
        dropped = source.type.fraction - int(types.fraction.min())
        wide = self._widened(node, source.type._replace(width=dropped)) if dropped > source.type.width else None
        layer = {"class_name": channel_types.LAYER, "n_in": math.prod(node.shape), "n_channels": len(of_channel),
                 "cases": channel_types.cases(list(of_channel), down=types.down)}  # fmt: skip
        self._put(node, layer, {"result": node.type.hls()}, source=wide)

    def _quantise(self, node: Node) -> None:
        if node.types is not None:
            self._typed(node, node.types)
            return
        if node.attributes["narrow"] and node.span.low < node.type.low + 1:
            raise WorkError(f"{node.name}: a narrow activation range cannot be kept by a fixed-point type")
        self._activate(node, {"class_name": "Activation", "activation": "linear"})

    def _add(self, node: Node) -> None:
        self._put(node, {"class_name": "Merge", "op": "add"}, {"result": self._result(node)})

    def _matmul(self, node: Node) -> None:
        a, b = (self._source(node, i) for i in (0, 1))
        letters = ["ik"[::-1] if node.attributes["transposed"][0] else "ik"]
        letters.append("kj"[::-1] if node.attributes["transposed"][1] else "kj")
        stored = [text[::-1] for text in letters]  # channels last
        layer: Layer = {
            "class_name": "Einsum", "equation": f"{stored[0]},{stored[1]}->ji",
            "inp0_shape": channels_last(a.shape), "inp1_shape": channels_last(b.shape),
            "out_shape": channels_last(node.shape),
        }  # fmt: skip
        if self.streams:
            inner = a.shape[0] if node.attributes["transposed"][0] else a.shape[1]
            flags = dict(zip(("transpose_a", "transpose_b"), node.attributes["transposed"], strict=True))
            layer = {"class_name": LAYER, "m": node.shape[0], "k": inner, "n": node.shape[1], **flags}
        partial = Span(-node.partial, node.partial, node.span.fraction).fixed
        precision = {"accum": partial.hls(), "result": self._result(node)}
        self._put(node, layer, precision, Strategy="Latency", ReuseFactor=1)

    def _pooling_1d(self, node: Node, kind: str, accumulator: Fixed, source: str | None = None) -> None:
        features, particles = self._source(node).shape
        layer = {
            "class_name": f"Global{kind}Pooling1D", "n_in": particles, "n_filt": features, "n_out": 1,
            "pad_left": 0, "pad_right": 0, "stride": 0, "stride_width": particles, "pool_width": particles,
            "data_format": "channels_last",
        }  # fmt: skip
        self._put(node, layer, {"accum": accumulator.hls(), "result": self._result(node)}, source=source)

    def _mean(self, node: Node) -> None:
        """The sum is kept with the fractional bits that the division by the number of particles adds."""
        extra = int(math.log2(self._source(node).shape[1]))
        kept = Fixed(True, node.span.fixed.width + extra + 1, node.span.fraction)
        wide = self._widened(node, kept) if self.widens_mean else None
        self._pooling_1d(node, "Average", kept, wide)

    def _maximum(self, node: Node) -> None:
        self._pooling_1d(node, "Max", node.type)

    def _max_pool(self, node: Node) -> None:
        if len(node.shape) == 2:
            self._max_pool_1d(node)
            return
        source, size = self._source(node), node.attributes["size"]
        channels, rows, columns = source.shape
        layer = {
            "class_name": "MaxPooling2D", "data_format": "channels_last", "n_filt": channels, "in_height": rows,
            "in_width": columns, "out_height": node.shape[1], "out_width": node.shape[2], "padding": "valid",
            "pad_top": 0, "pad_bottom": 0, "pad_left": 0, "pad_right": 0,
            **{f"{what}_{side}": size for what in ("pool", "stride", "filt") for side in ("height", "width")},
        }  # fmt: skip
        self._put(node, layer, {"accum": node.type.hls(), "result": self._result(node)})

    def _max_pool_1d(self, node: Node) -> None:
        (channels, samples), size = self._source(node).shape, node.attributes["size"]
        layer = {
            "class_name": "MaxPooling1D", "data_format": "channels_last", "n_filt": channels, "n_in": samples,
            "n_out": node.shape[1], "pool_width": size, "stride_width": size, "padding": "valid", "pad_left": 0,
            "pad_right": 0,
        }  # fmt: skip
        self._put(node, layer, {"accum": node.type.hls(), "result": self._result(node)})

    def _reshape(self, node: Node) -> None:
        source = self._source(node)
        if len(node.shape) == 1:
            self.out.order[node.name] = flatten_order(source.shape)
        shape = list(channels_last(node.shape))
        self._put(node, {"class_name": "Reshape", "target_shape": shape}, {"result": self._result(node)})

