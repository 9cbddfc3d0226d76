"""Some of the values."""

from collections.abc import Sequence

from nac.hardware.circuit import CIRCUIT_OPERATIONS, Integers, Node, Numbers
from nac.hardware.circuit.operations.coded import CircuitCoded
from nac.hardware.rtl.arithmetic import Variables
from nac.hardware.rtl.lowering import AdderWriter


def chosen(known: Numbers, x: Integers) -> Integers:
    """Those of these numbers."""
    return x[:, known["chosen"]]


class CircuitChoose(CircuitCoded):
    """Attributes: `chosen`, the numbers of the values."""

    name = "choose"
    compute = staticmethod(chosen)
    stored = False

    def numbers(self, node: Node, sources: Sequence[Node]) -> Numbers:
        """See `chosen`."""
        return {"chosen": list(node.attributes["chosen"])}

    def code(self, known: Numbers, inputs: int) -> list[str]:
        """Wires."""
        return [f"r[{k}] = v[{index}];" for k, index in enumerate(known["chosen"])]

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """Wires."""
        result: Variables = adders.operands(node)[0][list(node.attributes["chosen"])]
        return result


CIRCUIT_OPERATIONS.register(CircuitChoose.name, CircuitChoose())
