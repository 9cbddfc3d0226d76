"""BOPs, EBOPs, MACs and parameters of a network given as a list of matrix products."""

from nac.cost.ops import COSTS, Cost, MatrixOp, bops, costs, ebops, macs, parameters, set_bits

__all__ = ["COSTS", "Cost", "MatrixOp", "bops", "costs", "ebops", "macs", "parameters", "set_bits"]
