"""An operation of circuits: the absolute value, in every language in which a circuit is computed or built."""

from collections.abc import Sequence

import numpy as np
import onnx
from alkaid.trace import FVariable

from nac.hardware.circuit import CircuitOperation, Integers, Node, Numbers, Operand
from nac.hardware.circuit.fixed import Fixed, Span
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.onnx.read import Reader
from nac.hardware.rtl.arithmetic import Variables, each, negative, select
from nac.hardware.rtl.lowering import AdderWriter


def absolute_value(known: Numbers, x: Integers) -> Integers:
    """|x|."""
    return np.abs(x)


class CircuitAbsolute(CircuitOperation):
    """|x|, of every value alone."""

    name = "absolute"
    read_from = frozenset({"Abs"})
    compute = staticmethod(absolute_value)
    elementwise = True
    fuses = True

    def read(self, node: onnx.NodeProto, reader: Reader) -> None:
        """With the range that is left of that of its input."""
        source = reader.source(node)
        low, high, fraction = source.span
        reader.put(node, self.name, (source,), Span(max(low, -high, 0), max(-low, high), fraction))

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """See `CircuitOperation`."""
        return f"each({operands[0].name}, [](Integer x) {{ return x < 0 ? -x : x; }})"

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """A multiplexer."""

        def folded(x: FVariable) -> FVariable:
            return x if x.low >= 0 else select(negative(x), -x, x)

        return each(folded, adders.operands(node)[0])

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """A leaky ReLU whose slope is -1."""
        layer = {"class_name": "LeakyReLU", "activation": "LeakyReLU", "activ_param": -1.0}
        layers.activate(node, layer, param=Fixed(True, 2, 0).hls())


absolute = CircuitAbsolute()
