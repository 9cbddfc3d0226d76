"""Circuit to adder graph: the fixed-point circuit of the exported QONNX graph, written out in additions and muxes."""

import itertools
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from alkaid.trace import FVariable, trace
from alkaid.trace.passes import optimize
from alkaid.types import CombLogic, QInterval

from nac.errors import WorkError
from nac.hardware.circuit import Circuit, Node
from nac.hardware.evaluate import bias, to_values, windows
from nac.hardware.fixed import Span
from nac.hardware.rtl.arithmetic import (
    HARDWARE,
    Matrices,
    Variables,
    constant,
    largest,
    negative,
    quantise,
    select,
    total,
)
from nac.hardware.rtl.sound import alkaid

logger = logging.getLogger(__name__)
MOST_PRODUCTS = 150_000
"""Beyond this the adder graph takes many minutes and no device holds it."""


class TooLargeError(WorkError):
    """The circuit has more products than can be unrolled."""


@dataclass(frozen=True)
class LowerOptions:
    """How hard to look for a small adder graph.

    `delay` bounds how many adder levels a matrix product may be deeper than its fastest form (-1: no bound).
    `thorough` tries every way of splitting a matrix; else one.
    """

    delay: int = 2
    thorough: bool = True

    def solver(self) -> dict[str, Any]:
        """As keywords of alkaid's solver."""
        return {"hard_dc": self.delay, "search_all_decompose_dc": self.thorough}


class Given(NamedTuple):
    """What is known about an input element: its values, and the level of logic at which it is there."""

    interval: QInterval
    level: float = 0.0


def lower(
    circuit: Circuit, options: LowerOptions | None = None, given: Sequence[Given] | None = None
) -> CombLogic:
    """The adder graph of a circuit: inputs and outputs flat, channels first, every value in its own width.

    Args:
        circuit: read from the exported QONNX graph.
        options: how hard to look for a small graph.
        given: what is known of every input element, where that is more than the input's type says.

    Raises:
        TooLargeError: the circuit is too large to be unrolled.
    """
    if (products := unrolled_products(circuit)) > MOST_PRODUCTS:
        raise TooLargeError(
            f"{products:,} products are too many for a circuit that is unrolled completely (at most "
            f"{MOST_PRODUCTS:,}): use the HLS project with io_stream and Resource"
        )
    with alkaid():
        lowering = _Lowering(circuit, options or LowerOptions(), given)
        raw = trace(lowering.inputs, list(np.ravel(lowering.value(circuit.output.name))), optimize=False)
        try:
            return optimize(raw, keep_dead_inputs=True)
        except RuntimeError:  # alkaid gives up after three rounds of tracing again
            logger.warning("the adder graph did not settle; it is used without narrower intervals")
            return optimize(raw, keep_dead_inputs=True, retrace=False)


def unrolled_products(circuit: Circuit) -> int:
    """Products with weights that are not zero, and of two values, in one inference."""
    products = 0
    for node in circuit:
        if node.weights is not None:
            products += int(np.count_nonzero(node.weights.kernel)) * math.prod(node.shape[1:])
        elif node.op == "matmul":
            a = circuit[node.inputs[0]].shape
            products += math.prod(node.shape) * (a[0] if node.attributes["transposed"][0] else a[1])
    return products


