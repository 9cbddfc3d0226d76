"""The sum of two values."""

from collections.abc import Sequence

import numpy as np
import onnx

from nac.errors import InputError
from nac.hardware.circuit import CIRCUIT_OPERATIONS, CircuitOperation, Integers, Node, Numbers, Operand
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.onnx.read import Reader
from nac.hardware.rtl.arithmetic import Variables
from nac.hardware.rtl.lowering import AdderWriter

CODE = """
template <std::size_t N> Values<N> add(const Values<N> &a, const Values<N> &b, int shift_a, int shift_b) {
  Values<N> y{};
  for (std::size_t i = 0; i < N; i++) y[i] = shifted(a[i], shift_a) + shifted(b[i], shift_b);
  return y;
}
"""


def add(known: Numbers, a: Integers, b: Integers) -> Integers:
    """Both in the finer steps of the two."""
    first, second = known["shifts"]
    total: Integers = (a << first) + (b << second)
    return total


class CircuitAdd(CircuitOperation):
    """Element by element, of two values of one shape."""

    name = "add"
    read_from = frozenset({"Add"})
    compute = staticmethod(add)
    cpp_code = CODE
    elementwise = True

    def read(self, node: onnx.NodeProto, reader: Reader) -> None:
        """Raises InputError where the shapes differ."""
        a, b = reader.source(node), reader.source(node, 1)
        if a.shape != b.shape:
            raise InputError(f"{node.name}: cannot add shapes {a.shape} and {b.shape}")
        total = a.span.plus(b.span)
        reader.put(node, self.name, (a, b), total, significand=total.magnitude)

    def numbers(self, node: Node, sources: Sequence[Node]) -> Numbers:
        """See `add`."""
        return {"shifts": [node.span.fraction - source.span.fraction for source in sources]}

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """See `CircuitOperation`."""
        return f"add({operands[0].name}, {operands[1].name}, {known['shifts'][0]}, {known['shifts'][1]})"

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """See `CircuitOperation`."""
        a, b = adders.operands(node)
        return np.add(a, b)

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """See `CircuitOperation`."""
        layers.put(node, {"class_name": "Merge", "op": "add"}, {"result": node.type.hls()})


CIRCUIT_OPERATIONS.register(CircuitAdd.name, CircuitAdd())
