"""A circuit computed in 64-bit integers: the reference that every engine and every writer is compared with."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nac.hardware.circuit import Circuit, Integers, Node, Numbers
from nac.hardware.circuit.fixed import Fixed


def to_integers(values: npt.ArrayLike, type_: Fixed) -> Integers:
    """Values on the grid of `type_` as integers in steps of 2**-fraction. Raises ValueError for others."""
    scaled = np.ldexp(np.asarray(values, dtype=np.float64), type_.fraction)
    steps = np.rint(scaled)
    if not np.array_equal(steps, scaled) or steps.min(initial=0) < type_.low or steps.max(initial=0) > type_.high:
        raise ValueError(f"expected values on the grid of {type_}")
    return steps.astype(np.int64)


def to_values(integers: Integers, fraction: int) -> npt.NDArray[np.float64]:
    """Integers in steps of 2**-fraction as values."""
    return np.ldexp(integers.astype(np.float64), -fraction)


def random_input(circuit: Circuit, samples: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Inputs (samples, *input) uniform over everything that the circuit's input can hold, its ends included."""
    span = circuit.input.span
    generator = np.random.default_rng(seed)
    integers = generator.integers(span.low, span.high, (samples, *circuit.input.shape), endpoint=True)
    integers[:1], integers[1:2] = span.low, span.high
    return to_values(_on_types(circuit, integers), span.fraction).astype(np.float32)


def corner_input(circuit: Circuit, samples: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Inputs (samples, *input) whose every element is at an end of its range or near zero."""
    span = circuit.input.span
    corners = [k for k in (span.low, -1, 0, 1, span.high) if span.low <= k <= span.high]
    integers = np.random.default_rng(seed).choice(np.array(corners, np.int64), size=(samples, *circuit.input.shape))
    return to_values(_on_types(circuit, integers), span.fraction).astype(np.float32)


def _on_types(circuit: Circuit, integers: Integers) -> Integers:
    """Inputs on the grids of single elements, where these have their own."""
    types, span = circuit.input.types, circuit.input.span
    return integers if types is None else types.quantised(integers, span.fraction)


def evaluate(circuit: Circuit, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Outputs (N, outputs) of inputs (N, *input) on the input's grid. Raises ValueError for others."""
    integers = to_integers(x, circuit.input.type)
    return to_values(evaluate_all(circuit, integers)[circuit.output.name], circuit.output.span.fraction)


def evaluate_all(
    circuit: Circuit, x: Integers, disturb: Callable[[Node, Integers], Integers] | None = None
) -> dict[str, Integers]:
    """Every node's values (N, *shape) in steps of its span, for input integers (N, *input).

    `disturb` sees, and may replace, the value of every node as it is computed.
    """
    values: dict[str, Integers] = {}
    for node in circuit:
        operands = [values[name] for name in node.inputs] or [x]
        value = node.operation.compute(numbers(circuit, node), *operands)
        values[node.name] = value if disturb is None else disturb(node, value)
    return values


def numbers(circuit: Circuit, node: Node) -> Numbers:
    """A node in numbers: all that is needed to compute it.

    Its value is an array of integers of `shape` (channels first, without samples), in steps of 2**-`fraction`, from
    `low` to `high`. What else its operation needs is beside these.
    """
    known: Numbers = {
        "name": node.name, "op": node.op, "inputs": list(node.inputs), "shape": list(node.shape),
        "fraction": node.span.fraction, "low": node.span.low, "high": node.span.high,
    }  # fmt: skip
    return known | node.operation.numbers(node, circuit.sources(node))
