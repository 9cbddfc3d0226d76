"""Computes what an adder graph says, and compares a circuit as it was made with what it was made of."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from alkaid.types import CombLogic

from nac.errors import WorkError
from nac.hardware.circuit import Circuit
from nac.hardware.circuit.evaluate import corner_input, evaluate, random_input

CHECKED = 1000
"""Random inputs, and half as many in the corners of their range."""
Outputs = npt.NDArray[np.float64]


def run_graph(graph: CombLogic, x: npt.NDArray[Any]) -> Outputs:
    """An adder graph's outputs (N, outputs) for inputs (N, ...)."""
    flat = np.ascontiguousarray(x.reshape(len(x), -1), dtype=np.float64)
    if not len(flat):
        return np.empty((0, graph.shape[1]))
    outputs: Outputs = graph.predict(flat)
    return outputs


def same(outputs: Outputs) -> Outputs:
    """The outputs themselves."""
    return outputs


def require_exact(
    compute: Callable[[npt.NDArray[Any]], Outputs], circuit: Circuit, different: str, samples: int = CHECKED,
    answers: Callable[[Outputs], Outputs] = same,
) -> None:  # fmt: skip
    """Raise WorkError, that says what is `different`, unless inputs over all of a circuit's range give its outputs.

    With `answers`, what that makes of its outputs.
    """
    x = np.concatenate([random_input(circuit, samples), corner_input(circuit, samples // 2)])
    wrong = (compute(x) != answers(evaluate(circuit, x))).any(axis=1)
    if wrong.any():
        raise WorkError(f"{different} on {wrong.sum()} of {len(x)} random inputs")
