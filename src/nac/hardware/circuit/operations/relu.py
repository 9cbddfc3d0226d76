"""The positive part."""

from collections.abc import Sequence

import numpy as np
import onnx

from nac.hardware.circuit import CIRCUIT_OPERATIONS, CircuitOperation, Integers, Node, Numbers, Operand
from nac.hardware.circuit.fixed import Span
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.onnx.read import Reader
from nac.hardware.rtl.arithmetic import Variables, each
from nac.hardware.rtl.lowering import AdderWriter


def relu(known: Numbers, x: Integers) -> Integers:
    """max(x, 0)."""
    return np.maximum(x, 0)


class CircuitRelu(CircuitOperation):
    """max(x, 0)."""

    name = "relu"
    read_from = frozenset({"Relu"})
    compute = staticmethod(relu)
    elementwise = True
    fuses = True
    stored = False

    def read(self, node: onnx.NodeProto, reader: Reader) -> None:
        """See `CircuitOperation`."""
        source = reader.source(node)
        low, high, fraction = source.span
        reader.put(node, self.name, (source,), Span(max(low, 0), max(high, 0), fraction))

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """See `CircuitOperation`."""
        return f"each({operands[0].name}, [](Integer x) {{ return std::max<Integer>(x, 0); }})"

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """See `CircuitOperation`."""
        return each(lambda x: x.relu(), adders.operands(node)[0])

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """See `CircuitOperation`."""
        layers.activate(node, {"class_name": "Activation", "activation": "relu"})


CIRCUIT_OPERATIONS.register(CircuitRelu.name, CircuitRelu())
