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

from nac.hardware.circuit import Circuit, Node
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.hls.order import hls_name

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


def to_hls_layers(
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
    return HlsWriter(circuit, strategy, reuse_factor, widens_mean, streams).run()


def valid_reuse(requested: int, n_in: int, n_out: int) -> int:
    """The largest reuse factor up to `requested` that hls4ml's resource kernels can build for n_in x n_out weights."""
    factors = [f for f in range(1, n_in + 1) if n_in % f == 0]
    factors += [n_in * f for f in range(2, n_out + 1) if n_out % f == 0]
    return max(f for f in factors if f <= requested)


class HlsWriter:
    """Where operations put their layers.

    `streams`, `strategy`, `reuse_factor` and `widens_mean` are as `lower` has them; `out` is what was put so far.
    """

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
        """The layers of all nodes."""
        for node in self.circuit:
            if node.name in self.fused:
                continue
            node.operation.hls(node, self)
            if node.operation.elementwise and node.inputs[0] in self.out.order:
                for name in {node.name, self.fused_into(node).name}:
                    self.out.order[name] = self.out.order[node.inputs[0]]
        return self.out

    def put(
        self, node: Node, layer: Mapping[str, Any], precision: Mapping[str, str], *, source: str | None = None,
        **config: Any,
    ) -> None:  # fmt: skip
        """Add the layer of a node and its types by hls4ml's names for them; `source` replaces what it reads."""
        shown = self.fused_into(node)
        name = hls_name(shown.name)
        inputs = [hls_name(self._name(read)) for read in node.inputs] if source is None else [source]
        self.out.layers.append({"name": name, **({"inputs": inputs} if inputs else {}), **layer})
        self.out.config[name] = {"Precision": dict(precision), "Trace": False, **config}
        self.out.shows[name] = shown.name

    def _name(self, node: str) -> str:
        return self.fused[node].name if node in self.fused else node

    def fused_into(self, node: Node) -> Node:
        """The quantiser that alone reads an activation function; the two become one layer. Otherwise the node itself.

        hls4ml's ReLU assigns the int 0 to its result, which ap_fixed rounds as it does any number (see `activate`).
        """
        readers = self.circuit.consumers(node.name)
        fusable = node.operation.fuses and len(readers) == 1 and readers[0].operation.rounds
        fusable = fusable and readers[0].types is None and readers[0].type.fraction >= -INT_BITS
        return readers[0] if fusable else node

    def source(self, node: Node, index: int = 0) -> Node:
        """A node that a node reads."""
        return self.circuit[node.inputs[index]]

    def widened(self, node: Node, type_: Fixed) -> str:
        """What `node` reads, cast to a type by a layer of its own. Returns the layer's name."""
        name = f"{node.name}_wide"
        self.out.layers.append({"name": name, "class_name": "Activation", "activation": "linear",
                                "inputs": [hls_name(self._name(node.inputs[0]))]})  # fmt: skip
        self.out.config[name] = {"Precision": {"result": type_.hls()}}
        return name

    def activate(self, node: Node, layer: Layer, **precision: str) -> None:
        """Add an activation function, and the quantiser that alone reads it as part of it; `precision` as in `put`."""
        shown, type_ = self.fused_into(node), self.source(node).type
        if shown is not node:
            self.fused[shown.name] = shown
            self.fused[node.name] = shown
        wide = None
        # ap_fixed, to round, reads the bit below the step also where all of a type's bits lie further down.
        before = type_ if node.operation.rounds else node.type
        dropped = before.fraction - shown.type.fraction
        if shown.operation.rounds and dropped > type_.width:
            wide = self.widened(node, type_._replace(width=dropped))
        result = shown.type.hls(rounds=shown.operation.rounds)
        self.put(
            node, {"n_in": math.prod(node.shape), **layer}, {"result": result, **precision}, source=wide
        )
