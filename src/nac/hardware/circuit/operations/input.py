"""What enters the circuit, already on its grid."""

from collections.abc import Sequence

from nac.hardware.circuit import CIRCUIT_OPERATIONS, CircuitOperation, Integers, Node, Numbers, Operand
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.hls.order import channels_last
from nac.hardware.rtl.arithmetic import Variables
from nac.hardware.rtl.lowering import AdderWriter


def entered(known: Numbers, x: Integers) -> Integers:
    """As it is."""
    return x.reshape(-1, *known["shape"])


class CircuitInput(CircuitOperation):
    """The first node; the quantiser that reads the graph's input becomes it."""

    name = "input"
    compute = staticmethod(entered)

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """The argument itself."""
        return operands[0].name

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """The ports."""
        return adders.entered(node)

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """See `CircuitOperation`."""
        shape = list(channels_last(node.shape))
        layers.put(node, {"class_name": "InputLayer", "input_shape": shape}, {"result": node.type.hls()})


CIRCUIT_OPERATIONS.register(CircuitInput.name, CircuitInput())
