"""Which networks can be folded how far: what is known of that before there are any weights."""

from nac.arch import Architecture, trace
from nac.config import Folding, TargetConfig


def fold_problem(architecture: Architecture, folding: Folding) -> str:
    """Why the circuit of a network cannot be folded so; empty where it can, or nothing is asked for."""
    fold = folding.fold
    if fold is None or fold == "all":
        return ""
    if problem := TargetConfig(fold=fold).fold_problem(architecture.input):
        return problem.removeprefix("target.fold: ")
    windows = (node.name for node in trace(architecture).nodes if node.operation.windows) if fold > 1 else ()
    window = next(iter(windows), None)
    return f"{window} has windows, which take one position a clock (expected 1)" if window else ""
