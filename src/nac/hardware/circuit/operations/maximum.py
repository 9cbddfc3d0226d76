"""The maximum over particles."""

from collections.abc import Sequence

import numpy as np
import onnx

from nac.hardware.circuit import CIRCUIT_OPERATIONS, Beat, Integers, Node, Numbers, Operand
from nac.hardware.circuit.operations.aggregate import CircuitAggregate
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.onnx.read import Reader
from nac.hardware.rtl.arithmetic import Variables, largest
from nac.hardware.rtl.lowering import AdderWriter

CODE = """
template <std::size_t C, std::size_t P> Values<C> maximum(const Values<C * P> &x) {
  Values<C> y{};
  for (std::size_t c = 0; c < C; c++) y[c] = *std::max_element(x.begin() + c * P, x.begin() + (c + 1) * P);
  return y;
}
"""


def maximum(known: Numbers, x: Integers) -> Integers:
    """The largest of all particles."""
    result: Integers = x.max(axis=2)
    return result


class CircuitMaximum(CircuitAggregate):
    """(features, particles) to (features,)."""

    name = "maximum"
    read_from = frozenset({"ReduceMax"})
    compute = staticmethod(maximum)
    cpp_code = CODE

    def read(self, node: onnx.NodeProto, reader: Reader) -> None:
        """See `CircuitOperation`."""
        source = self.particles(node, reader)
        reader.put(node, self.name, (source,), source.span, type=source.type)

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """See `CircuitOperation`."""
        (x,) = operands
        return f"maximum<{x.shape[0]}, {x.shape[1]}>({x.name})"

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """Comparisons as trees."""
        return np.array([largest(row) for row in adders.operands(node)[0]], dtype=object)

    def stream(self, node: Node, positions: int) -> Beat:
        """The largest of a beat, and of what the beats gave."""
        return Beat(node, over="most")

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """See `CircuitOperation`."""
        self.pooling(node, layers, "Max", node.type)


CIRCUIT_OPERATIONS.register(CircuitMaximum.name, CircuitMaximum())
