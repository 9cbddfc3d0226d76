"""A circuit computed in 64-bit integers: the reference that every engine and every writer is compared with."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nac.hardware.circuit import Circuit, Integers, Node, Weights, rounded
from nac.hardware.fixed import Fixed


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
        operands = [(circuit[name], values[name]) for name in node.inputs]
        value = x.reshape(-1, *node.shape) if node.op == "input" else _OPERATIONS[node.op](node, operands)
        values[node.name] = value if disturb is None else disturb(node, value)
    return values


Values = npt.NDArray[Any]
"""Integers, or anything that stands for them."""
Operands = list[tuple[Node, Integers]]


def _quantise(node: Node, operands: Operands) -> Integers:
    (source, x), type_ = operands[0], node.type
    if node.types is not None:
        return node.types.quantised(x, source.span.fraction)
    low = type_.low + (bool(node.attributes.get("narrow")) and type_.signed)
    return np.clip(rounded(x, source.span.fraction - type_.fraction), low, type_.high)


def bias(node: Node, weights: Weights) -> Integers:
    """The bias (out,) of a layer in steps of its result."""
    return weights.bias << (node.span.fraction - weights.bias_type.fraction)


def _affine(node: Node, operands: Operands) -> Integers:
    (source, x), weights = operands[0], node.weights
    assert weights is not None
    if node.op == "conv":
        x = windows(x, weights.kernel.shape[2:], node.attributes["stride"], node.attributes["pads"])
    kernel = weights.kernel.reshape(len(weights.kernel), -1)
    shift = node.span.fraction - weights.kernel_type.fraction - source.span.fraction
    products: Integers = np.moveaxis(np.tensordot(kernel, x, axes=(1, 1)), 0, 1) << shift
    return products + bias(node, weights).reshape(-1, *[1] * (products.ndim - 2))


def windows(x: Values, kernel: tuple[int, ...], stride: int, pads: int, zero: object = 0) -> Values:
    """All patches of (N, C, *space) as (N, C * prod(kernel), *space'), with so many zeros at either end."""
    rank = len(kernel)
    if pads:
        framed = np.full((*x.shape[:2], *(size + 2 * pads for size in x.shape[2:])), zero, dtype=x.dtype)
        framed[(slice(None), slice(None), *[slice(pads, -pads)] * rank)] = x
        x = framed
    view = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=tuple(range(2, 2 + rank)))
    view = view[(slice(None), slice(None), *[slice(None, None, stride)] * rank)]
    order = (0, 1, *range(2 + rank, 2 + 2 * rank), *range(2, 2 + rank))
    patches: Values = view.transpose(order).reshape(len(x), -1, *view.shape[2 : 2 + rank])
    return patches


def _leaky_relu(node: Node, operands: Operands) -> Integers:
    x = operands[0][1]
    return np.where(x < 0, x, x << int(node.attributes["shift"]))


def _add(node: Node, operands: Operands) -> Integers:
    a, b = (x << (node.span.fraction - source.span.fraction) for source, x in operands)
    return a + b


def _matmul(node: Node, operands: Operands) -> Integers:
    flags: tuple[bool, bool] = node.attributes["transposed"]
    a, b = (x.swapaxes(1, 2) if flag else x for (_, x), flag in zip(operands, flags, strict=True))
    return a @ b


def _max_pool(node: Node, operands: Operands) -> Integers:
    x, size = operands[0][1], int(node.attributes["size"])
    for axis, length in enumerate(node.shape[1:], start=2):
        x = np.moveaxis(x, axis, -1)[..., : length * size]
        x = np.moveaxis(x.reshape(*x.shape[:-1], length, size).max(-1), -1, axis)
    return x


_OPERATIONS: Mapping[str, Callable[[Node, Operands], Integers]] = {
    "dense": _affine,
    "conv": _affine,
    "quantise": _quantise,
    "relu": lambda _, operands: np.maximum(operands[0][1], 0),
    "leaky_relu": _leaky_relu,
    "add": _add,
    "matmul": _matmul,
    "mean": lambda _, operands: operands[0][1].sum(axis=2),
    "maximum": lambda _, operands: operands[0][1].max(axis=2),
    "max_pool": _max_pool,
    "reshape": lambda node, operands: operands[0][1].reshape(-1, math.prod(node.shape)).reshape(-1, *node.shape),
}
