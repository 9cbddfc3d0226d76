"""Which networks can be folded how far: what is known of that before there are any weights."""

from nac.arch import Architecture, trace, workload
from nac.config import Folding, TargetConfig


def fold_problem(architecture: Architecture, folding: Folding) -> str:
    """Why the circuit of a network cannot be folded so; empty where it can, or nothing is asked for."""
    fold = folding.fold
    if fold is None or fold == "all":
        return ""
    if problem := TargetConfig(fold=fold).fold_problem(architecture.input):
        return problem.removeprefix("target.fold: ")
    if fold == 1:
        return ""
    if window := next((node.name for node in trace(architecture).nodes if node.operation.windows), None):
        return f"{window} has windows, which take one position a clock (expected 1)"
    first = workload(architecture)[0]
    if first.positions == 1 and first.fan_in > architecture.input[0]:
        return f"{first.name} reads every position first of all, one a clock (expected 1)"
    return ""
