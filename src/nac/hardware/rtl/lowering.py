"""Circuit to adder graph: the fixed-point circuit of the exported QONNX graph, written out in additions and muxes."""

import itertools
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from alkaid.trace import FVariable, trace
from alkaid.trace.passes import optimize
from alkaid.types import CombLogic, QInterval

from nac.errors import WorkError
from nac.hardware.circuit import Circuit, Node
from nac.hardware.circuit.fixed import Span
from nac.hardware.rtl.arithmetic import HARDWARE, Matrices, Variables
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
    _require_small(circuit)
    with alkaid():
        return _traced(circuit, options, [_variable(*known) for known in given or _entering(circuit.input)])


def _require_small(circuit: Circuit) -> None:
    if (products := unrolled_products(circuit)) > MOST_PRODUCTS:
        raise TooLargeError(
            f"{products:,} products are too many to be unrolled (at most {MOST_PRODUCTS:,}): use target.fold, or the "
            "HLS project with io_stream and Resource"
        )


def lower_between(
    starts: Sequence[Node], nodes: Sequence[Node], ends: Sequence[str], given: Sequence[QInterval],
    options: LowerOptions | None = None,
) -> CombLogic:  # fmt: skip
    """The adder graph of some nodes, from values that are there, `starts`, to those named `ends`, one after the other.

    `given` is what is known of every element of the starts.
    """
    circuit, place = Circuit((*starts, *nodes)), 0
    _require_small(circuit)
    with alkaid():
        inputs = [_variable(*Given(interval)) for interval in given]
        adders = AdderWriter(circuit, options or LowerOptions(), inputs)
        for start in starts:
            count = math.prod(start.shape)
            adders.known(start, inputs[place : place + count])
            place += count
        return traced(inputs, [x for name in ends for x in np.ravel(adders.value(name))])


def lower_behind(graph: CombLogic, first: Node, circuit: Circuit) -> CombLogic:
    """The adder graph of a circuit whose input is what another graph computes of its own, `first`: of both, as one."""
    with alkaid():
        inputs = [_variable(*known) for known in _entering(first)]
        return _traced(circuit, None, inputs, graph(np.array(inputs, dtype=object), quantize=False))


def _traced(
    circuit: Circuit, options: LowerOptions | None, inputs: list[FVariable], entered: Variables | None = None
) -> CombLogic:
    """The graph from inputs to what a circuit makes of them, or of what entered it."""
    adders = AdderWriter(circuit, options or LowerOptions(), inputs if entered is None else list(entered))
    return traced(inputs, list(np.ravel(adders.value(circuit.output.name))))


def traced(inputs: list[FVariable], outputs: list[FVariable]) -> CombLogic:
    """The adder graph between symbolic values; inputs that nothing reads are kept."""
    raw = trace(inputs, outputs, optimize=False)
    try:
        return optimize(raw, keep_dead_inputs=True)
    except RuntimeError:  # alkaid gives up after three rounds of tracing again
        logger.warning("the adder graph did not settle; it is used without narrower intervals")
        return optimize(raw, keep_dead_inputs=True, retrace=False)


def _entering(node: Node) -> list[Given]:
    """What its type says of every element of an input."""
    return [Given(interval_of(span)) for span in input_spans(node)]


def _variable(interval: QInterval, level: float) -> FVariable:
    return FVariable(*interval, hwconf=HARDWARE, latency=level)


def unrolled_products(circuit: Circuit) -> int:
    """Products with weights that are not zero, and of two values, in one inference."""
    return sum(node.operation.products(node, circuit.sources(node)) for node in circuit)


class AdderWriter:
    """Where operations find the symbolic values that they read."""

    def __init__(self, circuit: Circuit, options: LowerOptions, inputs: Sequence[FVariable]) -> None:
        self.nodes = {node.name: node for node in circuit}
        self.matrices = Matrices(options.solver())
        """Products with constant matrices."""
        self.inputs = list(inputs)
        self._values: dict[str, Variables] = {}

    def value(self, name: str) -> Variables:
        """The symbolic value (*shape) of a node, made when first asked for."""
        if name not in self._values:
            node = self.nodes[name]
            self._values[name] = node.operation.rtl(node, self)
        return self._values[name]

    def known(self, node: Node, elements: Sequence[FVariable]) -> None:
        """Say what the value of a node is."""
        self._values[node.name] = np.array(elements, dtype=object).reshape(node.shape)

    def entered(self, node: Node) -> Variables:
        """The value of the input."""
        return np.array(self.inputs, dtype=object).reshape(node.shape)

    def source(self, node: Node, index: int = 0) -> Node:
        """A node that a node reads."""
        return self.nodes[node.inputs[index]]

    def operands(self, node: Node) -> list[Variables]:
        """The values that a node reads."""
        return [self.value(name) for name in node.inputs]


def input_spans(node: Node) -> Iterator[Span]:
    """What every element of the input can be."""
    if node.types is None:
        return itertools.repeat(node.span, math.prod(node.shape))
    return (Span(type_.low, type_.high, type_.fraction) for type_ in node.types.of(node.shape))


def interval_of(span: Span) -> QInterval:
    """A span as alkaid has it."""
    step = 2.0**-span.fraction
    return QInterval(span.low * step, span.high * step, step)
