"""How many LUTs an adder graph becomes: alkaid's cost of its additions, and what a mapper makes of the rest.

alkaid counts half a LUT for a bit of a multiplexer or of a masked value (two such bits may share a LUT with two
outputs) and nothing for the OR that finds an overflow. A mapper that gives every bit a LUT of its own, as yosys does,
needs what is counted here: derived from the logic of each operation, and checked operation by operation.
"""

import math
from collections import defaultdict
from collections.abc import Sequence

from alkaid.types import CombLogic, Op

SUBTRACT, RELU, SLICE, OFFSET, CONSTANT, SELECT, ANY_OR_ALL, LOGIC = 1, 2, 3, 4, 5, 6, 9, 10
"""alkaid's operation codes."""
LUT_INPUTS = 6
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
    bits, read_by = float(sum(op.qint.kif)), set(uses)
    if op.opcode == SUBTRACT and op.cost and op.data[0] == 0:  # the lowest bits of both: their borrow is a LUT, too
        return float(op.cost) + 1
    if op.opcode == RELU and op.cost:  # the sign masks the bits: inside the LUT that clips them
        return 0 if read_by <= {SLICE, ANY_OR_ALL} else bits
    if op.opcode in (OFFSET, LOGIC):  # a constant goes into the carry chain, single bits into the LUT that reads them
        return 0
    if op.opcode == SELECT:  # two values and a key; clipping at one end fits into the LUT that clips at the other
        clips = CONSTANT in (ops[op.addr[0]].opcode, ops[op.addr[1]].opcode)
        return 0 if clips and read_by == {SELECT} else bits
    if op.opcode == ANY_OR_ALL and op.data[0]:  # part of the LUT of a single reader; of its own before a multiplexer
        inputs = int(sum(ops[op.addr[0]].qint.kif))
        return inputs // LUT_INPUTS if read_by <= {LOGIC} else math.ceil(inputs / LUT_INPUTS)
    return float(op.cost)
