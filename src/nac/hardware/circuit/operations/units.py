"""Values in other units, by powers of two and constants."""

import math
from collections.abc import Sequence

import numpy as np

from nac.hardware.circuit import CIRCUIT_OPERATIONS, Integers, Node, Numbers
from nac.hardware.circuit.fixed import exponent
from nac.hardware.circuit.operations.coded import CircuitCoded
from nac.hardware.rtl.arithmetic import Variables
from nac.hardware.rtl.lowering import AdderWriter


def in_units(known: Numbers, x: Integers) -> Integers:
    """Each times 2**shift, plus its offset."""
    result: Integers = (x << np.array(known["shifts"])) + np.array(known["offsets"])
    return result


class CircuitUnits(CircuitCoded):
    """Attributes: `scale` and `offset` of every value, the scales powers of two."""

    name = "units"
    compute = staticmethod(in_units)

    def numbers(self, node: Node, sources: Sequence[Node]) -> Numbers:
        """See `in_units`; offsets in steps of the result."""
        fraction = node.span.fraction - sources[0].span.fraction
        return {"shifts": [fraction + exponent(scale) for scale in node.attributes["scale"]],
                "offsets": [int(math.ldexp(offset, node.span.fraction)) for offset in node.attributes["offset"]]}

    def code(self, known: Numbers, inputs: int) -> list[str]:
        """A shift and an addition each."""
        return [f"r[{k}] = v[{k}] * (Number(1) << {shift}) + Number({offset});"
                for k, (shift, offset) in enumerate(zip(known["shifts"], known["offsets"], strict=True))]

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """A shift and an addition each."""
        every = zip(adders.operands(node)[0], node.attributes["scale"], node.attributes["offset"], strict=True)
        return np.array([x * scale + offset for x, scale, offset in every], dtype=object)


CIRCUIT_OPERATIONS.register(CircuitUnits.name, CircuitUnits())