class _Lowering:
    def __init__(self, circuit: Circuit, options: LowerOptions, given: Sequence[Given] | None) -> None:
        self.nodes = {node.name: node for node in circuit}
        self.matrices = Matrices(options.solver())
        every = [Given(_interval(span)) for span in _input_spans(circuit.input)]
        self.inputs = [FVariable(*interval, hwconf=HARDWARE, latency=level) for interval, level in given or every]
        values = np.array(self.inputs, dtype=object).reshape(circuit.input.shape)
        self._values: dict[str, Variables] = {circuit.input.name: values}

    def value(self, name: str) -> Variables:
        """The symbolic value (*shape) of a node, made when first asked for."""
        if name not in self._values:
            node = self.nodes[name]
            self._values[name] = _OPERATIONS[node.op](self, node)
        return self._values[name]

    def operands(self, node: Node) -> list[Variables]:
        return [self.value(name) for name in node.inputs]

    def affine(self, node: Node) -> Variables:
        """Dense layers and convolutions: one product per position."""
        (x,), weights = self.operands(node), node.weights
        assert weights is not None
        if node.op == "conv":
            stride, pads = node.attributes["stride"], node.attributes["pads"]
            x = windows(x[None], weights.kernel.shape[2:], stride, pads, constant(0.0))[0]
        columns = x.reshape(len(x), -1)
        rows = weights.kernel.reshape(len(weights.kernel), -1)
        kernel = to_values(rows, weights.kernel_type.fraction)
        offsets = to_values(bias(node, weights), node.span.fraction)
        results = [self.matrices.product(kernel, column, offsets) for column in columns.T]
        return np.stack(results, axis=1).reshape(node.shape)

    def quantise(self, node: Node) -> Variables:
        """Rounding and clipping. A ReLU before it becomes part of the clipping, where it has fewer bits to mask."""
        source, narrow = self.nodes[node.inputs[0]], bool(node.attributes.get("narrow"))
        masked = source.op == "relu"
        x = self.value(self.nodes[source.inputs[0]].name if masked else source.name)
        types = node.types.of(node.shape) if node.types is not None else itertools.repeat(node.type)
        out = np.empty(x.shape, dtype=object)
        for index, type_ in zip(np.ndindex(x.shape), types, strict=node.types is not None):
            low = max(type_.low, 0) if masked else type_.low + (narrow and type_.signed)
            out[index] = quantise(x[index], type_, low=low, down=node.types is not None and node.types.down)
        return out

    def leaky_relu(self, node: Node) -> Variables:
        """x, or x * 2**-shift where x is negative."""
        shift = int(node.attributes["shift"])

        def leak(x: FVariable) -> FVariable:
            return x if x.low >= 0 else select(negative(x), x * 2.0**-shift, x)

        return _each(leak, self.operands(node)[0])

    def matmul(self, node: Node) -> Variables:
        """The product of two matrices of values."""
        flags: tuple[bool, bool] = node.attributes["transposed"]
        a, b = (x.T if flag else x for x, flag in zip(self.operands(node), flags, strict=True))
        out = np.empty((a.shape[0], b.shape[1]), dtype=object)
        for row, column in np.ndindex(out.shape):
            out[row, column] = total([x * y for x, y in zip(a[row], b[:, column], strict=True)])
        return out

    def mean(self, node: Node) -> Variables:
        """Sums over particles; the division by a power of two is a matter of reading the bits."""
        (x,) = self.operands(node)
        factor = 1.0 / x.shape[1]
        return np.array([total(row) * factor for row in x], dtype=object)

    def maximum(self, node: Node) -> Variables:
        """Maxima over particles."""
        return np.array([largest(row) for row in self.operands(node)[0]], dtype=object)

    def max_pool(self, node: Node) -> Variables:
        """Maxima over windows."""
        (x,), size = self.operands(node), int(node.attributes["size"])
        out = np.empty(node.shape, dtype=object)
        for channel, *place in np.ndindex(out.shape):
            patch = x[(channel, *(slice(at * size, (at + 1) * size) for at in place))]
            out[(channel, *place)] = largest(list(patch.ravel()))
        return out


def _input_spans(node: Node) -> Iterator[Span]:
    """What every element of the input can be."""
    if node.types is None:
        return itertools.repeat(node.span, math.prod(node.shape))
    return (Span(type_.low, type_.high, type_.fraction) for type_ in node.types.of(node.shape))


def _interval(span: Span) -> QInterval:
    step = 2.0**-span.fraction
    return QInterval(span.low * step, span.high * step, step)


def _each(operation: Callable[[FVariable], FVariable], x: Variables) -> Variables:
    out = np.empty(x.shape, dtype=object)
    for index in np.ndindex(x.shape):
        out[index] = operation(x[index])
    return out


_OPERATIONS: Mapping[str, Callable[[_Lowering, Node], Variables]] = {
    "dense": _Lowering.affine,
    "conv": _Lowering.affine,
    "relu": lambda self, node: _each(lambda x: x.relu(), self.operands(node)[0]),
    "leaky_relu": _Lowering.leaky_relu,
    "quantise": _Lowering.quantise,
    "add": lambda self, node: np.add(*self.operands(node)),
    "matmul": _Lowering.matmul,
    "mean": _Lowering.mean,
    "maximum": _Lowering.maximum,
    "max_pool": _Lowering.max_pool,
    "reshape": lambda self, node: self.operands(node)[0].reshape(node.shape),
}
