"""A ReLU that lets a power of two of what is negative through."""

from collections.abc import Sequence

import numpy as np
import onnx
from alkaid.trace import FVariable

from nac.hardware.circuit import CIRCUIT_OPERATIONS, CircuitOperation, Integers, Node, Numbers, Operand
from nac.hardware.circuit.fixed import Fixed, Span
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.onnx.graph import attributes, power_of_two
from nac.hardware.onnx.read import Reader
from nac.hardware.rtl.arithmetic import Variables, each, negative, select
from nac.hardware.rtl.lowering import AdderWriter


def leaky_relu(known: Numbers, x: Integers) -> Integers:
    """x where it is negative, and times 2**shift elsewhere: the steps of the result are finer."""
    return np.where(x < 0, x, x << known["shift"])


class CircuitLeakyRelu(CircuitOperation):
    """x, or x * 2**-shift where x is negative. Attributes: `shift`."""

    name = "leaky_relu"
    read_from = frozenset({"LeakyRelu"})
    compute = staticmethod(leaky_relu)
    elementwise = True
    fuses = True

    def read(self, node: onnx.NodeProto, reader: Reader) -> None:
        """Raises InputError for a slope that is no power of two."""
        source = reader.source(node)
        shift = int(power_of_two(np.array(attributes(node).get("alpha", 0.01)), node.name))
        low, high, fraction = source.span
        low = low if low < 0 else low << shift
        high = high << shift if high > 0 else high
        reader.put(node, self.name, (source,), Span(low, high, fraction + shift), shift=shift)

    def numbers(self, node: Node, sources: Sequence[Node]) -> Numbers:
        """See `leaky_relu`."""
        return {"shift": node.attributes["shift"]}

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """See `CircuitOperation`."""
        return f"each({operands[0].name}, [](Integer x) {{ return x < 0 ? x : shifted(x, {known['shift']}); }})"

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """A multiplexer."""
        shift = int(node.attributes["shift"])

        def leak(x: FVariable) -> FVariable:
            return x if x.low >= 0 else select(negative(x), x * 2.0**-shift, x)

        return each(leak, adders.operands(node)[0])

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """See `CircuitOperation`."""
        shift = node.attributes["shift"]
        layer = {"class_name": "LeakyReLU", "activation": "LeakyReLU", "activ_param": 2.0**-shift}
        layers.activate(node, layer, param=Fixed(False, 1, shift).hls())


CIRCUIT_OPERATIONS.register(CircuitLeakyRelu.name, CircuitLeakyRelu())
