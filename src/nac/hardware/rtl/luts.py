"""How many LUTs an adder graph becomes: alkaid's cost of its additions, and what a mapper makes of the rest.

alkaid counts half a LUT for a bit of a multiplexer or of a masked value (two such bits may share a LUT with two
outputs), nothing for the OR that finds an overflow, and of a sum only the bits that both summands have. A mapper that
gives every bit a LUT of its own, as yosys does, needs what is counted here: derived from the logic of each operation,
and checked operation by operation. A carry chain also runs through bits of one summand alone, above the other one or
beside a constant: no logic, and yet a LUT that passes the bit on (nac.hardware.rtl.netlist), unless the logic
before it fits in there or nobody reads what comes out. In eleven circuits of 245 to 2,499 LUTs that was half of them
(`PASSED`); with the share fitted to the others, the count of a circuit was 6.6 % off on average, 14 % at most.
"""

import math
from collections import defaultdict
from collections.abc import Sequence

from alkaid.types import CombLogic, Op, Precision

from nac.hardware.rtl.sound import ADD, ANY_OR_ALL, CONSTANT, LOGIC, MULTIPLY, OFFSET, RELU, SELECT, SLICE, SUBTRACT

LUT_INPUTS = 6
PASSED = 0.5
"""Share of the bits of one summand in a carry chain that need a LUT."""
PER_BIT_OF_A_ROW = 1.35
"""LUTs of a product of two values (multiplier.v), where one would do: an average over 21 pairs of 1 to 16 bits."""
OUTPUT = -1


def luts(graph: CombLogic) -> float:
    """LUTs with six inputs and one output that a graph is mapped to."""
    uses: defaultdict[int, list[int]] = defaultdict(list)
    for op in graph.ops:
        for source in op.input_ids:
            uses[source].append(op.opcode)
    for index in graph.out_idxs:
        uses[int(index)].append(OUTPUT)
    return sum(_luts(op, graph.ops, uses[index]) for index, op in enumerate(graph.ops))


def _luts(op: Op, ops: Sequence[Op], uses: Sequence[int]) -> float:
    """LUTs of an operation that are logic, and those that pass bits on in its carry chain."""
    return _logic(op, ops, uses) + PASSED * alone(op, ops)


def alone(op: Op, ops: Sequence[Op]) -> int:
    """Bits in the carry chain of an operation that only one summand has, or that are added to a constant."""
    if op.opcode not in (ADD, SUBTRACT, OFFSET):
        return 0
    low, high = _bits(ops[op.addr[0]])
    if op.opcode == OFFSET:
        value, fraction = op.data
        subtracts, other_low, other_high = value < 0, -int(fraction), -math.inf  # constants have no bit of their own
    else:
        other_low, other_high = (end + op.data[0] for end in _bits(ops[op.addr[1]]))
        subtracts = op.opcode == SUBTRACT
    start = other_low if subtracts and other_low < low else max(low, other_low)
    end = int(op.qint.kif[0] + op.qint.kif[1])
    one, two = ({p for p in range(start, end) if begin <= p < stop}
                for begin, stop in ((low, high), (other_low, other_high)))  # fmt: skip
    return len(one ^ two)


def _bits(op: Op) -> tuple[int, float]:
    """Where the bits of a value begin and end, as powers of two; a sign goes on for ever."""
    signed, integer, fraction = (int(part) for part in op.qint.kif)
    return -fraction, math.inf if signed else integer


def _logic(op: Op, ops: Sequence[Op], uses: Sequence[int]) -> float:
    bits, read_by = float(sum(op.qint.kif)), set(uses)
    if op.opcode == SUBTRACT and op.cost and op.data[0] == 0:  # the lowest bits of both: their borrow is a LUT, too
        return float(op.cost) + 1
    if op.opcode == RELU and op.cost:  # the sign masks the bits: inside the LUT that clips them
        return 0 if read_by <= {SLICE, ANY_OR_ALL} else bits
    if op.opcode == OFFSET:  # a constant goes into the carry chain
        return 0
    if op.opcode == MULTIPLY:
        return _product(*(ops[source].qint.kif for source in op.addr))
    if op.opcode == LOGIC:  # a single bit goes into the LUT that reads it; in a tree, a LUT does five of the operations
        return 0 if bits == 1 else bits / (LUT_INPUTS - 1)
    if op.opcode == SELECT:  # two values and a key; clipping at one end fits into the LUT that clips at the other
        clips = CONSTANT in (ops[op.addr[0]].opcode, ops[op.addr[1]].opcode)
        return 0 if clips and read_by == {SELECT} else bits
    if op.opcode == ANY_OR_ALL and op.data[0]:  # part of the LUT of a single reader; of its own before a multiplexer
        inputs = int(sum(ops[op.addr[0]].qint.kif))
        return inputs // LUT_INPUTS if read_by <= {LOGIC} else math.ceil(inputs / LUT_INPUTS)
    return float(op.cost)


def _product(one: Precision, other: Precision) -> float:
    """Of two values: a row of an adder for every two bits of one, as wide as the other and two bits."""
    signed = [int(sum(kif)) + (not kif[0]) for kif in (one, other)]
    if min(sum(one), sum(other)) <= 1:
        return float(max(sum(one), sum(other)))
    return PER_BIT_OF_A_ROW * min((a + 1) // 2 * (b + 2) for a, b in (signed, signed[::-1]))
