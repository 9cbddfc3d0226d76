"""A cost: then also an objective of searches, a limit, and a column of every table."""

from nac.cost import Cost, MatrixOp


def _weight_memory(ops: list[MatrixOp]) -> float:
    """What the weights take in memory, those that are zero left out."""
    return sum(op.density * op.outputs * op.fan_in * op.weight_bits for op in ops)


weight_memory = Cost("weight_memory", "memory of the weights", _weight_memory, unit="bit")
