"""The contract of a cost."""

import math

from nac.cost import Cost, MatrixOp

OPS = [
    MatrixOp("first", 8, 4, positions=3, weight_bits=6, activation_bits=8, density=0.5, parameters=40),
    MatrixOp("second", 2, 8, weight_bits=4, activation_bits=6, parameters=18),
]


def check_cost(cost: Cost) -> None:
    """A finite number that does not fall when a layer is added, the same for the same network."""
    assert cost.label, "a cost has a label that figures show"
    values = [cost.measure(list(ops)) for ops in (OPS[:1], OPS, OPS)]
    assert all(math.isfinite(value) for value in values), f"expected finite numbers, found {values}"
    assert 0 <= values[0] <= values[1], f"one layer costs {values[0]}, two {values[1]}"
    assert values[1] == values[2], "expected the same cost of the same network"
