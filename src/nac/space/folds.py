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
    several = fold > 1 and len(architecture.input) < 3  # of an image they are a row
    windows = (node.name for node in trace(architecture).nodes if node.operation.windows) if several else ()
    window = next(iter(windows), None)
    return f"{window} has windows, which take one position a clock (expected 1)" if window else ""
