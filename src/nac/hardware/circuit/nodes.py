"""The fixed-point circuit of a quantised network: one typed value that the HLS (and RTL) writers read.

It is read from the QONNX graph (`read.py`), holds integer weights and the exact range of every tensor, and knows
nothing of torch, ONNX or hls4ml: that is the operations' business.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nac.hardware.circuit.fixed import Fixed, Span
from nac.hardware.circuit.operation import CIRCUIT_OPERATIONS, CircuitOperation, Integers

FLOAT64_EXACT = 1 << 53
"""Integers up to this magnitude are exact in float64, in which torch and QONNX compute."""


@dataclass(frozen=True)
class Weights:
    """Kernel (out, in, *kernel) and bias (out,) of a layer as integers in steps of 2**-fraction."""

    kernel: Integers
    kernel_type: Fixed
    bias: Integers
    bias_type: Fixed


@dataclass(frozen=True)
class Types:
    """Types of a quantiser's single elements; all but `down` broadcast to its shape, channels first.

    With `down` it rounds down, else half to even.
    """

    signed: bool | npt.NDArray[np.bool_]
    fraction: Integers
    width: Integers
    down: bool

    @property
    def cover(self) -> Fixed:
        """The narrowest type that holds the values of all of them."""
        fraction, signed = int(self.fraction.max()), bool(np.any(self.signed))
        whole = self.width - self.fraction + (np.logical_not(self.signed) if signed else 0)
        return Fixed(signed, int(whole.max()) + fraction, fraction)

    def of(self, shape: tuple[int, ...]) -> Iterator[Fixed]:
        """The type of every element of a value, one after the other, channels first."""
        every = (self.signed, self.width, self.fraction)
        arrays = (np.broadcast_to(array, shape).ravel().tolist() for array in every)
        return (Fixed(*values) for values in zip(*arrays, strict=True))

    @property
    def ends(self) -> tuple[Integers, Integers]:
        """The least and the largest value of each, in its own steps."""
        low = np.where(self.signed, -(np.int64(1) << (self.width - 1)), 0)
        return low, (np.int64(1) << (self.width - self.signed)) - 1

    def shared(self, axes: int) -> bool:
        """Whether they are the same at all positions, which are so many axes behind the channels."""
        whole = np.broadcast_shapes(np.shape(self.signed), self.fraction.shape, self.width.shape)
        return len(whole) <= axes or set(whole[len(whole) - axes :]) <= {1}

    def distinct(self) -> set[Fixed]:
        """Every type that occurs."""
        return set(self.of(np.broadcast_shapes(np.shape(self.signed), self.fraction.shape, self.width.shape)))

    def quantised(self, x: Integers, fraction: int) -> Integers:
        """Values (N, *shape) in steps of 2**-fraction on their grids, in steps of the cover."""
        clipped: Integers = np.clip(rounded(x, fraction - self.fraction, down=self.down), *self.ends)
        return clipped << (self.cover.fraction - self.fraction)


def rounded(x: Integers, shift: Integers | int, *, down: bool = False) -> Integers:
    """x / 2**shift rounded half to even, or down (x * 2**-shift exactly for negative shifts)."""
    right = np.maximum(shift, 0)
    x = x << np.maximum(-np.asarray(shift), 0)
    floor: Integers = x >> right
    if down:
        return floor
    rest, half = x & ((np.int64(1) << right) - 1), (np.int64(1) << right) >> 1
    result: Integers = floor + (((rest > half) | ((rest == half) & (floor & 1 == 1))) & (right > 0))
    return result


@dataclass(frozen=True)
class Node:
    """An operation (`op`, by name) in its place.

    `shape` is channels first without the batch; `tensor` is its value's name in the ONNX graph.
    `type` holds every value of `span`; only operations that round change values to fit their type.
    `partial` bounds every partial sum inside the node, in steps of its result; `significand` does so for each channel
    in the steps that its own scale has, in which a float has to hold it (0: the node sums nothing).
    `types` are those of single elements, for an `input` or `quantise` whose elements have types of their own.
    `attributes` are what else its operation says of it.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    shape: tuple[int, ...]
    span: Span
    type: Fixed
    tensor: str
    partial: int = 0
    significand: int = 0
    weights: Weights | None = None
    types: Types | None = None
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def operation(self) -> CircuitOperation:
        """What it computes. Raises InputError for an `op` that nothing known has."""
        return CIRCUIT_OPERATIONS[self.op]

    def at(self, positions: int) -> "Node":
        """The same at so many positions only, along the last axis."""
        return replace(self, shape=(self.shape[0], *[1] * (len(self.shape) - 2), positions))


@dataclass(frozen=True)
class Circuit:
    """The nodes in the order of computation: the first is the input, the last the output."""

    nodes: tuple[Node, ...]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __getitem__(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    @property
    def input(self) -> Node:
        """The input, already on its grid: quantising is the host's (or the previous circuit's) work."""
        return self.nodes[0]

    @property
    def output(self) -> Node:
        """The node whose value leaves the network."""
        return self.nodes[-1]

    def sources(self, node: Node) -> list[Node]:
        """The nodes that a node reads, in order."""
        return [self[name] for name in node.inputs]

    def consumers(self, name: str) -> list[Node]:
        """The nodes that read `name`."""
        return [node for node in self.nodes if name in node.inputs]

    def inexact_in_float64(self) -> list[str]:
        """Nodes whose partial sums could exceed 53 bits: there torch and QONNX may round where the circuit does not.

        Empty for nearly every network; where it is not, equality on samples is still checked.
        """
        return [node.name for node in self.nodes if node.significand >= FLOAT64_EXACT]
