"""A bit for every value: whether it is greater than a threshold."""

import math
from collections.abc import Sequence

import numpy as np
from alkaid.trace import FVariable

from nac.hardware.circuit import CIRCUIT_OPERATIONS, Integers, Node, Numbers
from nac.hardware.circuit.operations.coded import CircuitCoded
from nac.hardware.rtl.arithmetic import Variables, constant, each, negative
from nac.hardware.rtl.lowering import AdderWriter


def exceeds(known: Numbers, x: Integers) -> Integers:
    """Greater than an integer, so in the steps of the value."""
    return np.asarray(x > known["than"], dtype=np.int64)


class CircuitExceeds(CircuitCoded):
    """Attributes: `threshold`, which need not be on the grid of the values."""

    name = "exceeds"
    compute = staticmethod(exceeds)

    def numbers(self, node: Node, sources: Sequence[Node]) -> Numbers:
        """`than`: what is greater than the threshold is greater than the last step up to it."""
        span = sources[0].span
        step = math.floor(math.ldexp(node.attributes["threshold"], span.fraction))
        return {"than": min(max(step, span.low - 1), span.high)}

    def code(self, known: Numbers, inputs: int) -> list[str]:
        """A comparison each."""
        return [f"r[{k}] = v[{k}] > Number({known['than']}) ? Number(1) : Number(0);" for k in range(inputs)]

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """The sign of a difference each."""
        return each(lambda x: _exceeds(x, node.attributes["threshold"]), adders.operands(node)[0])


def _exceeds(x: FVariable, threshold: float) -> FVariable:
    step = float(x.step) if x.low != x.high else 1.0
    below = math.floor(threshold / step) * step
    if x.low > below or x.high <= below:
        return constant(float(x.low > threshold))
    return negative(below - x)


CIRCUIT_OPERATIONS.register(CircuitExceeds.name, CircuitExceeds())
