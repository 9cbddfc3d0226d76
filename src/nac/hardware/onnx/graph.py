"""A QONNX graph looked up: its shapes and constants, what its quantisers say, its parameters as integers."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from nac.errors import InputError
from nac.hardware.circuit import Integers, Types
from nac.hardware.circuit.fixed import Fixed, Span

MAX_BITS = 32
MAX_FRACTION = 64
SUM_BITS = 62  # of a sum and its partial sums, which are kept in 64-bit integers
QUANTISERS = {"Quant", "IntQuant"}


def parameter_tensors(model: onnx.ModelProto) -> set[str]:
    """The names of constants and of quantised constants."""
    constants = {tensor.name for tensor in model.graph.initializer}
    quantised = {n.output[0] for n in model.graph.node if n.op_type in QUANTISERS and n.input[0] in constants}
    return constants | quantised


class GraphView:
    """Look-ups in an ONNX graph whose shapes are known (`passes.py`)."""

    def __init__(self, model: onnx.ModelProto) -> None:
        graph = model.graph
        self.nodes = list(graph.node)
        self.input = graph.input[0].name
        self.output = graph.output[0].name
        self.constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        self.producer = {name: node for node in graph.node for name in node.output}
        self.parameters = parameter_tensors(model)
        self._shapes = {
            value.name: tuple(int(dim.dim_value) for dim in value.type.tensor_type.shape.dim)
            for value in (*graph.input, *graph.value_info, *graph.output)
        }

    def shape(self, tensor: str) -> tuple[int, ...]:
        """The shape of a value without its batch. Raises InputError when the graph does not say."""
        if tensor not in self._shapes:
            raise InputError(f"tensor {tensor}: the graph does not say its shape")
        return self._shapes[tensor][1:]


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes of a node as Python values, strings decoded."""
    values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in values.items()}


def power_of_two(scale: npt.NDArray[Any], what: str) -> npt.NDArray[np.int64]:
    """The fractional bits f of scales 2**-f. Raises InputError when one is no positive power of two."""
    mantissa, exponent = np.frexp(np.asarray(scale, dtype=np.float64))
    if not np.all(mantissa == 0.5):
        raise InputError(f"{what}: scale {np.ravel(scale)[:4]} is not a power of two")
    return (1 - exponent).astype(np.int64)


class Quantiser(NamedTuple):
    """What a Quant node says: fractional bits and widths, per tensor or broadcast to it, sign, narrowness, rounding."""

    fraction: Integers
    width: Integers
    signed: bool
    narrow: bool
    down: bool

    @property
    def uniform(self) -> bool:
        """Whether it is one type, rounding half to even."""
        return self.fraction.size == self.width.size == 1 and not self.down

    @property
    def types(self) -> Types:
        """Those of the elements of a value (N, *shape): without the first axis."""
        fraction, width = (array[0] if array.size > 1 else array.reshape(()) for array in self[:2])
        return Types(self.signed, fraction, width, self.down)

    @property
    def cover(self) -> Fixed:
        """The narrowest type that holds all values."""
        return self.types.cover


def quantiser(view: GraphView, node: onnx.NodeProto) -> Quantiser:
    """Read a Quant node.

    Raises:
        InputError: a parameter is no constant, the scale no power of two, a zero point given, or the rounding
            another than half to even or down.
    """
    values = [view.constants.get(name) for name in node.input[1:4]]
    if any(value is None for value in values):
        raise InputError(f"{node.name}: scale, zero point and bit width must be constants")
    scale, zero, bits = (np.asarray(value) for value in values)
    if np.any(zero != 0):
        raise InputError(f"{node.name}: zero point {np.ravel(zero)[:4]}, expected 0")
    given = attributes(node)
    if (mode := given.get("rounding_mode", "ROUND")) not in {"ROUND", "FLOOR"}:
        raise InputError(f"{node.name}: rounding mode {mode}, expected ROUND (half to even) or FLOOR")
    fraction = power_of_two(scale, node.name)
    if not (bits.size and np.isin(bits, np.arange(1, MAX_BITS + 1)).all()):
        raise InputError(f"{node.name}: bit width {np.ravel(bits)[:4]}, expected whole numbers 1 to {MAX_BITS}")
    if np.any(np.abs(fraction) > MAX_FRACTION):
        raise InputError(f"{node.name}: scale {np.ravel(scale)[:4]}, expected 2**-{MAX_FRACTION} to 2**{MAX_FRACTION}")
    return Quantiser(fraction, bits.astype(np.int64), bool(given["signed"]), bool(given["narrow"]), mode == "FLOOR")


def integers(view: GraphView, tensor: str) -> tuple[Integers, Fixed]:
    """A quantised parameter as integers in steps of 2**-fraction of its type, rounded as QONNX does.

    Scales per channel become the finest step that any value needs, in a type no narrower than declared: the scale of
    a channel of zeros makes no other channel wider. Raises InputError for a parameter that is not quantised.
    """
    node = view.producer.get(tensor)
    if node is None or node.op_type not in QUANTISERS:
        raise InputError(f"parameter {tensor}: is not quantised")
    given = quantiser(view, node)
    fraction, narrow = given.fraction, given.narrow
    if given.width.size != 1 or given.down:
        raise InputError(f"{node.name}: expected weights of one width, rounded half to even")
    type_ = Fixed(given.signed, int(given.width.flat[0]), int(fraction.max()))
    raw = view.constants[node.input[0]].astype(np.float64)
    clipped = np.clip(np.rint(raw * np.exp2(fraction)), type_.low + (narrow and type_.signed), type_.high)
    if not np.all(np.isfinite(clipped)):
        raise InputError(f"parameter {tensor}: is not finite")
    values = clipped.astype(np.int64)
    if np.all(fraction == type_.fraction):
        return values, type_
    used = values != 0
    needed = (fraction - np.log2(np.where(used, values & -values, 1)).astype(np.int64))[used]
    finest = int(needed.max(initial=int(fraction.min())))
    exact = values * np.exp2(finest - fraction)
    if not np.all(np.abs(exact) < 2.0**SUM_BITS):
        raise InputError(f"parameter {tensor}: needs more than {SUM_BITS} bits at its finest scale")
    values = exact.astype(np.int64)
    found = Span(int(values.min()), int(values.max()), finest).fixed
    return values, found if found.width >= type_.width else Fixed(type_.signed, type_.width, finest)
