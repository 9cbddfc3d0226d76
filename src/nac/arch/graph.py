"""The one lowering of an Architecture: named operations with shapes and bit widths, in order of execution."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from nac.errors import InputError

Op = Literal[
    "input", "conv", "dense", "norm", "activation", "matmul", "softmax", "add", "aggregate", "pool", "flatten",
    "reshape",
]
Shape = tuple[int, ...]
FLOAT_BITS = 32
WEIGHTED: frozenset[Op] = frozenset({"conv", "dense"})
"""Operations with weights, whose width is theirs alone."""
QUANTISED: frozenset[Op] = frozenset({"input", "activation"})
"""Operations that give the values that leave them a width."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operation. `shape` is that of its output, channels first, without the batch.

    `bits` is the width of its output values; products and sums leave accumulators, which have no width of
    their own until the next `activation` node (the quantisation points) gives them one. `weight_bits` is the
    width of the weights of a `conv` or `dense` node.
    """

    name: str
    op: Op
    inputs: tuple[str, ...]
    shape: Shape
    bits: int = FLOAT_BITS
    weight_bits: int = FLOAT_BITS
    attrs: Mapping[str, int | str | bool] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Graph:
    """Operations in order of execution; the last one is the output."""

    nodes: tuple[Node, ...]

    def __getitem__(self, name: str) -> Node:
        return self._by_name[name]

    @property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    @property
    def output(self) -> Node:
        """The node whose value the network returns."""
        return self.nodes[-1]

    def without_norms(self) -> "Graph":
        """The graph after its batch norms are folded into the layer before each."""
        source = {node.name: node.inputs[0] for node in self.nodes if node.op == "norm"}
        kept = (node for node in self.nodes if node.op != "norm")
        nodes = tuple(replace(node, inputs=tuple(source.get(name, name) for name in node.inputs)) for node in kept)
        return replace(self, nodes=nodes)


class Builder:
    """Adds nodes for blocks; every shape is inferred here and nowhere else.

    Raises InputError from any method when the shapes do not fit, naming the node.
    """

    def __init__(
        self, input_shape: Shape, *, input_bits: int, weight_bits: int, activation_bits: int,
        layer_bits: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """`layer_bits` are widths, by node name, of what differs from the others (`Architecture.layer_bits`)."""
        self.weight_bits = weight_bits
        self.activation_bits = activation_bits
        self.layer_bits = layer_bits
        self.nodes: list[Node] = []
        self.input = self._add("input", "input", (), input_shape, input_bits)

    def _add(
        self, name: str, op: Op, inputs: tuple[Node, ...], shape: Shape, bits: int = FLOAT_BITS,
        **attrs: int | str | bool,
    ) -> Node:
        if min(shape, default=1) < 1:
            raise InputError(f"{name}: the output would have shape {shape}; use fewer or smaller kernels and pools")
        own = self.layer_bits.get(name)
        weight_bits = (own or self.weight_bits) if op in WEIGHTED else FLOAT_BITS
        if own is not None and op in QUANTISED:
            bits = own
        node = Node(name, op, tuple(i.name for i in inputs), shape, bits, weight_bits, MappingProxyType(dict(attrs)))
        self.nodes.append(node)
        return node

    def require(self, name: str, x: Node, rank: tuple[int, ...], what: str) -> None:
        """Raises InputError unless `x` has one of the ranks; `what` says in words what is needed."""
        if len(x.shape) not in rank:
            raise InputError(f"{name}: needs {what}, but its input has shape {x.shape}")

    def conv(self, name: str, x: Node, channels: int, kernel: int) -> Node:
        """Convolution without padding: (C, H, W) to (channels, H-k+1, W-k+1)."""
        self.require(name, x, (3,), "an image (channels, rows, columns)")
        _, rows, columns = x.shape
        return self._add(name, "conv", (x,), (channels, rows - kernel + 1, columns - kernel + 1), kernel=kernel)

    def dense(self, name: str, x: Node, width: int, *, bias: bool = True) -> Node:
        """Matrix product over features: (F,) to (width,), or (F, P) to (width, P) with weights shared by all P."""
        self.require(name, x, (1, 2), "a vector or a set of vectors (flatten an image first)")
        return self._add(name, "dense", (x,), (width, *x.shape[1:]), bias=bias)

    def norm(self, name: str, x: Node, kind: str) -> Node:
        """Batch or layer normalisation; `none` adds nothing."""
        return x if kind == "none" else self._add(name, "norm", (x,), x.shape, kind=kind)

    def activation(self, name: str, x: Node, kind: str = "none") -> Node:
        """An activation function; also where values get their bit width (`none` only does that)."""
        return self._add(name, "activation", (x,), x.shape, self.activation_bits, kind=kind)

    def matmul(self, name: str, a: Node, b: Node, *, transpose_a: bool = False, transpose_b: bool = False) -> Node:
        """Product of two activations, (M, K) x (K, N) to (M, N), either transposed first."""
        left = a.shape[::-1] if transpose_a else a.shape
        right = b.shape[::-1] if transpose_b else b.shape
        if len(left) != 2 or len(right) != 2 or left[1] != right[0]:
            raise InputError(f"{name}: shapes {left} and {right} do not multiply")
        return self._add(
            name, "matmul", (a, b), (left[0], right[1]), transpose_a=transpose_a, transpose_b=transpose_b
        )

    def softmax(self, name: str, x: Node) -> Node:
        """Softmax over the last axis."""
        return self._add(name, "softmax", (x,), x.shape, self.activation_bits)

    def add(self, name: str, a: Node, b: Node) -> Node:
        """Sum of two values of one shape."""
        if a.shape != b.shape:
            raise InputError(f"{name}: cannot add shapes {a.shape} and {b.shape}")
        return self._add(name, "add", (a, b), a.shape)

    def aggregate(self, name: str, x: Node, kind: str) -> Node:
        """Mean or maximum over particles: (F, P) to (F,)."""
        self.require(name, x, (2,), "a set (features, particles)")
        bits = x.bits if kind == "max" else FLOAT_BITS
        return self._add(name, "aggregate", (x,), x.shape[:1], bits, kind=kind)

    def pool(self, name: str, x: Node, size: int) -> Node:
        """Maximum over windows of size x size, stride size, the remainder dropped."""
        self.require(name, x, (3,), "an image (channels, rows, columns)")
        channels, rows, columns = x.shape
        return self._add(name, "pool", (x,), (channels, rows // size, columns // size), x.bits, size=size)

    def flatten(self, name: str, x: Node) -> Node:
        """All values in one vector, channels first."""
        return self._add(name, "flatten", (x,), (math.prod(x.shape),), x.bits)

    def reshape(self, name: str, x: Node, shape: Shape) -> Node:
        """The same values in the same order in another shape."""
        if math.prod(shape) != math.prod(x.shape):
            raise InputError(f"{name}: {x.shape} cannot become {shape}")
        return self._add(name, "reshape", (x,), shape, x.bits)
