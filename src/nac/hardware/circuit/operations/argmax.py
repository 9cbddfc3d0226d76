"""The number of the largest value, of equal ones the first."""

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import count

import numpy as np
from alkaid.trace import FVariable

from nac.hardware.circuit import CIRCUIT_OPERATIONS, Integers, Node, Numbers
from nac.hardware.circuit.operations.coded import CircuitCoded
from nac.hardware.rtl.arithmetic import Variables, constant, negative, select
from nac.hardware.rtl.lowering import AdderWriter


def largest_number(known: Numbers, x: Integers) -> Integers:
    """(N, 1)."""
    return np.asarray(x.argmax(axis=1)[:, None], dtype=np.int64)


class CircuitArgmax(CircuitCoded):
    """By comparisons in pairs: the smaller number of two equal ones stays."""

    name = "argmax"
    compute = staticmethod(largest_number)

    def code(self, known: Numbers, inputs: int) -> list[str]:
        """A tree."""
        lines: list[str] = []
        level = [(f"v[{k}]", f"Number({k})") for k in range(inputs)]
        names = count()
        while len(level) > 1:
            level = [reduce(lambda a, b: _larger_in_cpp(lines, names, a, b), level[i : i + 2])
                     for i in range(0, len(level), 2)]  # fmt: skip
        return [*lines[:-1], f"r[0] = {level[0][1]};"]  # nobody asks for the largest value itself

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """The same tree."""
        (x,) = adders.operands(node)
        level = [(value, constant(float(index))) for index, value in enumerate(x)]
        while len(level) > 1:
            level = [reduce(_larger, level[i : i + 2]) for i in range(0, len(level), 2)]
        return np.array([level[0][1]], dtype=object)


def _larger_in_cpp(lines: list[str], names: Iterator[int], a: Sequence[str], b: Sequence[str]) -> tuple[str, str]:
    k = next(names)
    lines += [f"const bool behind{k} = {a[0]} < {b[0]};", f"const Number number{k} = behind{k} ? {b[1]} : {a[1]};",
              f"const Number value{k} = behind{k} ? {b[0]} : {a[0]};"]  # fmt: skip
    return f"value{k}", f"number{k}"


Candidate = tuple[FVariable, FVariable]


def _larger(a: Candidate, b: Candidate) -> Candidate:
    """Of two values with their numbers the larger one, of equal ones the first."""
    if a[0].low >= b[0].high:
        return a
    if b[0].low > a[0].high:
        return b
    behind = negative(a[0] - b[0])
    return select(behind, b[0], a[0]), select(behind, b[1], a[1])


CIRCUIT_OPERATIONS.register(CircuitArgmax.name, CircuitArgmax())
