"""What an operation of a circuit is: one object that says it to everybody who reads, computes or writes circuits."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from nac.hardware.circuit.stream import Beat
from nac.registry import Registry

if TYPE_CHECKING:
    import onnx

    from nac.hardware.circuit.nodes import Node
    from nac.hardware.hls.layers import HlsWriter
    from nac.hardware.onnx.read import Reader
    from nac.hardware.rtl.arithmetic import Variables
    from nac.hardware.rtl.lowering import AdderWriter

Integers = npt.NDArray[np.int64]
Numbers = dict[str, Any]
"""What an operation is in numbers: those of its node, and those that it adds. Arrays among them are of integers."""


class Operand(NamedTuple):
    """A value in C++: the name of a `Values`, and its shape, channels first."""

    name: str
    shape: tuple[int, ...]


class CircuitOperation(ABC):
    """The extension point: what a circuit may compute. One object, in one file, with all its readings.

    A value is an array of integers in steps of 2**-fraction of its node's span, channels first; `sources` are the nodes
    that an operation reads, in order. All readings give the same integers for all inputs within the spans of their
    sources (`nac.testing.check_circuit_operation`).
    """

    name: ClassVar[str]
    read_from: ClassVar[frozenset[str]] = frozenset()
    """The ONNX operations that `read` is given; of several that take one, the first registered."""
    compute: ClassVar["staticmethod[..., Integers]"]
    """Its `numbers` and its values (N, *shape) to its result (N, *shape), in 64-bit integers.

    A function of a module, whose text goes into the reference of kits: it needs nothing but `np`, and the types
    `Integers` and `Numbers`.
    """
    cpp_code: ClassVar[str] = ""
    """Templates in C++ that `cpp` calls, of `Values<N>` of `Integer`; what several operations share is there once."""
    elementwise: ClassVar[bool] = False
    """Takes every element alone, in whatever order they are."""
    rounds: ClassVar[bool] = False
    """Rounds and saturates to its type; all others have types that hold whatever comes."""
    fuses: ClassVar[bool] = False
    """In hls4ml, one layer with the quantiser that alone reads it (`HlsWriter.activate`)."""
    multiplies: ClassVar[bool] = False
    """Multiplies two values, for which a back end needs a layer of its own."""
    own_layer: ClassVar[bool] = False
    """In hls4ml, a layer of our own, which not every back end takes."""
    aggregates: ClassVar[bool] = False
    """Makes one value of those at all positions, each of which it reads alike."""
    stored: ClassVar[bool] = True
    """Its result has bits of its own, rather than wires, or masked bits, of the value before."""

    def read(self, node: "onnx.NodeProto", reader: "Reader") -> None:
        """Hand the node that an ONNX operation becomes to `reader.put`. Raises InputError where none is exact.

        Not for an operation that is read from none.
        """
        raise NotImplementedError

    def numbers(self, node: "Node", sources: Sequence["Node"]) -> Numbers:
        """What `compute` and `cpp` need besides the node's name, op, inputs, shape, fraction, low and high."""
        return {}

    @abstractmethod
    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """An expression for its result. The array KEY of its numbers is the constant `KEY_name` there."""

    @abstractmethod
    def rtl(self, node: "Node", adders: "AdderWriter") -> "Variables":
        """The symbolic values (*shape) that an adder graph has for it."""

    @abstractmethod
    def hls(self, node: "Node", layers: "HlsWriter") -> None:
        """Add its layer, or layers, of hls4ml. Raises WorkError where there is none that is exact."""

    def stream(self, node: "Node", positions: int) -> Beat | None:
        """What it is for one beat of so many positions in a stream; None where it needs them all at once.

        Here of what is the same at every position.
        """

        shared = node.types is None or node.types.shared(len(node.shape) - 1)
        return Beat(node.at(positions)) if len(node.shape) > 1 and shared and self.pointwise(node) else None

    def products(self, node: "Node", sources: Sequence["Node"]) -> int:
        """Products in one inference, those with weights of zero left out."""
        if node.weights is None:
            return 0
        return int(np.count_nonzero(node.weights.kernel)) * math.prod(node.shape[1:])

    def pointwise(self, node: "Node") -> bool:
        """Whether it is the same at every position (axes behind the channels), and reads nothing from another one."""
        return self.elementwise

    def title(self, node: "Node") -> str:
        """What tables call it."""
        return self.name.replace("_", " ")


CIRCUIT_OPERATIONS: Registry[CircuitOperation] = Registry("circuit operation", "nac.hardware.circuit.operations")
"""Every operation of circuits by name."""


def read_as(kind: str) -> CircuitOperation | None:
    """The operation that an ONNX operation becomes, None for one that has no exact form.

    Plug-ins are asked, and loaded, only where none of the program's own knows it.
    """
    return next((operation for operation in CIRCUIT_OPERATIONS.values() if kind in operation.read_from), None)
