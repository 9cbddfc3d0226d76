"""The mean over particles."""

import math
from collections.abc import Sequence

import numpy as np
import onnx

from nac.errors import InputError
from nac.hardware.circuit import CIRCUIT_OPERATIONS, Beat, Integers, Node, Numbers, Operand
from nac.hardware.circuit.fixed import Fixed, Span
from nac.hardware.circuit.operations.aggregate import CircuitAggregate
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.onnx.read import Reader
from nac.hardware.rtl.arithmetic import Variables, total
from nac.hardware.rtl.lowering import AdderWriter

CODE = """
template <std::size_t C, std::size_t P> Values<C> mean(const Values<C * P> &x) {
  Values<C> y{};
  for (std::size_t i = 0; i < C * P; i++) y[i / P] += x[i];
  return y;
}
"""


def mean(known: Numbers, x: Integers) -> Integers:
    """The sum: its steps are finer by the number of particles."""
    total: Integers = x.sum(axis=2)
    return total


class CircuitMean(CircuitAggregate):
    """(features, particles) to (features,); the number of particles is a power of two."""

    name = "mean"
    read_from = frozenset({"ReduceMean"})
    compute = staticmethod(mean)
    cpp_code = CODE

    def read(self, node: onnx.NodeProto, reader: Reader) -> None:
        """Raises InputError for another number of particles."""
        source = self.particles(node, reader)
        count = source.shape[1]
        if count & (count - 1):
            raise InputError(f"{node.name}: a mean over {count} values is not exact, expected a power of two")
        low, high, fraction = source.span
        span = Span(low * count, high * count, fraction + int(math.log2(count)))
        reader.put(node, self.name, (source,), span, partial=count * source.span.magnitude)

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """See `CircuitOperation`."""
        (x,) = operands
        return f"mean<{x.shape[0]}, {x.shape[1]}>({x.name})"

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """Sums over particles; the division by a power of two is a matter of reading the bits."""
        (x,) = adders.operands(node)
        factor = 1.0 / x.shape[1]
        return np.array([total(row) * factor for row in x], dtype=object)

    def stream(self, node: Node, positions: int) -> Beat:
        """The mean of a beat, and of what the beats gave."""
        return Beat(node, over="mean")

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """The sum is kept with the fractional bits that the division by the number of particles adds."""
        extra = int(math.log2(layers.source(node).shape[1]))
        kept = Fixed(True, node.span.fixed.width + extra + 1, node.span.fraction)
        wide = layers.widened(node, kept) if layers.widens_mean else None
        self.pooling(node, layers, "Average", kept, wide)


CIRCUIT_OPERATIONS.register(CircuitMean.name, CircuitMean())
