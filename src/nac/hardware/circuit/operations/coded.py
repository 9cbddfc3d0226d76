"""Operations on a vector that say themselves by statements in C++, which the reference and a layer of hls4ml share."""

import math
from abc import abstractmethod
from collections.abc import Sequence

from nac.hardware.circuit import CircuitOperation, Node, Numbers, Operand
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.hls import stage
from nac.hardware.hls.layers import HlsWriter


class CircuitCoded(CircuitOperation):
    """(inputs,) to (outputs,)."""

    own_layer = True
    cpp_code = "using Number = Integer;"

    @abstractmethod
    def code(self, known: Numbers, inputs: int) -> list[str]:
        """Statements that set the integers r[0], r[1], ... of v[0 ... inputs - 1], all of the type `Number`."""

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """A function of its own."""
        ((source, shape),) = operands
        count, outputs = math.prod(shape), math.prod(known["shape"])
        lines = [f"[](const Values<{count}> &v) {{", f"Values<{outputs}> r{{}};", *self.code(known, count),
                 "return r;", f"}}({source})"]  # fmt: skip
        return "\n    ".join(lines)

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """A layer of our own, of integers that hold both ends."""
        source = layers.source(node)
        inputs, outputs = math.prod(source.shape), math.prod(node.shape)
        number = Fixed(True, max(source.type.width, node.type.width) + 1, 0)
        lines = [
            f"typedef {stage.integer(number)} Number;", f"Number v[{inputs}], r[{outputs}];",
            *stage.loop(inputs, f"{stage.integer(source.type)} n;", f"n.range({source.type.width - 1}, 0) = "
                        f"data[i].range({source.type.width - 1}, 0);", "v[i] = n;"),
            *self.code(self.numbers(node, [source]), inputs),
            *stage.loop(outputs, f"ap_{node.type} y;", f"y.range({node.type.width - 1}, 0) = "
                        f"r[i].range({node.type.width - 1}, 0);", "res[i] = y;"),
        ]  # fmt: skip
        stage.put(node, layers, lines)
