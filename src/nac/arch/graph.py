"""The one lowering of an Architecture: named operations with shapes and bit widths, in order of execution."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

from nac.arch.operation import FLOAT_BITS, Node, Operation, Shape
from nac.arch.operations.input import Input
from nac.errors import InputError


@dataclass(frozen=True)
class Graph:
    """Operations in order of execution; the last one is the output."""

    nodes: tuple[Node, ...]

    def __getitem__(self, name: str) -> Node:
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    @property
    def output(self) -> Node:
        """The node whose value the network returns."""
        return self.nodes[-1]

    def sources(self, node: Node) -> list[Node]:
        """The nodes that a node reads, in order."""
        return [self[name] for name in node.inputs]

    def folded(self) -> "Graph":
        """The graph without what vanishes into the layer before it when a network is quantised."""
        source = {node.name: node.inputs[0] for node in self.nodes if node.operation.folds}
        kept = (node for node in self.nodes if not node.operation.folds)
        return Graph(
            tuple(replace(node, inputs=tuple(source.get(name, name) for name in node.inputs)) for node in kept)
        )


class Builder:
    """Adds nodes for blocks; every shape is inferred here and nowhere else."""

    def __init__(
        self, input_shape: Shape, *, input_bits: int, weight_bits: int, activation_bits: int,
        layer_bits: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """`layer_bits` are widths, by node name, of what differs from the others (`Architecture.layer_bits`)."""
        self._weight_bits, self._activation_bits, self._layer_bits = weight_bits, activation_bits, layer_bits
        self._nodes: dict[str, Node] = {}
        self.input = self._put("input", Input(size=input_shape), (), input_bits)

    @property
    def graph(self) -> Graph:
        """What was added so far."""
        return Graph(tuple(self._nodes.values()))

    def add(self, name: str, operation: Operation, *sources: Node) -> Node:
        """An operation behind others. Raises InputError, naming the node, when the shapes do not fit."""
        return self._put(name, operation, sources, self._activation_bits)

    def _put(self, name: str, operation: Operation, sources: tuple[Node, ...], given: int) -> Node:
        if name in self._nodes:
            raise InputError(f"{name}: two operations have this name")
        shape = operation.shape(name, sources)
        if min(shape, default=1) < 1:
            raise InputError(f"{name}: the output would have shape {shape}; use fewer or smaller kernels and pools")
        own = self._layer_bits.get(name)
        weight_bits = (own or self._weight_bits) if operation.weighted else FLOAT_BITS
        bits = own if own is not None and operation.quantises else operation.bits(sources, given)
        node = Node(name, operation, tuple(source.name for source in sources), shape, bits, weight_bits)
        self._nodes[name] = node
        return node
